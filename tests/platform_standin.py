"""Strict stand-ins for the platforms that take replies and the desks that take tickets.

Each refuses what the documentation says is refused (missing token, wrong field, too long a text,
unknown id) and keeps what a visitor of the page would see: `posts`. A fault happens once, after the
platform has taken the call: no answer, a late answer, or an error although it was done.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests import platform_desks, platform_reviews  # noqa: F401  (they register their routes)
from tests.platform_calls import LONG_AGO, ROUTES, Post, Refusal, Request


class PlatformStandIn:
    """All platforms on one port; `fault` breaks the next call that publishes."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.calls: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.edited_at = LONG_AGO
        """When the customer last changed the text, as every platform tells."""
        self.is_gone = False
        self.tokens = {"GOOGLE", "APPLE", "TRUST", "MASTO", "BLUE", "REDDIT", "ZOHO"}
        self._fault: tuple[str, float] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> PlatformStandIn:
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def _any(self) -> None:
                standin._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, kind: str, seconds: float = 0.0) -> None:
        """At the next publishing call: `delay`, `drop`, `error` (all after it was taken), or
        `limited`, `down`, `refuse` (nothing is taken)."""
        self._fault = (kind, seconds)

    def texts(self) -> list[str]:
        return [post.text for post in self.posts]

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        request = Request(
            method=handler.command,
            path=unquote(parts.path),
            query={k: v[0] for k, v in parse_qs(parts.query).items()},
            headers={k.lower(): v for k, v in handler.headers.items()},
            body=handler.rfile.read(length),
        )
        self.agents.add(request.headers.get("user-agent", ""))
        is_write = request.method != "GET" and not re.search("oauth|token|Session", request.path)
        fault = self._take_fault() if is_write else None
        status, body, headers = self._answer(request, fault, is_write=is_write)
        if fault is not None and fault[0] == "delay":
            time.sleep(fault[1])
        if fault is not None and fault[0] == "drop":
            handler.connection.close()
            return
        told = b"" if body is None else json.dumps(body).encode()
        try:
            handler.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(told)
        except OSError:
            pass

    def _answer(
        self, request: Request, fault: tuple[str, float] | None, *, is_write: bool
    ) -> tuple[int, Any, dict[str, str]]:
        try:
            early = {"limited": 429, "down": 503, "refuse": 403}.get(fault[0] if fault else "")
            if early:
                wait = {"Retry_After": "120"} if early == 429 else {}
                raise Refusal(early, {"error": {"message": f"fault {early}"}}, **wait)
            with self._lock:
                status, body = self._routed(request)
                self.calls[request.path] += 1
                self.writes[request.path] += is_write
        except Refusal as refusal:
            return refusal.status, refusal.body, refusal.headers
        if fault is not None and fault[0] == "error":
            return 500, {"error": {"message": "although it was done"}}, {}
        return status, body, {}

    def _routed(self, request: Request) -> tuple[int, Any]:
        for method, pattern, function in ROUTES:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                told = function(self, request, found)
                return told if isinstance(told, tuple) else (200, told)
        raise Refusal(404, {"error": {"message": f"no {request.method} {request.path}"}})

    def _take_fault(self) -> tuple[str, float] | None:
        with self._lock:
            fault, self._fault = self._fault, None
        return fault

    def replace(self, post: Post) -> None:
        """One reply per text: a later one takes its place."""
        self.posts = [p for p in self.posts if (p.platform, p.about) != (post.platform, post.about)]
        self.posts.append(post)

    def there(self) -> None:
        if self.is_gone:
            raise Refusal(404, {"error": {"message": "not found"}})
