"""Every operation of apigateway once, with the shapes that boto3 reads."""

import pytest

from world import put_mock


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


@pytest.fixture(scope="module")
def api(apigateway):
    return apigateway.create_rest_api(
        name="operations", description="first", endpointConfiguration={"types": ["REGIONAL"]}
    )["id"]


@pytest.fixture(scope="module")
def root(apigateway, api):
    return apigateway.get_resources(restApiId=api)["items"][0]["id"]


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


def test_rest_api(apigateway, api):
    got = apigateway.get_rest_api(restApiId=api)
    assert (got["name"], got["description"]) == ("operations", "first")
    assert got["endpointConfiguration"]["types"] == ["REGIONAL"] and got["createdDate"].year > 2000
    changed = apigateway.update_rest_api(restApiId=api, patchOperations=[replace("/description", "second")])
    assert changed["description"] == "second"
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_rest_api(restApiId="nosuchapi0")


def test_rest_apis_are_listed_in_pages(apigateway):
    made = {apigateway.create_rest_api(name=f"page-{number}")["id"] for number in range(5)}
    pages = list(apigateway.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 2}))
    assert all(len(page["items"]) <= 2 for page in pages)
    found = [item["id"] for page in pages for item in page["items"]]
    assert made <= set(found) and len(found) == len(set(found))
    for one in made:
        apigateway.delete_rest_api(restApiId=one)
    assert not made & {item["id"] for item in apigateway.get_rest_apis(limit=500)["items"]}


def test_resource(apigateway, api, root):
    pets = apigateway.create_resource(restApiId=api, parentId=root, pathPart="pets")
    assert (pets["path"], pets["pathPart"], pets["parentId"]) == ("/pets", "pets", root)
    got = apigateway.get_resource(restApiId=api, resourceId=pets["id"])
    assert got["path"] == "/pets"
    renamed = apigateway.update_resource(
        restApiId=api, resourceId=pets["id"], patchOperations=[replace("/pathPart", "animals")]
    )
    assert renamed["path"] == "/animals"
    with pytest.raises(apigateway.exceptions.ConflictException):
        apigateway.create_resource(restApiId=api, parentId=root, pathPart="animals")
    apigateway.delete_resource(restApiId=api, resourceId=pets["id"])
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_resource(restApiId=api, resourceId=pets["id"])


def test_method_integration_and_responses(apigateway, api, root):
    resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart="methods")["id"]
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    put = apigateway.put_method(
        **method, authorizationType="NONE", requestParameters={"method.request.querystring.q": False}
    )
    assert put["authorizationType"] == "NONE"
    put_mock(apigateway, method, '{"hello":"world"}')
    got = apigateway.get_method(**method)
    assert got["methodIntegration"]["type"] == "MOCK" and "200" in got["methodResponses"]
    changed = apigateway.update_method(**method, patchOperations=[replace("/operationName", "Hello")])
    assert changed["operationName"] == "Hello"
    assert apigateway.get_integration(**method)["requestTemplates"] == {"application/json": '{"statusCode": 200}'}
    changed = apigateway.update_integration(**method, patchOperations=[replace("/timeoutInMillis", "5000")])
    assert changed["timeoutInMillis"] == 5000
    answered = {**method, "statusCode": "200"}
    templates = apigateway.get_integration_response(**answered)["responseTemplates"]
    assert templates == {"application/json": '{"hello":"world"}'}
    changed = apigateway.update_integration_response(**answered, patchOperations=[replace("/selectionPattern", "2.*")])
    assert changed["selectionPattern"] == "2.*"
    assert apigateway.get_method_response(**answered)["statusCode"] == "200"
    added = {"op": "add", "path": "/responseParameters/method.response.header.X", "value": "false"}
    changed = apigateway.update_method_response(**answered, patchOperations=[added])
    assert changed["responseParameters"] == {"method.response.header.X": False}
    apigateway.delete_integration_response(**answered)
    apigateway.delete_method_response(**answered)
    apigateway.delete_integration(**method)
    apigateway.delete_method(**method)
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_method(**method)


