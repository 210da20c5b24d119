"""What of private networks an OpenAPI document of a REST API says: VPC links of integrations, VPC endpoints of the API."""

import json

import pytest
from botocore.exceptions import ClientError

from test_private_apis import ENDPOINT, EVERYBODY, asking
from test_vpc_links import NET, Backend


def linked(connection):
    integration = {
        "type": "http_proxy",
        "httpMethod": "ANY",
        "uri": "http://orders.internal/orders",
        "connectionType": "VPC_LINK",
        "connectionId": connection,
    }
    operation = {"responses": {}, "x-amazon-apigateway-integration": integration}
    paths = {"/": {"x-amazon-apigateway-any-method": operation}}
    return json.dumps({"openapi": "3.0.1", "info": {"title": "linked", "version": "1"}, "paths": paths})


def exported(gateway, api):
    body = gateway.get_export(
        restApiId=api, stageName="test", exportType="oas30", parameters={"extensions": "apigateway"}
    )["body"].read()
    return json.loads(body)


def test_connection_id_of_a_document_is_the_link_that_is_gone_through(own_server, web):
    backend = Backend("one")
    server = own_server("--upstream", f"{NET}={backend.address}")
    gateway = server.client("apigateway")
    with pytest.raises(ClientError, match="Invalid Vpc Link identifier"):
        gateway.import_rest_api(body=linked("nolink"))
    assert gateway.get_rest_apis()["items"] == []
    link = gateway.create_vpc_link(name="orders", targetArns=[NET])["id"]
    for connection, variables in ((link, {}), ("${stageVariables.link}", {"link": link})):
        api = gateway.import_rest_api(body=linked(connection))["id"]
        gateway.create_deployment(restApiId=api, stageName="test", variables=variables)
        answer = web.post(f"{server.endpoints['public']['http']}/_aws/execute-api/{api}/test/", data="much")
        assert answer.text == "one"
        assert backend.seen.pop() == ("POST", "/orders", b"much")
        method = exported(gateway, api)["paths"]["/"]["x-amazon-apigateway-any-method"]
        integration = method["x-amazon-apigateway-integration"]
        assert (integration["connectionType"].upper(), integration["connectionId"]) == ("VPC_LINK", connection)
        again = gateway.import_rest_api(body=json.dumps(exported(gateway, api)))["id"]
        gateway.create_deployment(restApiId=again, stageName="test", variables=variables)
        assert web.get(f"{server.endpoints['public']['http']}/_aws/execute-api/{again}/test/").text == "one"
    backend.stop()


def test_vpc_endpoints_of_a_document_are_those_that_the_api_answers_to(own_server):
    server = own_server("--vpc-endpoint", ENDPOINT, "--vpc-endpoint", "vpce-00000002=vpc-00000002:127.0.0.4/31")
    gateway = server.client("apigateway")
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
    }
    operation = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": mock}
    endpoint = {"vpcEndpointIds": ["vpce-00000001"]}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "private", "version": "1"},
        "servers": [{"url": "https://x.example/{basePath}", "variables": {"basePath": {"default": "test"}}}],
        "paths": {"/": {"get": operation}},
        "x-amazon-apigateway-policy": json.loads(EVERYBODY),
    }
    document["servers"][0]["x-amazon-apigateway-endpoint-configuration"] = endpoint
    imported = gateway.import_rest_api(
        body=json.dumps(document), parameters={"endpointConfigurationTypes": "PRIVATE", "basepath": "ignore"}
    )
    assert imported["endpointConfiguration"]["types"] == ["PRIVATE"]
    assert imported["endpointConfiguration"]["vpcEndpointIds"] == ["vpce-00000001"]
    gateway.create_deployment(restApiId=imported["id"], stageName="test")
    statuses = {address: asking(server, imported["id"], address).status_code for address in ("127.0.0.2", "127.0.0.1")}
    assert statuses == {"127.0.0.2": 200, "127.0.0.1": 403}
    servers = exported(gateway, imported["id"])["servers"]
    told = [each.get("x-amazon-apigateway-endpoint-configuration", {}) for each in servers]
    assert any(each.get("vpcEndpointIds") == ["vpce-00000001"] for each in told)
    endpoint["vpcEndpointIds"] = ["vpce-0badbadbad"]
    wrong = gateway.import_rest_api(
        body=json.dumps(document), parameters={"endpointConfigurationTypes": "PRIVATE", "basepath": "ignore"}
    )["id"]
    with pytest.raises(ClientError, match="names no VPC endpoint"):
        gateway.create_deployment(restApiId=wrong, stageName="test")
