"""Certificates from an ACME CA: Pebble, the one that Let's Encrypt tests clients with, as Debian packages it. `serve` asks it for
certificates, proves its names in clear text, and renews them. Skipped, and said so, where there is no Pebble."""

import json
import os
import shutil
import socket
import ssl
import subprocess

import pytest
import requests
from cryptography import x509

from authorities import Authority
from portcullis import BINARY, Portcullis, until
from test_certificates import presented
from test_custom_domains import PATHS, Api, get

PEBBLE = shutil.which("pebble")
DNS = shutil.which("pebble-challtestsrv")
pytestmark = pytest.mark.skipif(
    not (PEBBLE and DNS), reason="SKIPPED: there is no Pebble here (Debian's package `pebble`): ACME was not tested"
)
# How long Pebble's certificates are good for: two thirds of it must pass within a test.
LIFETIME_SECONDS = 15


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Pebble:
    """A CA on loopback that wants accounts bound to its own, and a DNS in which every name is 127.0.0.1."""

    KEY_ID, KEY = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"

    def __init__(self, folder, http_port):
        self.port, management, dns, dns_management = free_ports(4)
        self.web = Authority("Pebble's own root", folder)
        own = self.web.server("localhost")
        settings = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": own.files[0],
            "privateKey": own.files[1],
            "httpPort": http_port,
            "tlsPort": 1,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": True,
            "externalAccountMACKeys": {self.KEY_ID: self.KEY},
            "certificateValidityPeriod": LIFETIME_SECONDS,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        self.log = open(folder / "pebble.log", "w")
        listen = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]
        self.processes = [
            subprocess.Popen(
                [DNS, "-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{dns_management}", *listen],
                stdout=self.log,
                stderr=self.log,
            ),
            subprocess.Popen(
                [PEBBLE, "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"],
                env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "10"},
                stdout=self.log,
                stderr=self.log,
            ),
        ]
        self.directory = f"https://localhost:{self.port}/dir"
        self.management = f"https://localhost:{management}"
        self.web_root = self.web.files[0]
        until("Pebble", self.answers)

    def answers(self):
        session = requests.Session()
        session.trust_env = False
        try:
            return session.get(self.directory, verify=self.web_root, timeout=2).ok
        except requests.RequestException:
            assert self.processes[1].poll() is None, open(self.log.name).read()
            return False

    def issuing_root(self, folder):
        session = requests.Session()
        session.trust_env = False
        (folder / "issuing.pem").write_text(
            session.get(f"{self.management}/roots/0", verify=self.web_root, timeout=5).text
        )
        return str(folder / "issuing.pem")

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(10)
        self.log.close()