def test_authorizer(apigateway, api, guarded):
    made = apigateway.create_authorizer(
        restApiId=api,
        name="users",
        type="COGNITO_USER_POOLS",
        providerARNs=[guarded.pool_arn],
        identitySource="method.request.header.Authorization",
    )
    named = {"restApiId": api, "authorizerId": made["id"]}
    assert apigateway.get_authorizer(**named)["providerARNs"] == [guarded.pool_arn]
    changed = apigateway.update_authorizer(**named, patchOperations=[replace("/name", "people")])
    assert changed["name"] == "people"
    assert [one["id"] for one in apigateway.get_authorizers(restApiId=api)["items"]] == [made["id"]]
    apigateway.delete_authorizer(**named)
    assert apigateway.get_authorizers(restApiId=api)["items"] == []


def test_model(apigateway, api):
    made = apigateway.create_model(
        restApiId=api, name="Pet", contentType="application/json", schema='{"type":"object"}'
    )
    assert made["name"] == "Pet"
    named = {"restApiId": api, "modelName": "Pet"}
    changed = apigateway.update_model(**named, patchOperations=[replace("/description", "an animal")])
    assert changed["description"] == "an animal"
    assert apigateway.get_model(**named)["schema"] == '{"type":"object"}'
    assert "Pet" in [one["name"] for one in apigateway.get_models(restApiId=api)["items"]]
    assert apigateway.get_model_template(**named)["value"] == "#set($inputRoot = $input.path('$'))\n{ }"
    apigateway.delete_model(**named)
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_model(**named)


def test_gateway_response(apigateway, api):
    named = {"restApiId": api, "responseType": "UNAUTHORIZED"}
    assert apigateway.get_gateway_response(**named)["defaultResponse"] is True
    put = apigateway.put_gateway_response(
        **named, statusCode="401", responseTemplates={"application/json": '{"no":"token"}'}
    )
    assert put["defaultResponse"] is False
    changed = apigateway.update_gateway_response(**named, patchOperations=[replace("/statusCode", "499")])
    assert changed["statusCode"] == "499"
    types = {one["responseType"] for one in apigateway.get_gateway_responses(restApiId=api, limit=500)["items"]}
    assert {"UNAUTHORIZED", "DEFAULT_4XX", "WAF_FILTERED"} <= types
    apigateway.delete_gateway_response(**named)
    assert apigateway.get_gateway_response(**named)["defaultResponse"] is True


def test_deployment_and_stage(apigateway, api, root):
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    put_mock(apigateway, method, "{}")
    deployment = apigateway.create_deployment(restApiId=api, description="one")["id"]
    named = {"restApiId": api, "deploymentId": deployment}
    assert apigateway.get_deployment(**named)["description"] == "one"
    changed = apigateway.update_deployment(**named, patchOperations=[replace("/description", "two")])
    assert changed["description"] == "two"
    assert [one["id"] for one in apigateway.get_deployments(restApiId=api)["items"]] == [deployment]
    stage = apigateway.create_stage(**named, stageName="test", variables={"colour": "blue"})
    assert stage["variables"] == {"colour": "blue"}
    staged = {"restApiId": api, "stageName": "test"}
    changed = apigateway.update_stage(**staged, patchOperations=[replace("/variables/colour", "red")])
    assert changed["variables"] == {"colour": "red"}
    assert apigateway.get_stage(**staged)["deploymentId"] == deployment
    assert [one["stageName"] for one in apigateway.get_stages(restApiId=api)["item"]] == ["test"]
    with pytest.raises(apigateway.exceptions.BadRequestException):
        apigateway.delete_deployment(**named)
    apigateway.delete_stage(**staged)
    apigateway.delete_deployment(**named)
    assert apigateway.get_deployments(restApiId=api)["items"] == []


def test_unknown_property_is_refused_by_name(apigateway, api):
    with pytest.raises(apigateway.exceptions.BadRequestException) as caught:
        apigateway.update_rest_api(restApiId=api, patchOperations=[replace("/nonsense", "x")])
    assert "nonsense" in str(caught.value)


