"""One series at one hour: how surprising are the last 1, 3, 6 … 672 hours?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alerts.detection import series as columns
from alerts.detection.baseline import Fit, fit
from alerts.detection.records import PlannedEvent, SeriesKey
from alerts.detection.series import RING_DAYS, SeriesState
from alerts.detection.tails import Floats, count_quantile, count_tail, share_tail

HORIZONS = (1, 3, 6, 12, 24, 48, 72, 168, 336, 672)
"""Hours; the two longest replace a CUSUM: scan windows of the likelihood-ratio kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """Constants of the statistics, the same for every brand and file."""

    baseline_days: int = 182
    half_life_days: float = 60.0
    guard_days: int = 7
    """Days before now that teach the baseline nothing, so that a slow rise cannot hide itself."""
    slow_guard_days: int = 28
    least_history_days: int = 21
    """A brand younger than this is learned, not scored."""
    trend_ridge: float = 4.0
    """Precision of the trend per 90 days around none."""
    model_error: float = 0.15
    short_model_error: float = 0.3
    """Relative error of the expectation below a day, where the hour profile is a guess."""
    share_error: float = 1.5
    """Least design effect of a share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """The most surprising window of one series that ends with `hour`."""

    key: SeriesKey
    kind: str
    """`volume`, `share` or `rating`."""
    hour: int
    horizon: int
    """Hours of that window."""
    count: float
    """Negative voices in it."""
    items: float
    expected: float
    """Negative voices expected in it, planned events and surges of other voices included."""
    upper: float
    """95 % bound of what is usual."""
    p_value: float
    """Of that window, times the number of windows looked at."""
    share: float
    usual_share: float
    rating: float | None = None
    usual_rating: float | None = None
    surge: float = 1.0
    """Factor by which the other voices exceed their usual number (1 = not significantly)."""

    @property
    def start_hour(self) -> int:
        """First hour of the window."""
        return self.hour - self.horizon + 1


def score(
    key: SeriesKey,
    state: SeriesState,
    *,
    brand: SeriesState,
    hour: int,
    since: int = 0,
    events: Sequence[PlannedEvent] = (),
    tuning: Tuning,
) -> list[Score]:
    """Scores of a series at an hour, by kind; empty where history is too short.

    Args:
        brand: state of the brand-wide series: says since when we listen, and how many other
            voices there are.
        since: windows that begin earlier are left out, because what they hold was told.
    """
    if brand.first_hour is None or hour - brand.first_hour < tuning.least_history_days * 24:
        return []
    longest = hour - since + 1
    found = [_volume(key, state, brand, hour, longest, events, tuning)]
    if key.theme is None:
        found += [
            _share(key, state, brand, hour, longest, tuning),
            _rating(key, state, brand, hour, longest, tuning),
        ]
    return [score for score in found if score is not None]


def volume_at(
    key: SeriesKey,
    state: SeriesState,
    brand: SeriesState,
    hour: int,
    horizon: int,
    events: Sequence[PlannedEvent],
    tuning: Tuning,
) -> Score:
    """How surprising the count of one horizon is."""
    level, weekly = learned(state, brand, hour, columns.NEGATIVE, horizon > 168, tuning)
    window = state.window(hour, horizon)
    if horizon > 168:
        window = _without_spikes(state, hour, horizon, level)
    count = float(window[columns.NEGATIVE])
    expected = level.mean * _day_equivalents(state, hour, horizon)
    if horizon < 24:
        count -= float(window[columns.DATED])
    expected *= _event_factor(events, hour, horizon)
    surge = _surge(brand, hour, horizon, tuning) if count >= 2 else 1.0
    expected *= surge
    dispersion = _dispersion_at(level.dispersion, weekly, horizon)
    error = tuning.short_model_error if horizon < 24 else tuning.model_error
    variance = level.variance(expected, dispersion=dispersion, model_error=error)
    return Score(
        key=key,
        kind="volume",
        hour=hour,
        horizon=horizon,
        count=count,
        items=float(window[columns.ITEMS]),
        expected=expected,
        upper=count_quantile(0.95, expected, variance),
        p_value=float(count_tail(count, expected, variance)),
        share=count / max(float(window[columns.ITEMS]), 1.0),
        usual_share=_usual_share(state, brand, hour, tuning)[0],
        surge=surge,
    )


def _without_spikes(state: SeriesState, hour: int, horizon: int, level: Fit) -> Floats:
    """Sums of a slow window with each day's negative voices capped at an outlier's bound.

    A slow burn is many raised days; one spike has its own, shorter window.
    """
    rows = state.history(hour // 24, horizon // 24)
    cap = level.mean + 2.0 * (level.dispersion * level.mean + 0.5) ** 0.5
    rows[:, columns.NEGATIVE] = np.minimum(rows[:, columns.NEGATIVE], cap)
    return np.asarray(rows.sum(axis=0))


def _volume(
    key: SeriesKey,
    state: SeriesState,
    brand: SeriesState,
    hour: int,
    longest: int,
    events: Sequence[PlannedEvent],
    tuning: Tuning,
) -> Score | None:
    scores = [
        volume_at(key, state, brand, hour, h, events, tuning) for h in HORIZONS if h <= longest
    ]
    return min(scores, key=lambda s: s.p_value * s.horizon**-0.5, default=None)


def learned(
    state: SeriesState,
    brand: SeriesState,
    hour: int,
    column: int,
    slow: bool,
    tuning: Tuning,
) -> tuple[Fit, float]:
    """The daily fit of a column before the guard and the dispersion of weeks, kept for the day.

    Column -1 stands for the voices that are not negative.
    """
    day = hour // 24
    if state.fits_day != day:
        state.fits.clear()
        state.fits_day = day
    found = state.fits.get((column, slow))
    if found is None:
        found = _learn(state, brand, day, column, slow, tuning)
        state.fits[column, slow] = found
    return found


def _baseline_span(brand: SeriesState, day: int, slow: bool, tuning: Tuning) -> tuple[int, int]:
    """Last day and length of the baseline: all of a young brand's history but its last fifth."""
    age = day - (brand.first_hour or 0) // 24
    guard = min(tuning.slow_guard_days if slow else tuning.guard_days, max(2, age // 4))
    return day - guard, max(7, min(tuning.baseline_days, age - guard, RING_DAYS - guard))


def _learn(
    state: SeriesState, brand: SeriesState, day: int, column: int, slow: bool, tuning: Tuning
) -> tuple[Fit, float]:
    last, days = _baseline_span(brand, day, slow, tuning)
    rows = state.history(last, days)
    counts = rows[:, columns.ITEMS] - rows[:, columns.NEGATIVE] if column < 0 else rows[:, column]
    ages = np.arange(days - 1, -1, -1.0) + (day - last)
    design = np.column_stack([np.ones(days), -ages / 90.0])
    recency = 0.5 ** (ages / tuning.half_life_days)
    for first, end in state.left_out:
        recency[max(0, first - (last - days + 1)) : max(0, end - (last - days + 1))] = 0.0
    daily = fit(
        counts,
        design,
        now=np.array([1.0, 0.0]),
        recency=recency,
        ridge=np.array([0.0, tuning.trend_ridge]),
    )
    return daily, _weekly_dispersion(counts, daily)


def _weekly_dispersion(counts: Floats, daily: Fit) -> float:
    """Dispersion of sums over seven days, drawn to a little more than that of days."""
    weeks = len(counts) // 7
    prior, strength = 1.3 * daily.dispersion, 4.0
    if weeks < 2:
        return prior
    cut = len(counts) - 7 * weeks
    observed, expected, weight = (
        a[cut:].reshape(weeks, 7).sum(axis=1) for a in (counts, daily.fitted, daily.weights / 7)
    )
    pearson = (observed - expected) ** 2 / np.maximum(expected, 0.5)
    pooled = (weight @ np.minimum(pearson, 20.0) + strength * prior) / (weight.sum() + strength)
    return max(daily.dispersion, float(pooled))


def _dispersion_at(daily: float, weekly: float, horizon: int) -> float:
    """Dispersion of a window: a day's up to a day, then growing with its length."""
    if horizon <= 24:
        return daily
    slope = np.log(weekly / daily) / np.log(7.0)
    return float(daily * min(horizon / 24, 14.0) ** slope)


def _day_equivalents(state: SeriesState, hour: int, horizon: int) -> float:
    """Length of a window in usual days, by the hour-of-week profile of the series."""
    if horizon >= 168:
        return horizon / 24
    total = float(state.profile.sum())
    prior = 336.0
    hours = (np.arange(hour - horizon + 1, hour + 1) + 96) % 168
    inside = float(_smooth(state.profile)[hours].sum())
    return 7.0 * (inside + prior * horizon / 168) / (total + prior)


def _smooth(profile: Floats) -> Floats:
    """Each hour of the week shares with its neighbours, around the week's end too."""
    wide = np.concatenate([profile[-1:], profile, profile[:1]])
    return np.asarray(wide[:-2] * 0.25 + profile * 0.5 + wide[2:] * 0.25, dtype=float)


def _event_factor(events: Sequence[PlannedEvent], hour: int, horizon: int) -> float:
    """Mean factor over the window; overlapping events take the larger one."""
    if not events:
        return 1.0
    hours = np.arange(hour - horizon + 1, hour + 1)
    factor = np.ones(horizon)
    for event in events:
        inside = (hours >= event.start_hour) & (hours < event.end_hour)
        factor = np.where(inside, np.maximum(factor, event.expected_factor), factor)
    return float(factor.mean())


def _surge(brand: SeriesState, hour: int, horizon: int, tuning: Tuning) -> float:
    """How far the brand's other voices exceed their usual number, 1 where not significantly.

    An invited drive or a launch multiplies every kind of voice; negative ones are then expected
    to grow as the others do.
    """
    window = brand.window(hour, max(horizon, 24))
    others = float(window[columns.ITEMS] - window[columns.NEGATIVE])
    level, weekly = learned(brand, brand, hour, -1, horizon > 168, tuning)
    expected = level.mean * _day_equivalents(brand, hour, max(horizon, 24))
    dispersion = _dispersion_at(level.dispersion, weekly, max(horizon, 24))
    variance = level.variance(expected, dispersion=dispersion, model_error=tuning.model_error)
    if float(count_tail(others, expected, variance)) > 0.01:
        return 1.0
    return max(1.0, (others + 1.0) / (expected + 1.0))


def _usual_share(
    state: SeriesState, brand: SeriesState, hour: int, tuning: Tuning
) -> tuple[float, float]:
    """Usual share of negative voices, and the design effect of a week's share."""
    day = hour // 24
    last, days = _baseline_span(brand, day, False, tuning)
    rows = state.history(last, days)
    level, _ = learned(state, brand, hour, columns.NEGATIVE, False, tuning)
    weights = level.weights**2
    items, negative = rows[:, columns.ITEMS], rows[:, columns.NEGATIVE]
    total = float(weights @ items)
    share = (float(weights @ negative) + 0.5) / (total + 1.0)
    weeks = days // 7
    if weeks < 3:
        return share, tuning.share_error
    cut = days - 7 * weeks
    n, k = (a[cut:].reshape(weeks, 7).sum(axis=1) for a in (items, negative))
    pearson = (k - share * n) ** 2 / np.maximum(n * share * (1 - share), 0.5)
    effect = float((np.minimum(pearson, 9.0).sum() + 4 * tuning.share_error) / (weeks + 4))
    return share, max(tuning.share_error, effect)


def _share(
    key: SeriesKey, state: SeriesState, brand: SeriesState, hour: int, longest: int, tuning: Tuning
) -> Score | None:
    """The share of negative voices over a day to four weeks, for when volume is flat."""
    usual, effect = _usual_share(state, brand, hour, tuning)
    best: Score | None = None
    for horizon in (24, 72, 168, 672):
        if horizon > longest:
            break
        window = state.window(hour, horizon)
        items, negative = float(window[columns.ITEMS]), float(window[columns.NEGATIVE])
        p_value = share_tail(negative, items, usual, effect) if items >= 8 else 1.0
        if best is None or p_value < best.p_value:
            best = Score(
                key=key,
                kind="share",
                hour=hour,
                horizon=horizon,
                count=negative,
                items=items,
                expected=usual * items,
                upper=usual * items + 1.64 * (effect * items * usual * (1 - usual)) ** 0.5,
                p_value=p_value,
                share=negative / max(items, 1.0),
                usual_share=usual,
            )
    return best


def _rating(
    key: SeriesKey, state: SeriesState, brand: SeriesState, hour: int, longest: int, tuning: Tuning
) -> Score | None:
    """A fall of the mean rating over three days to four weeks.

    Missing stars over four are a share of "trials": the binomial tail then bounds that of any
    distribution on the same range (Hoeffding 1963), where a normal tail is too sure of itself.
    """
    day = hour // 24
    last, days = _baseline_span(brand, day, False, tuning)
    past = state.history(last, days).sum(axis=0)
    if past[columns.RATED] < 20:
        return None
    usual = float(past[columns.STARS] / past[columns.RATED])
    share, effect = _usual_share(state, brand, hour, tuning)
    best: Score | None = None
    for horizon in (72, 168, 672):
        window = state.window(hour, horizon)
        rated = float(window[columns.RATED])
        if rated < 8 or horizon > longest:
            continue
        mean = float(window[columns.STARS]) / rated
        p_value = share_tail(rated * (5 - mean) / 4, rated, (5 - usual) / 4, effect)
        if best is None or p_value < best.p_value:
            best = Score(
                key=key,
                kind="rating",
                hour=hour,
                horizon=horizon,
                count=float(window[columns.NEGATIVE]),
                items=float(window[columns.ITEMS]),
                expected=share * float(window[columns.ITEMS]),
                upper=share * float(window[columns.ITEMS]),
                p_value=p_value,
                share=float(window[columns.NEGATIVE]) / max(float(window[columns.ITEMS]), 1.0),
                usual_share=share,
                rating=mean,
                usual_rating=usual,
            )
    return best
