"""Authorities and the certificates that they issue, for mutual TLS."""

import datetime
import itertools
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NUMBERS = itertools.count(1)
USAGES = {"client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH}


class Certificate:
    """A certificate, its key, and both as files."""

    def __init__(self, folder, key, made):
        self.key, self.made = key, made
        self.pem = made.public_bytes(serialization.Encoding.PEM).decode()
        stem = pathlib.Path(folder) / f"certificate-{next(NUMBERS)}"
        self.files = (str(stem.with_suffix(".crt")), str(stem.with_suffix(".key")))
        pathlib.Path(self.files[0]).write_text(self.pem)
        pathlib.Path(self.files[1]).write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.not_before = aws_date(made.not_valid_before_utc)
        self.not_after = aws_date(made.not_valid_after_utc)

    def with_chain(self, *above):
        """Returns the files with the certificates above it behind its own."""
        chain = self.files[0] + ".chain"
        pathlib.Path(chain).write_text(self.pem + "".join(above))
        return chain, self.files[1]


class Authority(Certificate):
    """A CA that issued itself, or stands under another."""

    def __init__(self, name, folder, above=None, is_ca=True, days=(-1, 30)):
        self.folder, self.above = folder, above
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = unsigned(subject, above.made.subject if above else subject, key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        super().__init__(folder, key, builder.sign(above.key if above else key, hashes.SHA256()))

    def intermediate(self, name):
        """Issues an authority."""
        return Authority(name, self.folder, self)

    def client(self, name, days=(-1, 30), usage="client", serial=None, revocation_list=None):
        """Issues a client's certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lab, Ltd."),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        builder = unsigned(subject, self.made.subject, key, days, serial)
        builder = builder.add_extension(x509.ExtendedKeyUsage([USAGES[usage]]), critical=False)
        if revocation_list:
            where = [x509.UniformResourceIdentifier(revocation_list)]
            point = x509.DistributionPoint(full_name=where, relative_name=None, reasons=None, crl_issuer=None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return Certificate(self.folder, key, builder.sign(self.key, hashes.SHA256()))

    def server(self, *hosts, days=(-1, 30)):
        """Issues a server's certificate for some hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0] if hosts else "nobody")])
        builder = unsigned(subject, self.made.subject, key, days)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([USAGES["server"]]), critical=False)
        return Certificate(self.folder, key, builder.sign(self.key, hashes.SHA256()))


def unsigned(subject, issuer, key, days, serial=None):
    now = datetime.datetime.now(datetime.timezone.utc)
    first, last = (now + datetime.timedelta(days=day) for day in days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
    )


def aws_date(moment):
    """`May 28 12:30:02 2019 GMT`, the day padded with a space."""
    return moment.strftime(f"%b {moment.day:2d} %H:%M:%S %Y GMT")
