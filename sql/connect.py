"""The way into the database: embedded by default, or any Postgres 15 or newer by address."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

import psycopg2
from psycopg2 import extensions
from psycopg2.extensions import connection as Connection
from psycopg2.extras import DictCursor

from earshot.errors import EarshotError, FixSettings, RetryLater
from earshot.settings import Settings
from sql import migrate, roles

Role = Literal["owner", "pipeline", "web", "analyst"]

AIRFLOW_CONNECTION = "earshot_db"
AIRFLOW_VARIABLE = f"AIRFLOW_CONN_{AIRFLOW_CONNECTION.upper()}"
CONNECT_SECONDS = 10
LIBPQ = {
    "host", "hostaddr", "port", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslsni",
    "ssl_min_protocol_version", "channel_binding", "gssencmode", "krbsrvname",
    "target_session_attrs", "load_balance_hosts", "options", "passfile", "service",
    "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
    "tcp_user_timeout", "application_name",
}  # fmt: skip
"""What an Airflow connection's extra may say to libpq (PostgreSQL, 34.1.2 Parameter Key Words)."""
USER_MUST_ACT = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "could not translate host name",
    "no pg_hba.conf entry",
    "not permitted to log in",
    "permission denied",
    "invalid ",
)
"""Words of the server by which waiting and trying again is of no use."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A prepared database: roles exist and every migration is applied."""

    origin: str
    """What named it: `embedded`, `EARSHOT_DATABASE_URL` or the Airflow connection."""
    address: Mapping[str, Any] = field(repr=False)
    """psycopg2 arguments of the user that the address names."""
    passwords: Mapping[str, str] = field(repr=False)
    """By role name; a role without one is taken on by `set role`."""

    def parameters(self, role: Role) -> dict[str, Any]:
        """psycopg2 arguments of a connection for the role, where its password is known."""
        name = roles.role_name(role)
        if name not in self.passwords:
            return dict(self.address)
        return {**self.address, "user": name, "password": self.passwords[name]}

    def url(self, role: Role) -> str:
        """Address for programs that want one: BI tools, `psql`, a child process."""
        given = self.parameters(role)
        login = ":".join(
            quote(str(given[part]), safe="") for part in ("user", "password") if part in given
        )
        rest = {k: v for k, v in given.items() if k not in ("user", "password", "dbname")}
        return f"postgresql://{login}@/{given.get('dbname', '')}?{urlencode(rest, quote_via=quote)}"


_prepared: dict[str, Database] = {}


def database(settings: Settings) -> Database:
    """The database of these settings, ready to use; prepared once per process.

    Ensures the server (embedded), the roles, and that every migration is applied. The Airflow
    connection `earshot_db` comes first, then `EARSHOT_DATABASE_URL`, then the embedded server.

    Raises:
        FixSettings: address, password or rights are wrong.
        RetryLater: the server does not answer.
    """
    url, origin = _given_address(settings)
    key = url or str(settings.home_folder)
    if key not in _prepared:
        _prepared[key] = _external(settings, url, origin) if url else _embedded(settings)
    elif not url:
        _ensure_server(settings)
    return _prepared[key]


@contextmanager
def connect(
    settings: Settings, role: Role = "pipeline", *, application: str = "earshot"
) -> Iterator[Connection]:
    """A connection for the role, in UTC, closed at the end; transactions are explicit.

    Rows can be read by index and by column name.

    `with connect(settings) as conn: with conn: …` commits at the end of the inner block.
    """
    ready = database(settings)
    conn = _open({**ready.parameters(role), "application_name": application}, ready.origin)
    try:
        _become(conn, role, logged_in=roles.role_name(role) in ready.passwords)
        yield conn
    finally:
        conn.close()


def _become(conn: Connection, role: Role, *, logged_in: bool) -> None:
    conn.autocommit = True
    with conn.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        if not logged_in:
            cursor.execute(f"set role {roles.role_name(role)}")
            if role == "analyst":
                cursor.execute("set default_transaction_read_only = on")
                cursor.execute(f"set statement_timeout = '{roles.ANALYST_TIMEOUT_SECONDS}s'")
    conn.autocommit = False


def _open(parameters: Mapping[str, Any], origin: str) -> Connection:
    try:
        conn: Connection = psycopg2.connect(
            **{"connect_timeout": CONNECT_SECONDS, **parameters}, cursor_factory=DictCursor
        )
    except psycopg2.Error as error:
        raise _explained(error, origin) from error
    return conn


def _explained(error: psycopg2.Error, origin: str) -> EarshotError:
    """What the server's refusal means for the user, in one line."""
    reason = " ".join(str(error).split())
    if any(words in reason for words in USER_MUST_ACT):
        return FixSettings(f"{origin}: {reason}; correct the address or its password.")
    return RetryLater(f"{origin}: the database does not answer: {reason}; start it or try later.")


def _ensure_server(settings: Settings) -> Any:
    from earshot.local import postgres

    return postgres.ensure(settings.home_folder, tcp_port=settings.database.port)


def _embedded(settings: Settings) -> Database:
    from earshot.local import postgres

    server = _ensure_server(settings)
    address = extensions.parse_dsn(server.url(postgres.SUPERUSER, "earshot"))
    passwords = _embedded_passwords(settings)
    ready = Database(origin="embedded", address=address, passwords=passwords)
    if not _is_current(ready):
        prepare_local(settings)
        migrate.migrate(ready.parameters("owner"))
    return ready


