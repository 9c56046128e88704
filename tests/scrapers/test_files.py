"""Importing files: every format once, bad rows named, bad files refused in one sentence."""

from __future__ import annotations

import csv
import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earshot.errors import FixSettings
from earshot.settings import Settings
from scrapers.files import import_file
from scrapers.files.lines import LONGEST_LINE

HEADER = ["id", "user", "headline", "text", "stars", "at", "product", "app_version"]
Query = Callable[[str], list[dict[str, Any]]]
Make = Callable[..., Settings]


def _rows(count: int) -> list[list[str]]:
    return [
        [
            f"r{n}",
            f"user {n}",
            f"Lamp {n}",
            f"Line one, of lamp {n}\nline two says it flickers",
            str(n % 5 + 1),
            f"2026-02-{n % 27 + 1:02d} 10:{n % 60:02d}:00",
            f"NH-{n % 4}",
            "1.2.3",
        ]
        for n in range(count)
    ]


def _write_csv(path: Path, rows: list[list[str]], header: list[str] = HEADER) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _as_objects(rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(HEADER, row, strict=True)) for row in rows]


def _write_jsonl(path: Path, rows: list[list[str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in _as_objects(rows)))
    return path


def _write_parquet(path: Path, rows: list[list[str]]) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(_as_objects(rows)), path)
    return path


def _zip(path: Path) -> Path:
    zipped = path.with_name(path.name + ".gz")
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    return zipped


def test_every_format_gives_the_same_tables(file_settings: Make, tmp_path: Path, content):
    rows = _rows(50)
    written = [
        _write_csv(tmp_path / "a.csv", rows),
        _zip(_write_csv(tmp_path / "b.csv", rows)),
        _write_jsonl(tmp_path / "c.jsonl", rows),
        _zip(_write_jsonl(tmp_path / "d.jsonl", rows)),
        _write_parquet(tmp_path / "e.parquet", rows),
    ]
    settings = file_settings()

    results = [import_file(settings, path=path) for path in written]
    tables = content()

    assert [result.added for result in results] == [50, 0, 0, 0, 0]
    assert [result.changed for result in results] == [0] * 5
    assert len(tables["feedback"]) == 50
    assert tables["feedback_version"][0]["body"].count("\n") == 1


def test_second_import_adds_nothing(file_settings: Make, tmp_path: Path, content):
    settings = file_settings(path=str(_write_csv(tmp_path / "a.csv", _rows(30))))
    import_file(settings)
    before = content()

    again = import_file(settings)

    assert (again.seen, again.added, again.changed) == (30, 0, 0)
    assert content() == before


def test_rows_without_ids_get_stable_ones_with_ordinals(
    file_settings: Make, tmp_path: Path, table: Query
):
    columns = {"author_id": "user", "body": "text", "rating": "stars", "published_at": "at"}
    same = ["", "Kim", "", "first words", "1", "2026-02-03 10:00:00", "", ""]
    rows = [*_rows(5), same, [*same[:3], "other words", *same[4:]]]
    settings = file_settings(columns=columns)
    import_file(settings, path=_write_csv(tmp_path / "a.csv", rows))

    edited = [row.copy() for row in rows]
    edited[-1][3] = "other words, edited"
    result = import_file(settings, path=_write_csv(tmp_path / "b.csv", edited))

    assert (result.added, result.changed) == (0, 1)
    assert len(table("select 1 from earshot.feedback")) == 7


def test_times_are_read_in_the_zone_that_the_settings_name(
    file_settings: Make, tmp_path: Path, table: Query
):
    rows = _rows(3)
    rows[1][5] = "2026-02-03"
    rows[2][5] = ""
    settings = file_settings(timezone="America/New_York")

    import_file(settings, path=_write_csv(tmp_path / "a.csv", rows))

    found = table(
        "select published_at::text as at, published_precision as is_known "
        "from earshot.feedback order by external_id"
    )
    assert found == [
        {"at": "2026-02-01 15:00:00+00", "is_known": "second"},
        {"at": "2026-02-03 05:00:00+00", "is_known": "day"},
        {"at": None, "is_known": "unknown"},
    ]


def test_date_format_rating_scale_and_constants_apply(
    file_settings: Make, tmp_path: Path, table: Query
):
    rows = _rows(1)
    rows[0][4:6] = ["7", "03/02/26"]
    settings = file_settings(
        date_format="%d/%m/%y",
        rating_scale=10,
        constants={"kind": "survey_answer", "attributes.store": "Leeds"},
    )

    import_file(settings, path=_write_csv(tmp_path / "a.csv", rows))

    row = table(
        "select kind, attributes, published_at::date::text as day, rating, rating_scale "
        "from earshot.feedback join earshot.feedback_version v on v.feedback_id = feedback.id"
    )[0]
    assert row == {
        "kind": "survey_answer",
        "attributes": {"store": "Leeds", "version": "1.2.3"},
        "day": "2026-02-03",
        "rating": 7.0,
        "rating_scale": 10.0,
    }


def test_bad_rows_are_quarantined_with_line_and_reason(
    file_settings: Make, tmp_path: Path, table: Query
):
    rows = _rows(6)
    rows[1][5] = "the day before"
    rows[2][4] = "9"
    rows[3] = rows[3][:3]
    rows[4][4] = "many"
    settings = file_settings()
    path = _write_csv(tmp_path / "a.csv", rows)

    result = import_file(settings, path=path)
    import_file(settings, path=path)

    assert (result.added, result.quarantined) == (2, 4)
    found = table("select line_number, field, reason from earshot.quarantine order by line_number")
    assert [(row["line_number"], row["field"]) for row in found] == [
        (4, "published_at"),
        (6, "rating"),
        (8, None),
        (9, "rating"),
    ]
    assert found[2]["reason"] == "expected 8 columns as in the header, found 3"


