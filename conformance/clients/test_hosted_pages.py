"""The hosted pages as a browser sees them: sign up, confirm by the mailed link, sign in, code, token, API call."""

import base64
import hashlib
import html
import re
import secrets
import urllib.parse

import pytest
import requests

CALLBACK = "https://app.example.com/callback"
PASSWORD = "Correct-horse-7-battery"


@pytest.fixture(scope="module")
def domain(server):
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(
        PoolName="pages",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"},
    )["UserPool"]
    prefix = f"pages-{secrets.token_hex(4)}"
    cognito.create_user_pool_domain(Domain=prefix, UserPoolId=pool["Id"])
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="browser",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    port = server.endpoints["public"]["https"].rsplit(":", 1)[1]
    base = f"https://{prefix}.auth.{server.endpoints['region']}.{server.endpoints['domain']}:{port}"
    return base, pool["Id"], client


@pytest.fixture
def browser(server):
    session = requests.Session()
    session.trust_env = False
    session.verify = server.endpoints["ca"]
    # Nothing here resolves `*.localhost`: the forward proxy answers for our hosts by their names.
    session.proxies = {"https": server.endpoints["proxy"]}
    return session


def authorize(domain, verifier="v" * 43, **more):
    base, _, client = domain
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": CALLBACK,
        "scope": "openid email",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    } | more
    return f"{base}/oauth2/authorize?{urllib.parse.urlencode(query)}"


def submit(browser, page, **values):
    """Fills in the first form of a page that has a field of each name, and sends it."""
    for form in re.findall(r"<form.*?</form>", page.text, re.S):
        fields = {}
        for field in re.findall(r"<(?:input|button)[^>]*>", form):
            name = re.search(r'name="([^"]*)"', field)
            value = re.search(r'value="([^"]*)"', field)
            if name:
                fields[name[1]] = html.unescape(value[1]) if value else ""
        if set(values) <= set(fields):
            action = re.search(r'action="([^"]*)"', form)
            target = urllib.parse.urljoin(page.url, html.unescape(action[1])) if action else page.url
            return browser.post(target, data=fields | values, allow_redirects=False)
    raise AssertionError(f"no form with {sorted(values)} on {page.url}: {page.text}")


def follow(browser, answer):
    while answer.status_code in (302, 303) and not answer.headers["Location"].startswith(CALLBACK):
        answer = browser.get(urllib.parse.urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
    return answer


def latest_mail(server):
    mails = sorted((server.data / "outbox").glob("*.eml"))
    return mails[-1].read_text()


def sign_up(server, browser, domain, email):
    start = follow(browser, browser.get(authorize(domain), allow_redirects=False))
    link = next(link for link in re.findall(r'href="([^"]*)"', start.text) if "signup" in link)
    page = browser.get(urllib.parse.urljoin(start.url, html.unescape(link)))
    names = re.findall(r'<input[^>]*name="([^"]*)"', page.text)
    user = next(name for name in names if name in ("username", "email", "requiredAttributes[email]"))
    submit(browser, page, **{user: email, "password": PASSWORD})
    link = re.search(r'https://[^"\s<>]*/confirmUser[^"\s<>]*', latest_mail(server))[0]
    confirmed = browser.get(html.unescape(link))
    assert confirmed.status_code == 200 and "confirmed" in confirmed.text.lower()


def sign_in(browser, domain, email, password=PASSWORD, verifier="v" * 43):
    page = follow(browser, browser.get(authorize(domain, verifier), allow_redirects=False))
    return follow(browser, submit(browser, page, username=email, password=password))


def code_of(answer):
    assert answer.status_code in (302, 303), answer.text
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["s-1"]
    return query["code"][0]


def redeem(browser, domain, code, verifier="v" * 43):
    base, _, client = domain
    form = {
        "grant_type": "authorization_code",
        "client_id": client,
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": verifier,
    }
    return browser.post(f"{base}/oauth2/token", data=form)


def test_stranger_becomes_a_user_whom_the_api_knows(server, browser, domain, web):
    sign_up(server, browser, domain, "eve@example.com")
    code = code_of(sign_in(browser, domain, "eve@example.com"))
    tokens = redeem(browser, domain, code).json()
    assert tokens["token_type"] == "Bearer" and "refresh_token" in tokens
    info = browser.get(
        f"{domain[0]}/oauth2/userInfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    ).json()
    assert (info["email"], info["email_verified"]) == ("eve@example.com", "true")
    # The session signs in without asking again; a code works once, and its reuse ends what came from it.
    again = browser.get(authorize(domain), allow_redirects=False)
    code_of(again)
    assert redeem(browser, domain, code).json() == {"error": "invalid_grant"}
    info = browser.get(
        f"{domain[0]}/oauth2/userInfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert info.status_code == 401


def test_wrong_password_and_wrong_verifier_are_refused(server, browser, domain):
    sign_up(server, browser, domain, "mallory@example.com")
    refused = sign_in(browser, domain, "mallory@example.com", password="Wrong-horse-7-battery")
    assert refused.status_code < 500 and "Location" not in refused.headers
    code = code_of(sign_in(browser, domain, "mallory@example.com"))
    assert redeem(browser, domain, code, verifier="w" * 43).json() == {"error": "invalid_grant"}


def test_redirects_go_only_where_the_client_says(browser, domain):
    for uri in [CALLBACK + "/", CALLBACK + "?a=b", CALLBACK.upper(), "https://app.example.com", "https://evil.example"]:
        answer = browser.get(authorize(domain, redirect_uri=uri), allow_redirects=False)
        assert not answer.headers.get("Location", "").startswith(("https://app", "https://evil", "HTTPS")), uri


def test_form_without_its_token_is_refused(browser, domain):
    page = follow(browser, browser.get(authorize(domain), allow_redirects=False))
    answer = browser.post(page.url, data={"username": "eve@example.com", "password": PASSWORD}, allow_redirects=False)
    assert answer.status_code in (400, 403)


def test_pages_run_no_script_and_cannot_be_framed(browser, domain):
    page = follow(browser, browser.get(authorize(domain), allow_redirects=False))
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "<script" not in page.text
    cookies = page.headers.get("Set-Cookie", "") + str(page.request.headers.get("Cookie", ""))
    assert "__Host-" in cookies
