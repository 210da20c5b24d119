"""VPC links: servers that only the gateway reaches, in turn, while they are healthy."""

import http.server
import socket
import threading

import pytest
from botocore.exceptions import ClientError

from portcullis import until

NET = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/orders/1"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/orders/1/2"


class Backend:
    """A server that says its own name; health checks are not counted."""

    def __init__(self, name, port=0):
        backend = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                healthy = self.path != "/health" or backend.healthy
                if self.path != "/health":
                    backend.seen.append((self.command, self.path, body))
                text = name.encode()
                self.send_response(200 if healthy else 503)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_arguments):
                pass

        self.healthy = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def linked(gateway, link):
    api = gateway.create_rest_api(name="linked")
    key = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "ANY"}
    gateway.put_method(**key, authorizationType="NONE")
    gateway.put_integration(
        **key,
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri="http://orders.internal/orders",
        connectionType="VPC_LINK",
        connectionId=link,
    )
    gateway.create_deployment(restApiId=api["id"], stageName="test")
    return api["id"]


def address(server, api):
    return f"{server.endpoints['public']['http']}/_aws/execute-api/{api}/test/"


def test_healthy_servers_take_turns_and_the_others_are_left_out(own_server, web):
    one, two = Backend("one"), Backend("two")
    server = own_server("--upstream", f"{NET}={one.address},{two.address}/health")
    gateway = server.client("apigateway")
    link = gateway.create_vpc_link(name="orders", targetArns=[NET])
    assert link["status"] == "AVAILABLE"
    api = linked(gateway, link["id"])
    said = [web.post(address(server, api), data=str(count)).text for count in range(6)]
    assert sorted(said) == ["one"] * 3 + ["two"] * 3 and said[0] != said[1]
    assert one.seen[0][:2] == ("POST", "/orders")

    def metrics():
        token = (server.data / "metrics.token").read_text().strip()
        page = web.get(f"{server.endpoints['admin']}/metrics", headers={"Authorization": f"Bearer {token}"}).text
        lines = [line for line in page.splitlines() if line.startswith("portcullis_upstream_healthy")]
        return {line.split('server="')[1].split('"')[0]: line[-1] for line in lines}

    assert metrics() == {one.address: "1", two.address: "1"}
    two.healthy = False
    until("an unhealthy server", lambda: metrics()[two.address] == "0")
    assert {web.get(address(server, api)).text for _ in range(4)} == {"one"}
    two.healthy = True
    until("a healthy server", lambda: metrics()[two.address] == "1")
    assert {web.get(address(server, api)).text for _ in range(4)} == {"one", "two"}


def test_server_that_is_not_reached_is_passed_over_before_its_health_is_known(own_server, web):
    port = free_port()
    one, two = Backend("one"), Backend("two", port)
    server = own_server("--upstream", f"{NET}={one.address},127.0.0.1:{port}")
    gateway = server.client("apigateway")
    api = linked(gateway, gateway.create_vpc_link(name="orders", targetArns=[NET])["id"])
    # It is down from now on, and the checks will tell only later.
    two.stop()
    said = [web.post(address(server, api), data="once") for _ in range(8)]
    assert {(answer.status_code, answer.text) for answer in said} == {(200, "one")}
    assert len(one.seen) == 8 and two.seen == []


