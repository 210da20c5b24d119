"""What a consumer checks: that the delivery is the gateway's, and that the event is the producer's.

Two functions over the headers and the body of a request; neither needs anything of Portcullis.
"""

import base64
import hashlib
import hmac
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE_SECONDS = 300


def check_delivery(headers, body, secret, now=None):
    """Checks a Standard Webhooks signature; `secret` is `whsec_…` of the connection's secret.

    Keep `webhook-id` for as long as deliveries repeat, and take each once.
    """
    identifier, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("the delivery is too old or from the future")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(signed)
    given = headers["webhook-signature"].encode().split(b" ")
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise ValueError("the delivery is not signed with this secret")


def check_producer(event, producers, bus_arn):
    """Checks the producer's signature of an event; `producers` maps key ids to public keys (base64url)."""
    detail = dict(event["detail"])
    protected, nothing, signature = detail.pop("_signature").split(".")
    header = json.loads(unbase64url(protected))
    if nothing or header["alg"] != "EdDSA" or header["aud"] != bus_arn:
        raise ValueError("the signature is of another kind or for another bus")
    payload = {
        "detail": detail,
        "detail-type": event["detail-type"],
        "resources": event["resources"],
        "source": event["source"],
    }
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    encoded = base64.urlsafe_b64encode(canonical).rstrip(b"=").decode()
    key = Ed25519PublicKey.from_public_bytes(unbase64url(producers[header["kid"]]))
    try:
        key.verify(unbase64url(signature), f"{protected}.{encoded}".encode())
    except InvalidSignature:
        raise ValueError("the event is not what the producer signed") from None
    return header


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
