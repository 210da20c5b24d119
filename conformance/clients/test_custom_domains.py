"""Custom domain names, their base paths, and mutual TLS: boto3 configures, curl and Python's ssl call."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import threading

import botocore.exceptions
import pytest

from authorities import Authority
from http_apis import serve
from portcullis import Portcullis, until
from world import put_mock

PATHS = (
    '{"path":"$context.path","domain":"$context.domainName","prefix":"$context.domainPrefix",'
    '"resource":"$context.resourcePath","stage":"$context.stage"}'
)
# One a line: names may hold what JSON would have to escape.
CERTIFICATE = "\n".join(
    f"$context.identity.clientCert.{name}"
    for name in ("subjectDN", "issuerDN", "serialNumber", "validity.notBefore", "validity.notAfter", "clientCertPem")
)


class Api:
    """An API with a mock on `GET /hello`, and how to lead a domain to it."""

    def __init__(self, server, template, **settings):
        self.apigateway = server.client("apigateway")
        self.id = self.apigateway.create_rest_api(name="one", **settings)["id"]
        root = self.apigateway.get_resources(restApiId=self.id)["items"][0]["id"]
        resource = self.apigateway.create_resource(restApiId=self.id, parentId=root, pathPart="hello")
        method = {"restApiId": self.id, "resourceId": resource["id"], "httpMethod": "GET"}
        self.apigateway.put_method(**method, authorizationType="NONE")
        put_mock(self.apigateway, method, template)
        self.apigateway.create_deployment(restApiId=self.id, stageName="prod")

    def domain(self, name, **settings):
        return self.apigateway.create_domain_name(
            domainName=name, endpointConfiguration={"types": ["REGIONAL"]}, **settings
        )

    def map(self, name, **settings):
        return self.apigateway.create_base_path_mapping(domainName=name, restApiId=self.id, **settings)


def openssl(*arguments):
    """Makes what Python's library refuses to."""
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def connect(server, name, client=None, context=None, **more):
    """Opens a TLS connection for a server name."""
    if context is None:
        context = ssl.create_default_context(cafile=server.endpoints["ca"])
        if client is not None:
            context.load_cert_chain(*client)
    port = int(server.endpoints["public"]["https"].rsplit(":", 1)[1])
    return context.wrap_socket(
        socket.create_connection(("127.0.0.1", port), 10), server_hostname=name, **more
    )


def ask(connection, host, path="/hello"):
    """Sends one request over an open connection; returns status and body."""
    speaker = http.client.HTTPConnection(host)
    speaker.sock = connection
    speaker.request("GET", path)
    answer = speaker.getresponse()
    return answer.status, answer.read().decode()


def get(server, name, path="/hello", client=None, **more):
    """One request on a connection of its own."""
    with connect(server, name, client, **more) as connection:
        return ask(connection, name, path)


def refused(server, answer, layer, reason):
    """The answer is a refusal whose trail names the layer and the reason."""
    status, body = answer
    assert (status, json.loads(body)) == (403, {"message": "Forbidden"}), answer
    line = [line for line in server.explain().splitlines() if "REFUSE" in line]
    assert len(line) == 1 and layer in line[0] and reason in line[0], line


# Base paths


