"""`/metrics` on the admin listener: who may read it, its format, and what one request changes."""

import pathlib
import re
import stat

import pytest

import world

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
VALUE = r'"[a-z0-9+.A-Z_/{}$-]*"'
LABELS = rf"\{{(?:[a-zA-Z_][a-zA-Z0-9_]*={VALUE})(?:,[a-zA-Z_][a-zA-Z0-9_]*={VALUE})*\}}"
SAMPLE = re.compile(rf"(?P<series>({NAME})(?:{LABELS})?) (?P<value>[0-9]+(?:\.[0-9]+)?)")
HELP = re.compile(rf"# HELP ({NAME}) [^\n]+")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")
SUFFIXES = ("_bucket", "_sum", "_count")


def parse(text):
    """Reads the text format 0.0.4 strictly: HELP and TYPE before a metric's samples, no series twice."""
    assert text.endswith("\n")
    values, kinds, described = {}, {}, None
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP"):
            described = HELP.fullmatch(line)[1]
        elif line.startswith("#"):
            name, kind = TYPE.fullmatch(line).groups()
            assert name == described and name not in kinds, line
            kinds[name] = kind
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            name = sample[2]
            if kinds[described] == "histogram":
                name = next(name.removesuffix(end) for end in SUFFIXES if name.endswith(end))
            assert name == described, line
            assert sample["series"] not in values, line
            values[sample["series"]] = float(sample["value"])
    return values


def token_file(server):
    return pathlib.Path(server.data) / "metrics.token"


