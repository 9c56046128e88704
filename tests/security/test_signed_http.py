"""Requests that claim to be Slack's: signed, fresh, and of a size."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import App

from alerts.slack import serve
from earshot.local.ports import free_port
from earshot.settings import Settings
from tests.security.test_network import status_of

SECRET = "a signing secret"
BODY = b"payload=%7B%7D"


@pytest.fixture
def port(settings_with: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setenv("EARSHOT_SLACK_SIGNING_SECRET", SECRET)
    settings: Settings = settings_with(slack={"transport": "http", "http_port": free_port()})
    app = App(
        signing_secret=SECRET, token="xoxb-x", token_verification_enabled=False,
        process_before_response=True,
    )  # fmt: skip
    server = serve.http_server(settings, app)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield settings.slack.http_port
    server.shutdown()
    server.server_close()


def signed(*, age_seconds: float = 0.0, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() - age_seconds))
    message = f"v0:{stamp}:".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(BODY)),
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }


def test_a_fresh_signature_passes_the_door(port: int) -> None:
    assert status_of(port, signed(), BODY) != 401


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in signed().items() if key != name}


@pytest.mark.parametrize(
    "headers",
    [
        lambda: signed(age_seconds=301),
        lambda: signed(age_seconds=86_400),
        lambda: signed(age_seconds=-600),
        lambda: signed(body=b"payload=other"),
        lambda: signed(secret="another secret"),
        lambda: {**signed(), "X-Slack-Signature": "v0="},
        lambda: without("X-Slack-Signature"),
        lambda: without("X-Slack-Request-Timestamp"),
    ],
)
def test_a_replayed_changed_or_forged_request_is_refused(
    port: int, headers: Callable[[], dict[str, str]]
) -> None:
    assert status_of(port, headers(), BODY) == 401


@pytest.mark.parametrize(
    ("length", "status"), [("-1", 411), ("x", 411), ("", 411), ("9" * 30, 411), ("2000000", 413)]
)
def test_a_length_that_is_none_or_too_large_is_refused(port: int, length: str, status: int) -> None:
    assert status_of(port, {**signed(), "Content-Length": length}) == status
