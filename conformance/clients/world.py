"""The quickstart without its template: every part made with boto3 alone."""

import types

PASSWORD = "Correct-horse-7-battery"


def build(server, name="by-hand"):
    """Makes pool, client, user, API, resource, method, mock, authorizer and deployment."""
    cognito, apigateway = server.client("cognito-idp"), server.client("apigateway")
    pool = cognito.create_user_pool(PoolName=name)["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="app",
        ExplicitAuthFlows=[
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
    )["UserPoolClient"]
    add_user(cognito, pool["Id"], "ada")
    api = apigateway.create_rest_api(name=name)["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart="hello")["id"]
    authorizer = apigateway.create_authorizer(
        restApiId=api,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool["Arn"]],
        identitySource="method.request.header.Authorization",
    )["id"]
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    put_mock(apigateway, method, '{"hello":"$context.authorizer.claims.email"}')
    apigateway.create_deployment(restApiId=api, stageName="prod")
    return types.SimpleNamespace(
        pool=pool["Id"],
        pool_arn=pool["Arn"],
        client=client["ClientId"],
        api=api,
        root=root,
        resource=resource,
        authorizer=authorizer,
        url=server.api(api, "prod", "/hello"),
    )


def put_mock(apigateway, method, template):
    """Gives a method a mock integration that answers 200 with a template."""
    apigateway.put_method_response(**method, statusCode="200")
    apigateway.put_integration(
        **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    apigateway.put_integration_response(
        **method, statusCode="200", responseTemplates={"application/json": template}
    )


def add_user(cognito, pool, name):
    """Adds a confirmed user whose password is PASSWORD."""
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": f"{name}@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)


def sign_in(cognito, client, name="ada"):
    """Returns a user's tokens."""
    return cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