def test_nul_bytes_and_lone_surrogates_do_not_stop_an_import(
    file_settings: Make, tmp_path: Path, table: Query
):
    objects = _as_objects(_rows(3))
    objects[0]["text"] = "nul \x00 inside"
    objects[1]["text"] = "half \ud83d a smile"
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in objects))

    result = import_file(file_settings(), path=path)

    assert result.added == 3
    bodies = [row["body"] for row in table("select body from earshot.feedback_version order by 1")]
    assert "nul � inside" in bodies
    assert "half ? a smile" in bodies


def test_bytes_of_another_encoding_are_quarantined(
    file_settings: Make, tmp_path: Path, table: Query
):
    path = _write_csv(tmp_path / "a.csv", _rows(3))
    path.write_bytes(path.read_bytes().replace(b"of lamp 1", b"caf\xe9 1"))

    wrong = import_file(file_settings(), path=path)
    right = import_file(file_settings(encoding="cp1252"), path=path)

    assert (wrong.added, wrong.quarantined) == (2, 1)
    assert "encoding" in table("select reason from earshot.quarantine")[0]["reason"]
    assert (right.added, right.quarantined) == (1, 0)


def test_an_endless_line_is_quarantined_and_its_neighbours_are_kept(
    file_settings: Make, tmp_path: Path, table: Query
):
    path = _write_csv(tmp_path / "a.csv", _rows(4))
    lines = path.read_bytes().split(b"\r\n")
    lines.insert(2, b"x" * 40_000_000)
    path.write_bytes(b"\r\n".join(lines))

    tracemalloc.start()
    result = import_file(file_settings(), path=path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (result.added, result.quarantined) == (4, 1)
    row = table("select line_number, reason, length(payload) as size from earshot.quarantine")[0]
    assert row["line_number"] == 4
    assert f"{LONGEST_LINE:,}" in row["reason"]
    assert row["size"] < 20_000
    assert peak < 40_000_000


def test_a_quote_that_never_closes_costs_one_row(file_settings: Make, tmp_path: Path, table: Query):
    path = _write_csv(tmp_path / "a.csv", _rows(5))
    text = path.read_text().replace("r2,", '"r2,')
    path.write_text(text)

    result = import_file(file_settings(), path=path)

    assert result.added == 4
    assert result.quarantined >= 1


@pytest.mark.parametrize(
    ("name", "content", "options", "says"),
    [
        ("a.csv", b"id,user\n1,2\n", {}, 'columns.title: there is no column "headline"'),
        ("a.csv", b"", {}, "is empty"),
        ("a.csv", bytes(range(256)) * 40, {}, "found binary data"),
        ("a.parquet", b"PAR1 and then nothing", {}, "no readable Parquet file"),
        ("a.csv.gz", b"\x1f\x8b\x08 broken", {}, "gzip"),
        ("a.csv", b"x\n", {"encoding": "klingon"}, 'encoding "klingon" is unknown'),
        ("a.jsonl", b'{"a": 1}\n', {}, "there is no column"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_and_stores_nothing(
    file_settings: Make,
    tmp_path: Path,
    table: Query,
    name: str,
    content: bytes,
    options: dict[str, Any],
    says: str,
):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(FixSettings, match=says.replace("(", r"\(")) as refusal:
        import_file(file_settings(**options), path=path)

    assert "\n" not in str(refusal.value)
    assert table("select 1 from earshot.feedback") == []


def test_a_missing_file_is_named(file_settings: Make, tmp_path: Path):
    with pytest.raises(FixSettings, match="no such file"):
        import_file(file_settings(), path=tmp_path / "none.csv")


def test_a_file_of_which_no_row_fits_is_refused(file_settings: Make, tmp_path: Path):
    rows = [[*row[:5], "never", *row[6:]] for row in _rows(3)]

    with pytest.raises(FixSettings, match="none of its 3 rows"):
        import_file(file_settings(), path=_write_csv(tmp_path / "a.csv", rows))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"columns": {"stars": "stars"}}, "is no field of a record"),
        ({"columns": {"author_id": "user"}}, 'name the column of "body"'),
        ({"colour": "red"}, "colour: no such key"),
    ],
)
def test_wrong_options_name_the_source_and_the_key(
    file_settings: Make, tmp_path: Path, options: dict[str, Any], says: str
):
    with pytest.raises(FixSettings, match=says) as refusal:
        import_file(file_settings(**options), path=tmp_path / "a.csv")

    assert '[[source]] "survey"' in str(refusal.value)


def test_memory_does_not_grow_with_the_file(file_settings: Make, tmp_path: Path):
    peaks = []
    for count in (2_000, 6_000):
        path = _write_csv(tmp_path / f"{count}.csv", _rows(count))
        tracemalloc.start()
        import_file(file_settings(), path=path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.3


def test_recorded_play_reviews_import_whole(
    settings_with: Callable[..., Settings], now: Any, shared: Path, table: Query
):
    source = {
        "name": "play",
        "kind": "file",
        "brand": "northwind",
        "platform": "googleplay",
        "path": str(shared / "data/feedback/play_kraken.csv"),
        "language": "en",
        "columns": {
            "external_id": "reviewId",
            "author_id": "userName",
            "body": "content",
            "rating": "score",
            "reach": "thumbsUpCount",
            "attributes.version": "reviewCreatedVersion",
            "published_at": "at",
            "brand_reply": "replyContent",
            "brand_replied_at": "repliedAt",
        },
    }

    result = import_file(settings_with(source=[source]))

    assert (result.seen, result.added, result.quarantined) == (4882, 4882, 0)
    span = table("select min(published_at) as a, max(published_at) as b from earshot.feedback")[0]
    assert (span["b"] - span["a"]).days == 631
