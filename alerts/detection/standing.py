"""How an incident stands: its count by now, whether it is back in the band, what it is about."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from alerts.detection import series as columns
from alerts.detection.incident import Incident, Part, Signal, Vitals
from alerts.detection.records import Observation, SeriesKey
from alerts.detection.scoring import Score, volume_at
from alerts.detection.signals import Step
from alerts.detection.tails import count_tail
from alerts.detection.usual import level_of

MAJORITY = 0.5
"""A product is named only where most complaints are about it; an event may cross products."""
LEAST_SHARE = 0.15
LEAST_VOICES = 3.0
"""A theme or product with fewer complaints names no incident."""
LEAST_TELLING = 5.0
"""Nor does one with a lower log-likelihood ratio: by chance 0.2 %, and some twenty are compared."""
AFTERMATH = frozenset({"service_attitude", "service_responsiveness", "refunds"})
"""What people complain of once something else has gone wrong. Such a theme names an incident only
where nothing that could have caused it has nearly as much."""
AFTERMATH_WEIGHT = 2 / 3
LARGE_SHARE = 0.3
"""Of the complaints: so many must be about a theme, or the themes of one owner, to name an incident
before smaller ones are looked at."""


def vitals_of(step: Step, incident: Incident) -> Vitals:
    """Count since it started, the last day, and whether its windows are back in the band."""
    part = incident.primary
    state = step.book.states[part.key]
    last = max(step.now - 1, incident.last_anomalous_at)
    length = max(1, last - incident.started_at + 1)
    sources = {key.source for key in step.book.keys[incident.brand] if key.source}
    return Vitals(
        count=float(state.window(last, length)[columns.NEGATIVE]),
        expected=part.usual_a_day * length / 24,
        last_day=float(state.window(last, 24)[columns.NEGATIVE]),
        is_in_band=_is_in_band(step, part, last),
        holds_resolve=bool(step.context.unhealthy_sources & sources),
    )


def _is_in_band(step: Step, part: Part, last: int) -> bool:
    """Whether a day, three days and, for a slow part, a week are within what is usual.

    A slow part is held against what was usual when it opened: by now the baseline has risen too.
    """
    setting = step.setting(part.key, last)
    tuning, band = step.settings.tuning, step.settings.course.band
    for horizon in (24, 72):
        if volume_at(setting, horizon).p_value <= band:
            return False
    if part.horizon < 168:
        return True
    week = volume_at(setting, 168)
    expected = min(week.expected, 7 * part.usual_a_day)
    level = level_of(setting.state, setting.heard, last, is_slow=True, tuning=tuning)
    return float(count_tail(week.count, expected, level.variance(expected, 168, tuning))) > band


def name(step: Step, incident: Incident) -> None:
    """Name the theme and the product that an incident is most about.

    Where only one theme is unusual that is its theme; where all complaints are, what they name
    beyond its usual share, else what most of the excess is about.
    """
    incident.theme = (
        incident.primary.key.theme
        or _most_telling(step, incident, "theme", least_share=LARGE_SHARE, left_out=AFTERMATH)
        or _largest_excess(step, incident)
        or _most_telling(step, incident, "theme")
        or incident.theme
    )
    told = _most_telling(step, incident, "product", least_share=MAJORITY)
    incident.product = told or incident.primary.key.product


def _most_telling(
    step: Step,
    incident: Incident,
    dimension: str,
    *,
    least_share: float = LEAST_SHARE,
    left_out: frozenset[str] = frozenset(),
) -> str | None:
    """The value that the complaints name most beyond its usual share of complaints.

    Volume alone would name whatever is always most common.
    """
    length = max(1, step.now - incident.started_at)
    whole = volume_at(step.setting(SeriesKey(brand=incident.brand), step.now - 1), length)
    best, best_ratio = None, LEAST_TELLING
    for key in step.book.keys[incident.brand]:
        value = getattr(key, dimension)
        if value is None or _dimensions(key) != 1 or value in step.settings.quiet_themes | left_out:
            continue
        if step.book.states[key].last_hour < incident.started_at:
            continue
        ratio = _ratio(volume_at(step.setting(key, step.now - 1), length), whole, least_share)
        if ratio > best_ratio:
            best, best_ratio = value, ratio
    return best


def _largest_excess(step: Step, incident: Incident) -> str | None:
    """The theme of a wave in which every kind of complaint rises alike.

    The owner whose themes hold most complaints beyond the usual number, each text once, and of
    those themes the one with the largest excess, both by weight.
    """
    brand = SeriesKey(brand=incident.brand)
    texts = step.evidence(brand, incident.started_at, step.now)
    themes = [_negative_themes(step, text) for text in texts if text.is_negative]
    excess = {t: _excess(step, incident, t) for t in sorted({t for some in themes for t in some})}
    owned: dict[str, list[str]] = defaultdict(list)
    for theme in excess:
        owned[step.settings.theme_owners.get(theme, theme)].append(theme)
    best, most = None, LEAST_VOICES
    for own in owned.values():
        voices = sum(any(theme in some for theme in own) for some in themes)
        if voices < LARGE_SHARE * len(themes):
            continue
        mentions = sum(sum(theme in some for some in themes) for theme in own)
        weighed = max(own, key=lambda theme: _weight(step, theme) * excess[theme])
        beyond = voices / mentions * sum(excess[theme] for theme in own)
        beyond *= AFTERMATH_WEIGHT if weighed in AFTERMATH else 1.0
        if beyond > most:
            best, most = weighed, beyond
    return best


def _negative_themes(step: Step, text: Observation) -> frozenset[str]:
    quiet = step.settings.quiet_themes
    return frozenset(m.theme for m in text.themes if m.is_negative and m.theme not in quiet)


def _excess(step: Step, incident: Incident, theme: str) -> float:
    """Complaints of a theme since the incident began, beyond the usual number."""
    key = SeriesKey(brand=incident.brand, theme=theme)
    if key not in step.book.states:
        return 0.0
    length = max(1, step.now - incident.started_at)
    found = volume_at(step.setting(key, step.now - 1), length)
    return found.count - found.expected


def _weight(step: Step, theme: str) -> float:
    return step.settings.theme_weights.get(theme, 1.0)


def _ratio(found: Score, whole: Score, least_share: float) -> float:
    """Log-likelihood ratio of the value's share of complaints against its usual share."""
    if found.count < max(LEAST_VOICES, least_share * whole.count):
        return 0.0
    share = min(found.count / max(whole.count, found.count), 0.999)
    usual = min((found.expected + 0.1) / (whole.expected + 0.5), 0.998)
    if share <= usual:
        return 0.0
    yes = share * float(np.log(share / usual))
    no = (1 - share) * float(np.log((1 - share) / (1 - usual)))
    return max(whole.count, found.count) * (yes + no)


def _dimensions(key: SeriesKey) -> int:
    return sum(value is not None for value in (key.theme, key.product, key.source))


def is_related(step: Step, incident: Incident, signal: Signal) -> bool:
    """Whether a signal speaks of the same event: the same series, or largely the same texts."""
    key = signal.score.key
    finer = [part.key for part in incident.parts.values()]
    if any(k.theme is None and k.product is None for k in (key, *finer)):
        return True
    texts = step.evidence(SeriesKey(brand=key.brand), signal.score.start_hour, step.now + 1)
    mine = {t.feedback_id for t in texts if key.covers(t)}
    theirs = {t.feedback_id for t in texts if any(k.covers(t) for k in finer)}
    return not mine or len(mine & theirs) >= 0.3 * len(mine)
