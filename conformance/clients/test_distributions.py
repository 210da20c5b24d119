"""Distributions with boto3 and the aws CLI: made, guarded by versions, kept answers dropped, deleted."""

import json
import pathlib
import sys

import botocore.exceptions
import pytest
import world


def config(api, reference, **more):
    """A distribution before the stage `prod` of an API, with no more than a client must say."""
    behavior = {
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}},
        "MinTTL": 0,
    }
    origin = {
        "Id": "api",
        "DomainName": f"{api}.execute-api.us-east-1.amazonaws.com",
        "OriginPath": "/prod",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    return {
        "CallerReference": reference,
        "Comment": "made by hand",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behavior,
        **more,
    }


def refused(call, **arguments):
    """Returns code and status of the error that a call must end in."""
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    answer = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def url(server, distribution, path):
    """Returns a distribution's URL in clear text, in its path form."""
    return f"{server.endpoints['public']['http']}/_aws/cloudfront/{distribution}{path}"


@pytest.fixture(scope="module")
def api(server):
    """An open API whose answers tell one call from another."""
    gateway = server.client("apigateway")
    api = gateway.create_rest_api(name="behind")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    template = '{"call":"$context.requestId","verify":"$input.params(\'X-Origin-Verify\')"}'
    world.put_mock(gateway, method, template)
    gateway.create_deployment(restApiId=api, stageName="prod")
    return api


def test_life_of_a_distribution(server, web, api):
    cloudfront = server.client("cloudfront")
    made = cloudfront.create_distribution(DistributionConfig=config(api, "life"))
    identity, etag = made["Distribution"]["Id"], made["ETag"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Location"].endswith(identity)
    assert made["Distribution"]["Status"] == "Deployed"
    assert made["Distribution"]["DomainName"] == f"{identity.lower()}.cloudfront.net"
    assert made["Distribution"]["ARN"].endswith(f":distribution/{identity}")
    again = cloudfront.create_distribution(DistributionConfig=config(api, "life"))
    assert again["Distribution"]["Id"] == identity
    other = config(api, "life", Comment="another")
    assert refused(cloudfront.create_distribution, DistributionConfig=other) == ("DistributionAlreadyExists", 409)

    first = web.get(url(server, identity, "/"))
    assert (first.status_code, first.headers["X-Cache"]) == (200, "Miss from cloudfront")
    assert web.get(url(server, identity, "/")).headers["X-Cache"] == "Hit from cloudfront"

    # As the lab does it: read the configuration, add a header, send the whole back.
    read = cloudfront.get_distribution_config(Id=identity)
    assert read["ETag"] == etag
    changed = read["DistributionConfig"]
    headers = [{"HeaderName": "X-Origin-Verify", "HeaderValue": "let me in"}]
    changed["Origins"]["Items"][0]["CustomHeaders"] = {"Quantity": 1, "Items": headers}
    update = {"Id": identity, "DistributionConfig": changed}
    assert refused(cloudfront.update_distribution, **update) == ("InvalidIfMatchVersion", 400)
    updated = cloudfront.update_distribution(**update, IfMatch=etag)
    assert updated["ETag"] != etag
    changed["Comment"] = "too late"
    assert refused(cloudfront.update_distribution, **update, IfMatch=etag) == ("PreconditionFailed", 412)
    kept = cloudfront.get_distribution(Id=identity)
    assert kept["ETag"] == updated["ETag"]
    assert kept["Distribution"]["DistributionConfig"]["Comment"] == "made by hand"
    assert web.get(url(server, identity, "/")).json() == first.json()

    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "1"}
    invalidation = cloudfront.create_invalidation(DistributionId=identity, InvalidationBatch=batch)
    assert invalidation["Invalidation"]["Status"] == "Completed"
    number = invalidation["Invalidation"]["Id"]
    fresh = web.get(url(server, identity, "/"))
    assert fresh.json()["verify"] == "let me in"
    found = cloudfront.get_invalidation(DistributionId=identity, Id=number)["Invalidation"]
    assert (found["Status"], found["InvalidationBatch"]) == ("Completed", batch)
    listed = cloudfront.list_invalidations(DistributionId=identity)["InvalidationList"]
    assert [one["Id"] for one in listed["Items"]] == [number]

    summaries = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert identity in [summary["Id"] for summary in summaries]
    pages = cloudfront.get_paginator("list_distributions").paginate(PaginationConfig={"PageSize": 1})
    assert identity in [one["Id"] for page in pages for one in page["DistributionList"].get("Items", [])]

    delete = {"Id": identity, "IfMatch": kept["ETag"]}
    assert refused(cloudfront.delete_distribution, **delete) == ("DistributionNotDisabled", 409)
    changed["Enabled"] = False
    changed["Comment"] = "made by hand"
    disabled = cloudfront.update_distribution(**update, IfMatch=kept["ETag"])
    assert web.get(url(server, identity, "/")).status_code == 403
    assert refused(cloudfront.delete_distribution, **delete) == ("PreconditionFailed", 412)
    assert refused(cloudfront.delete_distribution, Id=identity) == ("InvalidIfMatchVersion", 400)
    cloudfront.delete_distribution(Id=identity, IfMatch=disabled["ETag"])
    assert refused(cloudfront.get_distribution, Id=identity) == ("NoSuchDistribution", 404)
    assert refused(cloudfront.get_invalidation, DistributionId=identity, Id=number) == ("NoSuchDistribution", 404)


def test_what_is_not_acted_on_is_refused_by_name(server, api):
    cloudfront = server.client("cloudfront")
    aliases = config(api, "refused", Aliases={"Quantity": 1, "Items": ["www.example.com"]})
    with pytest.raises(cloudfront.exceptions.InvalidArgument) as raised:
        cloudfront.create_distribution(DistributionConfig=aliases)
    assert "`Aliases`" in str(raised.value)
    policy = config(api, "refused")
    policy["DefaultCacheBehavior"]["CachePolicyId"] = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    with pytest.raises(cloudfront.exceptions.InvalidArgument) as raised:
        cloudfront.create_distribution(DistributionConfig=policy)
    assert "ForwardedValues" in str(raised.value)


def test_web_acl_that_guards_a_distribution_stays(server, api):
    cloudfront, waf = server.client("cloudfront"), server.client("wafv2")
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    common = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility, "Rules": []}
    acl = waf.create_web_acl(Name="edge", Scope="CLOUDFRONT", **common)["Summary"]
    regional = waf.create_web_acl(Name="edge", Scope="REGIONAL", **common)["Summary"]
    unknown = acl["ARN"][:-1] + ("1" if acl["ARN"].endswith("0") else "0")
    for wrong in (regional["ARN"], unknown, "473e64fd-f30b-4765-81a0-62ad96dd167a"):
        code, status = refused(cloudfront.create_distribution, DistributionConfig=config(api, "w", WebACLId=wrong))
        assert (code in ("InvalidWebACLId", "InvalidArgument"), status) == (True, 400), code
    made = cloudfront.create_distribution(DistributionConfig=config(api, "guarded", WebACLId=acl["ARN"]))
    delete = {"Name": "edge", "Scope": "CLOUDFRONT", "Id": acl["Id"]}
    token = waf.get_web_acl(**delete)["LockToken"]
    assert refused(waf.delete_web_acl, **delete, LockToken=token)[0] == "WAFAssociatedItemException"
    changed = made["Distribution"]["DistributionConfig"]
    changed["WebACLId"] = ""
    cloudfront.update_distribution(Id=made["Distribution"]["Id"], IfMatch=made["ETag"], DistributionConfig=changed)
    token = waf.get_web_acl(**delete)["LockToken"]
    waf.delete_web_acl(**delete, LockToken=token)


