"""Migrations: plain SQL files read by yoyo, each applied and recorded in one transaction.

yoyo by itself records a migration after committing it, so that a kill between the two leaves a
database that can neither go on nor back. Here both stand in one transaction, and the advisory
lock is held by the very session that works: it ends with that session, however it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from psycopg2.extensions import connection as Connection

FOLDER = Path(__file__).parent / "migrations"
SCHEMA = "earshot_migrations"
MIGRATING = 0x45415202
"""Key of the advisory lock under which migrations are applied."""


@lru_cache(maxsize=1)
def known_migrations() -> frozenset[str]:
    """Names of the migration files that came with this version."""
    return frozenset(file.stem for file in FOLDER.glob("*.sql") if ".rollback" not in file.name)


def applied_migrations(conn: Connection) -> frozenset[str]:
    """Names of the migrations that this database has."""
    with conn.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [f"{SCHEMA}._yoyo_migration"])
        if (cursor.fetchone() or (None,))[0] is None:
            return frozenset()
        cursor.execute("select migration_id from earshot_migrations._yoyo_migration")
        return frozenset(row[0] for row in cursor.fetchall())


def is_current(conn: Connection) -> bool:
    """Whether nothing is left to apply."""
    return known_migrations() <= applied_migrations(conn)


def migrate(
    parameters: Mapping[str, Any], *, as_role: str | None = None, folder: Path = FOLDER
) -> int:
    """Apply what is missing; several processes may call it at once, and any may be killed.

    Args:
        parameters: psycopg2 arguments of a connection.
        as_role: the owner of all tables, where the connection logs in as somebody else.
        folder: where the migration files stand.

    Returns:
        How many migrations were applied.
    """
    from yoyo import read_migrations

    backend = _backend(parameters)
    try:
        backend.execute(f"select pg_advisory_lock({MIGRATING})")
        if as_role:
            backend.execute(f"set role {as_role}")
        backend.execute(f"create schema if not exists {SCHEMA}")
        backend.execute(f"grant usage on schema {SCHEMA} to earshot_pipeline")
        backend.create_lock_table()
        backend.break_lock()
        pending = backend.to_apply(read_migrations(str(folder)))
        backend.execute(f"grant select on {SCHEMA}._yoyo_migration to earshot_pipeline")
        for migration in pending:
            backend.apply_one(migration)
        return len(pending)
    finally:
        backend.connection.close()


def _backend(parameters: Mapping[str, Any]) -> Any:
    """A backend of yoyo over one connection of ours."""
    import psycopg2
    from yoyo.backends.core.postgresql import PostgresqlBackend

    class OneSession(PostgresqlBackend):  # type: ignore[misc, unused-ignore]
        """Applies and records a migration in one transaction of one session."""

        schema = f"{SCHEMA}, public"

        def connect(self, dburi: Any) -> Connection:
            """A session of the owner; yoyo writes its own `begin` and `commit`."""
            conn: Connection = psycopg2.connect(**dburi.parameters)
            conn.autocommit = True
            return conn

        def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
            """Run the steps of one migration and record it, or leave no trace."""
            with self.transaction():
                migration.process_steps(self, "apply", force=force)
                self.mark_one(migration, log=False)

    address = SimpleNamespace(parameters=dict(parameters), database=parameters.get("dbname"))
    return OneSession(address, "_yoyo_migration")
