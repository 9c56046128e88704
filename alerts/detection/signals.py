"""From scores to signals: false discoveries controlled, rules applied, artefacts screened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from alerts.detection import screens
from alerts.detection import series as columns
from alerts.detection.book import Book
from alerts.detection.incident import SINGLE, Course, Incident, Signal
from alerts.detection.records import Observation, PlannedEvent, Rule, SeriesKey, Single
from alerts.detection.scoring import Score, Setting, score
from alerts.detection.severity import LEAST_RATIO, judge
from alerts.detection.tails import discoveries
from alerts.detection.usual import Tuning, share_of

HOURS_A_YEAR = 8760.0

Evidence = Callable[[SeriesKey, int, int], Sequence[Observation]]
"""Observations of a brand, product and source published in [from, to) hours, any sentiment."""


def no_evidence(key: SeriesKey, start: int, end: int) -> Sequence[Observation]:
    """For callers that have counts and no texts."""
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """What a caller may set; the rest is `Tuning` and `Course`."""

    rules: tuple[Rule, ...] = field(default_factory=lambda: (Rule(),))
    events: tuple[PlannedEvent, ...] = ()
    theme_weights: Mapping[str, float] = field(default_factory=dict)
    theme_owners: Mapping[str, str] = field(default_factory=dict)
    """Who looks after a theme; themes of one owner are told together."""
    quiet_themes: frozenset[str] = frozenset()
    """Themes that make no incident of their own: praise."""
    alert_max_age_hours: float = 24.0
    rescore_hours: int = 72
    level: float = 1.3e-3
    """At sensitivity 1: a brand-wide window is a signal where its p-value times the square root
    of the number of such windows in a year is below this."""
    finer_level: float = 4e-3
    """The same for all finer series together. Themes of a brand share texts, so that the control
    over them errs on the quiet side."""
    tuning: Tuning = field(default_factory=Tuning)
    course: Course = field(default_factory=Course)
    single: Single = field(default_factory=Single)


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a step knows beside counts."""

    unhealthy_sources: frozenset[str] = frozenset()
    model_changed_hour: int | None = None
    """When the active model last changed."""
    themes_changed_hours: Mapping[str, int] = field(default_factory=dict)
    """When the words of a theme last changed, by its key."""

    def read_otherwise_since(self, theme: str | None) -> int | None:
        """The last hour from which a series was counted in another way."""
        hours = [self.model_changed_hour, self.themes_changed_hours.get(theme or "")]
        return max((hour for hour in hours if hour is not None), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One run: what is known, what was touched, when."""

    book: Book
    settings: EngineSettings
    incidents: Sequence[Incident]
    touched: Mapping[SeriesKey, set[int]]
    now: int
    evidence: Evidence
    context: Context
    _lone: dict[str, frozenset[str]] = field(default_factory=dict)

    def lone(self, brand: str) -> frozenset[str]:
        """Which of source and product have only one value in a brand, which holds every voice."""
        if brand not in self._lone:
            whole = self.book.brand(brand).days[:, columns.ITEMS].sum()
            found = set()
            for dimension in ("source", "product"):
                keys = [
                    k for k in self.book.keys[brand] if k.theme is None and getattr(k, dimension)
                ]
                own = self.book.states[keys[0]].days[:, columns.ITEMS].sum() if keys else 0.0
                if len(keys) == 1 and own >= whole:
                    found.add(dimension)
            self._lone[brand] = frozenset(found)
        return self._lone[brand]

    def setting(self, key: SeriesKey, hour: int) -> Setting:
        """What scoring needs to know of a series at an hour."""
        return Setting(
            key=key,
            state=self.book.states[key],
            brand=self.book.brand(key.brand),
            hour=hour,
            tuning=self.settings.tuning,
            events=tuple(e for e in self.settings.events if e.brand == key.brand),
            source=self.book.states.get(SeriesKey(brand=key.brand, source=key.source))
            if key.source
            else None,
        )


def signals_of(step: Step) -> dict[str, list[Signal]]:
    """Signals by brand."""
    candidates = _scores(step)
    found: dict[str, list[Signal]] = defaultdict(list)
    for rule in step.settings.rules:
        if rule.name == SINGLE:
            continue
        watched = [s for s in candidates if rule.watches(s.key)]
        for chosen in _discovered(step, watched, rule):
            signal = _signal(step, chosen, rule)
            if signal is not None:
                found[chosen.key.brand].append(signal)
    return found


def chance(found: Score) -> float:
    """A p-value weighed by how many such windows a year holds, by the root of their number.

    The root lies between counting every window (slow ones overlap and drift) and none.
    """
    return min(1.0, float(found.p_value * (HOURS_A_YEAR / found.horizon) ** 0.5))


def _scores(step: Step) -> list[Score]:
    candidates: list[Score] = []
    for brand in sorted({key.brand for key in step.touched}):
        told_days, told_until = _told(step, brand)
        for key in step.book.keys[brand]:
            if key not in step.touched or key.theme in step.settings.quiet_themes:
                continue
            if _is_whole(step, key):
                continue
            for known in (key, SeriesKey(brand=brand)):
                step.book.states[known].leave_out(told_days)
            candidates += _scores_of(step, key, told_until)
    return candidates


def _is_whole(step: Step, key: SeriesKey) -> bool:
    """Whether the series of a brand's only source or product says what the wider one does."""
    if key.source is not None:
        return "source" in step.lone(key.brand)
    return key.product is not None and key.theme is None and "product" in step.lone(key.brand)


def _scores_of(step: Step, key: SeriesKey, since: int) -> Iterable[Score]:
    for hour in sorted(step.touched[key]):
        if step.now - step.settings.rescore_hours <= hour <= step.now:
            yield from score(step.setting(key, hour), since=since)


def _told(step: Step, brand: str) -> tuple[tuple[tuple[int, int], ...], int]:
    """Days that the baseline leaves out, and the hour before which windows hold no news."""
    waves = (i for i in step.incidents if i.brand == brand and i.kind != SINGLE)
    told = [i for i in waves if i.posted_at is not None]
    days = [
        (i.started_at // 24, (i.resolved_at or step.now) // 24 + 1)
        for i in told
        if not i.is_new_usual
    ]
    days += [
        (e.start_hour // 24, e.end_hour // 24 + 1)
        for e in step.settings.events
        if e.brand == brand and e.start_hour <= step.now
    ]
    return tuple(days), max((i.resolved_at or 0 for i in told), default=0)


def _discovered(step: Step, scores: Sequence[Score], rule: Rule) -> list[Score]:
    """Scores that pass at the rule's level.

    Each kind of statistic is a family, and so are brand-wide and finer series. Of the finer ones
    those with a voice in the last week are the hypotheses; the others are silent and cannot be
    anomalous upwards.
    """
    families: dict[tuple[str, bool], list[Score]] = defaultdict(list)
    for found in scores:
        families[found.kind, found.key.is_brand_wide].append(found)
    kept: list[Score] = []
    for (_, is_wide), family in families.items():
        tested = len({s.key for s in family}) if is_wide else _active(step, rule)
        chances = np.array([chance(s) for s in family])
        level = step.settings.level if is_wide else step.settings.finer_level
        passed = discoveries(chances, tested, level * rule.sensitivity)
        kept += [s for s, is_found in zip(family, passed, strict=True) if is_found]
    return kept


def _active(step: Step, rule: Rule) -> int:
    return sum(
        state.last_hour > step.now - 168
        and not key.is_brand_wide
        and rule.watches(key)
        and not (key.theme and key.source and "source" in step.lone(key.brand))
        for key, state in step.book.states.items()
    )


def _signal(step: Step, found: Score, rule: Rule) -> Signal | None:
    """The signal of a score, or None where it is too small or proven an artefact."""
    if found.kind == "volume" and found.count < 0.75 * LEAST_RATIO * found.expected:
        return None
    texts = step.evidence(SeriesKey(brand=found.key.brand), found.start_hour, found.hour + 1)
    findings = screens.examine(
        found,
        texts,
        max_age_hours=step.settings.alert_max_age_hours,
        model_changed_hour=step.context.read_otherwise_since(found.key.theme),
        unhealthy_sources=step.context.unhealthy_sources,
    )
    if any(f.effect == "suppress" for f in findings):
        return None
    brand = step.book.brand(found.key.brand)
    verdict = judge(
        count=found.count,
        expected=found.expected,
        horizon=found.horizon,
        share_of_voices=found.count
        / max(float(brand.window(found.hour, found.horizon)[columns.ITEMS]), 1.0),
        usual_share=share_of(brand, brand, found.hour, step.settings.tuning).negative,
        reach=sum(t.reach or 0 for t in texts if found.key.covers(t)),
        theme_weight=step.settings.theme_weights.get(found.key.theme or "", 1.0),
        lowered_by=tuple(f.text for f in findings if f.effect == "lower"),
        is_share=found.kind != "volume",
        stars=_fallen_stars(found),
    )
    return Signal(
        score=found,
        rule=rule.name,
        verdict=verdict,
        chance=chance(found),
        notes=tuple(f.text for f in findings if f.effect == "note"),
        kind=_kind(found, findings),
        is_muted=rule.is_muted,
    )


def _fallen_stars(found: Score) -> tuple[float, float] | None:
    if found.kind != "rating" or found.rating is None or found.usual_rating is None:
        return None
    return found.rating, found.usual_rating


def _kind(found: Score, findings: Sequence[screens.Finding]) -> str:
    if any(f.name == "brigading" for f in findings):
        return "brigading"
    if found.kind != "volume":
        return found.kind
    return "slow" if found.horizon >= 168 else "spike"