def test_base_paths_lead_to_stages(server):
    api, name = Api(server, PATHS), "paths.portcullis.localhost"
    made = api.domain(name, regionalCertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/x")
    assert made["domainNameStatus"] == "AVAILABLE" and made["securityPolicy"] == "TLS_1_2"
    assert made["regionalDomainName"].endswith(".execute-api.us-east-1.amazonaws.com")
    refused(server, get(server, name), "host", "no base path")
    api.map(name, basePath="v1", stage="prod")
    status, body = get(server, name, "/v1/hello")
    assert status == 200 and json.loads(body) == {
        "path": "/v1/hello",
        "domain": name,
        "prefix": "paths",
        "resource": "/hello",
        "stage": "prod",
    }
    refused(server, get(server, name, "/v2/hello"), "host", "no base path")
    refused(server, get(server, name, "/v11/hello"), "host", "no base path")
    api.map(name)
    assert get(server, name, "/prod/hello")[0] == 200
    refused(server, get(server, name, "/test/hello"), "route", "no stage `test`")
    api.apigateway.update_base_path_mapping(
        domainName=name,
        basePath="v1",
        patchOperations=[{"op": "replace", "path": "/basePath", "value": "v2"}],
    )
    assert get(server, name, "/v2/hello")[0] == 200
    listed = api.apigateway.get_base_path_mappings(domainName=name)["items"]
    assert [(item["basePath"], item.get("stage")) for item in listed] == [("(none)", None), ("v2", "prod")]
    assert api.apigateway.get_base_path_mapping(domainName=name, basePath="(none)")["restApiId"] == api.id
    api.apigateway.delete_base_path_mapping(domainName=name, basePath="v2")
    refused(server, get(server, name, "/v2/hello"), "route", "no stage `v2`")
    assert name in [item["domainName"] for item in api.apigateway.get_domain_names()["items"]]
    api.apigateway.delete_domain_name(domainName=name)
    assert get(server, name, "/prod/hello")[0] == 421
    with pytest.raises(api.apigateway.exceptions.NotFoundException):
        api.apigateway.get_domain_name(domainName=name)


def test_api_mappings_lead_several_segments_to_both_kinds_of_api(server):
    rest, name = Api(server, PATHS), "both.portcullis.localhost"
    rest.domain(name)
    apigatewayv2 = server.client("apigatewayv2")
    http_api = apigatewayv2.create_api(Name="http", ProtocolType="HTTP")["ApiId"]
    uri = server.api(rest.id, "prod", "/hello")
    integration = apigatewayv2.create_integration(
        ApiId=http_api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=uri,
        PayloadFormatVersion="1.0",
    )
    target = f"integrations/{integration['IntegrationId']}"
    apigatewayv2.create_route(ApiId=http_api, RouteKey="GET /greet", Target=target)
    apigatewayv2.create_stage(ApiId=http_api, StageName="$default", AutoDeploy=True)

    def lead(key, api, stage):
        return apigatewayv2.create_api_mapping(
            DomainName=name, ApiId=api, Stage=stage, **({"ApiMappingKey": key} if key else {})
        )["ApiMappingId"]

    deep = lead("v1/rest", rest.id, "prod")
    lead("v1", http_api, "$default")
    for path, status in [
        ("/v1/rest/hello", 200),
        ("/v1/greet", 200),
        ("/v1/hello", 404),
        ("/v1/restful/hello", 404),
        ("/hello", 403),
    ]:
        assert get(server, name, path)[0] == status, path
    listed = apigatewayv2.get_api_mappings(DomainName=name)["Items"]
    assert {(item["ApiMappingKey"], item["Stage"]) for item in listed} == {
        ("v1/rest", "prod"),
        ("v1", "$default"),
    }
    apigatewayv2.update_api_mapping(DomainName=name, ApiMappingId=deep, ApiId=rest.id, ApiMappingKey="v2/a/b")
    assert apigatewayv2.get_api_mapping(DomainName=name, ApiMappingId=deep)["ApiMappingKey"] == "v2/a/b"
    assert get(server, name, "/v2/a/b/hello")[0] == 200
    assert get(server, name, "/v1/rest/hello")[0] == 404
    apigatewayv2.delete_api_mapping(DomainName=name, ApiMappingId=deep)
    assert get(server, name, "/v2/a/b/hello")[0] == 403
    for key, stage in [("a//b", "prod"), ("../a", "prod"), ("a", "none")]:
        with pytest.raises(apigatewayv2.exceptions.BadRequestException):
            lead(key, rest.id, stage)


def test_domain_names_of_the_interface_of_http_apis(server):
    """Both interfaces speak of one list of domains."""
    apigatewayv2, apigateway = server.client("apigatewayv2"), server.client("apigateway")
    acm, name = server.client("acm"), "second.shop.localhost"
    arn = acm.request_certificate(DomainName="*.shop.localhost")["CertificateArn"]
    configuration = {"CertificateArn": arn, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
    made = apigatewayv2.create_domain_name(
        DomainName=name, DomainNameConfigurations=[configuration], Tags={"a": "b"}
    )
    shown = made["DomainNameConfigurations"][0]
    assert shown.items() >= {**configuration, "DomainNameStatus": "AVAILABLE"}.items()
    assert shown["ApiGatewayDomainName"].endswith(".execute-api.us-east-1.amazonaws.com")
    assert made["ApiMappingSelectionExpression"] == "$request.basepath"
    assert apigateway.get_domain_name(domainName=name)["regionalCertificateArn"] == arn
    http_api = apigatewayv2.create_api(Name="http", ProtocolType="HTTP", DisableExecuteApiEndpoint=True)
    apigatewayv2.create_stage(ApiId=http_api["ApiId"], StageName="$default", AutoDeploy=True)
    lead = {"DomainName": name, "ApiId": http_api["ApiId"], "Stage": "$default"}
    apigatewayv2.create_api_mapping(**lead, ApiMappingKey="orders/v1")
    assert get(server, name, "/orders/v1/x") == (404, '{"message":"Not Found"}')
    assert get(server, name, "/orders/v2/x")[0] == 403
    own = f"{http_api['ApiId']}.execute-api.us-east-1.portcullis.localhost"
    # As REST APIs: AWS documents that the endpoint is disabled, not with which status an HTTP API says so.
    assert get(server, own, "/x")[0] == 404
    assert name in [item["DomainName"] for item in apigatewayv2.get_domain_names(MaxResults="100")["Items"]]
    other = acm.request_certificate(DomainName=name)["CertificateArn"]
    changed = apigatewayv2.update_domain_name(
        DomainName=name, DomainNameConfigurations=[{**configuration, "CertificateArn": other}]
    )
    assert changed["DomainNameConfigurations"][0]["CertificateArn"] == other
    assert changed["Tags"] == {"a": "b"}
    for settings, reason in [
        ([{**configuration, "SecurityPolicy": "TLS_1_0"}], "TLS below 1.2"),
        ([], "Exactly one"),
        ([{**configuration, "HostedZoneId": "Z1"}], "told, not chosen"),
    ]:
        with pytest.raises(apigatewayv2.exceptions.BadRequestException, match=reason):
            apigatewayv2.update_domain_name(DomainName=name, DomainNameConfigurations=settings)
    apigatewayv2.delete_domain_name(DomainName=name)
    with pytest.raises(apigatewayv2.exceptions.NotFoundException):
        apigatewayv2.get_domain_name(DomainName=name)


def test_strict_domain_takes_connections_of_its_own_name_alone(server):
    api, name = Api(server, PATHS), "strict.portcullis.localhost"
    policy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    made = api.domain(name, securityPolicy=policy, endpointAccessMode="STRICT")
    assert (made["securityPolicy"], made["endpointAccessMode"]) == (policy, "STRICT")
    api.map(name, stage="prod")
    assert get(server, name)[0] == 200
    with connect(server, "localhost") as connection:
        assert ask(connection, name)[0] == 421
    path = {"op": "replace", "path": "/endpointAccessMode", "value": "BASIC"}
    api.apigateway.update_domain_name(domainName=name, patchOperations=[path])
    with connect(server, "localhost") as connection:
        assert ask(connection, name)[0] == 200
    with pytest.raises(api.apigateway.exceptions.BadRequestException, match="FIPS"):
        api.domain("fips.portcullis.localhost", securityPolicy="SecurityPolicy_TLS13_1_3_FIPS_2025_09")


def test_api_that_a_domain_leads_to_is_not_deleted(server):
    """As AWS: the mappings go first."""
    rest, name = Api(server, PATHS), "kept.portcullis.localhost"
    rest.domain(name)
    rest.map(name, stage="prod")
    with pytest.raises(rest.apigateway.exceptions.BadRequestException) as error:
        rest.apigateway.delete_rest_api(restApiId=rest.id)
    assert f"Deleting RestApi {rest.id} failed. Please remove all base path mappings" in str(error.value)
    assert str(error.value).endswith(f"in your domains: {name}")
    apigatewayv2 = server.client("apigatewayv2")
    http_api = apigatewayv2.create_api(Name="http", ProtocolType="HTTP")["ApiId"]
    apigatewayv2.create_stage(ApiId=http_api, StageName="$default", AutoDeploy=True)
    made = apigatewayv2.create_api_mapping(
        DomainName=name, ApiId=http_api, Stage="$default", ApiMappingKey="v2"
    )
    with pytest.raises(apigatewayv2.exceptions.BadRequestException, match="remove all API mappings"):
        apigatewayv2.delete_api(ApiId=http_api)
    apigatewayv2.delete_api_mapping(DomainName=name, ApiMappingId=made["ApiMappingId"])
    apigatewayv2.delete_api(ApiId=http_api)
    assert get(server, name)[0] == 200
    rest.apigateway.delete_domain_name(domainName=name)
    rest.apigateway.delete_rest_api(restApiId=rest.id)


def test_closed_default_endpoint_leaves_the_custom_domain_open(server, web):
    api, name = Api(server, PATHS, disableExecuteApiEndpoint=True), "closed.portcullis.localhost"
    api.domain(name)
    api.map(name, stage="prod")
    assert get(server, name)[0] == 200
    assert web.get(server.api(api.id, "prod", "/hello")).status_code == 403
    assert get(server, f"{api.id}.execute-api.us-east-1.portcullis.localhost", "/prod/hello")[0] == 403


def test_what_cannot_be_served_is_refused_by_name(server):
    api = Api(server, PATHS)
    cases = [
        ({"domainName": "api.example.com"}, "portcullis serve"),
        ({"domainName": "*.shop.localhost"}, "wildcard"),
        ({"domainName": "Shop.localhost"}, "lower case"),
        ({"domainName": "x.execute-api.us-east-1.amazonaws.com"}, "served already"),
        ({"domainName": "a.shop.localhost", "securityPolicy": "TLS_1_0"}, "TLS below 1.2"),
        ({"domainName": "a.shop.localhost", "certificatePrivateKey": "x"}, "ImportCertificate"),
        (
            {
                "domainName": "a.shop.localhost",
                "mutualTlsAuthentication": {"truststoreUri": "s3://nowhere/ca.pem"},
            },
            "--bucket nowhere=DIR",
        ),
    ]
    for settings, reason in cases:
        settings.setdefault("endpointConfiguration", {"types": ["REGIONAL"]})
        with pytest.raises(api.apigateway.exceptions.BadRequestException) as error:
            api.apigateway.create_domain_name(**settings)
        assert reason in str(error.value)
    api.domain("taken.shop.localhost")
    with pytest.raises(api.apigateway.exceptions.ConflictException):
        api.domain("taken.shop.localhost")
    for settings, reason in [
        ({"basePath": "a/b", "stage": "prod"}, "slash"),
        ({"basePath": "v1", "stage": "none"}, "Invalid stage"),
        ({"basePath": "v 1", "stage": "prod"}, "Invalid base path"),
    ]:
        with pytest.raises(api.apigateway.exceptions.BadRequestException) as error:
            api.map("taken.shop.localhost", **settings)
        assert reason in str(error.value)


def test_domain_of_tls_1_3_refuses_tls_1_2(server):
    api, name = Api(server, PATHS), "modern.portcullis.localhost"
    api.domain(name, securityPolicy="SecurityPolicy_TLS13_1_3_2025_09")
    api.map(name, stage="prod")
    assert get(server, name)[0] == 200
    context = ssl.create_default_context(cafile=server.endpoints["ca"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        get(server, name, context=context)
    # A connection of TLS 1.2 for another name must not be used for it either.
    with connect(server, "localhost", context=context) as connection:
        assert ask(connection, name)[0] == 421


# Mutual TLS


@pytest.fixture(scope="module")
def trust(tmp_path_factory):
    """A folder that stands for a bucket, with a truststore; the authority in it, and another that is not."""
    folder = tmp_path_factory.mktemp("trust")
    authority = Authority("Lab root", folder)
    (folder / "truststore.pem").write_text(authority.pem)
    return folder, authority, Authority("Other root", folder)


@pytest.fixture(scope="module")
def mutual(tmp_path_factory, trust):
    """A server with an API behind a domain that demands client certificates."""
    folder, _, _ = trust
    running = Portcullis(tmp_path_factory.mktemp("mutual") / "data", "--bucket", f"trust={folder}")
    running.trusted = "mutual.portcullis.localhost"
    running.behind = Api(running, CERTIFICATE, disableExecuteApiEndpoint=True)
    made = running.behind.domain(
        running.trusted, mutualTlsAuthentication={"truststoreUri": "s3://trust/truststore.pem"}
    )
    assert made["mutualTlsAuthentication"] == {"truststoreUri": "s3://trust/truststore.pem"}
    running.behind.map(running.trusted, stage="prod")
    # A domain beside it that demands nothing, for the walls between them.
    running.open = "open.portcullis.localhost"
    running.behind.domain(running.open)
    running.behind.map(running.open, stage="prod")
    yield running
    running.stop()


def test_right_certificate_is_let_in_and_its_facts_are_known(mutual, trust):
    _, authority, _ = trust
    client = authority.client("ada", serial=0xA10F00FF)
    status, body = get(mutual, mutual.trusted, client=client.files)
    assert status == 200, body
    subject, issuer, serial, not_before, not_after, pem = body.split("\n", 5)
    # Names as RFC 4514 writes them. AWS documents no order; its own examples show bare common names.
    assert (subject, issuer) == ("CN=ada,O=Lab\\, Ltd.,C=GB", "CN=Lab root")
    assert serial == "a1:0f:00:ff"
    assert (not_before, not_after) == (client.not_before, client.not_after)
    assert pem == client.pem
    said = mutual.explain()
    assert "client-certificate" in said and "CN=ada" in said and "CN=Lab root" in said, said


# AWS says both that the handshake fails and that the answer is 403. Here every refusal is a 403 with a trail.
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_wrong_certificates_are_refused_with_a_reason(mutual, trust, version):
    _, authority, other = trust
    cases = {
        "sent no certificate": None,
        "not issued by a CA of the truststore": other.client("mallory").files,
        "has expired": authority.client("late", days=(-2, -1)).files,
        "not valid yet": authority.client("early", days=(1, 2)).files,
        "not meant for clients": authority.client("server", usage="server").files,
        "`CN=self": Authority("self", trust[0], is_ca=False).files,
    }
    for reason, client in cases.items():
        context = ssl.create_default_context(cafile=mutual.endpoints["ca"])
        context.minimum_version = context.maximum_version = version
        if client:
            context.load_cert_chain(*client)
        answer = get(mutual, mutual.trusted, context=context)
        refused(mutual, answer, "client-certificate", reason)


def test_mutual_tls_is_for_regional_domains(mutual):
    place = {"truststoreUri": "s3://trust/truststore.pem"}
    for kind, reason in (("EDGE", "only supported for REGIONAL"), ("PRIVATE", "private custom domains are not there")):
        with pytest.raises(mutual.behind.apigateway.exceptions.BadRequestException, match=reason):
            mutual.behind.apigateway.create_domain_name(
                domainName="edge.portcullis.localhost",
                mutualTlsAuthentication=place,
                endpointConfiguration={"types": [kind]},
            )


def test_tls_below_1_2_is_not_spoken(mutual, trust):
    context = ssl.create_default_context(cafile=mutual.endpoints["ca"])
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(*trust[1].client("ada").files)
    with pytest.raises(ssl.SSLError):
        get(mutual, mutual.trusted, context=context)


def test_weak_certificates_are_refused(mutual, trust, tmp_path):
    """AWS wants SHA-256 and RSA of 2,048 bits at least. The key ends the handshake; the signature of the CA is judged behind it."""
    _, authority, _ = trust

    def issued(digest, *key):
        files = [str(tmp_path / name) for name in ("key.pem", "request.pem", "client.pem", "usage")]
        (tmp_path / "usage").write_text("extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-new", "-nodes", "-newkey", *key, "-keyout", files[0], "-out", files[1], "-subj", "/CN=weak")
        ca, ca_key = authority.files
        by = ["-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-CAserial", str(tmp_path / "serial")]
        openssl("x509", "-req", "-in", files[1], *by, "-days", "2", digest, "-extfile", files[3], "-out", files[2])
        context = ssl.create_default_context(cafile=mutual.endpoints["ca"])
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(files[2], files[0])
        return lambda: get(mutual, mutual.trusted, context=context)

    assert issued("-sha256", "rsa:2048")()[0] == 200
    refused(mutual, issued("-sha1", "rsa:2048")(), "client-certificate", "signature")
    try:
        assert issued("-sha256", "rsa:1024")()[0] == 403
    except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
        pass


def test_revocation_is_not_looked_at(mutual, trust):
    """As on AWS: a list that the certificate names is asked of nobody. A Lambda authorizer may."""
    counted = []
    asked = serve(lambda request: (counted.append(request.path) or b"", 200))
    client = trust[1].client("ada", revocation_list=f"{asked.url}/list")
    assert get(mutual, mutual.trusted, client=client.files)[0] == 200
    assert counted == []


def test_chain_over_an_intermediate_is_followed(mutual, trust):
    _, authority, _ = trust
    issuing = authority.intermediate("Issuing")
    client = issuing.client("grace")
    refused(mutual, get(mutual, mutual.trusted, client=client.files), "client-certificate", "not issued by")
    chained = client.with_chain(issuing.pem)
    assert get(mutual, mutual.trusted, client=chained)[0] == 200
    deeper = issuing.intermediate("Deeper").intermediate("Deepest")
    long = deeper.client("far").with_chain(deeper.pem, deeper.above.pem, issuing.pem)
    refused(mutual, get(mutual, mutual.trusted, client=long), "client-certificate", "longer chain")


def test_curl_is_let_in_with_the_certificate_alone(mutual, trust):
    _, authority, _ = trust
    certificate, key = authority.client("ada").files
    port = mutual.endpoints["public"]["https"].rsplit(":", 1)[1]
    url = f"https://{mutual.trusted}:{port}/hello"
    base = ["curl", "-s", "--noproxy", "*", "--cacert", mutual.endpoints["ca"]]
    base += ["--resolve", f"{mutual.trusted}:{port}:127.0.0.1", "-o", os.devnull, "-w", "%{http_code}"]

    def status(*more):
        return subprocess.run([*base, *more, url], capture_output=True, text=True, check=True).stdout

    assert status() == "403"
    for version in ("--http1.1", "--http2"):
        assert status(version, "--cert", certificate, "--key", key) == "200"


def test_connection_for_another_name_never_reaches_the_domain(mutual, trust):
    _, authority, _ = trust
    files = authority.client("ada").files
    with connect(mutual, mutual.open, files) as connection:
        assert ask(connection, mutual.open)[0] == 200
        assert ask(connection, mutual.trusted)[0] == 421
    assert "another server name" in mutual.explain()
    # The other way round nothing is gained: the other name demands nothing.
    with connect(mutual, mutual.trusted, files) as connection:
        assert ask(connection, mutual.open)[0] == 200
    port = mutual.endpoints["public"]["https"].rsplit(":", 1)[1]
    done = subprocess.run(
        ["curl", "-s", "--noproxy", "*", "--http2", "--cacert", mutual.endpoints["ca"]]
        + ["--resolve", f"{mutual.open}:{port}:127.0.0.1", "--cert", files[0], "--key", files[1]]
        + ["-H", f"Host: {mutual.trusted}", "-o", os.devnull, "-w", "%{http_code} %{http_version}"]
        + [f"https://{mutual.open}:{port}/hello"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "421 2"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_is_resumed_into_the_domain(mutual, trust, version):
    _, authority, _ = trust

    def context(client):
        made = ssl.create_default_context(cafile=mutual.endpoints["ca"])
        made.minimum_version = made.maximum_version = version
        if client:
            made.load_cert_chain(*client)
        return made

    # One that proved nothing, of the name beside it.
    with connect(mutual, mutual.open, context=(bare := context(None))) as connection:
        assert ask(connection, mutual.open)[0] == 200
        session = connection.session
    assert session is not None
    with connect(mutual, mutual.open, context=bare, session=session) as connection:
        assert ask(connection, mutual.open)[0] == 200 and connection.session_reused
    with connect(mutual, mutual.trusted, context=bare, session=session) as connection:
        assert not connection.session_reused
        refused(mutual, ask(connection, mutual.trusted), "client-certificate", "sent no certificate")
    # One that proved the key, of the domain itself.
    proven = context(authority.client("ada").files)
    with connect(mutual, mutual.trusted, context=proven) as connection:
        assert ask(connection, mutual.trusted)[0] == 200
        session = connection.session
    if session is not None:
        with connect(mutual, mutual.trusted, context=proven, session=session) as connection:
            assert not connection.session_reused


def test_domain_is_not_served_in_clear_text_nor_by_the_apis_own_endpoint(mutual, web):
    http_port = mutual.endpoints["public"]["http"].rsplit(":", 1)[1]
    speaker = http.client.HTTPConnection("127.0.0.1", int(http_port), timeout=10)
    speaker.request("GET", "/hello", headers={"Host": mutual.trusted})
    answer = speaker.getresponse()
    refused(mutual, (answer.status, answer.read().decode()), "client-certificate", "clear text")
    assert web.get(mutual.api(mutual.behind.id, "prod", "/hello")).status_code == 403
    assert "disabled its execute-api endpoint" in mutual.explain()


def test_forward_proxy_honours_it(mutual, trust):
    _, authority, _ = trust
    certificate, key = authority.client("ada").files
    base = ["curl", "-s", "-x", mutual.endpoints["proxy"], "--cacert", mutual.endpoints["ca"]]
    base += ["-o", os.devnull, "-w", "%{http_code}"]

    def status(*more):
        return subprocess.run([*base, *more], capture_output=True, text=True, check=True).stdout

    assert status(f"https://{mutual.trusted}/hello") == "403"
    assert status(f"http://{mutual.trusted}/hello") == "403"
    assert status("--cert", certificate, "--key", key, f"https://{mutual.trusted}/hello") == "200"


def test_new_truststore_counts_at_once_without_a_restart(mutual, trust):
    folder, authority, other = trust
    name, apigateway = "renewed.portcullis.localhost", mutual.behind.apigateway
    (folder / "renewed.pem").write_text(authority.pem)
    mutual.behind.domain(name, mutualTlsAuthentication={"truststoreUri": "s3://trust/renewed.pem"})
    mutual.behind.map(name, stage="prod")
    old, new = authority.client("old").files, other.client("new").files
    with connect(mutual, name, old) as kept:
        assert ask(kept, name)[0] == 200
        refused(mutual, get(mutual, name, client=new), "client-certificate", "not issued by")
        (folder / "renewed.pem").write_text(other.pem)
        uri = {"op": "replace", "path": "/mutualTlsAuthentication/truststoreUri"}
        apigateway.update_domain_name(
            domainName=name, patchOperations=[{**uri, "value": "s3://trust/renewed.pem"}]
        )
        assert get(mutual, name, client=new)[0] == 200
        refused(mutual, get(mutual, name, client=old), "client-certificate", "not issued by")
        # Connections that are open do not outlive what they were let in by.
        refused(mutual, ask(kept, name), "client-certificate", "not issued by")
    apigateway.update_domain_name(domainName=name, patchOperations=[{**uri, "value": ""}])
    assert get(mutual, name)[0] == 200
    apigateway.update_domain_name(
        domainName=name, patchOperations=[{**uri, "value": "s3://trust/renewed.pem"}]
    )
    refused(mutual, get(mutual, name), "client-certificate", "sent no certificate")


def test_truststores_are_checked_when_they_are_set(mutual, trust):
    folder, authority, other = trust
    apigateway, name = mutual.behind.apigateway, "checked.portcullis.localhost"

    def make(text):
        (folder / "checked.pem").write_text(text)
        try:
            return mutual.behind.domain(
                name, mutualTlsAuthentication={"truststoreUri": "s3://trust/checked.pem"}
            )
        finally:
            try:
                apigateway.delete_domain_name(domainName=name)
            except apigateway.exceptions.NotFoundException:
                pass

    leaf = authority.client("leaf")
    one, same = authority.intermediate("Same"), other.intermediate("Same")
    for text, reason in [
        ("", "no root"),
        (leaf.pem, "no root"),
        ("-----BEGIN CERTIFICATE-----\nx", "has no end"),
        (authority.pem + open(leaf.files[1]).read(), "PRIVATE KEY"),
        (
            authority.pem + other.pem + one.pem + same.pem,
            "The certificate subject CN=Same conflicts with an existing certificate from a different issuer.",
        ),
    ]:
        with pytest.raises(apigateway.exceptions.BadRequestException) as error:
            make(text)
        assert reason in str(error.value)
    made = make(authority.pem + leaf.pem + Authority("Old", folder, days=(-2, -1)).pem)
    warnings = made["mutualTlsAuthentication"]["truststoreWarnings"]
    assert len(warnings) == 2 and "CN=leaf" in warnings[0] and "expired" in warnings[1], warnings


def warnings_of(apigateway, name):
    mutual_tls = apigateway.get_domain_name(domainName=name)["mutualTlsAuthentication"]
    return mutual_tls.get("truststoreWarnings", [])


def test_changed_file_counts_by_itself_and_no_request_is_lost(mutual, trust):
    folder, authority, other = trust
    name, file = "hot.portcullis.localhost", folder / "hot.pem"
    file.write_text(authority.pem)
    mutual.behind.domain(name, mutualTlsAuthentication={"truststoreUri": "s3://trust/hot.pem"})
    mutual.behind.map(name, stage="prod")
    old, new = authority.client("old").files, other.client("new").files
    refused(mutual, get(mutual, name, client=new), "client-certificate", "not issued by")
    answers, stop = [], threading.Event()

    def ask_on():
        while not stop.is_set():
            answers.append(get(mutual, name, client=old)[0])

    asking = threading.Thread(target=ask_on)
    with connect(mutual, name, new) as kept:
        asking.start()
        file.write_text(authority.pem + other.pem)
        until("the new authority", lambda: get(mutual, name, client=new)[0] == 200)
        until("requests after the change", lambda: len(answers) > 20)
        stop.set()
        asking.join()
        assert set(answers) == {200}, answers
        assert ask(kept, name)[0] == 200, "an open connection is judged by the new one, too"
        file.write_text(other.pem)
        until("the old authority gone", lambda: get(mutual, name, client=old)[0] == 403)
        assert ask(kept, name)[0] == 200


def test_broken_file_keeps_the_truststore_before_and_says_so(own_server, tmp_path):
    authority, other = Authority("Lab root", tmp_path), Authority("Other root", tmp_path)
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "ca.pem").write_text(authority.pem)
    server = own_server("--bucket", f"trust={folder}")
    api, name = Api(server, PATHS), "broken.portcullis.localhost"
    api.domain(name, mutualTlsAuthentication={"truststoreUri": "s3://trust/ca.pem"})
    api.map(name, stage="prod")
    client, stranger = authority.client("ada").files, other.client("mallory").files

    def kept(reason):
        said = until(reason, lambda: [w for w in warnings_of(api.apigateway, name) if reason in w])
        assert "is not used, the one before is" in said[0], said
        assert get(server, name, client=client)[0] == 200
        refused(server, get(server, name, client=stranger), "client-certificate", "not issued by")

    (folder / "ca.pem").write_text("no truststore")
    kept("no root")
    (folder / "ca.pem").unlink()
    kept("cannot be read")
    log = server.log.read_text()
    assert log.count("cannot be used, the one before stays") == 2 and f'"domain":"{name}"' in log, log
    server.stop()
    server.start()
    api.apigateway = server.client("apigateway")
    kept("cannot be read")
    (folder / "ca.pem").write_text(authority.pem + other.pem)
    until("the mended file", lambda: get(server, name, client=stranger)[0] == 200)
    assert warnings_of(api.apigateway, name) == []


def test_version_of_a_truststore_is_a_file_of_its_own(mutual, trust):
    folder, authority, other = trust
    apigateway, name = mutual.behind.apigateway, "versions.portcullis.localhost"
    for version, owner in (("1", authority), ("2", other)):
        (folder / ".versions" / version).mkdir(parents=True)
        (folder / ".versions" / version / "ca.pem").write_text(owner.pem)
    place = {"truststoreUri": "s3://trust/ca.pem", "truststoreVersion": "1"}
    made = mutual.behind.domain(name, mutualTlsAuthentication=place)
    assert made["mutualTlsAuthentication"] == place
    mutual.behind.map(name, stage="prod")
    old, new = authority.client("old").files, other.client("new").files
    assert get(mutual, name, client=old)[0] == 200
    version = {"op": "replace", "path": "/mutualTlsAuthentication/truststoreVersion"}
    apigateway.update_domain_name(domainName=name, patchOperations=[{**version, "value": "2"}])
    assert get(mutual, name, client=new)[0] == 200
    refused(mutual, get(mutual, name, client=old), "client-certificate", "not issued by")
    for value, reason in [("3", "cannot be read"), ("../..", "Invalid truststore version")]:
        with pytest.raises(apigateway.exceptions.BadRequestException, match=reason):
            apigateway.update_domain_name(domainName=name, patchOperations=[{**version, "value": value}])
    assert get(mutual, name, client=new)[0] == 200


def test_domain_is_there_after_a_restart(mutual, trust):
    _, authority, _ = trust
    client = authority.client("ada").files
    mutual.stop()
    mutual.start()
    mutual.behind.apigateway = mutual.client("apigateway")
    assert get(mutual, mutual.trusted, client=client)[0] == 200
    refused(mutual, get(mutual, mutual.trusted), "client-certificate", "sent no certificate")


# Stacks

TEMPLATE = """
Parameters:
  Truststore: {Type: String}
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: stacked, DisableExecuteApiEndpoint: true}
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses:
          - {StatusCode: 200, ResponseTemplates: {application/json: '{"stacked":true}'}}
      MethodResponses: [{StatusCode: 200}]
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Method
    Properties: {RestApiId: !Ref Api, StageName: live}
  Domain:
    Type: AWS::ApiGateway::DomainName
    Properties:
      DomainName: stacked.portcullis.localhost
      RegionalCertificateArn: arn:aws:acm:us-east-1:123456789012:certificate/x
      SecurityPolicy: TLS_1_2
      EndpointConfiguration: {Types: [REGIONAL]}
      MutualTlsAuthentication: {TruststoreUri: !Ref Truststore}
  Second:
    Type: AWS::ApiGatewayV2::DomainName
    Properties:
      DomainName: second.portcullis.localhost
      DomainNameConfigurations: [{EndpointType: REGIONAL, SecurityPolicy: TLS_1_2}]
      MutualTlsAuthentication: {TruststoreUri: !Ref Truststore}
      Tags: {a: b}
  Deep:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties: {DomainName: !Ref Second, ApiId: !Ref Api, Stage: live, ApiMappingKey: a/b}
    DependsOn: Deployment
  Mapping:
    Type: AWS::ApiGateway::BasePathMapping
    DependsOn: Deployment
    Properties: {DomainName: !Ref Domain, RestApiId: !Ref Api, Stage: live, BasePath: shop}
Outputs:
  Target: {Value: !GetAtt Domain.RegionalDomainName}
  Zone: {Value: !GetAtt Domain.RegionalHostedZoneId}
  Name: {Value: !Ref Domain}
  Mapping: {Value: !Ref Mapping}
"""


def test_stack_makes_changes_and_deletes_a_domain(mutual, trust, tmp_path):
    folder, authority, other = trust
    (folder / "other.pem").write_text(other.pem)
    template = tmp_path / "stacked.yaml"
    template.write_text(TEMPLATE)
    name = "stacked.portcullis.localhost"

    def deploy(key):
        arguments = (template, "--stack", "stacked", "--parameter", f"Truststore=s3://trust/{key}")
        return mutual.run("deploy", *arguments)

    done = deploy("truststore.pem")
    assert done.returncode == 0, done.stdout + done.stderr
    cloudformation = mutual.client("cloudformation")
    outputs = cloudformation.describe_stacks(StackName="stacked")["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    assert outputs["Name"] == name and outputs["Mapping"] == f"{name}|shop"
    assert outputs["Target"].startswith("d-") and outputs["Zone"]
    trusted, stranger = authority.client("ada").files, other.client("eve").files
    assert get(mutual, name, "/shop", trusted) == (200, '{"stacked":true}')
    assert get(mutual, name, "/shop", stranger)[0] == 403
    second = "second.portcullis.localhost"
    assert get(mutual, second, "/a/b", trusted) == (200, '{"stacked":true}')
    assert get(mutual, second, "/a/b", stranger)[0] == get(mutual, second, "/a", trusted)[0] == 403
    assert deploy("other.pem").returncode == 0
    assert get(mutual, name, "/shop", stranger)[0] == 200
    assert get(mutual, name, "/shop", trusted)[0] == 403
    assert deploy("missing.pem").returncode == 1
    assert get(mutual, name, "/shop", stranger)[0] == 200, "rolled back"
    cloudformation.delete_stack(StackName="stacked")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName="stacked", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    assert get(mutual, name, "/shop", stranger)[0] == 421
