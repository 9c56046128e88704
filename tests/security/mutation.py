"""Hostile variants of an input: damaged as bytes, and as JSON where it is JSON."""

from __future__ import annotations

import json
import random
from typing import Any

LARGEST = 64 * 1024
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    -(2**63),
    10**400,
    1e308,
    -1e308,
    1e-320,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "\ud800",
    "x" * 3000,
    "9" * 400,
    "-1",
    "1e999",
    "\u202e",
    "\ufeff",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30",
    "2026-11-20T25:61:61Z",
    "<!channel>",
    "<script>alert(1)</script>",
    "&lt;!here&gt;",
    "%s %(a)s {0} {x}",
    "'; drop table x; --",
    "http://169.254.169.254/latest",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://[::1",
    "//",
    "a@b.io",
    "4111 1111 1111 1111",
    "<p>" * 500,
    "((((((((" * 50,
    [],
    {},
    [None],
    [[[[]]]],
    {"a": {"b": []}},
    {"": ""},
    {"\x00": "\x00"},
)
BYTES: tuple[bytes, ...] = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"<",
    b">",
    b"&",
    b'"',
    b"'",
    b"\\",
    b"{",
    b"[",
    b"]" * 40,
    b"[" * 3000,
    b'{"a":' * 2000,
    b"<a>" * 400,
    b"&#0;",
    b"&#xD800;",
    b"&x;",
    b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    b"<![CDATA[",
    b"<!--",
    b"]]>",
    b"\r\n",
    b"\t",
    b",",
    b"1e999",
    b"NaN",
    b"-",
    b"9" * 5000,
    "\u202e".encode(),
    b"\x1b[31m",
)


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """The input with one to four things changed."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        raw = _as_json(raw, chance) or _as_bytes(raw, chance)
    return raw[:LARGEST]


def _as_json(raw: bytes, chance: random.Random) -> bytes | None:
    """One value inside replaced, dropped, doubled or moved; nothing where it is no JSON."""
    if raw.lstrip()[:1] not in (b"{", b"[") or chance.random() < 0.15:
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return json.dumps(_changed(value, chance)).encode()


def _changed(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.93:
        key = chance.choice(list(value))
        if chance.random() < 0.08:
            return {k: v for k, v in value.items() if k != key}
        if chance.random() < 0.04:
            return {**value, str(chance.choice(ODD))[:50]: value[key]}
        return {**value, key: _changed(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.93:
        at = chance.randrange(len(value))
        if chance.random() < 0.05:
            return value[:at] + value[at : at + 1] * 5 + value[at:]
        return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
    if isinstance(value, str) and chance.random() < 0.4:
        at = chance.randrange(len(value) + 1)
        return value[:at] + str(chance.choice(ODD)) + value[at:]
    return chance.choice(ODD)


def _as_bytes(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw) + 1)
    width = chance.choice((0, 1, 2, 8, 64, 512))
    match chance.randrange(5):
        case 0:
            return raw[:at] + chance.choice(BYTES) + raw[at + width :]
        case 1:
            return raw[:at] + chance.randbytes(chance.choice((1, 2, 4))) + raw[at + 1 :]
        case 2:
            return raw[:at]
        case 3:
            return raw[:at] + raw[max(0, at - width) :]
        case _:
            odd = str(chance.choice(ODD)).encode("utf-8", "surrogatepass")
            return raw[:at] + odd + raw[at + width :]
