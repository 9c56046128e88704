"""Migrations: plain SQL files read by yoyo, each applied and recorded in one transaction.

yoyo by itself records a migration after committing it, so that a kill between the two leaves a
database that can neither go on nor back. Here both stand in one transaction, and the advisory
lock is held by the very session that works: it ends with that session, however it ends.

A migration never makes the pipeline wait behind it: it takes a lock within two seconds or lets
everybody pass and tries again. A file that begins with `-- transactional: false` builds an index
beside the writers; its statements can be repeated, as a kill may come between any two of them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.errors import RetryLater

FOLDER = Path(__file__).parent / "migrations"
SCHEMA = "earshot_migrations"
MIGRATING = 0x45415202
"""Key of the advisory lock under which migrations are applied."""
LOCK_TIMEOUT = "set lock_timeout = '2s'"
"""How long writers may have to wait behind a migration that waits for others."""
PAUSE_SECONDS = 1.0
WAITING_SECONDS = 0.2
PATIENCE_SECONDS = 600.0


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

    Raises:
        RetryLater: a table that a migration changes was never free.
    """
    from yoyo import read_migrations

    backend = _backend(parameters)
    try:
        _hold_lock(backend)
        if as_role:
            backend.execute(f"set role {as_role}")
        backend.execute(f"create schema if not exists {SCHEMA}")
        backend.execute(f"grant usage on schema {SCHEMA} to earshot_pipeline")
        backend.create_lock_table()
        backend.break_lock()
        pending = backend.to_apply(read_migrations(str(folder)))
        backend.execute(f"grant select on {SCHEMA}._yoyo_migration to earshot_pipeline")
        backend.execute(LOCK_TIMEOUT)
        for migration in pending:
            _apply(backend, migration)
        return len(pending)
    finally:
        backend.connection.close()


def _hold_lock(backend: Any) -> None:
    """Ask again and again: one who waits in the server is waited for by a concurrent index."""
    while not backend.execute(f"select pg_try_advisory_lock({MIGRATING})").fetchone()[0]:
        time.sleep(WAITING_SECONDS)


def _apply(backend: Any, migration: Any) -> None:
    """Apply one migration as soon as the tables that it changes are free for a moment."""
    from psycopg2.errors import DeadlockDetected, LockNotAvailable

    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            backend.apply_one(migration)
            return
        except (LockNotAvailable, DeadlockDetected):
            if time.monotonic() > deadline:
                raise RetryLater(
                    f"The migration {migration.id} waited {PATIENCE_SECONDS / 60:.0f} minutes for "
                    "a table; end the long transaction that holds it and run the command again."
                ) from None
        time.sleep(PAUSE_SECONDS)


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
            migration.load()
            if not migration.use_transactions:
                # Such statements wait for others without anybody waiting for them.
                self.execute("set lock_timeout = 0")
                migration.process_steps(self, "apply", force=force)
                self.mark_one(migration, log=False)
                self.execute(LOCK_TIMEOUT)
                return
            with self.transaction():
                migration.process_steps(self, "apply", force=force)
                self.mark_one(migration, log=False)

    address = SimpleNamespace(parameters=dict(parameters), database=parameters.get("dbname"))
    return OneSession(address, "_yoyo_migration")
