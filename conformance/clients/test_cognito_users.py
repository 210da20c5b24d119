"""Users, sign-up and every way to sign in, through boto3; SECRET_HASH right, wrong and missing."""

import base64
import email
import hmac
import re

import jwt
import pytest

from portcullis import until
from world import PASSWORD, add_user, sign_in


@pytest.fixture(scope="module")
def cognito(server):
    return server.client("cognito-idp")


@pytest.fixture(scope="module")
def pool(cognito):
    made = cognito.create_user_pool(PoolName="users", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
    add_user(cognito, made, "grace")
    return made


FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def make_client(cognito, pool, **more):
    made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="app", ExplicitAuthFlows=FLOWS, **more)
    return made["UserPoolClient"]


@pytest.fixture(scope="module")
def client(cognito, pool):
    return make_client(cognito, pool)["ClientId"]


def secret_hash(client, username):
    digest = hmac.digest(client["ClientSecret"].encode(), (username + client["ClientId"]).encode(), "sha256")
    return base64.b64encode(digest).decode()


def mailed_code(server, name, number):
    """Returns the code in the newest of so many mails to a user."""

    def found():
        files = sorted((server.data / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        mails = [email.message_from_bytes(file.read_bytes()) for file in files]
        own = [mail for mail in mails if f"{name}@example.com" in mail["To"]]
        return len(own) == number and re.search(r"\b(\d{6})\b", own[-1].get_payload(decode=True).decode())

    return until("the mail", found)[1]


def test_sign_up_with_the_code_from_the_outbox(server, cognito, pool, client):
    signed_up = cognito.sign_up(
        ClientId=client,
        Username="linus",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "linus@example.com"}],
    )
    assert signed_up["UserConfirmed"] is False and signed_up["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    with pytest.raises(cognito.exceptions.UserNotConfirmedException):
        sign_in(cognito, client, "linus")
    delivered = cognito.resend_confirmation_code(ClientId=client, Username="linus")["CodeDeliveryDetails"]
    assert delivered["AttributeName"] == "email"
    with pytest.raises(cognito.exceptions.CodeMismatchException):
        cognito.confirm_sign_up(ClientId=client, Username="linus", ConfirmationCode="000000")

    cognito.confirm_sign_up(ClientId=client, Username="linus", ConfirmationCode=mailed_code(server, "linus", 2))
    assert sign_in(cognito, client, "linus")["TokenType"] == "Bearer"
    got = cognito.admin_get_user(UserPoolId=pool, Username="linus")
    assert got["UserStatus"] == "CONFIRMED"
    assert {"Name": "email_verified", "Value": "true"} in got["UserAttributes"]
    with pytest.raises(cognito.exceptions.UsernameExistsException):
        cognito.sign_up(ClientId=client, Username="linus", Password=PASSWORD)


def test_forgotten_password_is_replaced_by_the_code_from_the_outbox(server, cognito, pool, client):
    add_user(cognito, pool, "barbara")
    delivered = cognito.forgot_password(ClientId=client, Username="barbara")["CodeDeliveryDetails"]
    assert delivered["DeliveryMedium"] == "EMAIL"
    given = {"ClientId": client, "Username": "barbara", "Password": PASSWORD + "-new"}
    with pytest.raises(cognito.exceptions.CodeMismatchException):
        cognito.confirm_forgot_password(**given, ConfirmationCode="000000")
    cognito.confirm_forgot_password(**given, ConfirmationCode=mailed_code(server, "barbara", 1))
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        sign_in(cognito, client, "barbara")


def test_password_against_the_policy_is_refused(cognito, client):
    with pytest.raises(cognito.exceptions.InvalidPasswordException):
        cognito.sign_up(ClientId=client, Username="weak", Password="short")


def test_administrator_changes_disables_confirms_and_deletes(cognito, pool, client):
    cognito.sign_up(ClientId=client, Username="alan", Password=PASSWORD)
    named = {"UserPoolId": pool, "Username": "alan"}
    cognito.admin_confirm_sign_up(**named)
    cognito.admin_update_user_attributes(**named, UserAttributes=[{"Name": "name", "Value": "Alan"}])
    assert {"Name": "name", "Value": "Alan"} in cognito.admin_get_user(**named)["UserAttributes"]
    token = sign_in(cognito, client, "alan")["AccessToken"]
    assert cognito.get_user(AccessToken=token)["Username"] == "alan"
    cognito.admin_disable_user(**named)
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        sign_in(cognito, client, "alan")
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        cognito.get_user(AccessToken=token)
    cognito.admin_enable_user(**named)
    sign_in(cognito, client, "alan")
    cognito.admin_delete_user(**named)
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        cognito.admin_get_user(**named)


def test_users_are_listed_in_pages_and_by_filter(cognito):
    pool = cognito.create_user_pool(PoolName="listed")["UserPool"]["Id"]
    for number in range(5):
        add_user(cognito, pool, f"user-{number}")
    pages = list(cognito.get_paginator("list_users").paginate(UserPoolId=pool, PaginationConfig={"PageSize": 2}))
    assert [len(page["Users"]) for page in pages if page["Users"]] == [2, 2, 1]
    found = cognito.list_users(UserPoolId=pool, Filter='email = "user-3@example.com"')["Users"]
    assert [user["Username"] for user in found] == ["user-3"]
    found = cognito.list_users(UserPoolId=pool, Filter='username ^= "user-"', AttributesToGet=["email"])["Users"]
    assert len(found) == 5 and {one["Name"] for one in found[0]["Attributes"]} == {"email"}


def test_tokens_have_cognitos_claims(server, web, cognito, pool, client):
    tokens = sign_in(cognito, client, "grace")
    jwks = jwt.PyJWKSet.from_dict(web.get(f"{server.endpoints['admin']}/{pool}/.well-known/jwks.json").json())
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"

    def claims(token, **more):
        key = jwks[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key, algorithms=["RS256"], issuer=issuer, **more)

    identity = claims(tokens["IdToken"], audience=client)
    access = claims(tokens["AccessToken"])
    assert (identity["token_use"], access["token_use"]) == ("id", "access")
    assert (identity["cognito:username"], access["username"]) == ("grace", "grace")
    assert identity["email"] == "grace@example.com" and identity["email_verified"] is True
    assert access["client_id"] == client and "aud" not in access
    assert access["scope"] == "aws.cognito.signin.user.admin"
    for claim in ("sub", "origin_jti", "event_id", "auth_time"):
        assert identity[claim] == access[claim], claim
    assert identity["jti"] != access["jti"] and tokens["ExpiresIn"] == access["exp"] - access["iat"] == 3600
    kids = [jwt.get_unverified_header(tokens[name])["kid"] for name in ("IdToken", "AccessToken")]
    assert kids[0] != kids[1]


def test_refresh_gives_new_tokens_until_it_is_revoked(cognito, client):
    tokens = sign_in(cognito, client, "grace")

    def refresh():
        parameters = {"REFRESH_TOKEN": tokens["RefreshToken"]}
        answer = cognito.initiate_auth(ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)
        return answer["AuthenticationResult"]

    assert "RefreshToken" not in refresh() and refresh()["IdToken"] != tokens["IdToken"]
    cognito.revoke_token(Token=tokens["RefreshToken"], ClientId=client)
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        refresh()


def test_tokens_from_a_refresh_token(cognito, client):
    tokens = sign_in(cognito, client, "grace")
    got = cognito.get_tokens_from_refresh_token(RefreshToken=tokens["RefreshToken"], ClientId=client)
    assert got["AuthenticationResult"]["IdToken"] != tokens["IdToken"]


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_administrator_signs_a_user_in(cognito, pool, client, flow):
    parameters = {"USERNAME": "grace", "PASSWORD": PASSWORD}
    answer = cognito.admin_initiate_auth(UserPoolId=pool, ClientId=client, AuthFlow=flow, AuthParameters=parameters)
    assert "IdToken" in answer["AuthenticationResult"]


@pytest.mark.parametrize("administrator", [False, True])
def test_new_password_is_required_of_a_user_made_by_the_administrator(cognito, pool, client, administrator):
    name = f"new-{administrator}".lower()
    cognito.admin_create_user(UserPoolId=pool, Username=name, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    named = {"UserPoolId": pool, "ClientId": client} if administrator else {"ClientId": client}
    initiate = cognito.admin_initiate_auth if administrator else cognito.initiate_auth
    respond = cognito.admin_respond_to_auth_challenge if administrator else cognito.respond_to_auth_challenge
    flow = "ADMIN_USER_PASSWORD_AUTH" if administrator else "USER_PASSWORD_AUTH"
    asked = initiate(**named, AuthFlow=flow, AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD})
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answered = respond(
        **named,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": PASSWORD + "-2"},
    )
    assert "IdToken" in answered["AuthenticationResult"]
    assert cognito.admin_get_user(UserPoolId=pool, Username=name)["UserStatus"] == "CONFIRMED"


def test_wrong_password_and_unknown_user_are_told_alike(cognito, pool):
    client = make_client(cognito, pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    said = set()
    for name in ("grace", "nobody"):
        with pytest.raises(cognito.exceptions.NotAuthorizedException) as caught:
            parameters = {"USERNAME": name, "PASSWORD": "Wrong-password-1"}
            cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        said.add(caught.value.response["Error"]["Message"])
    assert said == {"Incorrect username or password."}


def test_flow_that_the_client_does_not_allow_is_refused(cognito, pool):
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="srp", ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]["ClientId"]
    with pytest.raises(cognito.exceptions.InvalidParameterException):
        sign_in(cognito, client, "grace")


@pytest.mark.parametrize("given", ["right", "wrong", "missing"])
def test_client_with_a_secret_wants_its_hash(cognito, pool, given):
    client = make_client(cognito, pool, GenerateSecret=True)
    parameters = {"USERNAME": "grace", "PASSWORD": PASSWORD}
    if given != "missing":
        parameters["SECRET_HASH"] = secret_hash(client, "grace" if given == "right" else "linus")
    call = {"ClientId": client["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    if given == "right":
        assert "IdToken" in cognito.initiate_auth(**call)["AuthenticationResult"]
        return
    with pytest.raises(cognito.exceptions.NotAuthorizedException) as caught:
        cognito.initiate_auth(**call)
    assert "hash" in caught.value.response["Error"]["Message"].lower()
