"""Migrations let the pipeline work: what squawk knows of locks, and writers at work meanwhile.

CONTRIBUTING.md, Database, says how a migration is written so that these hold.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg2

from sql import migrate

SQUAWK = Path(sys.executable).with_name("squawk")
NOT_ABOUT_LOCKS = ("prefer-bigint-over-int", "prefer-bigint-over-smallint")
SET_BY_US = ("require-lock-timeout", "require-statement-timeout")
"""`sql.migrate` gives every migration a lock timeout; a statement may take as long as it must."""
KNOWN = {"20261128T0947_ways_in.sql:16: require-concurrent-index-creation"}
"""Reads a table once while its writers wait."""
BESIDE_WRITERS = "-- transactional: false"
SINCE = "20261123T1800_health"
"""Newer migrations are applied while the writers of this test are at work."""
WRITE = """
with source as (
    insert into earshot.feedback (
        platform, external_id, source_id, kind, speaker, published_at, published_precision,
        first_seen_at, last_seen_at
    )
    values ('shop', %s, 1, 'review', 'customer', now(), 'second', now(), now())
    returning id
)
insert into earshot.feedback_brand (feedback_id, brand_id)
select id, 1 from source
"""
LONGEST_SECONDS = 10.0
"""Far above what a lock timeout of two seconds allows on a busy machine, far below for ever."""


def squawk(files: list[Path], *words: str) -> list[dict[str, Any]]:
    excluded = ",".join((*NOT_ABOUT_LOCKS, *SET_BY_US))
    command = [SQUAWK, "--reporter", "json", "--pg-version", "15", "--exclude", excluded]
    done = subprocess.run([*command, *words, *files], capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_squawk_finds_no_statement_that_locks_a_table_for_long() -> None:
    files = sorted(migrate.FOLDER.glob("*.sql"))
    beside = [file for file in files if file.read_text().startswith(BESIDE_WRITERS)]
    found = squawk([file for file in files if file not in beside], "--assume-in-transaction")
    found += squawk(beside) if beside else []

    told = {f"{Path(f['file']).name}:{f['line']}: {f['rule_name']}" for f in found}
    assert told - KNOWN == set(), "see CONTRIBUTING.md, Database: indexes of tables that exist"


def test_squawk_would_find_one(tmp_path: Path) -> None:
    bad = tmp_path / "1_bad.sql"
    bad.write_text("create index review_by_time on earshot.feedback (published_at);\n")

    assert [f["rule_name"] for f in squawk([bad], "--assume-in-transaction")] == [
        "require-concurrent-index-creation"
    ]


def test_the_newest_migrations_let_writers_work(
    empty_database: dict[str, str], tmp_path: Path
) -> None:
    files = sorted(migrate.FOLDER.glob("*.sql"))
    for file in files:
        if file.stem <= SINCE:
            (tmp_path / file.name).write_text(file.read_text())
    migrate.migrate(empty_database, folder=tmp_path)
    writers = Writers(empty_database)
    with writers:
        before = writers.written
        migrate.migrate(empty_database)
        applied = writers.written

    assert writers.errors == [], "see CONTRIBUTING.md, Database: lock tables in writers' order"
    assert before < applied < writers.written
    assert writers.longest < LONGEST_SECONDS


class Writers:
    """Three sessions that store one text after the other, and how long the slowest took."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self.parameters = parameters
        self.written = 0
        self.longest = 0.0
        self.errors: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(3)]

    def __enter__(self) -> None:
        with psycopg2.connect(**self.parameters) as conn, conn.cursor() as cursor:
            cursor.execute("insert into earshot.brand (key, name, role) values ('b', 'B', 'own')")
            cursor.execute(
                "insert into earshot.source (name, kind, platform, brand_id)"
                " values ('shop', 'file', 'shop', 1)"
            )
        for thread in self._threads:
            thread.start()
        self._until(self.written + 200)

    def __exit__(self, *error: object) -> None:
        self._until(self.written + 20)
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _until(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while self.written < count and not self.errors and time.monotonic() < deadline:
            time.sleep(0.01)

    def _work(self, number: int) -> None:
        conn = psycopg2.connect(**self.parameters)
        conn.autocommit = True
        with conn.cursor() as cursor:
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    cursor.execute(WRITE, [f"{number}-{began}"])
                except psycopg2.Error as error:
                    self.errors.append(str(error))
                    break
                self.longest = max(self.longest, time.monotonic() - began)
                self.written += 1
        conn.close()
