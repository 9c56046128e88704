"""Score a plain series of counts online: `earshot score-counts`.

The same steps as for hour counts, at the rows' own pace: a robust level with an hour-of-day
profile, the logarithm of how far the last two rows exceed it, its chance by the series' own tail,
a level from which it is told, and a cool-down in which only growth is told again. A score of 0.5
and more is told. No row uses a later one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from alerts.detection.tails import Floats
from earshot.errors import FixSettings

LEVEL_DAYS, PROFILE_DAYS, TAIL_DAYS = 5, 14, 20
KEPT_SHARE = 0.9
"""The level is the mean of the lower nine tenths, so that bursts do not raise it."""
OFFSET = 3.0
"""Added to counts before their logarithm, so that one against none is no thousandfold rise."""
TAIL_SHARE = 0.0125
"""Share of surprises beyond which the tail is taken to be exponential (Siffer et al. 2017)."""
LEAST_EXCESS = 1e-3
TOLD_ONCE_IN_DAYS = 3.0
"""A row is told where its surprise comes once in so many days by the series' own tail."""
HOLD_DAYS = 0.3
"""Half-life of the cool-down after a row that was told."""
GROWTH = 3.0
"""So many times the last one told, faded, is growth worth telling."""
SMOOTHED_ROWS = 2
TOLD, HELD = 0.5, 0.25
"""Score of a row that is just told, and most of one that the cool-down holds back."""


def score_counts(timestamps: Sequence[datetime], values: Sequence[float]) -> list[float]:
    """Anomaly scores in [0, 1), one a row, each from that row and earlier ones only.

    Args:
        timestamps: ascending; gaps are allowed, the median step is the pace.
        values: counts; what is negative or no number counts as zero.
    """
    counts = np.nan_to_num(np.asarray(values, float), nan=0.0, posinf=0.0, neginf=0.0)
    counts = np.maximum(counts, 0.0)
    if len(counts) < 2:
        return [0.0] * len(counts)
    a_day = _rows_a_day(timestamps)
    hours = np.array([moment.hour for moment in timestamps])
    recent = np.maximum((counts + np.concatenate([counts[:1], counts[:-1]])) / SMOOTHED_ROWS, 0.0)
    expected = np.maximum(_expected(counts, hours, a_day), 0.0)
    surprise = np.log((recent + OFFSET) / (expected + OFFSET))
    return _scores(_excess(surprise, a_day), a_day)


def score_folder(source: Path, target: Path) -> list[Path]:
    """Score each CSV of a folder (`timestamp,value`) into one of `timestamp,anomaly_score`.

    Raises:
        FixSettings: the folder holds no CSV, or a file lacks those columns or cannot be read.
    """
    files = sorted(source.rglob("*.csv"))
    if not files:
        raise FixSettings(f"{source}: holds no CSV file; name a folder with timestamp,value files.")
    written = []
    for file in files:
        stamps, moments, values = _read(file)
        out = target / file.relative_to(source)
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(("timestamp", "anomaly_score"))
            scores = score_counts(moments, values)
            writer.writerows((t, f"{s:.6f}") for t, s in zip(stamps, scores, strict=True))
        written.append(out)
    return written


def _read(file: Path) -> tuple[list[str], list[datetime], list[float]]:
    with file.open(newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle)
        if not {"timestamp", "value"} <= set(reader.fieldnames or ()):
            raise FixSettings(f"{file.name}: lacks the columns timestamp and value; add them.")
        stamps, moments, values = [], [], []
        for row in reader:
            try:
                moments.append(datetime.fromisoformat(row["timestamp"]))
                values.append(float(row["value"] or "nan"))
            except ValueError as error:
                raise FixSettings(
                    f"{file.name}: line {reader.line_num}: {error}; write an ISO time and a number."
                ) from error
            stamps.append(row["timestamp"])
    return stamps, moments, values


def _rows_a_day(timestamps: Sequence[datetime]) -> int:
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(timestamps)]
    return max(1, round(86_400 / max(float(np.median(steps)), 1.0)))


def _expected(counts: Floats, hours: Floats, a_day: int) -> Floats:
    """Level of the last days times the profile of the hour, learned before each row."""
    expected = np.full(len(counts), float(counts[0]))
    profile = np.ones(24)
    for start in _blocks(len(counts), max(1, a_day // 24)):
        if start % a_day < max(1, a_day // 24):
            past = slice(max(0, start - PROFILE_DAYS * a_day), start)
            profile = _profile(counts[past], hours[past])
        past = slice(max(0, start - LEVEL_DAYS * a_day), start)
        level = _lower_mean(counts[past] / np.maximum(profile[hours[past]], 0.1))
        rows = slice(start, start + max(1, a_day // 24))
        expected[rows] = level * profile[hours[rows]]
    return expected


def _profile(counts: Floats, hours: Floats) -> Floats:
    """Relative count by hour of day, drawn to flat and to its neighbours."""
    capped = np.minimum(counts, np.quantile(counts, 0.98))
    usual = max(float(capped.mean()), 1e-9)
    sums = np.bincount(hours, capped, 24) + 24 * usual
    raw = sums / (np.bincount(hours, minlength=24) + 24) / usual
    return np.asarray((np.roll(raw, 1) + 2 * raw + np.roll(raw, -1)) / 4)


def _lower_mean(values: Floats) -> float:
    kept = max(1, int(KEPT_SHARE * len(values)))
    return float(np.sort(values)[:kept].mean())


def _excess(surprise: Floats, a_day: int) -> Floats:
    """How far each surprise lies in the series' own tail, in mean excesses; 0 below the tail."""
    excess = np.zeros(len(surprise))
    step = max(1, a_day // 6)
    for start in _blocks(len(surprise), step):
        if start < 2 * a_day / 3:
            continue
        past = surprise[max(0, start - TAIL_DAYS * a_day) : start]
        bound = float(np.quantile(past, 1 - TAIL_SHARE))
        beyond = past[past > bound] - bound
        mean = max(float(beyond.mean()) if len(beyond) else 0.0, LEAST_EXCESS)
        rows = slice(start, start + step)
        excess[rows] = np.maximum(0.0, surprise[rows] - bound) / mean
    return excess


def _scores(excess: Floats, a_day: int) -> list[float]:
    """Half at the level, rising with the excess; little within the cool-down of one told before.

    In steps of a hundredth, so that a threshold found on some series means the same on others.
    """
    level = max(float(np.log(TAIL_SHARE * TOLD_ONCE_IN_DAYS * a_day)), LEAST_EXCESS)
    fading = 0.5 ** (1 / (HOLD_DAYS * a_day))
    scores, held = np.zeros(len(excess)), 0.0
    for row, value in enumerate(excess.tolist()):
        held *= fading
        scores[row] = 1.0 - (1.0 - TOLD) ** (value / level)
        if value >= max(level, GROWTH * held):
            held = value
        elif value >= level:
            scores[row] = HELD
    return [float(score) for score in np.floor(100 * np.minimum(scores, 0.99)) / 100]


def _blocks(rows: int, step: int) -> Iterable[int]:
    return range(step, rows, step)
