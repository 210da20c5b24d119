"""Tags of both interfaces of API Gateway, and those of a stage that say what is enforced there."""

import json

import pytest

import world
from http_apis import serve

REGION = "arn:aws:apigateway:us-east-1::"
OBSERVE = "portcullis:observe"


@pytest.fixture(scope="module")
def gateway(server):
    return server.client("apigateway")


def test_tags_are_given_read_and_taken(server, gateway):
    api = gateway.create_rest_api(name="tagged", tags={"team": "red"})
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    world.put_mock(gateway, method, "{}")
    gateway.create_deployment(restApiId=api["id"], stageName="prod")
    key = gateway.create_api_key(name="tagged", enabled=True)["id"]
    plan = gateway.create_usage_plan(name="tagged", apiStages=[{"apiId": api["id"], "stage": "prod"}])["id"]
    domain = "tagged.portcullis.localhost"
    gateway.create_domain_name(domainName=domain, endpointConfiguration={"types": ["REGIONAL"]}, tags={"team": "red"})
    read = {
        f"/restapis/{api['id']}": lambda: gateway.get_rest_api(restApiId=api["id"]),
        f"/restapis/{api['id']}/stages/prod": lambda: gateway.get_stage(restApiId=api["id"], stageName="prod"),
        f"/apikeys/{key}": lambda: gateway.get_api_key(apiKey=key),
        f"/usageplans/{plan}": lambda: gateway.get_usage_plan(usagePlanId=plan),
        f"/domainnames/{domain}": lambda: gateway.get_domain_name(domainName=domain),
    }
    for path, shown in read.items():
        arn = {"resourceArn": REGION + path}
        gateway.tag_resource(**arn, tags={"team": "blue", "tier": "one", "x": ""})
        assert gateway.get_tags(**arn)["tags"] == {"team": "blue", "tier": "one", "x": ""}, path
        gateway.untag_resource(**arn, tagKeys=["tier", "x", "never"])
        assert shown()["tags"] == {"team": "blue"}, path
    # A domain is the same thing in both interfaces.
    other = server.client("apigatewayv2")
    other.tag_resource(ResourceArn=f"{REGION}/domainnames/{domain}", Tags={"tier": "two"})
    assert gateway.get_tags(resourceArn=f"{REGION}/domainnames/{domain}")["tags"] == {"team": "blue", "tier": "two"}
    other.untag_resource(ResourceArn=f"{REGION}/domainnames/{domain}", TagKeys=["team"])
    assert other.get_tags(ResourceArn=f"{REGION}/domainnames/{domain}")["Tags"] == {"tier": "two"}
    gateway.delete_domain_name(domainName=domain)


def test_what_is_no_tag_and_what_has_none_is_refused(gateway):
    api = gateway.create_rest_api(name="tagged")["id"]
    arn = f"{REGION}/restapis/{api}"
    for tags in ({"aws:x": ""}, {"n" * 129: ""}, {"n": "v" * 257}, {f"n{number}": "" for number in range(51)}):
        with pytest.raises(gateway.exceptions.BadRequestException):
            gateway.tag_resource(resourceArn=arn, tags=tags)
    assert gateway.get_tags(resourceArn=arn)["tags"] == {}
    for unknown in (f"{REGION}/restapis/none", f"{REGION}/nothing/x", f"arn:aws:apigateway:eu-west-1::/restapis/{api}", "x"):
        with pytest.raises(gateway.exceptions.NotFoundException):
            gateway.tag_resource(resourceArn=unknown, tags={"a": "b"})


@pytest.fixture
def stages(server, gateway):
    """A stage of each kind, whose one route wants a token: how it is tagged, and how it is asked without one."""
    made = world.build(server, "observed")
    http = server.client("apigatewayv2")
    api = http.create_api(Name="observed", ProtocolType="HTTP")["ApiId"]
    integration = http.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=serve(lambda request: (b"{}", 200)).url,
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    authorizer = http.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="pool",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{made.pool}", "Audience": [made.client]},
    )["AuthorizerId"]
    http.create_route(
        ApiId=api,
        RouteKey="GET /hello",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    http.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
    return [
        (f"{REGION}/restapis/{made.api}/stages/prod", "apigateway", made.url),
        (f"{REGION}/apis/{api}/stages/prod", "apigatewayv2", server.api(api, "prod", "/hello")),
    ]


def change(client, arn, tags=None, names=None):
    """Tags a resource, or takes tags from it, in the words of its interface."""
    first = str.upper if client.meta.service_model.service_name == "apigatewayv2" else str.lower
    word = lambda name: first(name[0]) + name[1:]  # noqa: E731
    arn = {word("resourceArn"): arn}
    if tags is not None:
        client.tag_resource(**arn, **{word("tags"): tags})
    else:
        client.untag_resource(**arn, **{word("tagKeys"): names})


def test_tag_of_ours_counts_from_the_next_request_on_and_no_other_is_kept(server, web, stages):
    for arn, service, url in stages:
        client = server.client(service)
        assert web.get(url).status_code == 401
        for name, value, reason in (
            (OBSERVE, "authoriser", "`authoriser` cannot only observe"),
            ("portcullis:obseve", "authorizer", "no such tag"),
            ("Portcullis:Observe", "authorizer", "no such tag"),
            ("portcullis:revocations", "later", "`enforce` or `ignore`"),
        ):
            with pytest.raises(client.exceptions.BadRequestException, match=reason):
                change(client, arn, {name: value})
        assert web.get(url).status_code == 401
        change(client, arn, {OBSERVE: "authorizer"})
        assert web.get(url).status_code == 200
        change(client, arn, names=[OBSERVE])
        assert web.get(url).status_code == 401


def test_who_may_tag_may_not_take_a_layer_out_of_force(server, web, stages):
    iam = server.client("iam")
    iam.create_user(UserName="tagger")
    key = iam.create_access_key(UserName="tagger")["AccessKey"]

    def allow(actions, resources):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}
        iam.put_user_policy(UserName="tagger", PolicyName="tags", PolicyDocument=json.dumps(document))

    try:
        for arn, service, url in stages:
            tagger = server.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])
            allow("apigateway:*", f"{REGION}/tags/*")
            change(tagger, arn, {"team": "red"})
            change(tagger, arn, names=["team"])
            for act in (
                lambda: change(tagger, arn, {OBSERVE: "authorizer"}),
                lambda: change(tagger, arn, {"team": "red", "PORTCULLIS:observe": "authorizer"}),
                lambda: change(tagger, arn, names=["portcullis:client-authorities"]),
            ):
                with pytest.raises(tagger.exceptions.ClientError) as refused:
                    act()
                assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
            assert web.get(url).status_code == 401
            allow(["apigateway:PUT", "apigateway:POST", "apigateway:PATCH"], [f"{REGION}/tags/*", arn])
            change(tagger, arn, {OBSERVE: "authorizer"})
            assert web.get(url).status_code == 200
    finally:
        iam.delete_access_key(UserName="tagger", AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName="tagger", PolicyName="tags")
        iam.delete_user(UserName="tagger")
