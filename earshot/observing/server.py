"""`/health` and `/metrics` over HTTP, on loopback unless the settings say otherwise."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from earshot.errors import EarshotError, FixSettings
from earshot.observing.metrics import exposition
from earshot.settings import Settings
from sql.health import Finding, Snapshot, findings, snapshot

KEPT_SECONDS = 5.0
"""Several scrapers within this time share one look at the database."""
TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Look:
    """The latest look at the pipeline, or why there is none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._until = 0.0
        self._taken: tuple[Snapshot | None, list[Finding]] = (None, [])

    def take(self) -> tuple[Snapshot | None, list[Finding]]:
        """Snapshot and findings; without a database one finding that says so."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._taken = look(self._settings)
                self._until = time.monotonic() + KEPT_SECONDS
            return self._taken


def look(settings: Settings) -> tuple[Snapshot | None, list[Finding]]:
    """Look at the pipeline once."""
    try:
        taken = snapshot(settings)
    except EarshotError as error:
        down = Finding(
            name="database",
            is_well=False,
            detail=" ".join(str(error).split()),
            remedy="Start it, or correct its address; `earshot check` proves it.",
        )
        return None, [down]
    well = Finding(name="database", is_well=True, detail="The database answers.")
    return taken, [*findings(settings, taken), well]


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve for the length of a `with` block; gives the address.

    Raises:
        FixSettings: the port is taken.
    """
    server = _server(settings)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    try:
        yield f"http://{settings.health.address}:{settings.health.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(settings: Settings) -> ThreadingHTTPServer:
    seen = Look(settings)

    class Handler(_Handler):
        look = seen

    address = (settings.health.address, settings.health.port)
    try:
        server = ThreadingHTTPServer(address, Handler)
    except OSError as error:
        raise FixSettings(
            f"{settings.file}: health.port: {address[1]} cannot be used ({error.strerror}); write "
            "another port."
        ) from error
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    look: Look
    server_version = "earshot"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer the two paths; nothing here holds what customers wrote."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            taken, found = self.look.take()
            self._send(200, TEXT_FORMAT, exposition(taken, found))
        elif path == "/health":
            _, found = self.look.take()
            is_well = all(finding.is_well for finding in found)
            body = {"is_well": is_well, "findings": [asdict(finding) for finding in found]}
            self._send(200 if is_well else 503, "application/json", json.dumps(body).encode())
        else:
            self._send(404, "text/plain", b"/health or /metrics\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a scrape every few seconds is no news."""

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)
