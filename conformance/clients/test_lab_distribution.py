"""The laboratory "Multilayered API Security" behind its distribution: the resources of its second template as they are, and its
steps from the locked origin to the token, each with what the learner sees."""

import json
import os
import pathlib
import re

import pytest
import world

LAB = os.environ.get("PORTCULLIS_LAB")
PARTS = ("CloudFrontDistribution", "OriginVerifyHeader", "wafACLR", "wafACLG", "wafAPIGWAssociation")
PLAYER = '["My favorite player is Lionel Messi"]'
ATTACK = "/?id=1 or 1=1"


def excerpt():
    """Returns parameters and those resources of the laboratory's template that this test is about, letter for letter."""
    text = (pathlib.Path(LAB) / "section3-enhance_security.yaml").read_text()
    parameters = text[text.index("Parameters:") : text.index("Resources:")]
    body = text[text.index("Resources:") : text.index("Outputs:")]
    found = {}
    for block in re.split(r"(?m)^(?=  [A-Za-z0-9]+:\n)", body):
        name = block.strip().split(":")[0]
        if name in PARTS:
            found[name] = block
    assert sorted(found) == sorted(PARTS)
    outputs = 'Outputs:\n  Id:\n    Value: !Ref CloudFrontDistribution\n  Domain:\n    Value: !GetAtt CloudFrontDistribution.DomainName\n'
    return f"{parameters}Resources:\n{''.join(found[name] for name in PARTS)}\n{outputs}"


@pytest.fixture(scope="module")
def lab(server):
    """The API of the first template in short, and the stack of the second in front of it."""
    gateway = server.client("apigateway")
    api = gateway.create_rest_api(name="wa-lab-rds-api", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    world.put_mock(gateway, method, PLAYER)
    gateway.create_deployment(restApiId=api, stageName="Dev")
    url = f"https://{api}.execute-api.us-east-1.amazonaws.com/Dev/?id=1"
    cloudformation = server.client("cloudformation")
    given = {"SBucketName": "bucket", "ApiGatewayURL": url}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    cloudformation.create_stack(StackName="walab-cdn", TemplateBody=excerpt(), Parameters=parameters)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="walab-cdn", WaiterConfig={"Delay": 1})
    stack = cloudformation.describe_stacks(StackName="walab-cdn")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return {"api": api, "method": method, **outputs}


def change(server, distribution, edit):
    """Reads a distribution's configuration, edits it, and sends the whole back."""
    cloudfront = server.client("cloudfront")
    read = cloudfront.get_distribution_config(Id=distribution)
    edit(read["DistributionConfig"])
    cloudfront.update_distribution(Id=distribution, IfMatch=read["ETag"], DistributionConfig=read["DistributionConfig"])


@pytest.mark.skipif(not LAB, reason="PORTCULLIS_LAB is not set")
def test_laboratory_from_the_locked_origin_to_the_token(server, web, lab):
    secrets, waf, gateway = server.client("secretsmanager"), server.client("wafv2"), server.client("apigateway")
    http = server.endpoints["public"]["http"]

    def viewed(path="/?id=1", **headers):
        # The behavior redirects clear text, so the host is reached over https.
        url = f"{server.endpoints['public']['https']}/_aws/cloudfront/{lab['Id']}{path}"
        return web.get(url, headers=headers, verify=server.endpoints["ca"])

    def direct(**headers):
        return web.get(server.api(lab["api"], "Dev", "/?id=1"), headers=headers)

    # The origin is locked for everybody until the distribution carries the header.
    assert web.get(f"{http}/_aws/cloudfront/{lab['Id']}/?id=1", allow_redirects=False).status_code == 301
    assert direct().status_code == 403
    secret = next(one for one in secrets.list_secrets()["SecretList"] if "OriginVerifyHeader" in one["Name"])
    value = secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]
    header = json.loads(value)["HEADERVALUE"]

    def add_header(config):
        items = [{"HeaderName": "X-Origin-Verify", "HeaderValue": header}]
        config["Origins"]["Items"][0]["CustomHeaders"] = {"Quantity": 1, "Items": items}

    change(server, lab["Id"], add_header)
    through = viewed()
    assert (through.status_code, through.text) == (200, PLAYER)
    refused = direct()
    assert (refused.status_code, refused.text) == (403, '{"message":"Forbidden"}')
    assert direct(**{"X-Origin-Verify": header}).status_code == 200

    # SQL injection passes, is kept, and is blocked all the same once the managed group is on.
    assert viewed(ATTACK).status_code == 200
    assert viewed(ATTACK).headers["X-Cache"] == "Hit from cloudfront"
    acls = waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    acl = next(one for one in acls if one["Name"] == "walab-cdn-ACLG")
    found = waf.get_web_acl(Name=acl["Name"], Id=acl["Id"], Scope="CLOUDFRONT")
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "sqli"}
    group = {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}
    rule = {
        "Name": "AWS-AWSManagedRulesSQLiRuleSet",
        "Priority": 0,
        "OverrideAction": {"None": {}},
        "Statement": {"ManagedRuleGroupStatement": group},
        "VisibilityConfig": visibility,
    }
    waf.update_web_acl(
        Name=acl["Name"],
        Id=acl["Id"],
        Scope="CLOUDFRONT",
        LockToken=found["LockToken"],
        DefaultAction={"Allow": {}},
        VisibilityConfig=found["WebACL"]["VisibilityConfig"],
        Rules=[rule],
    )
    blocked = viewed(ATTACK)
    assert blocked.status_code == 403
    for part in ("ERROR: The request could not be satisfied", "Request blocked.", "Generated by cloudfront (CloudFront)"):
        assert part in blocked.text
    told = server.explain(re.search("Request ID: (.*)", blocked.text).group(1))
    assert "firewall" in told and "AWS-AWSManagedRulesSQLiRuleSet" in told and "cache" not in told, told

    # The authorizer is on, but what is kept is repeated until it is invalidated.
    pool = world.build(server, "lab-users")
    authorizer = gateway.create_authorizer(
        restApiId=lab["api"],
        name="cognito",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool.pool_arn],
        identitySource="method.request.header.Authorization",
    )["id"]
    patches = {"/authorizationType": "COGNITO_USER_POOLS", "/authorizerId": authorizer}
    operations = [{"op": "replace", "path": path, "value": value} for path, value in patches.items()]
    gateway.update_method(**lab["method"], patchOperations=operations)
    gateway.create_deployment(restApiId=lab["api"], stageName="Dev")

    def list_token(config):
        forwarded = config["DefaultCacheBehavior"]["ForwardedValues"]
        forwarded["Headers"] = {"Quantity": 1, "Items": ["Authorization"]}

    change(server, lab["Id"], list_token)
    assert (viewed().status_code, viewed().headers["X-Cache"]) == (200, "Hit from cloudfront")
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "lab"}
    server.client("cloudfront").create_invalidation(DistributionId=lab["Id"], InvalidationBatch=batch)
    stranger = viewed()
    assert (stranger.status_code, stranger.text) == (401, '{"message":"Unauthorized"}')
    token = world.sign_in(server.client("cognito-idp"), pool.client)["IdToken"]
    user = viewed(Authorization=token)
    assert (user.status_code, user.text) == (200, PLAYER)
    assert viewed().status_code == 401
    late = direct(Authorization=token)
    assert (late.status_code, late.text) == (403, '{"message":"Forbidden"}')
