"""A producer that signs its events. docs/events.md says what is signed, and why.

    python producer.py key                    makes a key: the tag for the bus, and a file shop-1.pem
    python producer.py send BUS-ARN           signs one event with it and sends it

Needs `cryptography` and `boto3`. Whoever imports it to sign needs neither: a key is whatever has `sign`.
"""

import base64
import json
import pathlib
import sys
import time
import uuid


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value):
    """RFC 8785 for what most events hold: text, whole numbers, lists, objects.

    For other numbers, and for names beyond the Basic Multilingual Plane, take a library (`rfc8785`).
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def public_key(key):
    """The value of the bus's tag `portcullis:producer/KEY-ID`."""
    return base64url(key.public_key().public_bytes_raw())


def signature(key, key_id, bus_arn, source, detail_type, detail, resources=(), event_id=None, at=None):
    """Returns the detached JWS that goes into the detail's `_signature`."""
    header = {
        "alg": "EdDSA",
        "kid": key_id,
        "aud": bus_arn,
        "iat": int(time.time() if at is None else at),
        "jti": event_id or str(uuid.uuid4()),
    }
    payload = {"detail": detail, "detail-type": detail_type, "resources": list(resources), "source": source}
    protected = base64url(canonical(header))
    signed = key.sign(f"{protected}.{base64url(canonical(payload))}".encode())
    return f"{protected}..{base64url(signed)}"


def entry(key, key_id, bus_arn, source, detail_type, detail, resources=(), **more):
    """Returns an entry for `put_events`, signed."""
    signed = signature(key, key_id, bus_arn, source, detail_type, detail, resources, **more)
    return {
        "EventBusName": bus_arn,
        "Source": source,
        "DetailType": detail_type,
        "Resources": list(resources),
        "Detail": json.dumps({**detail, "_signature": signed}),
    }


def main(command, *arguments):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    file, key_id = pathlib.Path("shop-1.pem"), "shop-1"
    if command == "key":
        key = Ed25519PrivateKey.generate()
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file.touch(mode=0o600)
        file.write_bytes(key.private_bytes(*form))
        print(f"portcullis:producer/{key_id}={public_key(key)}")
        return
    import boto3

    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    order = entry(key, key_id, arguments[0], "shop", "order", {"id": 7, "item": "lantern"})
    print(boto3.client("events").put_events(Entries=[order]))


if __name__ == "__main__":
    main(*sys.argv[1:])
