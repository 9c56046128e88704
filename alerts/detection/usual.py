"""What is usual for one series, learned once a day from the days before the guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alerts.detection import series as columns
from alerts.detection.baseline import Fit, fit
from alerts.detection.records import PlannedEvent
from alerts.detection.series import RING_DAYS, SeriesState
from alerts.detection.tails import Floats

PROFILE_PRIOR = 336.0
"""Strength of the flat hour-of-week profile, in counts: two for each hour."""
NO_TREND = 1e6
OTHERS = -1
"""Stands for the voices that are not negative, beside the columns of a series."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """Constants of the statistics, the same for every brand and file."""

    baseline_days: int = 182
    slow_baseline_days: int = 196
    half_life_days: float = 60.0
    guard_days: int = 7
    """Days before now that teach the baseline nothing, so that a slow rise cannot hide itself."""
    slow_guard_days: int = 84
    """The same for slow windows, three times the longest of them: a season builds up over two
    months before its worst weeks, and must not be what they are held against."""
    least_history_days: int = 21
    """A brand younger than this is learned, not scored."""
    slow_half_life_days: float = 365.0
    trend_ridge: float = 4.0
    """Precision of the trend per 90 days around none; slow windows know no trend, for a slow
    burn is one."""
    model_error: float = 0.12
    short_model_error: float = 0.3
    """Relative error of the expectation below a day, where the hour profile is a guess."""
    share_error: float = 1.5
    """Least design effect of a share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """The usual number a day and its dispersion over days and weeks."""

    daily: Fit
    weekly_dispersion: float

    def dispersion(self, horizon: int) -> float:
        """Of a window: a day's up to a day, then growing with its length."""
        daily = self.daily.dispersion
        if horizon <= 24:
            return daily
        slope = np.log(self.weekly_dispersion / daily) / np.log(7.0)
        return float(daily * min(horizon / 24, 14.0) ** slope)

    def variance(self, expected: float, horizon: int, tuning: Tuning) -> float:
        """Predictive variance of a window's count."""
        error = tuning.short_model_error if horizon < 24 else tuning.model_error
        return self.daily.variance(expected, dispersion=self.dispersion(horizon), model_error=error)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """The usual share of negative voices, of stars missing, and the design effect of both."""

    negative: float
    design_effect: float
    stars: float | None
    """Usual mean rating; None where fewer than 20 were rated."""


