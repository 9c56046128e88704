"""One series at one hour: how surprising are the last 1, 3, 6 … 672 hours?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alerts.detection import series as columns
from alerts.detection.records import PlannedEvent, SeriesKey
from alerts.detection.series import SeriesState
from alerts.detection.tails import Floats, count_quantile, count_tail, share_tail
from alerts.detection.usual import OTHERS, Level, Tuning, days_in, event_factor, level_of, share_of

HORIZONS = (1, 3, 6, 12, 24, 48, 72, 168, 336, 672)
"""Hours. The two longest are scan windows for slow burns, in the place of a CUSUM."""
LONGEST_USUAL = 168
"""Beyond this a window is slow: a longer guard, and spikes within it are capped."""
LEAST_SCORED = 3.0
"""A window with fewer negative voices is not looked at."""
MOST_SHARE = 0.95
LEAST_VOICES = 8.0
"""A share or a mean of fewer voices says nothing."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Where and when a series is scored."""

    key: SeriesKey
    state: SeriesState
    brand: SeriesState
    """The brand-wide series: since when we listen, and how many other voices there are."""
    hour: int
    tuning: Tuning
    events: Sequence[PlannedEvent] = ()
    source: SeriesState | None = None
    """Of a series of one source: all of that source, which may be heard for a shorter time."""

    @property
    def heard(self) -> SeriesState:
        """The series that says since when there could have been counts at all."""
        return self.source or self.brand

    @property
    def is_young(self) -> bool:
        """Whether the brand, or the source, has less history than scoring needs."""
        first = self.heard.first_hour
        return first is None or self.hour - first < self.tuning.least_history_days * 24


def score(setting: Setting, *, since: int = 0) -> list[Score]:
    """The most surprising window of each kind; empty where history is too short.

    Args:
        setting: series, hour and constants.
        since: windows that begin earlier are left out, because what they hold was told.
    """
    if setting.is_young:
        return []
    longest = setting.hour - since + 1
    found = [_volume(setting, longest)]
    if setting.key.theme is None:
        found += [_share(setting, longest), _rating(setting, longest)]
    return [score for score in found if score is not None]


def volume_at(setting: Setting, horizon: int) -> Score:
    """How surprising the count of one window is."""
    window = _window(setting, horizon)
    level, expected, surge = _expected(setting, horizon, float(window[columns.NEGATIVE]))
    count = _voices(window, horizon)
    variance = level.variance(expected, horizon, setting.tuning)
    return Score(
        key=setting.key,
        kind="volume",
        hour=setting.hour,
        horizon=horizon,
        count=count,
        items=float(window[columns.ITEMS]),
        expected=expected,
        upper=count_quantile(0.95, expected, variance),
        p_value=float(count_tail(count, expected, variance)),
        share=count / max(float(window[columns.ITEMS]), 1.0),
        usual_share=share_of(setting.state, setting.heard, setting.hour, setting.tuning).negative,
        surge=surge,
    )


def _volume(setting: Setting, longest: int) -> Score | None:
    usual = level_of(setting.state, setting.heard, setting.hour, tuning=setting.tuning).daily.mean
    scores = [
        volume_at(setting, horizon)
        for horizon in HORIZONS
        if horizon <= longest
        and _voices(setting.state.window(setting.hour, horizon), horizon)
        >= max(LEAST_SCORED, usual * days_in(setting.state, setting.hour, horizon))
    ]
    return min(scores, key=lambda s: s.p_value * s.horizon**-0.5, default=None)


def _voices(window: Floats, horizon: int) -> float:
    """Negative voices; those dated to the day only enter windows of a day and longer."""
    dated = float(window[columns.DATED]) if horizon < 24 else 0.0
    return float(window[columns.NEGATIVE]) - dated


