"""`earshot listen` for Slack: Socket Mode, or signed HTTP on loopback behind your own proxy."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any

from slack_bolt import App
from slack_bolt.request import BoltRequest

from alerts.slack.listen import build_app, socket_handler
from earshot.errors import FixSettings
from earshot.settings import Settings

PATH = "/slack/events"
MOST_BODY_BYTES = 1_000_000


def listen(settings: Settings, stop: Event) -> None:
    """Serve Slack until `stop` is set.

    Raises:
        FixSettings: a token, the signing secret or the port is missing or wrong.
    """
    app = build_app(settings)
    if settings.slack.transport == "socket":
        _listen_by_socket(settings, app, stop)
    else:
        _listen_by_http(settings, app, stop)


def _listen_by_socket(settings: Settings, app: App, stop: Event) -> None:
    handler = socket_handler(settings, app)
    handler.connect()
    try:
        stop.wait()
    finally:
        handler.close()


def _listen_by_http(settings: Settings, app: App, stop: Event) -> None:
    server = http_server(settings, app)
    from threading import Thread

    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        stop.wait()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def http_server(settings: Settings, app: App) -> ThreadingHTTPServer:
    """A server on loopback for requests that Slack has signed; bolt checks the signature."""
    if settings.secrets.slack_signing_secret is None:
        raise FixSettings(
            "EARSHOT_SLACK_SIGNING_SECRET: is missing; copy it from the app's page, "
            'or write slack.transport = "socket".'
        )

    class Handler(_Handler):
        bolt = app

    try:
        return ThreadingHTTPServer(("127.0.0.1", settings.slack.http_port), Handler)
    except OSError as error:
        raise FixSettings(
            f"earshot.toml: slack.http_port: {settings.slack.http_port} cannot be used "
            f"({error.strerror}); write another port."
        ) from error


class _Handler(BaseHTTPRequestHandler):
    bolt: App
    timeout = 10
    """Seconds for which a silent connection keeps its thread."""

    def do_POST(self) -> None:
        """Hand a request of Slack to bolt, which refuses what is not signed."""
        given = self.headers.get("Content-Length") or ""
        length = int(given) if given.isascii() and given.isdigit() and len(given) < 12 else -1
        if self.path != PATH or not 0 <= length <= MOST_BODY_BYTES:
            self.send_error(404 if self.path != PATH else 411 if length < 0 else 413)
            return
        body = self.rfile.read(length).decode("utf-8", errors="replace")
        headers: dict[str, Any] = dict(self.headers.items())
        answer = self.bolt.dispatch(BoltRequest(body=body, headers=headers))
        self._send(answer.status, answer.first_headers(), answer.body or "")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests hold names, and bolt logs what matters."""

    def _send(self, status: int, headers: dict[str, str], body: str) -> None:
        told = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
