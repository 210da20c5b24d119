"""Tenants apart: what is one tenant's (client, token, key, quota, data) never reaches another's, on the APIs and on the admin side.

First two accounts on one server, then tenants that one account tells apart by app clients, scopes and usage plans.
"""

import pytest

from test_accounts import accounts, code  # noqa: F401
from world import PASSWORD, add_user, build


def token(cognito, client):
    signed_in = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    return signed_in["AuthenticationResult"]["IdToken"]


class Tenant:
    """An account's own pool, API behind it, and API key in a plan with a quota."""

    def __init__(self, server, client, web):
        self.server, self.client, self.web = server, client, web
        self.gateway, self.cognito = client("apigateway"), client("cognito-idp")
        # `build` makes clients by the server's `client`.
        maker = type("Maker", (), {"client": staticmethod(client), "api": staticmethod(server.api)})
        self.made = build(maker, "tenant")
        resource = self.gateway.create_resource(restApiId=self.made.api, parentId=self.made.root, pathPart="keyed")
        method = {"restApiId": self.made.api, "resourceId": resource["id"], "httpMethod": "GET"}
        self.gateway.put_method(
            **method,
            authorizationType="COGNITO_USER_POOLS",
            authorizerId=self.made.authorizer,
            apiKeyRequired=True,
        )
        self.gateway.put_integration(
            **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
        )
        self.gateway.put_method_response(**method, statusCode="200")
        self.gateway.put_integration_response(**method, statusCode="200")
        self.gateway.create_deployment(restApiId=self.made.api, stageName="prod")
        self.key = self.gateway.create_api_key(name="tenant", enabled=True)
        self.plan = self.gateway.create_usage_plan(
            name="tenant",
            apiStages=[{"apiId": self.made.api, "stage": "prod"}],
            quota={"limit": 5, "period": "DAY"},
        )
        self.gateway.create_usage_plan_key(usagePlanId=self.plan["id"], keyId=self.key["id"], keyType="API_KEY")
        self.token = token(self.cognito, self.made.client)

    def call(self, path, token=None, key=None):
        headers = {"Authorization": token} if token else {}
        if key:
            headers["x-api-key"] = key
        url = f"{self.server.endpoints['public']['http']}/_aws/execute-api/{self.made.api}/prod{path}"
        return self.web.get(url, headers=headers)


@pytest.fixture(scope="module")
def tenants(accounts, web):  # noqa: F811
    server, other = accounts
    return Tenant(server, server.client, web), Tenant(server, other, web)


def test_token_of_one_account_opens_no_api_of_the_other(tenants):
    for own, foreign in (tenants, tenants[::-1]):
        assert own.call("/hello", own.token).status_code == 200
        answer = own.call("/hello", foreign.token)
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_key_of_one_account_opens_nothing_of_the_other_and_uses_up_nothing(tenants):
    for own, foreign in (tenants, tenants[::-1]):
        # The foreign key stands for nothing, beside the own token and beside its own.
        for its in (own.token, foreign.token):
            answer = own.call("/keyed", its, foreign.key["value"])
            assert answer.status_code == (403 if its == own.token else 401), answer.text
        for _ in range(5):
            assert own.call("/keyed", own.token, own.key["value"]).status_code == 200
        assert own.call("/keyed", own.token, own.key["value"]).status_code == 429
    # What one has used up, the other still has: both got their five.


def test_same_value_is_two_keys_in_two_accounts(tenants):
    value, keys = "one-value-in-two-accounts", []
    for tenant in tenants:
        key = tenant.gateway.create_api_key(name="same", enabled=True, value=value)["id"]
        plan = tenant.gateway.create_usage_plan(
            name="same",
            apiStages=[{"apiId": tenant.made.api, "stage": "prod"}],
            quota={"limit": 2, "period": "DAY"},
        )["id"]
        tenant.gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
        keys.append((tenant, key))
    for tenant, _ in keys:
        assert [tenant.call("/keyed", tenant.token, value).status_code for _ in range(3)] == [200, 200, 429]
    # One account's key that is gone takes nothing of the other's with it.
    (home, key), (other, its) = keys
    home.gateway.delete_api_key(apiKey=key)
    assert home.call("/keyed", home.token, value).status_code == 403
    assert other.call("/keyed", other.token, value).status_code == 429
    other.gateway.delete_api_key(apiKey=its)


