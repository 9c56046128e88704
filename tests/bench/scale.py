"""Ten million texts with fifteen million themes: do writes stay flat, do dashboards stay fast?

    python -m tests.bench.scale [ROWS] [--json FILE] [--folder FOLDER]

Makes two databases of its own in a temporary folder, one of ROWS texts (10,000,000) and one of
100,000, each on the embedded server with its usual durability. Prints

- rows and bytes of each table, and the disk of a million texts;
- the queries of the page and of analysts for one brand over 90 days and over two years: the middle
  of five runs, with the time that the server's process itself was busy, for a machine that others
  use as well;
- the rates of ingest, of tag writes and of the hourly counts, in turns on the small and the large
  database, and the ratio of the two.

Needs about 3 GB of disk for a million texts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from psycopg2.extensions import connection as Connection

from earshot.local import postgres
from earshot.settings import Settings
from sql.clock import advance
from sql.connect import connect
from tests.bench import scale_world as world
from tests.bench.scale_queries import queries_over
from tests.bench.scale_writes import Writes

SMALL = 100_000
ROUNDS = 5
OPTIONS = {
    # For filling only: what is written into a new table need not go to the log as well.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "512MB",
}


def main() -> None:
    """Make both databases, measure, and delete them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--folder", type=Path, help="keep the databases there for another run")
    given = parser.parse_args()
    os.environ.setdefault("EARSHOT_AUTHOR_KEY", "a key for the benchmark only")
    with _folder(given.folder) as folder:
        large, small = folder / "large", folder / "small"
        figures: dict[str, Any] = {"rows": given.rows}
        with _database(large, given.rows) as settings, _database(small, SMALL) as beside:
            figures["tables"] = sizes(settings)
            figures["queries"] = read(settings)
            figures["writes"] = written(beside, settings)
        if given.json:
            given.json.write_text(json.dumps(figures, indent=1))


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(exist_ok=True, parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="earshot-scale-") as name:
        os.chmod(name, 0o711)
        try:
            yield Path(name)
        finally:
            for home in Path(name).iterdir():
                postgres.remove(home)


@contextmanager
def _database(home: Path, rows: int) -> Iterator[Settings]:
    settings = _settings(home)
    is_made = (home / "made").exists()
    postgres.ensure(home, options=OPTIONS)
    with connect(settings) as conn, conn:
        advance(conn, world.NOW + timedelta(days=1))
    if not is_made:
        fill(settings, rows)
        (home / "made").touch()
    try:
        yield settings
    finally:
        postgres.stop(home)


def _settings(home: Path) -> Settings:
    return Settings.model_validate(
        {
            "contact": "bench@example.org",
            "home": home,
            "clock": {"source": "database"},
            "brand": [{"key": f"b{n}", "name": f"Brand {n}"} for n in range(1, world.BRANDS + 1)],
            "source": [
                {"name": f"s{n}", "kind": "file", "brand": f"b{(n + 1) // 2}", "path": f"{n}.csv"}
                for n in range(1, world.BRANDS * 2 + 1)
            ],
        }
    )


@contextmanager
def superuser(settings: Settings) -> Iterator[Connection]:
    """An autocommit connection that may do anything."""
    server = postgres.ensure(settings.home_folder)
    conn = psycopg2.connect(server.url(postgres.SUPERUSER, "earshot"))
    conn.autocommit = True
    try:
        yield conn
    finally:
        conn.close()


def fill(settings: Settings, rows: int) -> None:
    """Make the texts, their tags and their counts."""
    start = time.perf_counter()
    with superuser(settings) as conn:
        world.fill(conn, rows, say=print)
    print(f"{rows:,} texts made in {time.perf_counter() - start:,.0f} s", flush=True)


def sizes(settings: Settings) -> dict[str, Any]:
    """Rows and bytes of each large table."""
    found = {}
    with superuser(settings) as conn, conn.cursor() as cursor:
        cursor.execute(world.SIZES)
        for name, rows, table, indexes in cursor.fetchall():
            found[name] = {"rows": rows, "table": table, "indexes": indexes}
            print(f"{name:20} {rows:>12,} rows {table / 1e6:>9,.0f} MB + {indexes / 1e6:>9,.0f} MB "
                  "of indexes")  # fmt: skip
    whole = sum(entry["table"] + entry["indexes"] for entry in found.values())
    texts = found["feedback"]["rows"]
    print(f"disk of a million texts: {whole / texts / 1e3:,.2f} GB", flush=True)
    return found


def read(settings: Settings) -> dict[str, Any]:
    """Time each query of the dashboard as the role that asks it."""
    found: dict[str, Any] = {}
    with connect(settings, "web") as conn:
        for name, days, statement, values in queries_over(world.NOW):
            wall, busy = _timed(conn, statement, values)
            found[f"{name}, {days} days"] = {"wall_ms": wall, "busy_ms": busy}
            print(f"{name:38} {days:>4} days {wall:>9,.0f} ms, busy {busy:>9,.0f} ms", flush=True)
    return found


def _timed(conn: Connection, statement: str, values: dict[str, Any]) -> tuple[float, float]:
    backend = psutil.Process(conn.info.backend_pid)
    walls, busies = [], []
    for _ in range(ROUNDS):
        before, start = backend.cpu_times(), time.perf_counter()
        with conn, conn.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.fetchall()
        walls.append(time.perf_counter() - start)
        after = backend.cpu_times()
        busies.append(after.user + after.system - before.user - before.system)
        if walls[-1] > 20:
            break
    return statistics.median(walls) * 1000, statistics.median(busies) * 1000


def written(small: Settings, large: Settings) -> dict[str, Any]:
    """Rates of writing in turns on both databases, so that a busy machine slows both alike."""
    names = ("ingest", "tags", "counts")
    rates: dict[str, dict[str, list[float]]] = {n: {"small": [], "large": []} for n in names}
    with Writes(small) as beside, Writes(large) as here:
        for _ in range(ROUNDS + 1):
            for place, writes in (("small", beside), ("large", here)):
                for name, rate in writes.round().items():
                    rates[name][place].append(rate)
    found = {}
    for name in names:
        # The first round warms up.
        a, b = (statistics.median(rates[name][place][1:]) for place in ("small", "large"))
        found[name] = {"small_per_s": a, "large_per_s": b, "ratio": b / a}
        print(f"{name:8} {a:>8,.0f} texts/s at {SMALL:,}, {b:>8,.0f} at full size, "
              f"ratio {b / a:.2f}")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
