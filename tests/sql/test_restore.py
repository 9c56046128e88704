"""A backup comes back as `docs/OPERATIONS.md` tells: over the tables of a new, empty home."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2 import sql

from earshot.settings import Settings
from sql import roles
from sql.doctor import examine
from sql.migrate import is_current
from tests.conftest import TEMPLATE, TestDatabase, postgres_programs
from tests.sql.story import Story

TABLES = (
    "select relname from pg_class where relnamespace = 'earshot'::regnamespace and relkind = 'r'"
)


@pytest.fixture
def fresh(database: TestDatabase) -> Iterator[TestDatabase]:
    """A migrated database without a row, as the first command makes it in an empty home."""
    made = TestDatabase(name=f"restored_{uuid.uuid4().hex}", server=database.server)
    name = sql.Identifier(made.name)
    with database.server.admin() as conn, conn.cursor() as cursor:
        clone = sql.SQL("create database {} template {} owner earshot_owner strategy file_copy")
        cursor.execute(clone.format(name, sql.Identifier(TEMPLATE)))
        roles.admit_roles(conn, made.name)
    yield made
    with database.server.admin() as conn, conn.cursor() as cursor:
        cursor.execute(sql.SQL("drop database {} with (force)").format(name))


def test_a_backup_comes_back_whole_with_its_rights(
    story: Story,
    database: TestDatabase,
    fresh: TestDatabase,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story.say("The parcel never came")
    dump = tmp_path / "earshot.dump"
    before = counts(database)
    run("pg_dump", "--format=custom", f"--file={dump}", owner(database))

    options = ("--clean", "--if-exists", "--single-transaction")
    run("pg_restore", *options, f"--dbname={owner(fresh)}", str(dump))

    assert counts(fresh) == before
    assert before["feedback"] == 1
    assert rows(fresh, "select body from analytics.feedback_item", "analyst") == [
        ("The parcel never came",)
    ]
    with fresh.connect("pipeline") as conn:
        assert is_current(conn)
    monkeypatch.setenv("EARSHOT_DATABASE_URL", fresh.url)
    assert [finding for finding in examine(settings) if finding.violations] == []


def owner(database: TestDatabase) -> str:
    return database.server.url("earshot_owner", database.name)


def counts(database: TestDatabase) -> dict[str, int]:
    names = [name for (name,) in rows(database, TABLES)]
    return {name: rows(database, f"select count(*) from earshot.{name}")[0][0] for name in names}


def rows(database: TestDatabase, query: str, role: str = "owner") -> list[tuple[Any, ...]]:
    with database.connect(role) as conn, conn.cursor() as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]


def run(program: str, *arguments: str) -> None:
    binary = postgres_programs() / program
    done = subprocess.run([binary, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
