"""A strict stand-in for a language model's address: it takes only what the protocol allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

MODEL = "some-model"
KEY = "key-of-the-tests-1f2e"
GOOD = (
    "Two broken vases in a row must be maddening, and we are sorry. We replace it or refund it in "
    "full, whichever you prefer. Please write to help@northwind.example with a photo of the "
    "damage.\nMara, Northwind Home customer care"
)
"""A reply to a broken vase that the guard lets pass."""


class ModelStandIn:
    """Answers `answer`, or fails with a status; remembers what it was asked."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/v1")
        self.answer: str | int | Callable[[str], str] = GOOD
        """Text, HTTP status, or a function from the user's message to a text."""
        self.meanwhile: Callable[[], None] = lambda: None
        """Done while the caller waits for the answer."""
        self.asked: list[list[dict[str, str]]] = []
        server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(
            self._answer
        )

    @property
    def table(self) -> dict[str, Any]:
        """The settings that lead here."""
        model = {"base_url": self.url, "model": MODEL, "timeout_seconds": 60}
        return {"language_model": model}

    def _answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return Response('{"error": "no such key"}', status=401)
        body = request.get_json()
        if set(body) != {"model", "messages"} or body["model"] != MODEL:
            return Response('{"error": "no such model or parameter"}', status=404)
        if [set(m) for m in body["messages"]] != [{"role", "content"}] * len(body["messages"]):
            return Response('{"error": "malformed messages"}', status=400)
        self.asked.append(body["messages"])
        self.meanwhile()
        if isinstance(self.answer, int):
            return Response("busy", status=self.answer)
        said = body["messages"][-1]["content"]
        text = self.answer if isinstance(self.answer, str) else self.answer(said)
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return Response(json.dumps({"choices": [choice]}), content_type="application/json")
