#!/usr/bin/env python3
"""Does on the hosted pages what a person does in a browser: signs up, confirms with the mailed code, signs in, and lets
the app exchange the code for tokens (OAuth 2.0 with PKCE). Prints the tokens as JSON. Standard library only, no JavaScript.

    sign_in.py --pages URL --client ID --callback URL --outbox DIR --ca FILE --email E --password P [--new]
"""

import argparse
import base64
import hashlib
import html
import http.cookiejar
import json
import pathlib
import re
import secrets
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    """Shows redirects instead of following them: the last one leads to an app that is not there."""

    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self, ca):
        # Browsers resolve *.localhost to this machine; so do we (RFC 6761).
        ask = socket.getaddrinfo
        socket.getaddrinfo = lambda host, *rest, **more: ask(
            "127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more
        )
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(Policy()))
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca))
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay(), cookies, tls)

    def open(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            answer = self.opener.open(urllib.request.Request(url, data=data))
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.headers, answer.read().decode(), url

    def follow(self, page, stop):
        """Follows redirects until one leads to `stop`."""
        while page[0] in (302, 303):
            location = urllib.parse.urljoin(page[3], page[1]["Location"])
            if location.startswith(stop):
                return location
            page = self.open(location)
        return page

    def submit(self, page, **values):
        """Fills in the form of a page that has a field of each name, and sends it."""
        for form in re.findall(r"<form.*?</form>", page[2], re.S):
            fields = {}
            for field in re.findall(r"<(?:input|button)[^>]*>", form):
                name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
                if name:
                    fields[name[1]] = html.unescape(value[1]) if value else ""
            if set(values) <= set(fields):
                action = re.search(r'action="([^"]*)"', form)
                target = urllib.parse.urljoin(page[3], html.unescape(action[1])) if action else page[3]
                return self.open(target, fields | values)
        raise SystemExit(f"no form with {sorted(values)} on {page[3]}: {page[2]}")


class Policy(http.cookiejar.DefaultCookiePolicy):
    """Python's cookie jar knows no `__Host-` names and no `localhost` domains; ours are set by the very host they return to."""

    def set_ok_domain(self, cookie, request):
        return True

    def return_ok_domain(self, cookie, request):
        return urllib.parse.urlsplit(request.full_url).hostname in cookie.domain

    def domain_return_ok(self, domain, request):
        return True


def sign_up(browser, start, outbox, email, password):
    link = next(link for link in re.findall(r'href="([^"]*)"', start[2]) if "signup" in link)
    page = browser.open(urllib.parse.urljoin(start[3], html.unescape(link)))
    names = re.findall(r'<input[^>]*name="([^"]*)"', page[2])
    user = next(name for name in names if name in ("username", "email", "requiredAttributes[email]"))
    asked = browser.follow(browser.submit(page, **{user: email, "password": password}), "never:")
    mail = sorted(outbox.glob("*.eml"))[-1].read_text()
    code = re.search(r"\b(\d{6})\b", mail.split("\n\n", 1)[1])[1]
    field = next(name for name in re.findall(r'<input[^>]*name="([^"]*)"', asked[2]) if "code" in name)
    browser.follow(browser.submit(asked, **{field: code}), "never:")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("pages", "client", "callback", "outbox", "ca", "email", "password"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--new", action="store_true", help="signs up first")
    given = parser.parse_args()

    browser = Browser(given.ca)
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": given.client,
        "redirect_uri": given.callback,
        "scope": "openid email",
        "state": secrets.token_urlsafe(16),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    authorize = f"{given.pages}/oauth2/authorize?{urllib.parse.urlencode(query)}"

    page = browser.follow(browser.open(authorize), given.callback)
    if given.new:
        sign_up(browser, page, pathlib.Path(given.outbox), given.email, given.password)
        page = browser.follow(browser.open(authorize), given.callback)
    if not isinstance(page, str):
        page = browser.follow(browser.submit(page, username=given.email, password=given.password), given.callback)
    if not isinstance(page, str):
        raise SystemExit(f"the sign-in did not lead back to the app: {page[2]}")
    answer = urllib.parse.parse_qs(urllib.parse.urlsplit(page).query)
    if answer.get("state") != [query["state"]]:
        raise SystemExit(f"the answer is not for our question: {page}")
    status, _, body, _ = browser.open(
        f"{given.pages}/oauth2/token",
        {
            "grant_type": "authorization_code",
            "client_id": given.client,
            "code": answer["code"][0],
            "redirect_uri": given.callback,
            "code_verifier": verifier,
        },
    )
    if status != 200:
        raise SystemExit(f"no tokens: {body}")
    print(json.dumps(json.loads(body)))


if __name__ == "__main__":
    main()