def test_app_client_of_one_account_signs_nobody_in_at_the_other(tenants):
    for own, foreign in (tenants, tenants[::-1]):
        # With the account's keys: the pool is not there, whichever way it is named.
        for pool, client in ((foreign.made.pool, foreign.made.client), (foreign.made.pool, own.made.client)):
            refused = code(
                own.cognito.admin_initiate_auth,
                UserPoolId=pool,
                ClientId=client,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
            )
            assert refused == "ResourceNotFoundException"
        # A refresh token is its own client's.
        signed_in = own.cognito.initiate_auth(
            ClientId=own.made.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        refresh = signed_in["AuthenticationResult"]["RefreshToken"]
        refused = code(
            own.cognito.initiate_auth,
            ClientId=foreign.made.client,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": refresh},
        )
        assert refused == "NotAuthorizedException"


def test_nothing_of_the_other_account_is_read_changed_or_used(tenants):
    """The first keys of both accounts may everything, in their own account."""
    for own, foreign in (tenants, tenants[::-1]):
        gateway, cognito, its = own.gateway, own.cognito, foreign.made
        api = {"restApiId": its.api}
        for call, arguments in [
            (gateway.get_rest_api, api),
            (gateway.update_rest_api, {**api, "patchOperations": [{"op": "replace", "path": "/name", "value": "x"}]}),
            (gateway.delete_rest_api, api),
            (gateway.get_resources, api),
            (gateway.get_stages, api),
            (gateway.create_deployment, {**api, "stageName": "prod"}),
            (gateway.get_authorizers, api),
            (gateway.get_api_key, {"apiKey": foreign.key["id"], "includeValue": True}),
            (gateway.delete_api_key, {"apiKey": foreign.key["id"]}),
            (gateway.get_usage_plan, {"usagePlanId": foreign.plan["id"]}),
            (
                gateway.create_usage_plan_key,
                {"usagePlanId": foreign.plan["id"], "keyId": own.key["id"], "keyType": "API_KEY"},
            ),
            (
                gateway.create_usage_plan_key,
                {"usagePlanId": own.plan["id"], "keyId": foreign.key["id"], "keyType": "API_KEY"},
            ),
            (
                gateway.update_usage,
                {
                    "usagePlanId": foreign.plan["id"],
                    "keyId": foreign.key["id"],
                    "patchOperations": [{"op": "replace", "path": "/remaining", "value": "100"}],
                },
            ),
        ]:
            assert code(call, **arguments) == "NotFoundException", call.__name__
        stages = [{"apiId": its.api, "stage": "prod"}]
        assert code(gateway.create_usage_plan, name="x", apiStages=stages) in ("BadRequestException", "NotFoundException")
        for call, arguments in [
            (cognito.describe_user_pool, {"UserPoolId": its.pool}),
            (cognito.describe_user_pool_client, {"UserPoolId": its.pool, "ClientId": its.client}),
            (cognito.list_users, {"UserPoolId": its.pool}),
            (cognito.admin_get_user, {"UserPoolId": its.pool, "Username": "ada"}),
            (cognito.admin_delete_user, {"UserPoolId": its.pool, "Username": "ada"}),
            (cognito.admin_user_global_sign_out, {"UserPoolId": its.pool, "Username": "ada"}),
            (cognito.delete_user_pool, {"UserPoolId": its.pool}),
        ]:
            assert code(call, **arguments) == "ResourceNotFoundException", call.__name__
        assert its.api not in [found["id"] for found in gateway.get_rest_apis()["items"]]
        assert foreign.key["id"] not in [found["id"] for found in gateway.get_api_keys()["items"]]
    # And all of it is still there.
    for tenant in tenants:
        assert tenant.call("/hello", tenant.token).status_code == 200


def test_custom_domain_of_one_account_is_no_others(tenants):
    home, other = tenants
    name = {"domainName": "tenant.portcullis.localhost"}
    home.gateway.create_domain_name(**name, endpointConfiguration={"types": ["REGIONAL"]})
    # It leads to APIs of its own account alone, and nobody else takes or sees it.
    refused = code(home.gateway.create_base_path_mapping, **name, restApiId=other.made.api, stage="prod")
    assert refused == "BadRequestException"
    assert code(other.gateway.create_base_path_mapping, **name, restApiId=other.made.api) == "NotFoundException"
    assert code(other.gateway.create_domain_name, **name, endpointConfiguration={"types": ["REGIONAL"]}) in (
        "BadRequestException",
        "ConflictException",
    )
    assert other.gateway.get_domain_names()["items"] == []
    home.gateway.delete_domain_name(**name)


@pytest.fixture(scope="module")
def application(server, web):
    """Two tenants of one account: a confidential app client each with a scope of its own, a path, a stage and a key in a plan."""
    cognito, gateway = server.client("cognito-idp"), server.client("apigateway")
    pool = cognito.create_user_pool(PoolName="tenants")["UserPool"]
    cognito.create_user_pool_domain(UserPoolId=pool["Id"], Domain="tenants")
    cognito.create_resource_server(
        UserPoolId=pool["Id"],
        Identifier="orders",
        Name="orders",
        Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("a", "b")],
    )
    api = gateway.create_rest_api(name="tenants")
    authorizer = gateway.create_authorizer(
        restApiId=api["id"],
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool["Arn"]],
        identitySource="method.request.header.Authorization",
    )["id"]
    tenants = {}
    for name in ("a", "b"):
        client = cognito.create_user_pool_client(
            UserPoolId=pool["Id"],
            ClientName=name,
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=[f"orders/{name}"],
        )["UserPoolClient"]
        resource = gateway.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=name)
        method = {"restApiId": api["id"], "resourceId": resource["id"], "httpMethod": "GET"}
        gateway.put_method(
            **method,
            authorizationType="COGNITO_USER_POOLS",
            authorizerId=authorizer,
            authorizationScopes=[f"orders/{name}"],
            apiKeyRequired=True,
        )
        gateway.put_integration(
            **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
        )
        gateway.put_method_response(**method, statusCode="200")
        gateway.put_integration_response(**method, statusCode="200")
        tenants[name] = {"client": client["ClientId"], "secret": client["ClientSecret"]}
    for name, tenant in tenants.items():
        gateway.create_deployment(restApiId=api["id"], stageName=name)
        key = gateway.create_api_key(name=name, enabled=True)
        plan = gateway.create_usage_plan(
            name=name, apiStages=[{"apiId": api["id"], "stage": name}], quota={"limit": 2, "period": "DAY"}
        )["id"]
        gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        tenant["key"] = key["value"]
    base = server.endpoints["public"]["http"]

    def tokens(tenant, scope):
        return web.post(
            f"{base}/_aws/auth/tenants/oauth2/token",
            auth=(tenant["client"], tenant["secret"]),
            data={"grant_type": "client_credentials", "scope": f"orders/{scope}"},
        )

    def call(stage, path, token, key):
        headers = {"Authorization": token, "x-api-key": key}
        return web.get(f"{base}/_aws/execute-api/{api['id']}/{stage}/{path}", headers=headers).status_code

    return tenants, tokens, call


