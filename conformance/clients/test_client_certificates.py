"""Client certificates of stages: what the operations answer, and what a backend that demands one sees."""

import datetime
import http.server
import json
import ssl
import threading

import botocore.exceptions
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def server_certificate(folder):
    """A root, and a certificate for localhost under it, as files."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = datetime.datetime.now(datetime.timezone.utc)

    def signed(name, issuer, public_key, extension):
        subject, above = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(above).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        return builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, leaf = folder / "root.pem", folder / "leaf.pem"
    root.write_bytes(signed("root", "root", root_key.public_key(), x509.BasicConstraints(True, None)))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    leaf.write_bytes(signed("localhost", "root", key.public_key(), names) + private)
    return root, leaf


class Demanding:
    """A backend that talks to whoever shows a certificate that it was told of, and says which it was."""

    def __init__(self, leaf):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(leaf)
        self.context.verify_mode = ssl.CERT_REQUIRED

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                shown = x509.load_der_x509_certificate(self.connection.getpeercert(binary_form=True))
                body = json.dumps({"serial": str(shown.serial_number), "port": self.client_address[1]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            context = self.context

            def finish_request(self, request, address):
                try:
                    with self.context.wrap_socket(request, server_side=True) as connection:
                        super().finish_request(connection, address)
                except ssl.SSLError:
                    pass

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://localhost:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def trusts(self, pem):
        self.context.load_verify_locations(cadata=pem)


@pytest.fixture
def trusted(own_server, tmp_path, monkeypatch):
    """A server that trusts the backend's root, and the backend."""
    root, leaf = server_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    backend = Demanding(leaf)
    yield own_server(), backend
    backend.server.shutdown()
    backend.server.server_close()


def api_with(apigateway, url, kind="HTTP_PROXY"):
    """An API with one method, deployed to `one`, `two` and `bare`."""
    made = apigateway.create_rest_api(name="called", endpointConfiguration={"types": ["REGIONAL"]})
    named = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    apigateway.put_method(**named, authorizationType="NONE")
    apigateway.put_integration(**named, type=kind, integrationHttpMethod="GET", uri=url)
    if kind == "HTTP":
        apigateway.put_method_response(**named, statusCode="200")
        apigateway.put_integration_response(**named, statusCode="200")
    for stage in ("one", "two", "bare"):
        apigateway.create_deployment(restApiId=made["id"], stageName=stage)
    return named


def present(apigateway, api, stage, certificate):
    operation = {"op": "replace", "path": "/clientCertificateId", "value": certificate}
    return apigateway.update_stage(restApiId=api, stageName=stage, patchOperations=[operation])


def ask(server, web, api, stage):
    return web.get(server.api(api, stage, "/"))


def serial(made):
    return str(x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode()).serial_number)


def code(raised):
    return raised.value.response["Error"]["Code"]


@pytest.mark.parametrize("kind", ["HTTP_PROXY", "HTTP"])
def test_backend_sees_the_certificate_of_the_stage_and_no_other(trusted, web, kind):
    server, backend = trusted
    apigateway = server.client("apigateway")
    one, two, unknown = (apigateway.generate_client_certificate(description=name) for name in ("1", "2", "3"))
    backend.trusts(one["pemEncodedCertificate"])
    backend.trusts(two["pemEncodedCertificate"])
    named = api_with(apigateway, backend.url, kind)
    api = named["restApiId"]
    assert present(apigateway, api, "one", one["clientCertificateId"])["clientCertificateId"] == one["clientCertificateId"]
    present(apigateway, api, "two", two["clientCertificateId"])
    seen = [ask(server, web, api, stage).json() for stage in ("one", "two", "one", "two", "one", "two")]
    assert [each["serial"] for each in seen] == [serial(one), serial(two)] * 3
    # Connections are kept, by whom they were made for.
    ports = {name: {each["port"] for each in seen if each["serial"] == serial(name_of)} for name, name_of in (("one", one), ("two", two))}
    assert not ports["one"] & ports["two"]
    assert ask(server, web, api, "bare").status_code == 504
    present(apigateway, api, "one", unknown["clientCertificateId"])
    assert ask(server, web, api, "one").status_code == 504
    present(apigateway, api, "one", two["clientCertificateId"])
    assert ask(server, web, api, "one").json()["serial"] == serial(two)
    # A new deployment keeps it, as it does all that the stage has; a canary presents it too.
    apigateway.create_deployment(restApiId=api, stageName="one", canarySettings={"percentTraffic": 100})
    assert ask(server, web, api, "one").json()["serial"] == serial(two)
    tested = apigateway.test_invoke_method(**named)
    assert tested["status"] == 504
    tested = apigateway.test_invoke_method(**named, clientCertificateId=one["clientCertificateId"])
    assert tested["status"] == 200 and json.loads(tested["body"])["serial"] == serial(one)
    # It outlives a restart, sealed.
    server.stop()
    server.start()
    assert ask(server, web, api, "one").json()["serial"] == serial(two)