class Served(Portcullis):
    """A running `serve`, with its first key."""

    def __init__(self, folder, http_port, acme, settings=""):
        self.folder, self.data = folder, folder / "data"
        public, admin = free_ports(2)
        files = Authority("Own root", folder)
        own = files.server("id.example.com")
        self.config = folder / "portcullis.toml"
        self.config.write_text(f"""
data = "{self.data}"
root_key = "{folder}/root.key"
account = "000000000000"
region = "us-east-1"
domain = "apis.example.com"
issuer = "https://id.example.com"
integration_ranges = ["127.0.0.0/8"]
{settings}
[listeners]
public = "127.0.0.1:{public}"
public_http = "127.0.0.1:{http_port}"
admin = "127.0.0.1:{admin}"
[[certificates]]
hosts = ["id.example.com"]
chain = "{own.files[0]}"
key = "{own.files[1]}"
{acme}
""")
        made = subprocess.run(
            [BINARY, "credentials", "create", "--config", str(self.config)],
            capture_output=True,
            text=True,
            check=True,
        )
        self.credentials = json.loads(made.stdout)
        self.endpoints = {
            "public": {"https": f"https://127.0.0.1:{public}", "http": f"http://127.0.0.1:{http_port}"},
            "admin": f"http://127.0.0.1:{admin}",
            "region": "us-east-1",
        }
        self.start()

    def start(self):
        self.log = self.folder / "serve.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", str(self.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

        def listens():
            assert self.process.poll() is None, self.log.read_text()
            address = self.endpoints["admin"].removeprefix("http://").split(":")
            try:
                socket.create_connection((address[0], int(address[1])), 1).close()
            except OSError:
                return False
            return True

        until("serve", listens)


def acme_of(pebble, folder):
    (folder / "eab.key").write_text(pebble.KEY + "\n")
    return f"""
[acme]
directory = "{pebble.directory}"
contacts = ["mailto:edge@example.com"]
agree_to_terms_of_service = true
roots = "{pebble.web_root}"
[acme.external_account]
key_id = "{pebble.KEY_ID}"
hmac_key_file = "{folder}/eab.key"
"""


def test_certificate_is_issued_served_and_renewed_without_a_restart(tmp_path):
    (http_port,) = free_ports(1)
    pebble = Pebble(tmp_path, http_port)
    try:
        served = Served(tmp_path, http_port, acme_of(pebble, tmp_path))
        try:
            issue_and_renew(served, pebble, tmp_path)
        finally:
            served.stop()
        for file in served.data.rglob("*"):
            assert not file.is_file() or b"PRIVATE KEY" not in file.read_bytes(), file
    finally:
        pebble.stop()


def issue_and_renew(served, pebble, folder):
    acm, name = served.client("acm"), "api.shop.example"
    asked = acm.request_certificate(
        DomainName=name, SubjectAlternativeNames=["www.shop.example"], KeyAlgorithm="EC_prime256v1"
    )
    arn = asked["CertificateArn"]
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "PENDING_VALIDATION"
    with pytest.raises(acm.exceptions.RequestInProgressException):
        acm.get_certificate(CertificateArn=arn)
    # A domain may name it already: it is served as soon as it is issued.
    api = Api(served, PATHS)
    api.domain(name, regionalCertificateArn=arn)
    api.map(name, stage="prod")

    def issued():
        told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return told if told["Status"] == "ISSUED" else None

    told = until("the first certificate", issued)
    assert told["Issuer"].startswith("CN=Pebble Intermediate") and told["RenewalEligibility"] == "ELIGIBLE"
    context = ssl.create_default_context(cafile=pebble.issuing_root(folder))
    first = presented(served, name)
    assert set(
        first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    ) == {name, "www.shop.example"}
    assert get(served, name, context=context)[0] == 200
    serials, end = {first.serial_number}, first.not_valid_after_utc

    def renewed():
        assert get(served, name, context=context)[0] == 200  # no moment without a good certificate
        serials.add(presented(served, name).serial_number)
        return len(serials) > 1

    until("the second certificate", renewed, LIFETIME_SECONDS)
    assert presented(served, name).not_valid_after_utc > end
    # The challenge is closed again; anything else in clear text is only redirected.
    session = requests.Session()
    session.trust_env = False
    url = f"{served.endpoints['public']['http']}/.well-known/acme-challenge/guess"
    answer = session.get(url, headers={"Host": name}, allow_redirects=False, timeout=5)
    assert answer.status_code == 308
    with pytest.raises(Exception, match="HTTP-01 proves single names"):
        acm.request_certificate(DomainName="*.shop.example")


def test_what_the_ca_cannot_prove_stays_pending_and_the_log_says_why(tmp_path):
    # Pebble looks at a port where nobody listens.
    (http_port, nobody) = free_ports(2)
    pebble = Pebble(tmp_path, nobody)
    try:
        served = Served(tmp_path, http_port, acme_of(pebble, tmp_path))
        try:
            acm = served.client("acm")
            arn = acm.request_certificate(DomainName="lost.shop.example")["CertificateArn"]

            def failed():
                told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
                return told if told["DomainValidationOptions"][0]["ValidationStatus"] == "FAILED" else None

            assert until("the failure", failed)["Status"] == "PENDING_VALIDATION"
            said = served.log.read_text()
            assert "could not be issued" in said and '"again_in_seconds":120' in said, said
        finally:
            served.stop()
    finally:
        pebble.stop()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (("agree_to_terms_of_service = true", "agree_to_terms_of_service = false"), "after you have read them"),
        (("https://localhost", "http://localhost"), "https URL"),
        (("mailto:", "tel:"), "mailto:"),
        (("eab.key", "missing.key"), "cannot be read"),
    ],
)
def test_wrong_settings_are_an_error_at_start(tmp_path, changed, reason):
    class NoPebble:
        KEY_ID, KEY, directory, web_root = "k", "AAAA", "https://localhost:1/dir", "/dev/null"

    text = acme_of(NoPebble, tmp_path).replace(*changed)
    ports = free_ports(1)
    with pytest.raises(subprocess.CalledProcessError) as error:
        Served(tmp_path, ports[0], text)
    assert reason in error.value.stderr, error.value.stderr
