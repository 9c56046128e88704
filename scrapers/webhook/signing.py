"""Signatures of deliveries as Standard Webhooks 1.0 describes them (standardwebhooks.com).

`webhook-signature` holds `v1,<base64>` of HMAC-SHA256 over "id.timestamp.body"; there may be
several, divided by spaces, while a secret is replaced. A secret may begin with `whsec_` and is
then base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

WINDOW_SECONDS = 300
"""How far the timestamp may be from our clock, either way: older deliveries are replays."""
LONGEST_ID = 200


class BadSignature(Exception):
    """The delivery is not signed, is too old, or the signature is not ours."""


def delivery_id(headers: Mapping[str, str], body: bytes, secrets: str, *, now: float) -> str:
    """The id of a delivery that is signed and fresh.

    Args:
        headers: of the request, names in lower case.
        body: as it came.
        secrets: one secret, or several divided by white space.
        now: seconds since 1970.

    Raises:
        BadSignature: with the reason.
    """
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    missing = [name for name in names if not headers.get(name)]
    if missing:
        raise BadSignature(f"expected the header {missing[0]}, found none")
    number, stamp, given = (headers[name] for name in names)
    if len(number) > LONGEST_ID or not number.isascii() or not number.isprintable():
        raise BadSignature(f"expected a webhook-id of at most {LONGEST_ID} plain characters")
    if not (stamp.isascii() and stamp.isdigit()) or abs(now - int(stamp)) > WINDOW_SECONDS:
        raise BadSignature(
            f"expected a webhook-timestamp of the last {WINDOW_SECONDS} seconds; sign again"
        )
    signed = f"{number}.{stamp}.".encode() + body
    expected = [signature(secret, signed) for secret in secrets.split()]
    if not any(
        hmac.compare_digest(each.encode(), made.encode())
        for each in given.split()
        for made in expected
    ):
        raise BadSignature("the signature is not made with our secret over id, time and body")
    return number


def signature(secret: str, signed: bytes) -> str:
    """One signature over what is signed."""
    return (
        "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
    )


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()