def prepare_local(settings: Settings) -> None:
    """Roles and databases of the embedded server; Airflow's is there wherever ours is."""
    from earshot.local import postgres

    address = extensions.parse_dsn(_ensure_server(settings).url(postgres.SUPERUSER, "postgres"))
    admin = _open(address, "embedded")
    try:
        admin.autocommit = True
        roles.prepare_embedded(admin, _embedded_passwords(settings))
    finally:
        admin.close()


def _embedded_passwords(settings: Settings) -> dict[str, str]:
    from earshot.local import postgres

    names = (*roles.ROLE_NAMES, "airflow")
    return {name: postgres.role_password(settings.home_folder, name) for name in names}


def _is_current(ready: Database) -> bool:
    """Whether the pipeline can log in and finds every migration applied."""
    try:
        conn = psycopg2.connect(**ready.parameters("pipeline"))
    except psycopg2.OperationalError:
        return False
    try:
        return migrate.is_current(conn)
    except psycopg2.Error:
        return False
    finally:
        conn.close()


def _external(settings: Settings, url: str, origin: str) -> Database:
    address = _parsed(url, origin)
    admin = _open(address, origin)
    try:
        admin.autocommit = True
        if roles.missing_roles(admin) or not migrate.is_current(admin):
            _prepare_external(settings, admin)
            migrate.migrate(address, as_role=roles.role_name("owner"))
    finally:
        admin.close()
    return Database(origin=origin, address=address, passwords=_known(settings.home_folder))


def _prepare_external(settings: Settings, admin: Connection) -> None:
    from earshot.local import secrets

    home = settings.home_folder
    wanted = {name: secrets.generated(home, _external_name(name)) for name in roles.ROLE_NAMES}
    made = roles.prepare_external(admin, wanted)
    # Roles made by somebody else keep their passwords: ours would be wrong.
    secrets.forget(home, [_external_name(name) for name in roles.ROLE_NAMES if name not in made])


def _known(home: Path) -> dict[str, str]:
    from earshot.local import secrets

    values = secrets.recall(home)
    names = {name: _external_name(name) for name in roles.ROLE_NAMES}
    return {role: values[name] for role, name in names.items() if name in values}


def _external_name(role: str) -> str:
    return f"EARSHOT_EXTERNAL_PASSWORD_{role.upper()}"


def _given_address(settings: Settings) -> tuple[str | None, str]:
    if value := os.environ.get(AIRFLOW_VARIABLE) or _airflow_connection():
        return _as_url(value), f"Airflow connection {AIRFLOW_CONNECTION}"
    if settings.secrets.database_url:
        return settings.secrets.database_url.get_secret_value(), "EARSHOT_DATABASE_URL"
    return None, "embedded"


def adopt_airflow_connection() -> None:
    """Inside a task, let the processes that it starts find the connection `earshot_db` too."""
    if not os.environ.get(AIRFLOW_VARIABLE):
        _airflow_connection()


def connection_of_task(name: str) -> Any | None:
    """An Airflow connection, whatever backend keeps it; none outside a running task."""
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    if runner is None or not hasattr(runner, "SUPERVISOR_COMMS"):
        return None
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return None


def _airflow_connection() -> str | None:
    """The connection `earshot_db`, asked for only inside a running task.

    It is kept in the environment of the task's process, so that a child (a crawl runs in one)
    finds it too.
    """
    found = connection_of_task(AIRFLOW_CONNECTION)
    if found is None:
        return None
    names = ("login", "password", "host", "port", "schema")
    uri = _url_of({**{name: getattr(found, name) for name in names}, "extra": found.extra_dejson})
    os.environ[AIRFLOW_VARIABLE] = uri
    return uri


def _as_url(value: str) -> str:
    """Airflow writes a connection as an address or as a JSON object."""
    if not value.lstrip().startswith("{"):
        return value
    try:
        return _url_of(json.loads(value))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise FixSettings(
            f"Airflow connection {AIRFLOW_CONNECTION}: is no JSON object of a connection; "
            'write {"conn_type": "postgres", "login": …, "password": …, "host": …}.'
        ) from None


def _url_of(given: Mapping[str, Any]) -> str:
    login = ":".join(quote(str(given[k]), safe="") for k in ("login", "password") if given.get(k))
    port = f":{given['port']}" if given.get("port") else ""
    extra = given.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    # Airflow's own hooks keep more there than the server's library understands.
    known = {name: str(value) for name, value in extra.items() if name in LIBPQ}
    query = f"?{urlencode(known, quote_via=quote)}" if known else ""
    host, schema = (quote(given.get(name) or "", safe="") for name in ("host", "schema"))
    return f"postgresql://{login}@{host}{port}/{schema}{query}"


def _parsed(url: str, origin: str) -> dict[str, Any]:
    """psycopg2 arguments of an address, without its driver (`postgresql+psycopg2:`)."""
    scheme, colon, rest = url.partition(":")
    if scheme.partition("+")[0] not in ("postgres", "postgresql") or not colon:
        # Without a colon it may be anything, also a password that was pasted into the wrong place.
        found = f'"{scheme}:…"' if colon else "what was given"
        raise FixSettings(
            f"{origin}: {found} is no address of a Postgres database; "
            'write "postgresql://user:password@host:5432/database".'
        )
    try:
        return dict(extensions.parse_dsn(f"postgresql:{rest}"))
    except (psycopg2.Error, ValueError) as error:
        is_told = isinstance(error, psycopg2.Error)
        reason = str(error).strip().partition(":")[0] if is_told else "odd characters"
        raise FixSettings(
            f"{origin}: cannot be read ({reason}); "
            'write "postgresql://user:password@host:5432/database".'
        ) from None