@pytest.fixture
def scrape(server, web):
    def ask():
        token = token_file(server).read_text()
        answer = web.get(f"{server.endpoints['admin']}/metrics", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parse(answer.text)

    return ask


def changes(before, after):
    assert before.keys() == after.keys(), "a request made a new series"
    changed = {series: after[series] - before[series] for series in after if after[series] != before[series]}
    ours = {series: change for series, change in changed.items() if series.startswith("portcullis_")}
    others = ("portcullis_request_duration_seconds", "portcullis_api_", "portcullis_queue_seconds_max")
    return {s: c for s, c in ours.items() if not s.startswith(others)}


def decision(layer, outcome):
    return f'portcullis_decisions_total{{layer="{layer}",outcome="{outcome}"}}'


def requests_of(listener, status):
    return f'portcullis_requests_total{{listener="{listener}",status="{status}"}}'


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer " + "a" * 43, "Basic YTpi"])
def test_nobody_reads_without_the_token(server, web, scrape, authorization):
    before = scrape()
    headers = {} if authorization is None else {"authorization": authorization}
    answer = web.get(f"{server.endpoints['admin']}/metrics", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "portcullis_" not in answer.text
    assert changes(before, scrape()) == {decision("metrics", "refuse"): 1, requests_of("admin", "4xx"): 1}
    assert "metrics" in server.explain()


def test_token_is_for_its_owner_alone(server):
    file = token_file(server)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = file.read_text()
    assert re.fullmatch(r"[A-Za-z0-9]{43}", token)
    assert token not in server.log.read_text()


def test_token_is_kept_for_the_life_of_the_directory(own_server, web):
    running = own_server()
    token = token_file(running).read_text()
    running.stop()
    running.start()
    assert token_file(running).read_text() == token
    answer = web.get(f"{running.endpoints['admin']}/metrics", headers={"authorization": f"Bearer {token}"})
    # A new process starts at zero.
    assert parse(answer.text)[requests_of("public", "4xx")] == 0


def test_metrics_are_not_served_in_public(server, web):
    headers = {"authorization": f"Bearer {token_file(server).read_text()}"}
    public = web.get(f"{server.endpoints['public']['http']}/metrics", headers=headers)
    assert public.status_code == 404 and "portcullis_" not in public.text
    # The proxy leads to the admin listener, and that wants the token.
    proxies = {"http": server.endpoints["proxy"]}
    tunnelled = web.get(f"{server.endpoints['admin']}/metrics", proxies=proxies)
    assert tunnelled.status_code != 200 and "portcullis_" not in tunnelled.text


def test_refused_request_is_counted_once(server, web, scrape, guarded):
    url = server.api(guarded.api, "prod", "/hello")
    before = scrape()
    assert web.get(url).status_code == 401
    after = scrape()
    changed = changes(before, after)
    assert changed[decision("authorizer", "refuse")] == 1
    assert changed[decision("route", "continue")] == 1
    assert changed[requests_of("public-http", "4xx")] == 1
    assert set(changed.values()) == {1}
    assert [series for series in changed if 'outcome="refuse"' in series] == [decision("authorizer", "refuse")]
    for name in ('bucket{listener="public-http",le="+Inf"}', 'count{listener="public-http"}'):
        series = f"portcullis_request_duration_seconds_{name}"
        assert after[series] - before[series] == 1


def test_unknown_path_and_host_are_counted_under_fixed_names(server, web, scrape):
    url = server.endpoints["public"]["http"]
    before = scrape()
    assert web.get(f"{url}/stranger").status_code == 404
    assert web.get(f"{url}/", headers={"host": "stranger.example"}).status_code == 421
    assert changes(before, scrape()) == {decision("host", "refuse"): 2, requests_of("public-http", "4xx"): 2}


def test_histogram_is_cumulative(scrape):
    values = scrape()
    assert values["process_start_time_seconds"] > 1_700_000_000
    for listener in ("public", "public-http", "proxy", "admin", "other"):
        start = f'portcullis_request_duration_seconds_bucket{{listener="{listener}",le='
        buckets = [value for series, value in values.items() if series.startswith(start)]
        assert len(buckets) == 14 and buckets == sorted(buckets)
        assert buckets[-1] == values[f'portcullis_request_duration_seconds_count{{listener="{listener}"}}']
        requests = sum(v for s, v in values.items() if s.startswith(f'portcullis_requests_total{{listener="{listener}"'))
        assert buckets[-1] == requests


def of_stage(values, api, stage):
    """What a stage has counted, by name and further label."""
    start = re.compile(rf'portcullis_api_(\w+){{api="{api}",stage="{re.escape(stage)}"(?:,\w+="(\w+)")?}}')
    found = ((start.fullmatch(series), value) for series, value in values.items())
    return {" ".join(filter(None, match.groups())): value for match, value in found if match}


def of_methods(values, api, name="requests_total"):
    """What methods have counted, by stage, resource and method."""
    start = re.compile(rf'portcullis_api_method_{name}{{api="{api}",stage="(.*?)",resource="(.*?)",method="(.*?)"}}')
    found = ((start.fullmatch(series), value) for series, value in values.items())
    return {match.groups(): value for match, value in found if match}


def test_stage_counts_its_requests_in_the_words_of_api_gateway(server, web, scrape, guarded):
    cognito = server.client("cognito-idp")
    world.add_user(cognito, guarded.pool, "counted")
    token = world.sign_in(cognito, guarded.client, "counted")["IdToken"]
    before, url = of_stage(scrape(), guarded.api, "prod"), server.api(guarded.api, "prod", "")
    assert web.get(f"{url}/hello").status_code == 401
    assert web.get(f"{url}/nothing").status_code == 403
    assert web.get(f"{url}/hello", headers={"Authorization": token}).status_code == 200
    after = of_stage(scrape(), guarded.api, "prod")
    changed = {name: after[name] - before[name] for name in after}
    latency, integration = changed.pop("latency_seconds_total"), changed.pop("integration_latency_seconds_total")
    assert changed == {
        "requests_total": 3,
        "errors_total 4xx": 2,
        "errors_total 5xx": 0,
        "integrations_total": 1,
        "cache_total hit": 0,
        "cache_total miss": 0,
    }
    assert 0 < integration < latency < 3


def test_methods_count_apart_where_the_stage_says_so_and_go_on_over_deployments(server, web, scrape):
    apigateway = server.client("apigateway")
    made = apigateway.create_rest_api(name="counted", endpointConfiguration={"types": ["REGIONAL"]})
    api, root = made["id"], made["rootResourceId"]
    for part, template in (("pets", '"a"'), ("toys", "$util.parseJson('no')")):
        resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart=part)["id"]
        named = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        apigateway.put_method(**named, authorizationType="NONE")
        world.put_mock(apigateway, named, template)
    apigateway.create_deployment(restApiId=api, stageName="prod")
    url = server.api(api, "prod", "")

    def patch(path, value):
        operation = {"op": "replace", "path": path, "value": value}
        apigateway.update_stage(restApiId=api, stageName="prod", patchOperations=[operation])

    assert web.get(f"{url}/pets").status_code == 200
    assert of_methods(scrape(), api) == {}
    patch("/~1pets/GET/metrics/enabled", "true")
    # Of the stage nothing was lost; the method begins.
    assert of_stage(scrape(), api, "prod")["requests_total"] == 1
    assert of_methods(scrape(), api) == {("prod", "/pets", "GET"): 0}
    for path in ("pets", "pets", "toys"):
        web.get(f"{url}/{path}")
    assert of_methods(scrape(), api) == {("prod", "/pets", "GET"): 2}
    apigateway.create_deployment(restApiId=api, stageName="prod")
    web.get(f"{url}/pets")
    assert of_methods(scrape(), api) == {("prod", "/pets", "GET"): 3}
    assert of_stage(scrape(), api, "prod")["requests_total"] == 5
    patch("/*/*/metrics/enabled", "true")
    web.get(f"{url}/toys")
    assert of_methods(scrape(), api) == {("prod", "/pets", "GET"): 3, ("prod", "/toys", "GET"): 1}
    # What strangers ask for makes no series.
    web.get(f"{url}/stranger")
    assert len(of_methods(scrape(), api)) == 2
    apigateway.delete_rest_api(restApiId=api)
    assert of_stage(scrape(), api, "prod") == {} == of_methods(scrape(), api)


def test_routes_of_an_http_api_count_apart_with_detailed_metrics(server, web, scrape):
    client = server.client("apigatewayv2")
    api = client.create_api(Name="counted", ProtocolType="HTTP", Target="http://127.0.0.1:1/")["ApiId"]
    url = server.api(api, "$default", "").replace("/$default", "")
    web.get(f"{url}/a")
    assert of_stage(scrape(), api, "$default")["errors_total 5xx"] == 1
    client.update_stage(ApiId=api, StageName="$default", DefaultRouteSettings={"DetailedMetricsEnabled": True})
    web.get(f"{url}/a")
    assert of_methods(scrape(), api) == {("$default", "$default", "$default"): 1}
    assert of_stage(scrape(), api, "$default")["requests_total"] == 2
    client.delete_api(ApiId=api)
