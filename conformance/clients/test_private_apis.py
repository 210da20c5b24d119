"""Private APIs: which networks they answer to, and what changes when an API becomes private or stops being it."""

import json
import subprocess

import pytest
import requests
from botocore.exceptions import ClientError
from requests.adapters import HTTPAdapter

from portcullis import BINARY

ENDPOINT = "vpce-00000001=vpc-00000001:127.0.0.2/31"
EVERYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        ],
    }
)


class FromAddress(HTTPAdapter):
    """Connects from an address of this machine."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        kwargs["source_address"] = (self.address, 0)
        super().init_poolmanager(*args, **kwargs)


def asking(server, api, address):
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", FromAddress(address))
    return session.get(f"{server.endpoints['public']['http']}/_aws/execute-api/{api}/test/")


def build(gateway, **settings):
    api = gateway.create_rest_api(name="private", **settings)
    gateway.put_method(
        restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", authorizationType="NONE"
    )
    gateway.put_integration(
        restApiId=api["id"],
        resourceId=api["rootResourceId"],
        httpMethod="GET",
        type="MOCK",
        requestTemplates={"application/json": '{"statusCode": 200}'},
    )
    gateway.put_method_response(
        restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", statusCode="200"
    )
    gateway.put_integration_response(
        restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", statusCode="200"
    )
    return api["id"]


def patched(path, value, operation="replace"):
    return {"op": operation, "path": path, "value": value}


def test_private_api_answers_to_its_networks(own_server):
    server = own_server("--vpc-endpoint", ENDPOINT)
    gateway = server.client("apigateway")
    api = build(
        gateway,
        endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-00000001"]},
    )
    assert gateway.get_rest_api(restApiId=api)["endpointConfiguration"] == {
        "types": ["PRIVATE"],
        "vpcEndpointIds": ["vpce-00000001"],
        "ipAddressType": "ipv4",
    }
    with pytest.raises(ClientError) as refused:
        gateway.create_deployment(restApiId=api, stageName="test")
    assert refused.value.response["Error"] == {
        "Code": "BadRequestException",
        "Message": "Private REST API doesn't have a resource policy attached to it",
    }
    gateway.update_rest_api(restApiId=api, patchOperations=[patched("/policy", EVERYBODY)])
    gateway.create_deployment(restApiId=api, stageName="test")
    assert asking(server, api, "127.0.0.2").status_code == 200
    stranger = asking(server, api, "127.0.0.1")
    assert (stranger.status_code, stranger.json()) == (403, {"message": "Forbidden"})
    assert stranger.headers["x-amzn-ErrorType"] == "ForbiddenException"


def test_api_that_becomes_private_is_closed_at_once(own_server):
    server = own_server("--vpc-endpoint", ENDPOINT)
    gateway = server.client("apigateway")
    api = build(gateway, endpointConfiguration={"types": ["REGIONAL"]}, policy=EVERYBODY)
    gateway.create_deployment(restApiId=api, stageName="test")
    assert asking(server, api, "127.0.0.1").status_code == 200
    gateway.update_rest_api(
        restApiId=api, patchOperations=[patched("/endpointConfiguration/types/REGIONAL", "PRIVATE")]
    )
    assert asking(server, api, "127.0.0.1").status_code == 403
    assert asking(server, api, "127.0.0.2").status_code == 200
    gateway.create_deployment(restApiId=api, stageName="test")
    gateway.update_rest_api(
        restApiId=api, patchOperations=[patched("/endpointConfiguration/types/PRIVATE", "REGIONAL")]
    )
    # What was deployed as private stays so until it is deployed anew.
    assert asking(server, api, "127.0.0.1").status_code == 403
    gateway.create_deployment(restApiId=api, stageName="test")
    assert asking(server, api, "127.0.0.1").status_code == 200


def test_private_api_without_networks_is_no_use(own_server):
    server = own_server()
    gateway = server.client("apigateway")
    api = build(gateway, endpointConfiguration={"types": ["PRIVATE"]}, policy=EVERYBODY)
    with pytest.raises(ClientError, match="--vpc-endpoint"):
        gateway.create_deployment(restApiId=api, stageName="test")


def test_unknown_endpoint_and_custom_domain_are_refused(own_server):
    server = own_server("--vpc-endpoint", ENDPOINT)
    gateway = server.client("apigateway")
    api = build(
        gateway,
        endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-00000002"]},
        policy=EVERYBODY,
    )
    with pytest.raises(ClientError, match="no VPC endpoint `vpce-00000002`"):
        gateway.create_deployment(restApiId=api, stageName="test")
    gateway.update_rest_api(
        restApiId=api,
        patchOperations=[patched("/endpointConfiguration/vpcEndpointIds", "vpce-00000002", "remove")],
    )
    gateway.create_deployment(restApiId=api, stageName="test")
    gateway.create_domain_name(
        domainName="private.shop.localhost", endpointConfiguration={"types": ["REGIONAL"]}
    )
    with pytest.raises(ClientError, match="not by a custom domain name"):
        gateway.create_base_path_mapping(domainName="private.shop.localhost", restApiId=api, stage="test")
    with pytest.raises(ClientError, match="edge-optimized"):
        gateway.update_rest_api(
            restApiId=api, patchOperations=[patched("/endpointConfiguration/types/PRIVATE", "EDGE")]
        )


def test_policy_of_an_endpoint_says_what_goes_through_it(own_server, tmp_path):
    policy = tmp_path / "policy.json"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}

    def write(**changes):
        policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement | changes]}))

    write(Condition={"StringEquals": {"aws:ResourceAccount": "000000000000"}})
    server = own_server("--vpc-endpoint", ENDPOINT, "--vpc-endpoint-policy", f"vpce-00000001={policy}")
    gateway = server.client("apigateway")
    one, other = (build(gateway, endpointConfiguration={"types": ["PRIVATE"]}, policy=EVERYBODY) for _ in range(2))
    for api in (one, other):
        gateway.create_deployment(restApiId=api, stageName="test")
        assert asking(server, api, "127.0.0.2").status_code == 200
    server.stop()
    write(Resource=f"arn:aws:execute-api:us-east-1:000000000000:{one}/*")
    server.start()
    assert asking(server, one, "127.0.0.2").status_code == 200
    answer = asking(server, other, "127.0.0.2")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    line = [line for line in server.explain().splitlines() if "REFUSE" in line]
    assert "vpc-endpoint" in line[0] and "no statement of the VPC endpoint `vpce-00000001` allows it" in line[0], line
    # Who is in no endpoint's network learns nothing of all that.
    assert asking(server, one, "127.0.0.1").json() == {"message": "Forbidden"}


def test_policy_of_an_endpoint_that_says_nothing_is_an_error_at_start(tmp_path):
    good = tmp_path / "good.json"
    good.write_text(json.dumps({"Version": "2012-10-17", "Statement": []}))
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    for more, reason in (
        ([f"vpce-00000009={good}"], "no --vpc-endpoint is called so"),
        ([f"vpce-00000001={tmp_path / 'none.json'}"], "cannot be read"),
        ([f"vpce-00000001={bad}"], "bad.json`:"),
    ):
        command = [BINARY, "up", "--data", str(tmp_path / "data"), "--vpc-endpoint", ENDPOINT]
        done = subprocess.run(
            [*command, "--vpc-endpoint-policy", *more], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode != 0 and reason in done.stderr, done.stderr