def test_resource_policy_is_kept_expanded_and_takes_effect_with_a_deployment(server):
    import json
    import urllib.error
    import urllib.request

    apigateway = server.client("apigateway")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        ],
    }
    api = apigateway.create_rest_api(name="policed", policy=json.dumps(policy))
    root = api["rootResourceId"]
    # AWS gives it out escaped once more than the wire needs.
    kept = json.loads(json.loads(f'"{api["policy"]}"'))
    arn = f"arn:aws:execute-api:{server.endpoints['region']}:{server.endpoints['account']}:{api['id']}"
    assert kept["Statement"][0]["Resource"] == f"{arn}/*"
    key = {"restApiId": api["id"], "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**key, authorizationType="NONE")
    apigateway.put_integration(**key, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    apigateway.put_method_response(**key, statusCode="200")
    apigateway.put_integration_response(**key, statusCode="200")
    apigateway.create_deployment(restApiId=api["id"], stageName="test")

    def status():
        url = f"{server.endpoints['public']['http']}/_aws/execute-api/{api['id']}/test/"
        try:
            return urllib.request.urlopen(url).status
        except urllib.error.HTTPError as refused:
            return refused.code

    assert status() == 200
    denied = json.dumps(policy).replace("Allow", "Deny")
    changed = apigateway.update_rest_api(
        restApiId=api["id"], patchOperations=[{"op": "replace", "path": "/policy", "value": denied}]
    )
    assert "Deny" in changed["policy"] and "Deny" in apigateway.get_rest_api(restApiId=api["id"])["policy"]
    assert status() == 200
    apigateway.create_deployment(restApiId=api["id"], stageName="test")
    assert status() == 403
    apigateway.update_rest_api(
        restApiId=api["id"], patchOperations=[{"op": "replace", "path": "/policy", "value": ""}]
    )
    assert "policy" not in apigateway.get_rest_api(restApiId=api["id"])
    apigateway.create_deployment(restApiId=api["id"], stageName="test")
    assert status() == 200
    for broken in ("{", "{}", json.dumps(policy).replace("execute-api:/", "x" * 9000), json.dumps(policy | {"X": 1})):
        with pytest.raises(apigateway.exceptions.BadRequestException) as refused:
            apigateway.create_rest_api(name="broken", policy=broken)
        assert "Invalid policy document" in str(refused.value)
    apigateway.delete_rest_api(restApiId=api["id"])


def test_tags_are_given_told_and_taken_by_arn_and_count_at_once(server, web):
    apigateway = server.client("apigateway")
    made = apigateway.create_rest_api(name="tagged", tags={"team": "shop"}, endpointConfiguration={"types": ["REGIONAL"]})
    method = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="AWS_IAM")
    put_mock(apigateway, method, '"observed"')
    apigateway.create_deployment(restApiId=made["id"], stageName="prod")
    certificate = apigateway.generate_client_certificate()["clientCertificateId"]
    prefix = "arn:aws:apigateway:us-east-1::"
    arns = [
        f"{prefix}/restapis/{made['id']}",
        f"{prefix}/restapis/{made['id']}/stages/prod",
        f"{prefix}/clientcertificates/{certificate}",
    ]
    for arn in arns:
        apigateway.tag_resource(resourceArn=arn, tags={"one": "1", "two": "2"})
        apigateway.untag_resource(resourceArn=arn, tagKeys=["one", "absent"])
        kept = apigateway.get_tags(resourceArn=arn)["tags"]
        assert kept.pop("two") == "2" and "one" not in kept
    assert apigateway.get_rest_api(restApiId=made["id"])["tags"] == {"team": "shop", "two": "2"}
    # A tag of a stage that says what a layer does is heeded at once.
    url = server.api(made["id"], "prod", "/")
    assert web.get(url).status_code == 403
    apigateway.tag_resource(resourceArn=arns[1], tags={"portcullis:observe": "authorizer"})
    assert web.get(url).status_code == 200
    apigateway.untag_resource(resourceArn=arns[1], tagKeys=["portcullis:observe"])
    assert web.get(url).status_code == 403
    for wrong in ({"portcullis:observe": "nothing"}, {"aws:mine": "x"}, {str(number): "" for number in range(60)}):
        with pytest.raises(apigateway.exceptions.BadRequestException):
            apigateway.tag_resource(resourceArn=arns[1], tags=wrong)
    for unknown in (f"{prefix}/restapis/absent", f"{prefix}/vpclinks/absent", f"{prefix}/nothing/x", f"{prefix}/apikeys/x", "arn:aws:s3:::x"):
        with pytest.raises(apigateway.exceptions.NotFoundException):
            apigateway.tag_resource(resourceArn=unknown, tags={"a": "b"})
    apigateway.delete_rest_api(restApiId=made["id"])
    apigateway.delete_client_certificate(clientCertificateId=certificate)
