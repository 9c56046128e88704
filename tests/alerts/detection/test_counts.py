"""Scores of a plain series: online, bounded, high where counts burst."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta

import numpy as np
import pytest

from alerts.detection import score_counts, score_folder
from alerts.detection.counts import HELD, TOLD
from earshot.errors import FixSettings

START = datetime(2026, 1, 1)
STEP = timedelta(minutes=30)


def series(rows: int = 48 * 14, seed: int = 3) -> tuple[list[datetime], list[float]]:
    values = np.random.default_rng(seed).poisson(20, rows).astype(float)
    return [START + STEP * i for i in range(rows)], values.tolist()


def test_a_burst_has_the_highest_score() -> None:
    moments, values = series()
    values[500] = 300

    scores = score_counts(moments, values)

    assert scores.index(max(scores)) in (500, 501)
    assert scores[500] > 0.8


@pytest.mark.parametrize("cut", [100, 333, 501])
def test_no_row_uses_a_later_one(cut) -> None:
    moments, values = series()
    values[500] = 300

    assert score_counts(moments, values)[:cut] == score_counts(moments[:cut], values[:cut])


def test_a_constant_series_is_never_anomalous() -> None:
    moments, _ = series()

    assert max(score_counts(moments, [0.0] * len(moments))) == 0.0


def test_broken_values_count_as_zero() -> None:
    moments, values = series()
    values[300:303] = [float("nan"), -5.0, float("inf")]

    scores = score_counts(moments, values)

    assert all(0.0 <= score < 1.0 for score in scores)


def test_a_second_lower_burst_within_the_cool_down_is_not_told() -> None:
    moments, values = series()
    values[500], values[504] = 300, 100

    scores = score_counts(moments, values)

    assert scores[500] >= TOLD > HELD >= scores[504]


def test_gaps_and_rows_given_twice_leave_a_burst_the_highest() -> None:
    moments, values = series()
    values[500] = 300
    moments = [*moments[:300], *moments[360:400], *moments[380:]]
    values = [*values[:300], *values[360:400], *values[380:]]

    scores = score_counts(moments, values)

    assert len(scores) == len(moments)
    assert int(np.argmax(scores)) == values.index(300)


def test_a_folder_is_scored_file_by_file(tmp_path) -> None:
    moments, values = series(rows=100)
    source = tmp_path / "in" / "deep"
    source.mkdir(parents=True)
    lines = [f"{m},{v}" for m, v in zip(moments, values, strict=True)]
    (source / "a.csv").write_text("timestamp,value\n" + "\n".join(lines) + "\n")

    (written,) = score_folder(tmp_path / "in", tmp_path / "out")

    rows = list(csv.DictReader(written.open()))
    assert written == tmp_path / "out" / "deep" / "a.csv"
    assert [row["timestamp"] for row in rows] == [str(m) for m in moments]
    assert all(0 <= float(row["anomaly_score"]) < 1 for row in rows)


@pytest.mark.parametrize("text", ["time,count\n1,2\n", "timestamp,value\nyesterday,2\n"])
def test_a_file_of_another_shape_is_named_with_the_remedy(tmp_path, text) -> None:
    (tmp_path / "a.csv").write_text(text)

    with pytest.raises(FixSettings, match=r"a\.csv"):
        score_folder(tmp_path, tmp_path / "out")
