"""An export shows one moment, goes on after a kill, and erasure reaches its files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from earshot.errors import FixSettings
from earshot.settings import Settings
from sql import export as exporting
from sql.export import export
from sql.export_files import erase_rows, folders, read
from tests.sql.story import Story


@pytest.fixture
def shop(story: Story) -> Story:
    """Three texts of two months and one without a date."""
    story.clock("03-02 10:00")
    for number, published in enumerate(("01-05 09:00", "03-01 09:00", "03-02 09:00")):
        said = story.say(f"Word {number}.", stars=1, published=published, product="Vase")
        story.tag(said, "first", "negative", {"damage": "negative", "refund": "neutral"})
    story.tag(story.say("No date.", precision="unknown"), "first")
    story.run(
        "update earshot.feedback set published_at = null where published_precision = 'unknown'"
    )
    story.refresh()
    return story


def _rows(folder: Path, view: str) -> int:
    files = f"{folder}/{view}/**/*.parquet"
    return int(duckdb.sql(f"select count(*) from read_parquet('{files}')").fetchall()[0][0])


def test_files_hold_what_the_views_show(shop: Story, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "out"

    done = export(settings, folder)

    names = sorted(file.parent.as_posix() for file in (folder / "feedback_item").rglob("*.parquet"))
    assert [name.split("feedback_item/")[1] for name in names] == [
        "brand=northwind/month=2026-01",
        "brand=northwind/month=2026-03",
        "brand=northwind/month=unknown",
    ]
    assert done["files"] == done["written"] == 6 + len(exporting.WHOLE)
    for view in ("feedback_item", "themed_feedback", "theme_trend", "product_issues", "theme"):
        assert _rows(folder, view) == shop.one(f"select count(*) from analytics.{view}"), view
    item = pq.read_table(next((folder / "feedback_item").rglob("*2026-01/*.parquet"))).to_pylist()[
        0
    ]
    assert (item["body"], item["stars"], json.loads(item["attributes"])) == ("Word 0.", 1.0, {})
    assert item["published_at"].isoformat() == "2026-01-05T09:00:00+00:00"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert sum(file["rows"] for file in manifest["files"].values()) == done["rows"]
    assert {file.stat().st_mode & 0o777 for file in folder.rglob("*.parquet")} == {0o600}


def test_a_run_that_was_cut_short_goes_on_with_its_moment(
    shop: Story, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    write, calls = exporting._write, []

    def stop_after_two(conn: Any, run: Any, part: Any) -> None:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(part)
        write(conn, run, part)

    monkeypatch.setattr(exporting, "_write", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        export(settings, folder)
    monkeypatch.setattr(exporting, "_write", write)
    shop.clock("03-05 10:00")
    shop.tag(shop.say("Later.", published="03-02 12:00"), "first")

    done = export(settings, folder)

    assert (done["files"] - done["written"], _rows(folder, "feedback_item")) == (2, 4)
    export(settings, folder)
    assert _rows(folder, "feedback_item") == 5


def test_a_killed_export_leaves_no_half_file(
    shop: Story, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    program = (
        "import sys, time, sql.export as e, sql.export_files as f\n"
        "from earshot.settings import Settings\n"
        "old = f._replace\n"
        "def slow(*given):\n    old(*given)\n    print(flush=True)\n    time.sleep(0.2)\n"
        "f._replace = slow\n"
        "settings = Settings.model_validate_json(sys.argv[1])\n"
        "e.export(settings, __import__('pathlib').Path(sys.argv[2]))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, settings.model_dump_json(), str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert child.stdout is not None
    for _ in range(4):
        child.stdout.readline()
    time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    run = read(folder)
    assert run is not None
    assert 0 < len(run.done) < len(run.parts)

    done = export(settings, folder)

    assert done["written"] < done["files"]
    assert _rows(folder, "feedback_item") == 4
    assert not list(folder.rglob("*.unfinished"))


def test_erasure_rewrites_the_files_that_hold_the_text(
    shop: Story, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    export(settings, folder)
    erased = shop.one("select feedback_id from analytics.feedback_item where body = 'Word 1.'")

    assert erase_rows(settings.home_folder, [erased]) == {"rows": 3, "missing_folders": 0}

    found = [f for f in folder.rglob("*.parquet") if b"Word 1" in _bytes(f)]
    assert found == []
    assert (_rows(folder, "feedback_item"), _rows(folder, "themed_feedback")) == (3, 4)
    run = read(folder)
    assert run is not None
    assert all(pq.read_metadata(folder / n).num_rows == f["rows"] for n, f in run.done.items())


def test_a_folder_that_is_gone_is_told(shop: Story, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(settings, folder)
    folder.rename(tmp_path / "elsewhere")

    assert folders(settings.home_folder) == [folder]
    assert erase_rows(settings.home_folder, [1])["missing_folders"] == 1


def test_a_folder_with_other_things_is_refused(
    shop: Story, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(FixSettings, match="holds something that is no export"):
        export(settings, tmp_path)


def _bytes(file: Path) -> bytes:
    """Everything that the file holds, uncompressed."""
    return json.dumps(pq.read_table(file).to_pylist(), default=str).encode()