def test_certificate_is_as_aws_makes_it(server):
    apigateway = server.client("apigateway")
    made = apigateway.generate_client_certificate(description="to the shop", tags={"team": "shop"})
    read = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
    assert read.subject.rfc4514_string() == read.issuer.rfc4514_string() == "CN=ApiGateway,L=Seattle,C=US"
    assert isinstance(read.public_key(), rsa.RSAPublicKey) and read.public_key().key_size == 2048
    assert isinstance(read.signature_hash_algorithm, hashes.SHA256)
    assert read.not_valid_after_utc - read.not_valid_before_utc == datetime.timedelta(days=365)
    assert made["expirationDate"] - made["createdDate"] == datetime.timedelta(days=365)
    read.verify_directly_issued_by(read)
    apigateway.delete_client_certificate(clientCertificateId=made["clientCertificateId"])


def test_operations_show_everything_but_the_key(server):
    apigateway = server.client("apigateway")
    made = apigateway.generate_client_certificate(description="first", tags={"team": "shop"})
    other = apigateway.generate_client_certificate()
    identity = made["clientCertificateId"]
    got = apigateway.get_client_certificate(clientCertificateId=identity)
    listed = apigateway.get_client_certificates(limit=500)["items"]
    patched = apigateway.update_client_certificate(
        clientCertificateId=identity,
        patchOperations=[{"op": "replace", "path": "/description", "value": "second"}],
    )
    for answer in (made, other, got, patched, *listed):
        answer.pop("ResponseMetadata", None)
        assert "PRIVATE" not in str(answer) and "privateKey" not in answer
    assert got == made and made in listed and other in listed
    assert patched == {**made, "description": "second"}
    first = apigateway.get_client_certificates(limit=1)
    rest = apigateway.get_client_certificates(limit=1, position=first["position"])
    assert first["items"] != rest["items"]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        apigateway.update_client_certificate(
            clientCertificateId=identity,
            patchOperations=[{"op": "replace", "path": "/pemEncodedCertificate", "value": "x"}],
        )
    assert code(raised) == "BadRequestException"
    for gone in (made, other):
        apigateway.delete_client_certificate(clientCertificateId=gone["clientCertificateId"])
    for call in (apigateway.get_client_certificate, apigateway.delete_client_certificate):
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            call(clientCertificateId=identity)
        assert code(raised) == "NotFoundException"


def test_stage_takes_no_unknown_certificate_and_holds_the_one_it_has(server):
    apigateway = server.client("apigateway")
    named = api_with(apigateway, "https://localhost:1/")
    api = named["restApiId"]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        present(apigateway, api, "one", "absent")
    assert code(raised) == "BadRequestException"
    made = apigateway.generate_client_certificate()["clientCertificateId"]
    present(apigateway, api, "one", made)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        apigateway.delete_client_certificate(clientCertificateId=made)
    assert code(raised) == "ConflictException"
    removed = apigateway.update_stage(
        restApiId=api, stageName="one", patchOperations=[{"op": "remove", "path": "/clientCertificateId"}]
    )
    assert "clientCertificateId" not in removed
    apigateway.delete_client_certificate(clientCertificateId=made)
    apigateway.delete_rest_api(restApiId=api)


def test_keys_are_sealed_at_rest(own_server, tmp_path):
    server = own_server()
    server.client("apigateway").generate_client_certificate()
    server.stop()
    files = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file() and path.name != "ca.key"]
    assert files and not any(b"PRIVATE KEY" in content for content in files)


TEMPLATE = """
Resources:
  Certificate:
    Type: AWS::ApiGateway::ClientCertificate
    Properties: {{Description: "{description}", Tags: [{{Key: team, Value: shop}}]}}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {{Name: called}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {{Type: HTTP_PROXY, IntegrationHttpMethod: GET, Uri: "{url}", TlsConfig: {{InsecureSkipVerification: true}}}}
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Get
    Properties: {{RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: prod
      ClientCertificateId: !GetAtt Certificate.ClientCertificateId
Outputs:
  Api: {{Value: !Ref Api}}
  Certificate: {{Value: !Ref Certificate}}
"""


def test_stack_makes_a_certificate_and_its_stage_presents_it(server, web, tmp_path):
    _, leaf = server_certificate(tmp_path)
    # The backend shows no root: the method says that it need not be known, and so the root must come with it.
    root = tmp_path / "root.pem"
    chain = tmp_path / "chain.pem"
    chain.write_bytes(leaf.read_bytes() + root.read_bytes())
    backend = Demanding(chain)
    cloudformation, apigateway = server.client("cloudformation"), server.client("apigateway")
    name = "client-certificate"
    try:
        cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE.format(description="a", url=backend.url))
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        made = apigateway.get_client_certificate(clientCertificateId=outputs["Certificate"])
        assert made["description"] == "a" and made["tags"] == {"team": "shop"}
        backend.trusts(made["pemEncodedCertificate"])
        assert ask(server, web, outputs["Api"], "prod").json()["serial"] == serial(made)
        cloudformation.update_stack(StackName=name, TemplateBody=TEMPLATE.format(description="b", url=backend.url))
        cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        again = apigateway.get_client_certificate(clientCertificateId=outputs["Certificate"])
        assert again["description"] == "b" and serial(again) == serial(made)
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        with pytest.raises(botocore.exceptions.ClientError):
            apigateway.get_client_certificate(clientCertificateId=outputs["Certificate"])
    finally:
        backend.server.shutdown()
        backend.server.server_close()
