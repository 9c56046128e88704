"""A proxy before the shop that is slow, refuses, or answers by half, as it is told."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Thread
from typing import Any

KINDS = ("slow", "500", "503", "429", "hang_up", "half", "not_html")


class FaultyProxy:
    """`with FaultyProxy(url) as proxy:`; `share` of the requests goes wrong, by `chance`."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.share, self.kinds = 0.0, KINDS
        self.chance = Random(0)
        self.faults = 0

    def __enter__(self) -> FaultyProxy:
        proxy = self

        class Handler(_Handler):
            faulty = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def next_fault(self) -> str | None:
        """What goes wrong with this request."""
        if self.chance.random() >= self.share:
            return None
        self.faults += 1
        return self.chance.choice(self.kinds)


class _Handler(BaseHTTPRequestHandler):
    faulty: FaultyProxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        fault = self.faulty.next_fault() if self.path != "/robots.txt" else None
        if fault in ("500", "503", "429"):
            self._send(int(fault), b"later", {"Retry-After": "1"} if fault != "500" else {})
        elif fault == "hang_up":
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(2)
        else:
            if fault == "slow":
                time.sleep(0.4)
            self._pass_on(fault)

    def _pass_on(self, fault: str | None) -> None:
        asked = {k: v for k, v in self.headers.items() if k.lower() in ("if-none-match",)}
        request = urllib.request.Request(self.faulty.target + self.path, headers=asked)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                body, headers = answer.read(), {"Content-Type": answer.headers["Content-Type"]}
                headers["ETag"] = answer.headers.get("ETag") or ""
                status = answer.status
        except urllib.error.HTTPError as error:
            body, headers, status = error.read(), {}, error.code
        text = body.replace(self.faulty.target.encode(), self.faulty.url.encode())
        if fault == "half":
            self._send(status, text, headers, cut=len(text) // 2)
        elif fault == "not_html":
            self._send(200, b"\x00\xff{", {"Content-Type": "application/json"})
        else:
            self._send(status, text, headers)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], *, cut: int | None = None
    ) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                if value:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if cut is None else body[:cut])
            if cut is not None:
                self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
