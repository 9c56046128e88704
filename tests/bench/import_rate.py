"""Rate of an import beside a raw COPY into the same tables with the same constraints.

    python -m tests.bench.import_rate [ROWS] [ROUNDS]

Both load the same rows into fresh copies of the migrated database on the embedded server, in
turns. The raw COPY gets finished rows: ids, hashes and masks are computed beforehand. Prints the
rate of each turn and the median ratio.
"""

from __future__ import annotations

import csv
import io
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2

from earshot.local import postgres
from earshot.settings import Settings
from scrapers.files import import_file
from sql.clock import advance
from sql.connect import connect

TABLES = ("feedback", "feedback_version", "feedback_brand")
SAID = """
    the parcel was late and nobody answered my mail about this lovely oak table in green which
    wobbles but looks good delivery service refund broken price great quality poor size
"""
WORDS = SAID.split()
COLUMNS = {
    "external_id": "id",
    "author_id": "user",
    "title": "headline",
    "body": "text",
    "rating": "stars",
    "published_at": "at",
    "product": "product",
}


def write_reviews(path: Path, rows: int) -> None:
    """Reviews of 5 to 60 words; one in ten names a price, one in a hundred an address."""
    chance = random.Random(1)
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.values())
        for number in range(rows):
            moment += timedelta(seconds=chance.randrange(600))
            text = " ".join(chance.choices(WORDS, k=chance.randrange(5, 60)))
            text += " paid 45.99" if chance.random() < 0.1 else ""
            text += " write to jo@example.org" if chance.random() < 0.01 else ""
            title = " ".join(chance.choices(WORDS, k=3))
            user, sku = f"user {chance.randrange(rows)}", f"NH-{chance.randrange(100)}"
            at = moment.isoformat()
            writer.writerow([f"r{number:09d}", user, title, text, chance.randint(1, 5), at, sku])


def _settings(folder: Path, path: Path) -> Settings:
    return Settings.model_validate(
        {
            "contact": "bench@example.org",
            "home": folder / "home",
            "clock": {"source": "database"},
            "brand": [{"key": "b", "name": "B"}],
            "source": [
                {"name": "s", "kind": "file", "brand": "b", "path": str(path), "columns": COLUMNS}
            ],
        }
    )


@contextmanager
def _cursor(url: str) -> Iterator[psycopg2.extensions.cursor]:
    conn = psycopg2.connect(url)
    try:
        with conn, conn.cursor() as cursor:
            yield cursor
    finally:
        conn.close()


def _empty(url: str) -> None:
    with _cursor(url) as cursor:
        cursor.execute("truncate earshot.feedback, earshot.quarantine, earshot.crawl cascade")
    conn = psycopg2.connect(url)
    conn.autocommit = True
    conn.cursor().execute("checkpoint")
    conn.close()


def _dump(url: str) -> dict[str, str]:
    """The finished rows as `copy` writes them."""
    dumped = {}
    with _cursor(url) as cursor:
        for table in TABLES:
            buffer = io.StringIO()
            cursor.copy_expert(f"copy earshot.{table} to stdout", buffer)
            dumped[table] = buffer.getvalue()
    return dumped


def _raw_copy(url: str, dumped: dict[str, str]) -> float:
    start = time.perf_counter()
    with _cursor(url) as cursor:
        for table in TABLES:
            cursor.copy_expert(f"copy earshot.{table} from stdin", io.StringIO(dumped[table]))
    return time.perf_counter() - start


def _import(settings: Settings) -> float:
    start = time.perf_counter()
    import_file(settings, tick=lambda *_: None)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    os.environ.setdefault("EARSHOT_AUTHOR_KEY", "a key for the benchmark only")
    with tempfile.TemporaryDirectory(prefix="earshot-bench-") as name:
        os.chmod(name, 0o711)
        folder = Path(name)
        path = folder / "reviews.csv"
        write_reviews(path, rows)
        settings = _settings(folder, path)
        try:
            _measure(settings, rows, rounds)
        finally:
            postgres.remove(settings.home_folder)


def _measure(settings: Settings, rows: int, rounds: int) -> None:
    with connect(settings) as conn, conn:
        advance(conn, datetime(2026, 3, 1, tzinfo=UTC))
    server = postgres.ensure(settings.home_folder)
    url = server.url(postgres.SUPERUSER, "earshot")
    _import(settings)
    dumped = _dump(url)
    ratios = []
    for number in range(1, rounds + 1):
        _empty(url)
        ours = rows / _import(settings)
        _empty(url)
        raw = rows / _raw_copy(url, dumped)
        ratios.append(ours / raw)
        print(f"round {number}: import {ours:,.0f} rows/s, raw copy {raw:,.0f} rows/s, "
              f"ratio {ours / raw:.2f}")  # fmt: skip
    print(f"median ratio {statistics.median(ratios):.2f} (goal: 0.25 or more), {rows:,} rows")


if __name__ == "__main__":
    main()
