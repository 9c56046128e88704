"""The state of one series: bounded raw counts, so that any recent hour can be scored again.

Recent hours are kept one by one (zero hours not at all), older ones as days in a ring, and the
hour-of-week profile as decayed sums. Setting an hour is absolute and so idempotent: counts that
arrive late replace what was there, and the next score is what it would have been had they been
in time. Size is bounded: about 7 kB in memory, whatever the length of history.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alerts.detection.tails import Floats

RING_DAYS = 280
RECENT_HOURS = 8 * 24
"""Hours kept one by one: the longest hourly window plus a day."""
PROFILE_HALF_LIFE_WEEKS = 8.0
ITEMS, NEGATIVE, RATED, STARS, DATED = range(5)
"""Columns: all items, negative ones, rated ones, sum of stars, negative ones by day only."""
Row = tuple[float, float, float, float, float]
NOTHING: Row = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True)
class SeriesState:
    """Counts of one series, as far as scoring needs them."""

    first_hour: int | None = None
    """Since when it is known; anew after a silence longer than the ring, so that one text with a
    wrong date far back is no history."""
    last_hour: int = 0
    recent: dict[int, Row] = field(default_factory=dict)
    days: Floats = field(default_factory=lambda: np.zeros((RING_DAYS, 5), dtype=np.float32))
    last_day: int = 0
    profile: Floats = field(default_factory=lambda: np.zeros(168, dtype=np.float32))
    profile_week: int = 0
    kept: dict[Any, Any] = field(default_factory=dict)
    """What was learned for `kept_day`, never stored."""
    kept_day: int = -1
    left_out: tuple[tuple[int, int], ...] = ()
    """Days [from, to) of told incidents, which teach the baseline nothing; never stored."""

    def set_hour(self, hour: int, row: Row) -> bool:
        """Replace the counts of an hour.

        Returns:
            False where the hour is older than the recent ones and what it held is no longer
            known: the series must be learned anew from the stored counts to take it in.
        """
        row = clean(row)
        day = hour // 24
        if self.first_hour is None:
            self.first_hour, self.last_hour, self.last_day = hour, hour, day
        elif hour <= self.last_hour - RECENT_HOURS:
            return False
        self.first_hour = min(hour, self.first_hour)
        if day - self.last_day >= RING_DAYS:
            self.first_hour = hour
        self._advance(day)
        self.kept.pop("surge", None)
        before = self.recent.get(hour, NOTHING)
        self._store(hour, row)
        change = np.subtract(row, before)
        self.days[day % RING_DAYS] += change
        self._learn_profile(hour, float(change[NEGATIVE] - change[DATED]))
        if day < self.kept_day - 1:
            self.kept_day = -1
        self.last_hour = max(self.last_hour, hour)
        return True

    def _store(self, hour: int, row: Row) -> None:
        if any(row):
            self.recent[hour] = row
        else:
            self.recent.pop(hour, None)
        if hour > self.last_hour and len(self.recent) > 24:
            oldest = hour - RECENT_HOURS
            for old in [h for h in self.recent if h < oldest]:
                del self.recent[old]

    def _advance(self, day: int) -> None:
        """Clear the ring's slots between the last day and this one."""
        if day > self.last_day:
            gap = min(day - self.last_day, RING_DAYS)
            self.days[np.arange(day - gap + 1, day + 1) % RING_DAYS] = 0.0
            self.last_day = day

    def _learn_profile(self, hour: int, negative: float) -> None:
        week = hour // 168
        if week > self.profile_week:
            self.profile *= 0.5 ** ((week - self.profile_week) / PROFILE_HALF_LIFE_WEEKS)
            self.profile_week = week
        self.profile[(hour + 96) % 168] += negative

    def window(self, end_hour: int, length: int) -> Floats:
        """Sums over the `length` hours that end with `end_hour`; shape (5,)."""
        if length <= RECENT_HOURS:
            rows = [r for h, r in self.recent.items() if end_hour - length < h <= end_hour]
            return np.sum(rows, axis=0) if rows else np.zeros(5)
        total: Floats = self.history(end_hour // 24, length // 24).sum(axis=0)
        return total

    def history(self, last_day: int, days: int) -> Floats:
        """Daily rows ending with `last_day`, oldest first; shape (days, 5)."""
        wanted = np.arange(last_day - days + 1, last_day + 1)
        rows: Floats = self.days[wanted % RING_DAYS].astype(float)
        rows[(wanted > self.last_day) | (wanted <= self.last_day - RING_DAYS)] = 0.0
        return rows

    def kept_of_day(self, day: int) -> dict[Any, Any]:
        """What was learned for a day, empty when the day is new."""
        if self.kept_day != day:
            self.kept, self.kept_day = {}, day
        return self.kept

    def leave_out(self, spans: tuple[tuple[int, int], ...]) -> None:
        """Name the days that teach the baseline nothing."""
        if spans != self.left_out:
            self.left_out, self.kept_day = spans, -1

    def dump(self) -> dict[str, Any]:
        """The state as JSON values: sparse, a few hundred bytes for a quiet series."""
        filled = np.flatnonzero(self.days.any(axis=1))
        return {
            "first": self.first_hour,
            "last": self.last_hour,
            "recent": [[h, *map(_short, r)] for h, r in sorted(self.recent.items())],
            "last_day": self.last_day,
            "days": [[int(i), *map(_short, self.days[i])] for i in filled],
            "week": self.profile_week,
            "profile": [
                [int(i), round(float(self.profile[i]), 6)] for i in np.flatnonzero(self.profile)
            ],
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> SeriesState:
        """The state that `dump` wrote."""
        state = cls(
            first_hour=dumped["first"],
            last_hour=dumped["last"],
            recent={int(h): tuple(map(float, row)) for h, *row in dumped["recent"]},  # type: ignore[misc]
            last_day=dumped["last_day"],
            profile_week=dumped["week"],
        )
        for index, *row in dumped["days"]:
            state.days[index] = row
        for index, value in dumped["profile"]:
            state.profile[index] = value
        return state


def _short(value: float) -> float | int:
    value = round(float(value), 2)
    return int(value) if value.is_integer() else value


def clean(row: Row) -> Row:
    """A broken import's NaN or negative quantities count as zero; negatives never exceed items."""
    items, negative, rated, stars, dated = (v if math.isfinite(v) and v > 0 else 0.0 for v in row)
    return (items, min(negative, items), min(rated, items), stars, min(dated, negative, items))
