from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from earshot.errors import RetryLater
from earshot.local import airflow_api


class Airflow(BaseHTTPRequestHandler):
    """Hangs up on everything that comes before `patience` is used up."""

    patience = 0
    asked: list[str]

    def do_POST(self) -> None:
        self._answer(b'{"access_token": "a"}' if self.path == "/auth/token" else b"{}")

    def do_GET(self) -> None:
        self._answer(b'{"dag_runs": []}')

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        self.asked.append(self.path)
        if self.path != "/auth/token" and len(self.asked) <= self.patience:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[airflow_api.Client]:
    Airflow.asked = []
    monkeypatch.setattr(airflow_api.time, "sleep", lambda seconds: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Airflow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield airflow_api.Client(
        f"http://127.0.0.1:{server.server_port}", user="admin", password="secret"
    )
    server.shutdown()
    server.server_close()


def test_a_read_that_is_not_answered_is_repeated(client, monkeypatch) -> None:
    monkeypatch.setattr(Airflow, "patience", 2)

    assert client.runs() == []
    assert Airflow.asked[0] == "/auth/token"
    assert len(Airflow.asked) == 3


def test_a_run_is_never_started_twice_for_want_of_an_answer(client, monkeypatch) -> None:
    monkeypatch.setattr(Airflow, "patience", 9)

    with pytest.raises(RetryLater, match="did not answer"):
        client.call("POST", "/api/v2/dags/tag/dagRuns", {})
    assert len(Airflow.asked) == 2
