"""boto3 alone builds what the quickstart template builds."""

import json

from world import put_mock, sign_in


def test_api_answers_401_without_a_token(server, web, guarded):
    answer = web.get(guarded.url)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert answer.headers["x-amzn-ErrorType"] == "UnauthorizedException"


def test_api_answers_200_with_the_id_token(server, web, guarded):
    token = sign_in(server.client("cognito-idp"), guarded.client)["IdToken"]
    answer = web.get(guarded.url, headers={"Authorization": token})
    assert (answer.status_code, answer.json()) == (200, {"hello": "ada@example.com"})


def test_api_answers_over_https_with_the_local_ca(server, web, guarded):
    url = guarded.url.replace(server.endpoints["public"]["http"], server.endpoints["public"]["https"])
    answer = web.get(url, verify=server.endpoints["ca"])
    assert answer.status_code == 401


def test_change_is_served_only_after_a_new_deployment(server, web, guarded):
    apigateway = server.client("apigateway")
    method = {"restApiId": guarded.api, "resourceId": guarded.root, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    put_mock(apigateway, method, '{"root":true}')
    root = guarded.url.removesuffix("hello")
    assert web.get(root).status_code == 403
    apigateway.create_deployment(restApiId=guarded.api, stageName="prod")
    assert web.get(root).json() == {"root": True}
    apigateway.delete_method(**method)
    assert web.get(root).status_code == 200
    apigateway.create_deployment(restApiId=guarded.api, stageName="prod")
    assert web.get(root).status_code == 403


def test_explain_names_layer_and_reason_of_every_refusal(server, web, guarded):
    cognito = server.client("cognito-idp")
    tokens = sign_in(cognito, guarded.client)
    head, payload, signature = tokens["IdToken"].split(".")
    expected = {
        None: "no header `Authorization`",
        "garbage": "token",
        f"{head}.{payload}.{signature[:-8]}AAAAAAAA": "signature",
        tokens["AccessToken"]: "token_use",
    }
    for token, reason in expected.items():
        answer = web.get(guarded.url, headers={"Authorization": token} if token else {})
        assert answer.status_code == 401
        said = server.explain()
        refusal = [line for line in said.splitlines() if "REFUSE" in line]
        assert len(refusal) == 1 and "authorizer" in refusal[0] and reason in refusal[0], said
        assert answer.headers["x-amzn-RequestId"] in said
        assert token is None or token not in said
        assert server.explain(answer.headers["x-amzn-RequestId"]) == said


def test_tokens_end_with_revocation_and_sign_out_and_a_new_sign_in_works(server, web, guarded):
    cognito = server.client("cognito-idp")

    def status(tokens):
        return web.get(guarded.url, headers={"Authorization": tokens["IdToken"]}).status_code

    tokens = sign_in(cognito, guarded.client)
    assert status(tokens) == 200
    cognito.revoke_token(Token=tokens["RefreshToken"], ClientId=guarded.client)
    assert status(tokens) == 401
    assert "revoked" in server.explain()
    one, other = sign_in(cognito, guarded.client), sign_in(cognito, guarded.client)
    cognito.global_sign_out(AccessToken=one["AccessToken"])
    assert (status(one), status(other)) == (401, 401)
    assert "signed out" in server.explain()
    third = sign_in(cognito, guarded.client)
    assert status(third) == 200
    cognito.admin_user_global_sign_out(UserPoolId=guarded.pool, Username="ada")
    assert status(third) == 401
    assert status(sign_in(cognito, guarded.client)) == 200


def test_trail_of_an_admin_call_names_the_operation(server):
    server.client("sts").get_caller_identity()
    assert "GetCallerIdentity" in server.explain()


def test_openid_configuration_is_served_on_the_admin_listener_too(server, web, guarded):
    url = f"{server.endpoints['admin']}/{guarded.pool}/.well-known/jwks.json"
    assert len(json.loads(web.get(url).text)["keys"]) == 2