def level_of(
    state: SeriesState,
    brand: SeriesState,
    hour: int,
    *,
    column: int = columns.NEGATIVE,
    is_slow: bool = False,
    tuning: Tuning,
) -> Level:
    """The usual level of a column on the day of `hour`, kept for that day."""
    kept = state.kept_of_day(hour // 24)
    name = ("level", column, is_slow)
    if name not in kept:
        kept[name] = _learn_level(state, brand, hour // 24, column, is_slow, tuning)
    level: Level = kept[name]
    return level


def share_of(state: SeriesState, brand: SeriesState, hour: int, tuning: Tuning) -> Share:
    """The usual share on the day of `hour`, kept for that day."""
    kept = state.kept_of_day(hour // 24)
    if "share" not in kept:
        kept["share"] = _learn_share(state, brand, hour, tuning)
    share: Share = kept["share"]
    return share


def days_in(state: SeriesState, hour: int, horizon: int) -> float:
    """Length of a window in usual days, by the hour-of-week profile of the series."""
    if horizon >= 168:
        return horizon / 24
    kept = state.kept_of_day(hour // 24)
    if "profile" not in kept:
        smooth = _smooth(state.profile)
        kept["profile"] = np.concatenate([[0.0], np.cumsum(np.tile(smooth, 2))])
    sums: Floats = kept["profile"]
    last = (hour + 96) % 168 + 168
    inside = float(sums[last + 1] - sums[last + 1 - horizon])
    total = float(sums[168])
    return 7.0 * (inside + PROFILE_PRIOR * horizon / 168) / (total + PROFILE_PRIOR)


def event_factor(events: Sequence[PlannedEvent], hour: int, horizon: int) -> float:
    """Mean factor of planned events over a window; where they overlap the larger one.

    A factor below one is a holiday on which people write less.
    """
    if not events:
        return 1.0
    hours = np.arange(hour - horizon + 1, hour + 1)
    factor = np.full(horizon, np.nan)
    for event in events:
        inside = (hours >= event.start_hour) & (hours < event.end_hour)
        factor = np.where(inside, np.fmax(factor, event.expected_factor), factor)
    return float(np.nan_to_num(factor, nan=1.0).mean())


def _span(brand: SeriesState, day: int, is_slow: bool, tuning: Tuning) -> tuple[int, int]:
    """Last day and length of the baseline; a young brand's guard is a quarter of its age."""
    age = day - (brand.first_hour or 0) // 24
    guard = min(tuning.slow_guard_days if is_slow else tuning.guard_days, max(2, age // 4))
    wanted = tuning.slow_baseline_days if is_slow else tuning.baseline_days
    return day - guard, max(7, min(wanted, age - guard, RING_DAYS - guard))


def _learn_level(
    state: SeriesState, brand: SeriesState, day: int, column: int, is_slow: bool, tuning: Tuning
) -> Level:
    last, days = _span(brand, day, is_slow, tuning)
    rows = state.history(last, days)
    counts = (
        rows[:, columns.ITEMS] - rows[:, columns.NEGATIVE] if column == OTHERS else rows[:, column]
    )
    ages = np.arange(days - 1, -1, -1.0) + (day - last)
    recency = 0.5 ** (ages / (tuning.slow_half_life_days if is_slow else tuning.half_life_days))
    for first, end in state.left_out:
        recency[max(0, first - (last - days + 1)) : max(0, end - (last - days + 1))] = 0.0
    daily = fit(
        counts,
        np.column_stack([np.ones(days), -ages / 90.0]),
        now=np.array([1.0, 0.0]),
        recency=recency,
        ridge=np.array([0.0, NO_TREND if is_slow else tuning.trend_ridge]),
    )
    return Level(daily=daily, weekly_dispersion=_weekly_dispersion(counts, daily))


def _weekly_dispersion(counts: Floats, daily: Fit) -> float:
    """Dispersion of sums over seven days, drawn to a little more than that of days."""
    weeks = len(counts) // 7
    prior, strength = 1.3 * daily.dispersion, 4.0
    if weeks < 2:
        return prior
    observed, expected, weight = (_weeks(a) for a in (counts, daily.fitted, daily.weights / 7))
    pearson = (observed - expected) ** 2 / np.maximum(expected, 0.5)
    pooled = (weight @ np.minimum(pearson, 20.0) + strength * prior) / (weight.sum() + strength)
    return max(daily.dispersion, float(pooled))


def _weeks(days: Floats) -> Floats:
    """Sums over whole weeks that end with the last day."""
    weeks = len(days) // 7
    sums: Floats = days[len(days) - 7 * weeks :].reshape(weeks, 7).sum(axis=1)
    return sums


def _learn_share(state: SeriesState, brand: SeriesState, hour: int, tuning: Tuning) -> Share:
    last, days = _span(brand, hour // 24, False, tuning)
    rows = state.history(last, days)
    weights = level_of(state, brand, hour, tuning=tuning).daily.weights ** 2
    items, negative, rated, stars, _ = (weights[:, None] * rows).sum(axis=0)
    share = float((negative + 0.5) / (items + 1.0))
    usual_stars = float(stars / rated) if rows[:, columns.RATED].sum() >= 20 else None
    n, k = _weeks(rows[:, columns.ITEMS]), _weeks(rows[:, columns.NEGATIVE])
    pearson = (k - share * n) ** 2 / np.maximum(n * share * (1 - share), 0.5)
    effect = float((np.minimum(pearson, 9.0).sum() + 4 * tuning.share_error) / (len(n) + 4))
    return Share(negative=share, design_effect=max(tuning.share_error, effect), stars=usual_stars)


def _smooth(profile: Floats) -> Floats:
    """Each hour of the week shares with its neighbours, around the week's end too."""
    wide = np.concatenate([profile[-1:], profile, profile[:1]]).astype(float)
    return np.asarray(wide[:-2] * 0.25 + profile * 0.5 + wide[2:] * 0.25)