def _window(setting: Setting, horizon: int) -> Floats:
    """Sums of a window; in a slow one each day's negative voices are capped.

    A slow burn is many raised days; one spike has its own, shorter window.
    """
    if horizon <= LONGEST_USUAL:
        return setting.state.window(setting.hour, horizon)
    level = level_of(
        setting.state, setting.heard, setting.hour, is_slow=True, tuning=setting.tuning
    ).daily
    rows = setting.state.history(setting.hour // 24, horizon // 24)
    cap = level.mean + 2.0 * (level.dispersion * level.mean + 0.5) ** 0.5
    rows[:, columns.NEGATIVE] = np.minimum(rows[:, columns.NEGATIVE], cap)
    return np.asarray(rows.sum(axis=0))


def _expected(setting: Setting, horizon: int, count: float) -> tuple[Level, float, float]:
    """The level, the expected count of a window and the surge that is part of it."""
    is_slow = horizon > LONGEST_USUAL
    level = level_of(
        setting.state, setting.heard, setting.hour, is_slow=is_slow, tuning=setting.tuning
    )
    expected = level.daily.mean * days_in(setting.state, setting.hour, horizon)
    expected *= event_factor(setting.events, setting.hour, horizon)
    surge = _surge(setting, horizon) if count >= LEAST_SCORED else 1.0
    return level, expected * surge, surge


def _surge(setting: Setting, horizon: int) -> float:
    """How far the brand's other voices exceed their usual number, 1 where not significantly.

    An invited drive or a launch multiplies every kind of voice; negative ones are then expected
    to grow as the others do.
    """
    kept = setting.brand.kept_of_day(setting.hour // 24)
    surges: dict[tuple[int, int], float] = kept.setdefault("surge", {})
    name = (setting.hour, max(horizon, 24))
    if name not in surges:
        surges[name] = _surge_of_brand(setting, max(horizon, 24))
    return surges[name]


def _surge_of_brand(setting: Setting, horizon: int) -> float:
    brand, hour, tuning = setting.brand, setting.hour, setting.tuning
    window = brand.window(hour, horizon)
    others = float(window[columns.ITEMS] - window[columns.NEGATIVE])
    is_slow = horizon > LONGEST_USUAL
    level = level_of(brand, brand, hour, column=OTHERS, is_slow=is_slow, tuning=tuning)
    expected = level.daily.mean * days_in(brand, hour, horizon)
    if float(count_tail(others, expected, level.variance(expected, horizon, tuning))) > 0.01:
        return 1.0
    return max(1.0, (others + 1.0) / (expected + 1.0))


def _share(setting: Setting, longest: int) -> Score | None:
    """The share of negative voices over a day to four weeks, for when volume is flat."""
    usual = share_of(setting.state, setting.heard, setting.hour, setting.tuning)
    scores = []
    for horizon in (24, 72, 168, 672):
        window = setting.state.window(setting.hour, horizon)
        items, negative = float(window[columns.ITEMS]), float(window[columns.NEGATIVE])
        if horizon > longest or items < LEAST_VOICES:
            continue
        factor = max(1.0, event_factor(setting.events, setting.hour, horizon))
        share = min(usual.negative * factor, MOST_SHARE)
        p_value = share_tail(negative, items, share, usual.design_effect)
        scores.append(_shared(setting, "share", horizon, window, p_value))
    return min(scores, key=lambda s: s.p_value, default=None)


def _rating(setting: Setting, longest: int) -> Score | None:
    """A fall of the mean rating over three days to four weeks.

    Missing stars over four are a share of "trials": the binomial tail then bounds that of any
    distribution on the same range (Hoeffding 1963), where a normal tail is too sure of itself.
    """
    usual = share_of(setting.state, setting.heard, setting.hour, setting.tuning)
    if usual.stars is None:
        return None
    scores = []
    for horizon in (72, 168, 672):
        window = setting.state.window(setting.hour, horizon)
        rated = float(window[columns.RATED])
        if rated < LEAST_VOICES or horizon > longest:
            continue
        missing = rated * 5.0 - float(window[columns.STARS])
        factor = max(1.0, event_factor(setting.events, setting.hour, horizon))
        share = min((5 - usual.stars) / 4 * factor, MOST_SHARE)
        p_value = share_tail(missing / 4, rated, share, usual.design_effect)
        scores.append(_shared(setting, "rating", horizon, window, p_value))
    return min(scores, key=lambda s: s.p_value, default=None)


def _shared(setting: Setting, kind: str, horizon: int, window: Floats, p_value: float) -> Score:
    usual = share_of(setting.state, setting.heard, setting.hour, setting.tuning)
    items, negative = float(window[columns.ITEMS]), float(window[columns.NEGATIVE])
    rated = float(window[columns.RATED])
    spread = usual.design_effect * items * usual.negative * (1 - usual.negative)
    return Score(
        key=setting.key,
        kind=kind,
        hour=setting.hour,
        horizon=horizon,
        count=negative,
        items=items,
        expected=usual.negative * items,
        upper=usual.negative * items + 1.64 * spread**0.5,
        p_value=p_value,
        share=negative / max(items, 1.0),
        usual_share=usual.negative,
        rating=float(window[columns.STARS]) / rated if rated else None,
        usual_rating=usual.stars,
    )
