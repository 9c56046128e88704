"""Kill -9 at any point, run again: the same tables as an undisturbed run."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from earshot.settings import Settings
from earshot.shop import story
from earshot.shop.server import serve
from scrapers.files import import_file
from scrapers.run import crawl
from sql.clock import advance

Make = Callable[..., Settings]

IMPORT = """
import json, sys
from earshot.settings import Settings
from scrapers.files import import_file
settings = Settings.model_validate(json.loads(sys.argv[1]))
import_file(settings, tick=lambda *_: print("batch", flush=True))
"""


def _with_folder(settings: Settings) -> dict[str, Any]:
    return {**settings.model_dump(mode="json"), "folder": str(settings.folder)}


def _forget_everything(database: Any) -> None:
    tables = "feedback, quarantine, crawl, tag_queue, count_dirty, source, outbox"
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        names = ", ".join(f"earshot.{name.strip()}" for name in tables.split(","))
        cursor.execute(f"truncate {names} cascade")


def _wait(condition: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not condition() and child.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


@contextmanager
def _child(*arguments: str, order: str = "") -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdin is not None
        child.stdin.write(order)
        child.stdin.close()
        try:
            yield child
        finally:
            child.kill()


@pytest.fixture
def big_file(tmp_path: Path) -> Path:
    path = tmp_path / "big.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "user", "headline", "text", "stars", "at", "product", "app_version"])
        for n in range(6_000):
            stars = "bad" if n % 997 == 0 else n % 5 + 1
            text = f"Review {n} says the chair wobbles, mail me at a{n}@b.io"
            moment = f"2026-01-{n % 28 + 1:02d} 1{n % 10}:00:00"
            row = [f"r{n % 5_500}", f"u{n}", "Chair", text, stars, moment, "NH-1", "1"]
            writer.writerow(row)
    return path


def test_a_killed_import_ends_like_an_undisturbed_one(
    file_settings: Make, database: Any, big_file: Path, content: Callable[[], Any]
):
    settings = file_settings(path=str(big_file))
    for batches in (0, 1, 2):
        with _child("-c", IMPORT, json.dumps(_with_folder(settings))) as child:
            assert child.stdout is not None
            for _ in range(batches):
                child.stdout.readline()
            time.sleep(0.01 * batches)
            child.kill()
    import_file(settings)
    disturbed = content()
    statuses = _statuses(database)

    _forget_everything(database)
    import_file(settings)

    assert disturbed == content()
    assert len(disturbed["feedback"]) > 5_400
    assert statuses[-1] == "ok"
    assert set(statuses[:-1]) <= {"failed"}


def _statuses(database: Any) -> list[str]:
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute("select status from earshot.crawl order by id")
        return [row[0] for row in cursor.fetchall()]


def test_a_killed_crawl_ends_like_an_undisturbed_one(
    settings_with: Make, database: Any, content: Callable[[], Any]
):
    with database.connect() as conn, conn:
        advance(conn, story.day(25))
    requests = 0

    def clock() -> datetime:
        nonlocal requests
        requests += 1
        return story.day(25)

    with serve(clock) as shop:
        source = {"name": "shop", "kind": "schemaorg", "brand": "northwind"}
        settings = settings_with(source=[{**source, "urls": [f"{shop.url}/"]}])
        order = json.dumps(
            {
                "settings": settings.model_dump(mode="json"),
                "folder": str(settings.folder),
                "source": "shop",
                "purpose": "live",
            }
        )
        for further in (1, 12, 30):
            least = requests + further
            with _child("-m", "scrapers.crawl_process", order=order) as child:
                _wait(lambda least=least: requests >= least, child)  # type: ignore[misc]
                child.kill()
        crawl(settings, "shop")
        disturbed = content()
        statuses = _statuses(database)

        _forget_everything(database)
        crawl(settings, "shop")

    assert disturbed == content()
    assert len(disturbed["feedback"]) > 300
    assert statuses == ["failed", "failed", "failed", "ok"]
