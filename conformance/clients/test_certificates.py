"""Certificates of ACM: imported and asked for, and custom domains that are served with them. boto3 configures, ssl looks."""

import ssl

import botocore.exceptions
import pytest
from cryptography import x509

from authorities import Authority
from test_custom_domains import PATHS, Api, connect, get

REASON = "ValidationException"


def blobs(certificate, chain=None):
    """What ImportCertificate takes."""
    with open(certificate.files[1], "rb") as key:
        parts = {"Certificate": certificate.pem.encode(), "PrivateKey": key.read()}
    return parts | ({"CertificateChain": chain.pem.encode()} if chain else {})


def presented(server, name, **more):
    """The certificate that a handshake for a name presents."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(server, name, context=context, **more) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))


def trusting(authority):
    """A context that trusts one authority alone."""
    return ssl.create_default_context(cafile=authority.files[0])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority("Own root", tmp_path_factory.mktemp("own"))


def test_imported_certificate_serves_a_domain_and_the_next_over_it_does_too(server, authority):
    acm, api, name = server.client("acm"), Api(server, PATHS), "api.imported.example"
    first = authority.server(name, "*.imported.example")
    tags = [{"Key": "team", "Value": "edge"}]
    arn = acm.import_certificate(**blobs(first, authority), Tags=tags)["CertificateArn"]
    assert arn.startswith("arn:aws:acm:us-east-1:000000000000:certificate/")
    made = api.domain(name, regionalCertificateArn=arn)
    assert made["regionalCertificateArn"] == arn
    api.map(name, stage="prod")
    assert get(server, name, context=trusting(authority))[0] == 200
    assert presented(server, name).serial_number == first.made.serial_number
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (told["DomainName"], told["Status"], told["Type"]) == (name, "ISSUED", "IMPORTED")
    assert told["SubjectAlternativeNames"] == [name, "*.imported.example"]
    assert (told["KeyAlgorithm"], told["SignatureAlgorithm"]) == ("EC_prime256v1", "SHA256WITHECDSA")
    assert told["InUseBy"] == [f"arn:aws:apigateway:us-east-1::/domainnames/{name}"]
    assert told["NotAfter"].timestamp() == first.made.not_valid_after_utc.timestamp()
    whole = acm.get_certificate(CertificateArn=arn)
    assert (whole["Certificate"], whole["CertificateChain"]) == (first.pem, authority.pem)
    # Renewed by the owner: the same ARN, live at once, no connection refused.
    second = authority.server(name)
    with connect(server, name, context=trusting(authority)) as open_one:
        assert acm.import_certificate(CertificateArn=arn, **blobs(second))["CertificateArn"] == arn
        assert presented(server, name).serial_number == second.made.serial_number
        open_one.sendall(b"GET /hello HTTP/1.1\r\nHost: %b\r\n\r\n" % name.encode())
        assert open_one.recv(12) == b"HTTP/1.1 200"
    assert "CertificateChain" not in acm.get_certificate(CertificateArn=arn)
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == tags
    with pytest.raises(botocore.exceptions.ClientError, match="does not name") as error:
        acm.import_certificate(CertificateArn=arn, **blobs(authority.server("other.example")))
    assert error.value.response["Error"]["Code"] == REASON
    with pytest.raises(acm.exceptions.ResourceInUseException):
        acm.delete_certificate(CertificateArn=arn)
    api.apigateway.delete_domain_name(domainName=name)
    acm.delete_certificate(CertificateArn=arn)
    with pytest.raises(acm.exceptions.ResourceNotFoundException):
        acm.describe_certificate(CertificateArn=arn)


def test_what_does_not_hold_is_not_imported(server, authority, tmp_path):
    acm = server.client("acm")
    good, other = authority.server("a.example"), authority.server("b.example")
    stranger = Authority("Own root", tmp_path)
    cases = [
        (blobs(good) | {"PrivateKey": blobs(other)["PrivateKey"]}, "does not belong to the certificate"),
        (blobs(authority.server("a.example", days=(-3, -1))), "expired at"),
        (blobs(authority.server("a.example", days=(1, 2))), "not valid before"),
        (blobs(authority.server()), "names no host"),
        (blobs(good, stranger), "does not stand under its chain"),
        (blobs(good) | {"Certificate": (good.pem + other.pem).encode()}, "exactly one"),
        (blobs(good) | {"Certificate": b"nothing"}, "exactly one"),
        (blobs(good) | {"PrivateKey": good.pem.encode()}, "the private key is not in PEM"),
    ]
    for parts, reason in cases:
        with pytest.raises(botocore.exceptions.ClientError, match=reason) as error:
            acm.import_certificate(**parts)
        assert error.value.response["Error"]["Code"] == REASON, reason
        assert "BEGIN" not in str(error.value)


def test_domain_takes_no_certificate_that_is_not_for_it(server, authority):
    acm, api = server.client("acm"), Api(server, PATHS)
    arn = acm.import_certificate(**blobs(authority.server("*.covered.example")))["CertificateArn"]
    nowhere = arn[:-12] + "000000000000"
    cases = [
        ("api.elsewhere.example", arn, "not covered by the provided certificate"),
        ("a.b.covered.example", arn, "not covered by the provided certificate"),
        ("api.covered.example", nowhere, "The provided certificate does not exist"),
        ("x.execute-api.us-east-1.amazonaws.com", nowhere, "does not exist"),
    ]
    for name, certificate, reason in cases:
        with pytest.raises(api.apigateway.exceptions.BadRequestException, match=reason):
            api.domain(name, regionalCertificateArn=certificate)
    name = "api.covered.example"
    api.domain(name, regionalCertificateArn=arn)
    # Another account's certificate cannot be looked at; here nobody else certifies the name.
    path = {"op": "replace", "path": "/regionalCertificateArn"}
    for value, reason in [
        (nowhere, "does not exist"),
        (arn.replace("000000000000", "123456789012"), "portcullis serve"),
    ]:
        with pytest.raises(api.apigateway.exceptions.BadRequestException, match=reason):
            api.apigateway.update_domain_name(domainName=name, patchOperations=[{**path, "value": value}])
    assert presented(server, name).serial_number
    api.apigateway.delete_domain_name(domainName=name)
    with pytest.raises(ssl.SSLError):
        presented(server, name)


def test_local_ca_issues_what_is_asked_for(server):
    acm, api, name = server.client("acm"), Api(server, PATHS), "asked.shop.localhost"
    asked = {
        "DomainName": name,
        "SubjectAlternativeNames": [name, "*.asked.shop.localhost"],
        "ValidationMethod": "DNS",
        "IdempotencyToken": "once",
    }
    arn = acm.request_certificate(**asked)["CertificateArn"]
    assert acm.request_certificate(**asked)["CertificateArn"] == arn
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (told["Status"], told["Type"], told["KeyAlgorithm"]) == ("ISSUED", "AMAZON_ISSUED", "RSA_2048")
    assert {option["ValidationStatus"] for option in told["DomainValidationOptions"]} == {"SUCCESS"}
    api.domain(name, regionalCertificateArn=arn)
    api.map(name, stage="prod")
    assert get(server, name)[0] == 200
    assert presented(server, name).public_key().key_size == 2048
    elliptic = acm.request_certificate(DomainName="e.shop.localhost", KeyAlgorithm="EC_prime256v1")
    # As on AWS, a listing shows other keys only when they are asked for.
    listed = {item["CertificateArn"]: item for item in acm.list_certificates()["CertificateSummaryList"]}
    assert listed[arn]["InUse"] and elliptic["CertificateArn"] not in listed
    includes = {"keyTypes": ["EC_prime256v1"]}
    pages = acm.get_paginator("list_certificates").paginate(
        Includes=includes, CertificateStatuses=["ISSUED"], PaginationConfig={"PageSize": 1}
    )
    found = [item["CertificateArn"] for page in pages for item in page["CertificateSummaryList"]]
    assert elliptic["CertificateArn"] in found and arn not in found
    for settings, reason in [
        ({"DomainName": "api.example.com"}, "the local CA issues certificates for names under"),
        ({"DomainName": "x.localhost", "ValidationMethod": "EMAIL"}, "EMAIL"),
        ({"DomainName": "x.localhost", "KeyAlgorithm": "RSA_1024"}, "RSA_1024"),
        ({"DomainName": "x.localhost", "Options": {"Export": "ENABLED"}}, "Export"),
        ({"DomainName": "x_y.localhost"}, "no host name"),
    ]:
        with pytest.raises(botocore.exceptions.ClientError, match=reason):
            acm.request_certificate(**settings)
    with pytest.raises(botocore.exceptions.ClientError, match="Only an imported"):
        acm.import_certificate(CertificateArn=arn, **blobs(Authority("x", server.data).server(name)))
    acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b"}])
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]


def test_private_keys_are_sealed_at_rest_and_served_after_a_restart(own_server, authority):
    running = own_server()
    acm, api, name = running.client("acm"), Api(running, PATHS), "kept.example"
    certificate = authority.server(name)
    arn = acm.import_certificate(**blobs(certificate))["CertificateArn"]
    api.domain(name, regionalCertificateArn=arn)
    api.map(name, stage="prod")
    running.stop()
    body = "".join(open(certificate.files[1]).read().splitlines()[1:-1])
    for file in running.data.rglob("*"):
        if file.is_file():
            assert body[:60].encode() not in file.read_bytes(), file
            assert b"BEGIN PRIVATE KEY" not in file.read_bytes() or file.name == "ca.key", file
    running.start()
    assert get(running, name, context=trusting(authority))[0] == 200


def test_user_needs_a_permission_on_the_certificate(server, authority):
    iam, acm = server.client("iam"), server.client("acm")
    mine, other = (
        acm.import_certificate(**blobs(authority.server(f"{name}.rights.example")))["CertificateArn"]
        for name in ("mine", "other")
    )
    iam.create_user(UserName="certifier")
    key = iam.create_access_key(UserName="certifier")["AccessKey"]
    iam.put_user_policy(
        UserName="certifier",
        PolicyName="one",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"acm:Describe*","Resource":"%s"}]}'
        % mine,
    )
    theirs = server.client("acm", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert theirs.describe_certificate(CertificateArn=mine)["Certificate"]["DomainName"] == "mine.rights.example"
    for call in (
        lambda: theirs.describe_certificate(CertificateArn=other),
        lambda: theirs.get_certificate(CertificateArn=mine),
        lambda: theirs.list_certificates(),
        lambda: theirs.import_certificate(**blobs(authority.server("third.rights.example"))),
    ):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == "AccessDeniedException"


TEMPLATE = """
Resources:
  Certificate:
    Type: AWS::CertificateManager::Certificate
    Properties:
      DomainName: stack.certified.localhost
      ValidationMethod: DNS
      KeyAlgorithm: EC_prime256v1
      Tags: [{Key: a, Value: b}]
  Domain:
    Type: AWS::ApiGateway::DomainName
    Properties:
      DomainName: stack.certified.localhost
      RegionalCertificateArn: !Ref Certificate
      EndpointConfiguration: {Types: [REGIONAL]}
Outputs:
  Certificate: {Value: !Ref Certificate}
"""


def test_stack_makes_certificate_and_domain_together(server):
    cloudformation, acm = server.client("cloudformation"), server.client("acm")
    cloudformation.create_stack(StackName="certified", TemplateBody=TEMPLATE)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="certified", WaiterConfig={"Delay": 1})
    stack = cloudformation.describe_stacks(StackName="certified")["Stacks"][0]
    arn = stack["Outputs"][0]["OutputValue"]
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert told["Status"] == "ISSUED" and len(told["InUseBy"]) == 1
    served = presented(server, "stack.certified.localhost")
    assert f"{served.serial_number:x}".endswith(told["Serial"].replace(":", "").lstrip("0"))
    cloudformation.delete_stack(StackName="certified")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="certified", WaiterConfig={"Delay": 1})
    with pytest.raises(acm.exceptions.ResourceNotFoundException):
        acm.describe_certificate(CertificateArn=arn)