def test_links_lead_to_what_the_account_and_the_configuration_name(own_server):
    backend = Backend("one")
    other = NET.replace("000000000000", "111111111111")
    server = own_server("--upstream", f"{NET}={backend.address}", "--upstream", f"{other}={backend.address}")
    gateway = server.client("apigateway")
    for arn, reason in [
        (NET.replace("orders", "unknown"), "names no servers"),
        (other, "is not in account"),
        (NET.replace("us-east-1", "eu-west-1"), "is not in account"),
        ("arn:aws:lambda:us-east-1:000000000000:function:f", "no ARN"),
        ("orders", "no ARN"),
    ]:
        with pytest.raises(ClientError, match=reason):
            gateway.create_vpc_link(name="orders", targetArns=[arn])
    link = gateway.create_vpc_link(name="orders", targetArns=[NET], description="first", tags={"team": "a"})
    api = gateway.create_rest_api(name="x")
    key = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**key, authorizationType="NONE")
    integration = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://orders/"}
    for settings, reason in [
        ({"connectionType": "VPC_LINK"}, "connectionId must be specified"),
        ({"connectionId": link["id"]}, "VPC_LINK alone"),
        ({"connectionType": "VPC_LINK", "connectionId": "nolink"}, "Invalid Vpc Link identifier"),
    ]:
        with pytest.raises(ClientError, match=reason):
            gateway.put_integration(**key, **integration, **settings)
    put = gateway.put_integration(**key, **integration, connectionType="VPC_LINK", connectionId=link["id"])
    assert (put["connectionType"], put["connectionId"]) == ("VPC_LINK", link["id"])
    with pytest.raises(ClientError, match="Cannot delete vpc link"):
        gateway.delete_vpc_link(vpcLinkId=link["id"])
    changed = gateway.update_vpc_link(
        vpcLinkId=link["id"], patchOperations=[{"op": "replace", "path": "/name", "value": "renamed"}]
    )
    assert (changed["name"], changed["targetArns"], changed["description"]) == ("renamed", [NET], "first")
    assert [found["id"] for found in gateway.get_vpc_links()["items"]] == [link["id"]]
    gateway.delete_rest_api(restApiId=api["id"])
    gateway.delete_vpc_link(vpcLinkId=link["id"])
    with pytest.raises(ClientError, match="Invalid Vpc Link identifier"):
        gateway.get_vpc_link(vpcLinkId=link["id"])


def test_http_api_has_links_of_its_own(own_server, web):
    backend = Backend("one")
    server = own_server("--upstream", f"{LISTENER}={backend.address}")
    gateway = server.client("apigatewayv2")
    link = gateway.create_vpc_link(Name="orders", SubnetIds=["subnet-1"], SecurityGroupIds=["sg-1"])
    assert (link["VpcLinkStatus"], link["SubnetIds"]) == ("AVAILABLE", ["subnet-1"])
    assert gateway.get_vpc_link(VpcLinkId=link["VpcLinkId"])["Name"] == "orders"
    api = gateway.create_api(Name="linked", ProtocolType="HTTP")["ApiId"]
    settings = {
        "ApiId": api,
        "IntegrationType": "HTTP_PROXY",
        "IntegrationMethod": "ANY",
        "PayloadFormatVersion": "1.0",
        "ConnectionType": "VPC_LINK",
    }
    for more, reason in [
        ({"ConnectionId": link["VpcLinkId"], "IntegrationUri": backend.address}, "no ARN"),
        (
            {"ConnectionId": link["VpcLinkId"], "IntegrationUri": LISTENER.replace("000000000000", "111111111111")},
            "is not in account",
        ),
        ({"ConnectionId": "nolink", "IntegrationUri": LISTENER}, "Unable to find VpcLink"),
    ]:
        with pytest.raises(ClientError, match=reason):
            gateway.create_integration(**settings, **more)
    made = gateway.create_integration(**settings, ConnectionId=link["VpcLinkId"], IntegrationUri=LISTENER)
    assert (made["ConnectionType"], made["ConnectionId"]) == ("VPC_LINK", link["VpcLinkId"])
    gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{made['IntegrationId']}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    answer = web.get(f"{server.endpoints['public']['http']}/_aws/execute-api/{api}/orders/1?a=b")
    assert (answer.status_code, answer.text) == (200, "one")
    assert backend.seen[-1][:2] == ("GET", "/orders/1?a=b")
    with pytest.raises(ClientError, match="Cannot delete vpc link"):
        gateway.delete_vpc_link(VpcLinkId=link["VpcLinkId"])
    assert gateway.update_vpc_link(VpcLinkId=link["VpcLinkId"], Name="renamed")["Name"] == "renamed"
    gateway.delete_api(ApiId=api)
    gateway.delete_vpc_link(VpcLinkId=link["VpcLinkId"])
    assert gateway.get_vpc_links()["Items"] == []
