"""Deliveries of the webhook over real HTTP: signed, fresh, of a size, and stored once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from earshot.errors import FixSettings
from earshot.local.ports import free_port
from earshot.settings import Settings
from scrapers.webhook.server import serving

Query = Callable[[str], list[dict[str, Any]]]
Make = Callable[..., Settings]
SECRET = "a-secret-of-the-tests-own"
SOURCE = {
    "name": "ours",
    "kind": "webhook",
    "brand": "northwind",
    "items": "reviews",
    "columns": {
        "external_id": "id", "body": "text", "rating": "stars", "published_at": "at",
        "author_id": "who",
    },
}  # fmt: skip
REVIEW = {"id": "7", "text": "Write to kim@mail.example", "stars": 2, "at": "2026-02-20T10:00:00Z"}
Reply = tuple[int, dict[str, Any]]


@pytest.fixture
def hook_settings(settings_with: Make, now: Any, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("EARSHOT_WEBHOOK_SECRET", SECRET)
    return settings_with(source=[SOURCE], webhook={"port": free_port()})


@pytest.fixture
def address(hook_settings: Settings) -> Iterator[str]:
    with serving(hook_settings) as address:
        yield address


def body_of(*reviews: Any) -> bytes:
    return json.dumps({"reviews": reviews or [REVIEW]}).encode()


def headers_of(
    body: bytes, *, number: str = "msg_1", age: float = 0, secret: str = SECRET
) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    digest = hmac.new(
        secret.encode(), f"{number}.{stamp}.".encode() + body, hashlib.sha256
    ).digest()
    given = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": number, "webhook-timestamp": stamp, "webhook-signature": given}


def send(
    address: str, body: bytes, headers: dict[str, str], name: str = "ours", method: str = "POST"
) -> Reply:
    parts = urlsplit(address)
    door = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        door.request(method, parts.path + name, body=body, headers=headers)
        answer = door.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        door.close()


def test_a_delivery_is_stored_masked_and_a_repeated_one_changes_nothing(address: str, table: Query):
    body = body_of({**REVIEW, "who": "Kim"}, {"text": "no id", "stars": 9}, "nonsense")

    first = send(address, body, headers_of(body))
    again = send(address, body, headers_of(body))

    assert first == (
        200, {"repeated": False, "seen": 3, "added": 1, "changed": 0, "quarantined": 2},
    )  # fmt: skip
    assert again[1]["repeated"] is True
    (stored,) = table(
        "select platform, body, rating, author_key from earshot.feedback "
        "join earshot.feedback_version on feedback_id = feedback.id"
    )
    assert stored["platform"] == "ours"
    assert "kim@mail.example" not in stored["body"]
    assert len(stored["author_key"]) == 32
    assert table("select purpose, status, seen, added from earshot.crawl") == [
        {"purpose": "live", "status": "ok", "seen": 3, "added": 1}
    ]


def test_the_same_review_in_another_delivery_is_a_version_and_never_a_second_review(
    address: str, table: Query
):
    edited = {**REVIEW, "text": "I changed my mind"}
    for number, review in (("a", REVIEW), ("b", edited), ("c", edited)):
        body = body_of(review)
        assert send(address, body, headers_of(body, number=number))[0] == 200

    assert table("select version from earshot.feedback") == [{"version": 2}]


def test_deliveries_at_once_are_each_stored_once(address: str, table: Query):
    bodies = [body_of({**REVIEW, "id": str(number % 4)}) for number in range(8)]
    said: list[Reply] = []

    def one(number: int) -> None:
        headers = headers_of(bodies[number], number=f"n{number % 4}")
        said.append(send(address, bodies[number], headers))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [status for status, _ in said] == [200] * 8
    assert sorted(told["repeated"] for _, told in said) == [False] * 4 + [True] * 4
    assert len(table("select 1 from earshot.feedback")) == 4
    assert table("select count(*) as crawls, sum(added) as added from earshot.crawl") == [
        {"crawls": 1, "added": 4}
    ]


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        (dict, "webhook-id"),
        (lambda: headers_of(body_of(), age=301), "300 seconds"),
        (lambda: headers_of(body_of(), age=-86_400), "300 seconds"),
        (lambda: headers_of(body_of(), secret="another secret altogether"), "signature"),
        (lambda: headers_of(b"other"), "signature"),
        (lambda: {**headers_of(body_of()), "webhook-id": "msg_2"}, "signature"),
        (lambda: {**headers_of(body_of()), "webhook-timestamp": "soon"}, "300 seconds"),
        (lambda: {**headers_of(body_of()), "webhook-id": "x" * 201}, "200"),
    ],
)
def test_what_is_not_signed_fresh_and_ours_is_refused(
    headers: Callable[[], dict[str, str]], says: str, address: str, table: Query
):
    status, told = send(address, body_of(), headers())

    assert (status, says in told["error"]) == (401, True)
    assert table("select 1 from earshot.feedback") == []


def test_either_of_two_secrets_signs_while_one_is_replaced(
    hook_settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    new = base64.b64encode(b"sixteen and more bytes").decode()
    monkeypatch.setenv("EARSHOT_WEBHOOK_SECRET", f"whsec_{new} {SECRET}")
    body = body_of()
    with serving(hook_settings) as address:
        by_old = send(address, body, headers_of(body, number="1"))
        by_new = send(address, body, headers_of(body, number="2", secret="sixteen and more bytes"))

    assert (by_old[0], by_new[0]) == (200, 200)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"no json", 400, "JSON"),
        (b"\xff\xfe", 400, "JSON"),
        (b'{"rows": []}', 400, 'there is no "reviews"'),
        (body_of({"stars": "many"}), 422, "none of 1 records"),
        (b"x" * (2**20 + 1), 413, "at most"),
    ],
)
def test_a_delivery_that_cannot_be_read_is_told_why(
    body: bytes, status: int, says: str, address: str
):
    told = send(address, body, headers_of(body))

    assert told[0] == status
    assert says in told[1]["error"]


def test_other_ways_to_knock_are_told_what_is_expected(address: str):
    body = body_of()

    assert send(address, body, headers_of(body), name="other")[0] == 404
    assert send(address, b"", {}, method="GET")[0] == 405
    assert send(address, body, {**headers_of(body), "Content-Length": "x"})[0] == 411


def test_a_hook_without_a_secret_does_not_open(
    settings_with: Make, now: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("EARSHOT_WEBHOOK_SECRET", "short")

    with (
        pytest.raises(FixSettings, match="EARSHOT_WEBHOOK_SECRET"),
        serving(settings_with(source=[SOURCE], webhook={"port": free_port()})),
    ):
        pass


def test_listen_serves_the_webhook_without_a_slack_token(
    hook_settings: Settings, tmp_path: Path, table: Query
):
    file = tmp_path / "earshot.toml"
    columns = "\n".join(f'{field} = "{name}"' for field, name in SOURCE["columns"].items())
    file.write_text(
        'contact = "ops@northwind.example"\n[[brand]]\nkey = "northwind"\nname = "N"\n'
        f"[webhook]\nport = {hook_settings.webhook.port}\n"
        '[[source]]\nname = "ours"\nkind = "webhook"\nbrand = "northwind"\nitems = "reviews"\n'
        f"[source.columns]\n{columns}\n"
    )
    env = {name: value for name, value in os.environ.items() if "SLACK" not in name}
    words = [sys.executable, "-m", "earshot", "listen", "--settings", str(file)]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1].removesuffix("<source>")
            body = body_of()
            status, _ = send(address, body, headers_of(body))
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    assert status == 200
    assert len(table("select 1 from earshot.feedback")) == 1
