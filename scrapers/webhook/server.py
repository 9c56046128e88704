"""The webhook's door: POST /webhook/<source>, on loopback unless told otherwise."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from earshot.errors import EarshotError, FixSettings
from earshot.settings import SETTINGS_FILE, Settings
from scrapers.webhook.receiving import Receiver, Reply, refusal

PREFIX = "/webhook/"
_MOST_DRAINED = 64 * 2**20
log = logging.getLogger(__name__)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Take deliveries while the `with` block runs; gives the address without a source's name.

    Raises:
        FixSettings: a secret is missing, or the port is taken.
    """
    receiver = Receiver(settings)
    receiver.prepare()
    server = _server(settings, receiver)
    thread = Thread(target=server.serve_forever, name="webhook", daemon=True)
    thread.start()
    try:
        yield f"http://{settings.webhook.address}:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(settings: Settings, receiver: Receiver) -> ThreadingHTTPServer:
    class Handler(_Handler):
        receives = receiver
        most_bytes = int(settings.webhook.largest_body_mb * 2**20)

    where = settings.webhook
    try:
        return ThreadingHTTPServer((where.address, where.port), Handler)
    except OSError as error:
        raise FixSettings(
            f"{SETTINGS_FILE}: webhook: {where.address}:{where.port} cannot be used "
            f"({error.strerror}); write another address or port."
        ) from error


class _Handler(BaseHTTPRequestHandler):
    receives: Receiver
    most_bytes: int
    timeout = 10
    """Seconds for which a silent connection keeps its thread."""

    def do_POST(self) -> None:
        """One delivery."""
        path = urlsplit(self.path).path
        given = self.headers.get("Content-Length") or ""
        length = int(given) if given.isascii() and given.isdigit() and len(given) < 12 else -1
        if not path.startswith(PREFIX):
            self._send(refusal(404, f"deliveries go to {PREFIX}<source>"))
        elif length < 0:
            self._send(refusal(411, "a delivery says its Content-Length"))
        elif length > self.most_bytes:
            self._send(refusal(413, f"a delivery has at most {self.most_bytes:,} bytes"))
            self._drain(length)
        else:
            self._send(self._received(unquote(path.removeprefix(PREFIX)), self.rfile.read(length)))

    def do_GET(self) -> None:
        """Deliveries are posted."""
        self._send(refusal(405, "deliveries are posted", Allow="POST"))

    def _received(self, name: str, body: bytes) -> Reply:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            return self.receives.receive(name, headers, body)
        except EarshotError as error:
            log.error("a delivery to %s failed: %s", name, error)
        except Exception as error:  # whatever it is, the sender keeps the delivery
            log.error("a delivery to %s failed: %s", name, type(error).__name__)
        return refusal(500, "the delivery was not stored; see the log, and send it again")

    def _drain(self, length: int) -> None:
        """Let a sender end its sentence: closed before, most would never read our answer."""
        left = min(length, _MOST_DRAINED)
        with suppress(OSError):
            while left > 0 and (piece := self.rfile.read(min(left, 65_536))):
                left -= len(piece)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests may name people."""

    def _send(self, reply: Reply) -> None:
        told = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(told)
        self.close_connection = True
