"""The hosted pages in a real browser: a stranger signs up, confirms, signs in and comes back to the app with a code."""

import base64
import hashlib
import http.server
import json
import pathlib
import re
import secrets
import threading
import urllib.parse

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import webdriver
from portcullis import until

PASSWORD = "Correct-horse-7-battery"
REASON = webdriver.missing()


@pytest.fixture(autouse=True)
def chromium(capsys):
    if REASON:
        with capsys.disabled():
            print(f"SKIPPED hosted pages in Chromium: {REASON}")
        pytest.skip(REASON)


class App(http.server.BaseHTTPRequestHandler):
    """The app's callback: a page of its own that the browser must reach."""

    def do_GET(self):
        is_callback = self.path.startswith("/callback?")
        if is_callback:
            self.server.queries.append(urllib.parse.urlsplit(self.path).query)
        page = b"<!doctype html><title>App</title><h1>Welcome back</h1>"
        self.send_response(200 if is_callback else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def app():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
    server.queries = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.callback = f"http://localhost:{server.server_address[1]}/callback"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def domain(server, app):
    """A pool whose users sign up by e-mail and give a name, and its domain."""
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(
        PoolName="browser",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        Schema=[{"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True}],
    )["UserPool"]
    prefix = f"browser-{secrets.token_hex(4)}"
    cognito.create_user_pool_domain(Domain=prefix, UserPoolId=pool["Id"])
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="app",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email", "profile"],
        CallbackURLs=[app.callback],
        LogoutURLs=[app.callback],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    port = server.endpoints["public"]["https"].rsplit(":", 1)[1]
    host = f"{prefix}.auth.{server.endpoints['region']}.{server.endpoints['domain']}"
    return f"https://{host}:{port}", client


@pytest.fixture(scope="module")
def spki(server):
    """The hash of the local CA's key, which is all that the browser trusts beyond its own roots."""
    ca = x509.load_pem_x509_certificate(pathlib.Path(server.endpoints["ca"]).read_bytes())
    key = ca.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def latest_code(server, email):
    """Returns the code of the newest mail to an address."""

    def look():
        for mail in sorted((server.data / "outbox").glob("*.eml"), reverse=True):
            text = mail.read_text()
            if email in text and (code := re.search(r"\b\d{6}\b", text.split("\n\n", 1)[-1])):
                return code[0]
        return None

    return until(f"a code for {email}", look, 5)


class Visit:
    """One person's way through the pages; every page that is met is photographed and looked through."""

    def __init__(self, browser, folder, javascript):
        self.browser, self.folder, self.javascript = browser, folder, javascript
        self.pages = 0

    def see(self, title):
        """Expects a page, checks what every page must be, and takes pictures of it: light, dark, narrow."""
        browser = self.browser
        until(title, lambda: browser.call("GET", "/title") == title, 10)
        self.pages += 1
        name = re.sub(r"\W+", "-", title.lower()).strip("-")
        for field in browser.find("input, button"):
            assert browser.label(field), f"a field without a name on {browser.url}"
        for scheme, width in (("light", 1000), ("dark", 1000), ("light", 320)):
            browser.devtools(
                "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
            )
            browser.devtools(
                "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
            )
            if self.javascript:
                assert browser.run("return document.documentElement.scrollWidth") <= width, "scrolls sideways"
                colour = browser.run("return getComputedStyle(document.body).backgroundColor")
                assert luminous(colour) == (scheme == "light"), colour
            kind = f"{scheme}-{width}"
            browser.screenshot(self.folder / f"{self.pages:02}-{name}-{kind}.png")
        # A form that is shown again is a 400, which the console tells too; blocked styles and missing files are not fine.
        complaints = [entry for entry in browser.complaints() if "a status of 400" not in entry]
        assert complaints == []

    def send(self, **fields):
        """Fills in the page's form and presses its button."""
        for name, text in fields.items():
            self.browser.type(f"input[name='{name}']", text)
        self.browser.click("button:not(.second)")


def luminous(colour):
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) > 382


def test_stranger_signs_up_confirms_and_signs_in(server, app, domain, spki, tmp_path):
    browser = webdriver.Browser(spki)
    try:
        walk(Visit(browser, tmp_path, javascript=True), server, app, domain, "ada@example.com")
    finally:
        browser.stop()


def test_everything_works_without_javascript(server, app, domain, spki, tmp_path):
    browser = webdriver.Browser(spki, javascript=False)
    try:
        browser.go("data:text/html,<title>off</title><script>document.title='on'</script>")
        assert browser.call("GET", "/title") == "off"
        walk(Visit(browser, tmp_path, javascript=False), server, app, domain, "bob@example.com")
    finally:
        browser.stop()


def redeem(server, domain, app, code, verifier):
    """Exchanges a code for tokens, as the app does behind its callback, and returns what the ID token claims."""
    base, client = domain
    form = {
        "grant_type": "authorization_code",
        "client_id": client,
        "code": code,
        "redirect_uri": app.callback,
        "code_verifier": verifier,
    }
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": server.endpoints["proxy"]}
        answer = session.post(f"{base}/oauth2/token", data=form, verify=server.endpoints["ca"])
    assert answer.status_code == 200, answer.text
    claims = answer.json()["id_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))


def walk(visit, server, app, domain, email):
    browser, (base, client) = visit.browser, domain
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = urllib.parse.urlencode(
        {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": app.callback,
            "scope": "openid email profile",
            "state": "s-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    browser.go(f"{base}/oauth2/authorize?{query}")
    visit.see("Sign in")
    visit.send(username=email, password="wrong")
    visit.see("Error: Sign in")
    browser.click("a[href*='signup']")
    visit.see("Create an account")
    visit.send(**{"username": email, "attribute.name": "A. Person", "password": "short"})
    visit.see("Error: Create an account")
    visit.send(**{"username": email, "attribute.name": "A. Person", "password": PASSWORD})
    visit.see("Confirm your account")
    code = latest_code(server, email)
    visit.send(code="000000" if code != "000000" else "000001")
    visit.see("Error: Confirm your account")
    visit.send(code=code)
    visit.see("Sign in")
    visit.send(username=email, password=PASSWORD)
    until("the callback", lambda: browser.url.startswith(app.callback), 10)
    assert browser.text("h1") == "Welcome back"
    answer = urllib.parse.parse_qs(app.queries[-1])
    assert answer["state"] == ["s-1"]
    claims = redeem(server, domain, app, answer["code"][0], verifier)
    assert (claims["email"], claims["email_verified"], claims["name"]) == (email, True, "A. Person")