def test_stranger_and_user_without_permission_are_refused(server, api):
    stranger = server.client("cloudfront", secret="wrong" * 8)
    assert refused(stranger.list_distributions) == ("SignatureDoesNotMatch", 403)
    iam = server.client("iam")
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": "cloudfront:Get*", "Resource": "*"}
    iam.put_user_policy(
        UserName="reader",
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = server.client("cloudfront", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert refused(reader.get_distribution, Id="E1") == ("NoSuchDistribution", 404)
    assert refused(reader.create_distribution, DistributionConfig=config(api, "no")) == ("AccessDenied", 403)


def test_distribution_survives_a_restart_with_its_secrets_sealed(own_server, web):
    server = own_server()
    guarded = world.build(server)
    secret = "a-secret-of-the-origin"
    wanted = config(guarded.api, "tagged")
    headers = [{"HeaderName": "X-Origin-Verify", "HeaderValue": secret}]
    wanted["Origins"]["Items"][0]["CustomHeaders"] = {"Quantity": 1, "Items": headers}
    tags = [{"Key": "team", "Value": "edge"}]
    with_tags = {"DistributionConfig": wanted, "Tags": {"Items": tags}}
    cloudfront = server.client("cloudfront")
    made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=with_tags)["Distribution"]
    server.stop()
    files = [file.read_bytes() for file in server.data.rglob("*") if file.is_file()]
    assert any(made["Id"].encode() in content for content in files)
    assert not any(secret.encode() in content for content in files)
    server.start()
    cloudfront = server.client("cloudfront")
    assert cloudfront.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"] == tags
    kept = cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    assert kept["Origins"]["Items"][0]["CustomHeaders"]["Items"] == headers
    assert web.get(url(server, made["Id"], "/hello")).status_code == 401


def test_cli_reads_changes_and_invalidates(server, web, api):
    """The aws CLI through `exec`, and the host of cloudfront.net through the proxy with curl."""
    cloudfront = server.client("cloudfront")
    made = cloudfront.create_distribution(DistributionConfig=config(api, "cli"))["Distribution"]
    aws = pathlib.Path(sys.executable).with_name("aws")

    def cli(*arguments):
        done = server.exec(aws, "cloudfront", *arguments, "--output", "text")
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert made["DomainName"] in cli("get-distribution", "--id", made["Id"])
    assert "Completed" in cli("create-invalidation", "--distribution-id", made["Id"], "--paths", "/*")
    done = server.exec("curl", "-sSi", f"https://{made['DomainName']}/?id=1")
    assert done.returncode == 0, done.stderr
    assert "x-cache: miss from cloudfront" in done.stdout.lower(), done.stdout
    told = server.explain()
    assert "distribution" in told and "origin" in told and "integration" in told, told
