"""schemathesis against an API whose bodies are validated: whatever it makes up, nothing breaks and nothing invalid passes.

It knows the models from the document itself, and judges by its own reading of JSON Schema.
"""

import copy
import json
import os
import subprocess
import sys

import pytest
import yaml

from portcullis import REPOSITORY

DOCUMENT = yaml.safe_load((REPOSITORY / "examples" / "openapi" / "toyshop.yaml").read_text())
# API Gateway takes a missing body for `{}`, required or not, and this model takes that.
SCHEMAS = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name != "Seen"}
SECONDS = 60
MOCK = {
    "type": "mock",
    # Else a body of a type without template would pass through, which no mock answers: 500, on AWS too.
    "passthroughBehavior": "never",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": '{"taken": true}'}}},
}


def document(mode):
    """An API that takes each of the toy shop's models, and the required parameters beside one of them."""
    paths = {}
    for name in SCHEMAS:
        operation = {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
            },
            "responses": {"200": {"description": "taken"}, "422": {"description": "refused"}},
            "x-amazon-apigateway-integration": MOCK,
        }
        paths[f"/{name.lower()}"] = {"post": operation, "put": copy.deepcopy(operation)}
    # API Gateway asks that a parameter is there and not blank, no more: what is blank is neither right nor wrong here.
    text = {"type": "string", "pattern": "^[a-z]+$"} if mode == "positive" else {"type": "string", "minLength": 1}
    paths["/toy"]["put"]["parameters"] = [
        {"name": "X-Clerk", "in": "header", "required": True, "schema": text},
        {"name": "shop", "in": "query", "required": True, "schema": text},
    ]
    paths["/toy"]["put"]["responses"]["400"] = {"description": "a parameter is missing"}
    paths["/open/{id}"] = {
        "get": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "taken"}},
            "x-amazon-apigateway-integration": MOCK,
        }
    }
    return {
        "openapi": "3.0.1",
        "info": {"title": "validated", "version": "1"},
        "paths": paths,
        "components": {"schemas": SCHEMAS},
        "x-amazon-apigateway-request-validator": "all",
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True}
        },
        "x-amazon-apigateway-gateway-responses": {"BAD_REQUEST_BODY": {"statusCode": "422"}},
    }


@pytest.mark.parametrize(
    "mode, checks",
    [
        ("positive", "not_a_server_error,positive_data_acceptance"),
        ("negative", "not_a_server_error,negative_data_rejection"),
    ],
)
def test_schemathesis_finds_nothing(server, tmp_path, mode, checks):
    apigateway = server.client("apigateway")
    api = apigateway.import_rest_api(body=json.dumps(document(mode)), failOnWarnings=True)["id"]
    apigateway.create_deployment(restApiId=api, stageName="prod")
    file = tmp_path / "document.json"
    file.write_text(json.dumps(document(mode)))
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", file, "--url", server.api(api, "prod", ""),
        "--checks", checks, "--mode", mode, "--phases", "coverage,fuzzing", "--max-examples", "40",
        "--seed", "7", "--no-color", "--generation-deterministic",
    ]
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