def test_app_client_gets_no_token_for_the_scope_of_another(application):
    tenants, tokens, _ = application
    for name, other in (("a", "b"), ("b", "a")):
        assert tokens(tenants[name], name).status_code == 200
        answer = tokens(tenants[name], other)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_scope"})
        mixed = {"client": tenants[name]["client"], "secret": tenants[other]["secret"]}
        assert tokens(mixed, name).json() == {"error": "invalid_client"}


def test_token_key_and_quota_are_one_tenants_own(application):
    tenants, tokens, call = application
    own = {name: tokens(tenant, name).json()["access_token"] for name, tenant in tenants.items()}
    for name, other in (("a", "b"), ("b", "a")):
        key, foreign = tenants[name]["key"], tenants[other]["key"]
        # The other's path with one's own token; one's own path with the other's; the other's key, or one's own on the other's stage.
        assert call(name, other, own[name], key) == 401
        assert call(name, name, own[other], key) == 401
        assert call(name, name, own[name], foreign) == 403
        assert call(other, name, own[name], key) == 403
        # None of that used up anything: there are two, and no third.
        assert [call(name, name, own[name], key) for _ in range(3)] == [200, 200, 429]


def test_refresh_token_is_one_app_clients_own_in_a_pool_of_many(server):
    """Two tenants share a pool: what one's client was given, the other's cannot use, read or end."""
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="shared")["UserPool"]["Id"]
    add_user(cognito, pool, "ada")
    clients = [
        cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName=name,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        for name in ("a", "b")
    ]
    for own, other in (clients, clients[::-1]):
        signed_in = cognito.initiate_auth(
            ClientId=own, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD}
        )["AuthenticationResult"]
        refresh = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": signed_in["RefreshToken"]}}
        assert code(cognito.initiate_auth, ClientId=other, **refresh) == "NotAuthorizedException"
        assert code(cognito.get_tokens_from_refresh_token, ClientId=other, RefreshToken=signed_in["RefreshToken"]) == (
            "NotAuthorizedException"
        )
        assert code(cognito.revoke_token, ClientId=other, Token=signed_in["RefreshToken"]) != ""
        renewed = cognito.initiate_auth(ClientId=own, **refresh)["AuthenticationResult"]
        assert renewed["AccessToken"]
