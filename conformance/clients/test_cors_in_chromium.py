"""CORS in a real browser: pages of an allowed origin read an API's answers, pages of another do not, on both kinds of API."""

import http.server
import json
import threading
import time

import pytest

import http_apis
import webdriver

REASON = webdriver.missing()


@pytest.fixture(autouse=True)
def chromium(capsys):
    if REASON:
        with capsys.disabled():
            print(f"SKIPPED CORS in Chromium: {REASON}")
        pytest.skip(REASON)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = b"<!doctype html><title>page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def pages():
    """One server of pages, under two origins."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    yield {"allowed": f"http://localhost:{port}", "other": f"http://127.0.0.1:{port}"}
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    if REASON:
        pytest.skip(REASON)
    browser = webdriver.Browser("")
    yield browser
    browser.stop()


def fetch(browser, page, url, options):
    """Returns what a page's fetch came to: status, headers that it may read and body, or the name of its failure."""
    browser.go(page)
    browser.run(
        f"""
        window.came = null;
        fetch({json.dumps(url)}, {json.dumps(options)})
            .then(async answer => {{
                window.came = {{status: answer.status, body: await answer.text(), exposed: answer.headers.get('x-exposed')}};
            }})
            .catch(error => {{ window.came = {{failed: error.name}}; }});
        """
    )
    for _ in range(200):
        came = browser.run("return window.came;")
        if came:
            return came
        time.sleep(0.05)
    raise AssertionError("fetch does not end")


# A method and a header that a browser asks for before it sends them.
ASKS_FIRST = {"method": "PUT", "headers": {"Content-Type": "application/json", "Authorization": "Bearer x"}, "body": "{}"}


@pytest.fixture(scope="module")
def rest_api(server, pages):
    """A REST API whose OPTIONS is a mock, as the guide has it, and whose refusals carry the header too."""
    apigateway = server.client("apigateway")
    api = apigateway.create_rest_api(name="browser")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    origin = {"method.response.header.Access-Control-Allow-Origin": f"'{pages['allowed']}'"}
    said = {
        **origin,
        "method.response.header.Access-Control-Allow-Methods": "'PUT,OPTIONS'",
        "method.response.header.Access-Control-Allow-Headers": "'Content-Type,Authorization'",
    }

    def method(resource, name, parameters, **more):
        named = {"restApiId": api, "resourceId": resource, "httpMethod": name}
        apigateway.put_method(**named, **{"authorizationType": "NONE", **more})
        apigateway.put_method_response(**named, statusCode="200", responseParameters=dict.fromkeys(parameters, False))
        apigateway.put_integration(**named, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        apigateway.put_integration_response(
            **named,
            statusCode="200",
            responseParameters=parameters,
            responseTemplates={"application/json": '{"answered":true}'},
        )

    for part, more in (("open", {}), ("guarded", {"authorizationType": "AWS_IAM"})):
        resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart=part)["id"]
        method(resource, "OPTIONS", said)
        method(resource, "PUT", origin, **more)
        method(resource, "GET", origin, **more)
    silent = apigateway.create_resource(restApiId=api, parentId=root, pathPart="silent")["id"]
    method(silent, "PUT", origin)
    apigateway.put_gateway_response(
        restApiId=api,
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": f"'{pages['allowed']}'"},
    )
    apigateway.create_deployment(restApiId=api, stageName="prod")
    return lambda path: server.api(api, "prod", path)


def test_rest_api_is_read_by_pages_of_the_allowed_origin_alone(browser, pages, rest_api):
    allowed = fetch(browser, pages["allowed"], rest_api("/open"), ASKS_FIRST)
    assert (allowed["status"], json.loads(allowed["body"])) == (200, {"answered": True})
    assert fetch(browser, pages["other"], rest_api("/open"), ASKS_FIRST) == {"failed": "TypeError"}
    # A plain GET is sent without asking, and its answer kept from the page.
    assert fetch(browser, pages["allowed"], rest_api("/open"), {})["status"] == 200
    assert fetch(browser, pages["other"], rest_api("/open"), {}) == {"failed": "TypeError"}


def test_refusal_of_a_rest_api_can_be_read_by_the_allowed_origin(browser, pages, rest_api):
    refused = fetch(browser, pages["allowed"], rest_api("/guarded"), {})
    assert refused["status"] == 403 and "Missing Authentication Token" in refused["body"]
    assert fetch(browser, pages["other"], rest_api("/guarded"), {}) == {"failed": "TypeError"}


def test_rest_api_answers_no_preflight_by_itself(browser, pages, rest_api):
    assert fetch(browser, pages["allowed"], rest_api("/silent"), ASKS_FIRST) == {"failed": "TypeError"}


@pytest.fixture(scope="module")
def http_api(server, pages):
    """An HTTP API with managed CORS, in front of a backend that says other things of origins."""
    backend = http_apis.serve(lambda request: (b'{"answered":true}', 200))
    apigateway = server.client("apigatewayv2")
    api = apigateway.create_api(
        Name="browser",
        **http_apis.HTTP,
        CorsConfiguration={
            "AllowOrigins": [pages["allowed"]],
            "AllowMethods": ["PUT", "GET"],
            "AllowHeaders": ["content-type", "authorization"],
            "AllowCredentials": True,
        },
    )["ApiId"]
    integration = apigateway.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=f"{backend.url}/",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    for key, more in (("PUT /open", {}), ("GET /open", {}), ("GET /guarded", {"AuthorizationType": "AWS_IAM"})):
        apigateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}", **more)
    apigateway.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
    return lambda path: server.api(api, "prod", path)


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_http_api_is_read_by_pages_of_the_allowed_origin_alone(browser, pages, http_api, credentials):
    options = {**ASKS_FIRST, "credentials": credentials}
    allowed = fetch(browser, pages["allowed"], http_api("/open"), options)
    assert (allowed.get("status"), allowed.get("body")) == (200, '{"answered":true}')
    assert fetch(browser, pages["other"], http_api("/open"), options) == {"failed": "TypeError"}
    assert fetch(browser, pages["other"], http_api("/open"), {"credentials": credentials}) == {"failed": "TypeError"}


def test_method_that_an_http_api_does_not_allow_is_not_sent(browser, pages, http_api):
    assert fetch(browser, pages["allowed"], http_api("/open"), {"method": "DELETE"}) == {"failed": "TypeError"}


def test_refusal_of_an_http_api_can_be_read_by_the_allowed_origin(browser, pages, http_api):
    refused = fetch(browser, pages["allowed"], http_api("/guarded"), {})
    assert (refused["status"], json.loads(refused["body"])) == (403, {"message": "Forbidden"})
    assert fetch(browser, pages["other"], http_api("/guarded"), {}) == {"failed": "TypeError"}
