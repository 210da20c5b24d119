#!/usr/bin/env python3
"""A producer of signed events (docs/events.md). Ed25519 is done by openssl, everything else by the standard library.

    sign_event.py public-key KEY.pem                 prints the public key as the event bus's tag holds it
    sign_event.py entry KEY.pem BUS-ARN DETAIL [ID]  prints the input of PutEvents with one signed event
"""

import base64
import json
import pathlib
import secrets
import subprocess
import sys
import tempfile
import time

KEY_ID, SOURCE, DETAIL_TYPE = "carrier", "parcels.carrier", "report"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value):
    """RFC 8785 for what we send: members in order, no spaces. Integers, ASCII texts and lists of them need no more."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def public_key(key):
    """The last 32 bytes of a SubjectPublicKeyInfo (RFC 8410)."""
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True)
    return encode(der.stdout[-32:])


def sign(key, message):
    with tempfile.NamedTemporaryFile() as file:
        pathlib.Path(file.name).write_bytes(message)
        command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name]
        return subprocess.run(command, check=True, capture_output=True).stdout


def entry(key, bus, detail, identifier):
    detail = json.loads(detail)
    header = {"alg": "EdDSA", "aud": bus, "iat": int(time.time()), "jti": identifier, "kid": KEY_ID}
    payload = {"detail": detail, "detail-type": DETAIL_TYPE, "resources": [], "source": SOURCE}
    protected = encode(canonical(header))
    # Detached (RFC 7515, appendix F): the payload is signed and left out.
    signature = encode(sign(key, f"{protected}.{encode(canonical(payload))}".encode()))
    detail["_signature"] = f"{protected}..{signature}"
    return {
        "Entries": [
            {"EventBusName": bus, "Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)},
        ]
    }


def main():
    if sys.argv[1:2] == ["public-key"] and len(sys.argv) == 3:
        print(public_key(sys.argv[2]))
    elif sys.argv[1:2] == ["entry"] and len(sys.argv) in (5, 6):
        identifier = sys.argv[5] if len(sys.argv) == 6 else secrets.token_urlsafe(16)
        print(json.dumps(entry(*sys.argv[2:5], identifier)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
