"""Secrets go in at the last moment, and nowhere else."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot import platforms
from earshot.errors import FixSettings
from earshot.platforms.base import (
    AppleSecret,
    BasicSecret,
    Call,
    FormSecret,
    HeaderSecret,
    PathSecret,
    QuerySecret,
)
from earshot.platforms.calls import fingerprint, on_host, query_of, signed, with_query
from tests.platforms.drive import NOW

CANARY = {"NAME": "canary-name", "WORD": "canary-word"}
OPTIONS: dict[str, dict[str, Any]] = {
    "reddit": {"subreddits": ("a",)},
    "trustpilot_api": {"domain": "example.com"},
    "youtube": {"videos": ("v",)},
    "yelp": {"businesses": ("b",)},
    "googleplaces": {"places": ("p",)},
    "bazaarvoice": {},
    "bluesky": {"queries": ("q",)},
    "zendesk": {"base_url": "https://acme.example"},
    "judgeme": {"shop": "s"},
    "gorgias": {"base_url": "https://acme.example"},
    "androidpublisher": {"app": "a"},
}


def test_each_kind_of_secret_goes_to_its_place() -> None:
    call = Call(
        url="https://api.example/{NAME}/x?a=1",
        secrets=(
            HeaderSecret(header="Authorization", template="Bearer {WORD}"),
            QuerySecret(parameter="key", credential="WORD"),
            PathSecret(credential="NAME"),
        ),
    )

    ready = signed(call, CANARY)

    assert ready.url == "https://api.example/canary-name/x?a=1&key=canary-word"
    assert ready.headers == {"Authorization": "Bearer canary-word"}


def test_basic_and_form_secrets() -> None:
    basic = BasicSecret(user="{NAME}/token", password="{WORD}")
    form = FormSecret(parameter="code", credential="WORD")

    ready = signed(Call(url="https://x.example", body=b"a=1", secrets=(basic, form)), CANARY)

    expected = base64.b64encode(b"canary-name/token:canary-word").decode()
    assert (ready.headers["Authorization"], ready.body) == (
        f"Basic {expected}",
        b"a=1&code=canary-word",
    )


def test_a_form_secret_in_json_stays_json() -> None:
    call = Call(
        url="https://x.example",
        headers={"Content-Type": "application/json"},
        secrets=(FormSecret(parameter="password", credential="WORD"),),
    )

    assert json.loads(signed(call, CANARY).body or b"") == {"password": "canary-word"}


def test_apples_token_is_signed_with_the_private_key() -> None:
    import jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    call = Call(
        url="https://x.example",
        secrets=(AppleSecret(key_id="K", issuer_id="I", private_key="P"),),
    )

    bearer = signed(call, {"K": "kid", "I": "iss", "P": pem}).headers["Authorization"]

    claims = jwt.decode(
        bearer.removeprefix("Bearer "), key.public_key(), ["ES256"], audience="appstoreconnect-v1"
    )
    assert (claims["iss"], claims["exp"] - claims["iat"] <= 20 * 60) == ("iss", True)


@pytest.mark.parametrize("url", ["http://api.example/x", "http://192.168.1.2/x"])
def test_secrets_never_travel_over_plain_http(url: str) -> None:
    secret = HeaderSecret(header="A", template="{WORD}")

    with pytest.raises(FixSettings, match="https"):
        signed(Call(url=url, secrets=(secret,)), CANARY)


@pytest.mark.parametrize("host", ["127.0.0.1:8", "localhost:8", "[::1]:8"])
def test_loopback_may_be_plain(host: str) -> None:
    secret = HeaderSecret(header="A", template="{WORD}")

    ready = signed(Call(url=f"http://{host}/x", secrets=(secret,)), CANARY)

    assert ready.headers == {"A": "canary-word"}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_call_before_signing_holds_no_secret(name: str) -> None:
    platform = platforms.load(name)
    credentials = {each: f"canary-{each}" for each in platform.needs}
    options = platform.Options(**{"source": "s", "brand": ("b",), **OPTIONS[name]})

    calls = platform.first(options, {}, credentials, NOW)

    assert calls
    assert "canary" not in repr(calls)
    assert all("canary" not in repr(signed(call, credentials)) for call in calls)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_missing_credential_is_named(name: str) -> None:
    platform = platforms.load(name)
    options = platform.Options(**{"source": "s", "brand": ("b",), **OPTIONS[name]})

    with pytest.raises(FixSettings, match="environment variable"):
        platform.first(options, {}, {}, NOW)


def test_a_link_is_followed_on_the_host_the_source_names() -> None:
    link = "https://evil.example/api/v2/tickets.json?cursor=x"

    assert on_host("https://acme.example", link) == (
        "https://acme.example/api/v2/tickets.json?cursor=x"
    )


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=9)


@given(st.dictionaries(_WORDS, _WORDS, max_size=4), _WORDS)
def test_setting_a_parameter_keeps_the_others(query: dict[str, str], value: str) -> None:
    url = with_query("https://x.example/a", **query) if query else "https://x.example/a"

    assert query_of(with_query(url, **{"pagé": value})) == {**query, "pagé": value}


def test_calls_are_the_same_whatever_the_order_of_parameters() -> None:
    one = Call(url="https://x.example/a?b=1&c=2")

    assert fingerprint(one) == fingerprint(replace(one, url="https://x.example/a?c=2&b=1"))
    assert fingerprint(one) != fingerprint(replace(one, url="https://x.example/a?c=2&b=2"))
