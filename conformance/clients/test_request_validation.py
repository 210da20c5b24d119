"""Request validators and models: every operation once, and what they refuse on the way to an integration."""

import json

import pytest

from world import put_mock

PET = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "legs": {"type": "integer", "minimum": 0}},
}


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


@pytest.fixture(scope="module")
def pets(server, apigateway):
    """`POST /pets` wants a query parameter, a header and a pet."""
    api = apigateway.create_rest_api(name="validated")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart="pets")["id"]
    apigateway.create_model(restApiId=api, name="Pet", contentType="application/json", schema=json.dumps(PET))
    validator = apigateway.create_request_validator(
        restApiId=api, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    apigateway.put_method(
        **method,
        authorizationType="NONE",
        requestValidatorId=validator,
        requestModels={"application/json": "Pet"},
        requestParameters={
            "method.request.querystring.shop": True,
            "method.request.header.X-Clerk": True,
        },
    )
    put_mock(apigateway, method, '{"sold":true}')
    apigateway.create_deployment(restApiId=api, stageName="prod")
    return api, validator, server.api(api, "prod", "/pets")


def test_request_validators_are_made_read_changed_and_deleted(apigateway, pets):
    api, used, _ = pets
    made = apigateway.create_request_validator(restApiId=api, name="spare", validateRequestBody=True)
    assert (made["name"], made["validateRequestBody"], made["validateRequestParameters"]) == ("spare", True, False)
    changed = apigateway.update_request_validator(
        restApiId=api,
        requestValidatorId=made["id"],
        patchOperations=[{"op": "replace", "path": "/validateRequestParameters", "value": "true"}],
    )
    assert changed["validateRequestParameters"] is True
    assert apigateway.get_request_validator(restApiId=api, requestValidatorId=made["id"])["name"] == "spare"
    listed = {item["id"] for item in apigateway.get_request_validators(restApiId=api)["items"]}
    assert listed == {made["id"], used}
    apigateway.delete_request_validator(restApiId=api, requestValidatorId=made["id"])
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_request_validator(restApiId=api, requestValidatorId=made["id"])


def test_missing_parameters_are_all_named(web, pets):
    answer = web.post(pets[2], json={"name": "Tom"})
    assert answer.status_code == 400
    assert answer.json() == {"message": "Missing required request parameters: [X-Clerk, shop]"}


@pytest.mark.parametrize("body", ['{"legs":4}', '{"name":7}', '{"name":"Tom","legs":-1}', "[]", "not json", ""])
def test_body_that_is_no_pet_is_refused_and_explained(server, web, pets, body):
    headers = {"X-Clerk": "ada", "Content-Type": "application/json"}
    answer = web.post(pets[2], params={"shop": "1"}, headers=headers, data=body)
    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid request body"})
    refusal = [line for line in server.explain().splitlines() if "REFUSE" in line]
    assert len(refusal) == 1 and "validation" in refusal[0]


def test_pet_is_admitted(web, pets):
    headers = {"x-clerk": "ada"}
    answer = web.post(pets[2], params={"shop": "1"}, headers=headers, json={"name": "Tom", "legs": 4})
    assert (answer.status_code, answer.json()) == (200, {"sold": True})


def test_schema_that_does_not_compile_is_refused(apigateway, pets):
    with pytest.raises(apigateway.exceptions.BadRequestException):
        apigateway.create_model(
            restApiId=pets[0], name="Broken", contentType="application/json", schema='{"type": "pet"}'
        )
