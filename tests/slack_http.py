"""The stand-in for Slack over HTTP: reads a call, lets a fault happen, answers in Slack's shape."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.slack_standin import SlackStandIn


class Refusal(Exception):
    """`ok: false` with Slack's error name; HTTP 200 unless it is a limit."""

    def __init__(self, error: str, *, messages: list[str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}
        if messages:
            self.body["response_metadata"] = {"messages": messages}


@dataclass
class Fault:
    """What goes wrong at the next call of a method.

    `drop_request` and `drop_response` close the connection before or after the call took effect;
    `limit` answers 429, `fail` 500 without effect, `fail_after` 500 with effect.
    """

    method: str
    kind: str
    times: int = 1
    seconds: float = 0.0
    error: str = ""


class Limited(Exception):
    """429 with Retry-After."""

    def __init__(self, seconds: float) -> None:
        super().__init__(str(seconds))
        self.seconds = seconds


class Handler(BaseHTTPRequestHandler):
    slack: SlackStandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Silence: the tests look at the log of calls."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        path = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path.path.startswith("/upload/"):
            self._upload(path.path.rsplit("/", 1)[-1], body)
        elif path.path.startswith("/response/"):
            self.slack.responses.append(json.loads(body))
            self._send(200, {"ok": True})
        else:
            self._api(path.path.removeprefix("/api/"), self._arguments(path.query, body))

    def _upload(self, file_id: str, body: bytes) -> None:
        file = self.slack.files.get(file_id)
        if file is None or len(body) != file["length"] or not body.startswith(b"\x89PNG"):
            self.send_error(400)
            return
        file["bytes"] = body
        told = f"OK - {len(body)}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def _arguments(self, query: str, body: bytes) -> dict[str, Any]:
        if "json" in (self.headers.get("Content-Type") or ""):
            return dict(json.loads(body or b"{}"))
        given = parse_qs(query) | parse_qs(body.decode())
        args: dict[str, Any] = {name: values[-1] for name, values in given.items()}
        for name in ("blocks", "metadata", "files", "view"):
            if isinstance(args.get(name), str):
                args[name] = json.loads(args[name])
        return args

    def _api(self, method: str, args: dict[str, Any]) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        fault = self.slack.next_fault(method)
        if fault and fault.kind == "limit":
            self._send(429, {"ok": False, "error": "ratelimited"},
                       {"Retry-After": f"{fault.seconds:g}"})  # fmt: skip
            return
        if fault and fault.kind == "fail":
            self._send(500, {"ok": False, "error": "internal_error"})
            return
        if fault and fault.kind == "drop_request":
            self._hang_up()
            return
        if fault and fault.kind == "refuse":
            self._send(200, {"ok": False, "error": fault.error})
            return
        self._answer(method, token, args, fault)

    def _answer(
        self, method: str, token: str | None, args: dict[str, Any], fault: Fault | None
    ) -> None:
        try:
            told: dict[str, Any] = self.slack.answer(method, token, args)
        except Refusal as refusal:
            told = refusal.body
        except Limited as limited:
            self._send(429, {"ok": False, "error": "ratelimited"},
                       {"Retry-After": f"{limited.seconds:g}"})  # fmt: skip
            return
        if fault and fault.kind == "fail_after":
            self._send(500, {"ok": False, "error": "fatal_error"})
        elif fault and fault.kind == "drop_response":
            self._hang_up()
        else:
            if fault and fault.kind == "delay":
                time.sleep(fault.seconds)
            self._send(200, told, {"x-oauth-scopes": self.slack.scopes_of(token)})

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(2)

    def _send(
        self, status: int, told: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(told).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
