from __future__ import annotations

import socket
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from earshot.errors import FixSettings
from earshot.local import fleet, postgres, processes, stack


@pytest.fixture
def servers(tmp_path: Path, system_package) -> Iterator[fleet.Servers]:
    for package in fleet.PACKAGES:
        system_package(package)
    home = tmp_path / "home"
    yield fleet.start_servers(home)
    stack.stop(home)
    postgres.remove(home)


def ask_redis(port: int, *words: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as conn:
        for word in words:
            conn.sendall(f"{word}\r\n".encode())
        return conn.makefile().readline()


def test_a_fleets_servers_want_passwords_and_stop_clean(servers, tmp_path: Path) -> None:
    home = tmp_path / "home"
    broker = urlsplit(servers.broker)
    assert ask_redis(broker.port, "PING").startswith("-NOAUTH")
    assert ask_redis(broker.port, f"AUTH {broker.password}").startswith("+OK")

    with psycopg2.connect(servers.database.url(postgres.SUPERUSER, "postgres")) as conn:
        assert conn.server_version < 180000  # Debian's, not the wheel's
    with pytest.raises(psycopg2.OperationalError, match=r"pg_hba\.conf rejects"):
        psycopg2.connect(servers.url(postgres.SUPERUSER, "postgres"))

    assert stack.stop(home)
    assert postgres.running(home) is None
    assert processes.of_stack(home) == []
    with pytest.raises(ConnectionRefusedError):
        ask_redis(broker.port, "PING")


def test_a_missing_program_is_named_with_what_to_install(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fleet, "_found", lambda: None)
    monkeypatch.setattr(fleet.os, "geteuid", lambda: 1000)

    with pytest.raises(FixSettings, match="apt-get install redis-server postgresql"):
        fleet.start_servers(tmp_path)


def test_a_missing_provider_is_named_with_its_extra(monkeypatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(fleet, "version", missing)

    with pytest.raises(FixSettings, match=r"earshot\[fleet\]"):
        fleet.shape(None)
