"""The optional engine against a local server that speaks the chat-completions protocol."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alerts.replies import Draft, Facts, NoDraft, ReviewForReply, draft, load_facts
from alerts.replies.engine_llm import draft_with_model, mask
from alerts.replies.records import Written
from earshot.settings_replies import LanguageModel
from tests.model_standin import GOOD

ROOT = Path(__file__).parents[3]
REVIEW = ReviewForReply(
    id="r1",
    text="Vase arrived broken, second time! Mail me at jo@mail.example or +44 20 7946 0958, order "
    "NW-559120. My name is Josephine Miller.",
    stars=1,
    language="en",
)


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(ROOT / "alerts" / "replies" / "example_facts.toml")


def answering(text: str, ended: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"message": message, "finish_reason": ended}]}


def write(server: HTTPServer, facts: Facts, review: ReviewForReply = REVIEW) -> Written:
    model = LanguageModel(base_url=server.url_for("/v1"), model="any", timeout_seconds=0.5)
    return draft_with_model(review, facts, model, key=SecretStr("a-key"), platform="shop", seed="s")


def ask(server: HTTPServer, facts: Facts, review: ReviewForReply = REVIEW) -> Draft | NoDraft:
    return write(server, facts, review).outcome


def built_in(facts: Facts) -> Draft | NoDraft:
    return draft(REVIEW, facts, platform="shop", seed="s")


def test_uses_the_models_reply_when_the_guard_lets_it_pass(
    httpserver: HTTPServer, facts: Facts
) -> None:
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_json(
        answering(GOOD)
    )

    reply = ask(httpserver, facts)

    assert isinstance(reply, Draft)
    assert (reply.engine, reply.text) == ("llm", GOOD)


def test_sends_key_and_policies_but_no_personal_data(httpserver: HTTPServer, facts: Facts) -> None:
    seen: list[Request] = []

    def keep(request: Request) -> Response:
        seen.append(request)
        return Response(json.dumps(answering(GOOD)), content_type="application/json")

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(keep)

    ask(httpserver, facts)

    body = seen[0].get_data(as_text=True)
    assert seen[0].headers["Authorization"] == "Bearer a-key"
    assert "We replace it or refund it in full" in body
    for private in ("jo@mail.example", "7946", "559120", "Josephine", "Miller"):
        assert private not in body


@pytest.mark.parametrize(
    "text",
    [
        "We will refund you 20 % today.",
        "Please update your rating.",
        "Dear Josephine, see https://evil.example.",
        "As an AI language model I cannot help.",
        "",
    ],
)
def test_falls_back_when_the_guard_refuses(text: str, httpserver: HTTPServer, facts: Facts) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answering(text))

    written = write(httpserver, facts)

    assert written.outcome == built_in(facts)
    assert written.fallback
    assert written.writer == "built-in"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("not json", 200),
        ("{}", 200),
        ('{"choices": []}', 200),
        ('{"choices": ["text"]}', 200),
        ("[1]", 200),
        ("[" * 100_000, 200),
        ('{"choices": [{"message": {"content": "' + "x" * 300_000 + '"}}]}', 200),
        (json.dumps(answering("We are sorry.", ended="length")), 200),
        (json.dumps(answering(f"{GOOD}\x00")), 200),
        (json.dumps(answering(f"{GOOD}\ud83d")), 200),
        ("\xff".encode("latin-1"), 200),
        ("busy", 503),
        ("no", 401),
    ],
)
def test_falls_back_on_odd_answers(
    body: str | bytes, status: int, httpserver: HTTPServer, facts: Facts
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_data(body, status=status)

    written = write(httpserver, facts)

    assert (written.outcome, written.is_failure) == (built_in(facts), True)


def test_a_redirect_is_not_followed_with_the_key(httpserver: HTTPServer, facts: Facts) -> None:
    elsewhere = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/v1/chat/completions").respond_with_data(
        "", status=307, headers=elsewhere
    )

    written = write(httpserver, facts)

    assert (written.outcome, written.fallback) == (built_in(facts), "status 307")
    assert [request.path for request, _ in httpserver.log] == ["/v1/chat/completions"]


def test_falls_back_on_a_time_out(httpserver: HTTPServer, facts: Facts) -> None:
    def slow(_: Request) -> Response:
        time.sleep(1.2)
        return Response(json.dumps(answering(GOOD)), content_type="application/json")

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(slow)

    written = write(httpserver, facts)

    assert (written.outcome, written.fallback) == (built_in(facts), "no answer in time")


def test_an_answer_that_trickles_is_late_too(httpserver: HTTPServer, facts: Facts) -> None:
    def trickle(_: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            for _ in range(20):
                time.sleep(0.1)
                yield b" "

        return Response(pieces(), content_type="application/json")

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(trickle)

    assert write(httpserver, facts).fallback == "no answer in time"


def test_falls_back_where_nothing_listens(facts: Facts) -> None:
    model = LanguageModel(base_url="http://127.0.0.1:9/v1", model="any", timeout_seconds=0.5)

    written = draft_with_model(REVIEW, facts, model, platform="shop", seed="s")

    assert (written.outcome, written.fallback) == (built_in(facts), "no answer (ConnectError)")


def test_urgent_reviews_never_reach_the_model(httpserver: HTTPServer, facts: Facts) -> None:
    urgent = ReviewForReply(
        id="r2", text="The lamp caught fire.", stars=1, urgent_tags=("urgent_safety",)
    )

    reply = ask(httpserver, facts, urgent)

    assert isinstance(reply, NoDraft)
    assert reply.reason == "urgent"
    assert httpserver.log == []


def test_mask_keeps_prices_and_dates() -> None:
    assert mask("Paid $49.99 on 3 May, lost 5 vases") == "Paid $49.99 on 3 May, lost 5 vases"
