"""The engine: one `step` for live watch, replay and the demo alike.

    engine = Engine(settings)
    engine.load(dump)                      # what the last run wrote; nothing at first
    engine.learn(cells)                    # history, oldest first; counts only, opens nothing
    changes = engine.step(clock, cells, evidence)
    dump = engine.dump()                   # series that changed, and every unforgotten incident

A step takes the cells (hour counts) of every brand and hour that is new or differs since the last
step. Cells are absolute, and for a brand and hour they are complete: what is not among them is
zero. A run repeated with the same cells changes nothing. Each touched series is scored at each
touched hour of the last `rescore_hours`, so that a crawl every few hours still sees a burst
within one of them; then false discoveries are controlled, artefacts screened, and incidents open,
grow, peak, resolve or reopen. The engine reads no clock and no database: `evidence` fetches the
texts behind a series only where a signal needs them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from alerts.detection import incidents as machine
from alerts.detection import screens
from alerts.detection import series as columns
from alerts.detection.incidents import Change, Course, Incident, Signal, Vitals
from alerts.detection.records import (
    Cell,
    Observation,
    PlannedEvent,
    Rule,
    SeriesKey,
    hour_of,
)
from alerts.detection.scoring import Score, Tuning, score, volume_at
from alerts.detection.series import RING_DAYS, Row, SeriesState
from alerts.detection.severity import LEAST_COUNT, LEAST_RATIO, judge
from alerts.detection.tails import discoveries

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
    quiet_themes: frozenset[str] = frozenset()
    """Themes that make no incident of their own: praise."""
    alert_max_age_hours: float = 24.0
    rescore_hours: int = 72
    level: float = 4e-3
    """At sensitivity 1: a brand-wide window whose p-value times the square root of the number of
    such windows in a year is below this is a signal."""
    tuning: Tuning = field(default_factory=Tuning)
    course: Course = field(default_factory=Course)


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a step knows beside counts."""

    unhealthy_sources: frozenset[str] = frozenset()
    model_changed_hour: int | None = None
    """When the active model or the taxonomy last changed."""


class Engine:
    """Series states and incidents of any number of brands."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.series: dict[SeriesKey, SeriesState] = {}
        self.incidents: dict[str, Incident] = {}
        self.stale_brands: set[str] = set()
        """Brands whose older history changed: learn them anew from the stored counts."""
        self._dirty: set[SeriesKey] = set()
        self._rules = {rule.name: rule for rule in settings.rules}

    def learn(self, cells: Iterable[Cell]) -> None:
        """Take in counts without scoring: history at first start or after a rebuild."""
        self._take(sorted(cells, key=lambda cell: cell.hour))

    def step(
        self,
        clock: datetime,
        cells: Iterable[Cell],
        evidence: Evidence = no_evidence,
        context: Context = Context(),
    ) -> list[Change]:
        """One run of watch at a moment.

        Args:
            clock: aware; counts of hours after it (clock skew, future dates) wait for their time.
            cells: hour counts, all of each brand and hour that is new or changed.
            evidence: fetches texts.
            context: health of sources and model changes.

        Returns:
            Changes in order, for the caller to store and to tell where `is_due`.
        """
        now = hour_of(clock)
        touched = self._take(cell for cell in cells if cell.hour <= now)
        signals = self._signals(touched, now, evidence, context)
        changes: list[Change] = []
        for brand in sorted({*signals, *(i.brand for i in self.incidents.values() if i.is_open)}):
            changes += self._step_brand(brand, signals.get(brand, []), now, evidence, context)
        self._forget(now)
        return changes

    def states(self, keys: Iterable[SeriesKey] | None = None) -> dict[str, dict[str, Any]]:
        """Dumped states by series text: those changed since the last call, or the given ones."""
        wanted = sorted(self._dirty if keys is None else keys)
        self._dirty.difference_update(wanted)
        return {str(key): self.series[key].dump() for key in wanted}

    def dump(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        return {
            "series": self.states(self.series),
            "incidents": [incident.dump() for incident in self.incidents.values()],
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Take in what `dump` or `states` wrote; adds to what is there."""
        for text, state in dumped.get("series", {}).items():
            self.series[SeriesKey.parse(text)] = SeriesState.load(state)
        for values in dumped.get("incidents", []):
            incident = Incident.load(values)
            self.incidents[incident.key] = incident

    def _take(self, cells: Iterable[Cell]) -> dict[SeriesKey, set[int]]:
        """Roll cells up into their series; returns the touched hours of each series."""
        sums: dict[tuple[str, int], dict[SeriesKey, Row]] = defaultdict(dict)
        for cell in cells:
            of_hour = sums[cell.brand, cell.hour]
            for key in rolled_up(cell):
                of_hour[key] = _plus(of_hour.get(key, columns.NOTHING), _row(cell))
        touched: dict[SeriesKey, set[int]] = defaultdict(set)
        for (brand, hour), of_hour in sorted(sums.items(), key=lambda item: item[0][1]):
            self._clear_absent(brand, hour, of_hour)
            for key, row in of_hour.items():
                if not self.series.setdefault(key, SeriesState()).set_hour(hour, row):
                    self.stale_brands.add(brand)
                touched[key].add(hour)
        self._dirty.update(touched)
        return touched

    def _clear_absent(self, brand: str, hour: int, present: Mapping[SeriesKey, Row]) -> None:
        """Zero the series that had counts in an hour seen before and have none now."""
        known = self.series.get(SeriesKey(brand=brand))
        if known is None or hour not in known.recent:
            return
        for key, state in self.series.items():
            if key.brand == brand and key not in present and hour in state.recent:
                state.set_hour(hour, columns.NOTHING)
                self._dirty.add(key)

    def _signals(
        self,
        touched: Mapping[SeriesKey, set[int]],
        now: int,
        evidence: Evidence,
        context: Context,
    ) -> dict[str, list[Signal]]:
        """Signals by brand after false discovery control, rules and screens."""
        candidates = self._scores(touched, now)
        found: dict[str, list[Signal]] = defaultdict(list)
        for rule in self.settings.rules:
            watched = [s for s in candidates if rule.watches(s.key)]
            for chosen in self._discovered(watched, now, rule):
                signal = self._signal(chosen, rule, now, evidence, context)
                if signal is not None:
                    found[chosen.key.brand].append(signal)
        return found

    def _scores(self, touched: Mapping[SeriesKey, set[int]], now: int) -> list[Score]:
        candidates: list[Score] = []
        for key, hours in touched.items():
            if key.theme in self.settings.quiet_themes:
                continue
            state, brand = self.series[key], self.series[SeriesKey(brand=key.brand)]
            events = [e for e in self.settings.events if e.brand == key.brand]
            since = self._told_until(key.brand)
            for either in (state, brand):
                either.leave_out(self._told_days(key.brand, now))
            for hour in hours:
                if now - self.settings.rescore_hours <= hour <= now:
                    candidates += score(
                        key,
                        state,
                        brand=brand,
                        hour=hour,
                        since=since,
                        events=events,
                        tuning=self.settings.tuning,
                    )
        return candidates

    def _told_until(self, brand: str) -> int:
        """Windows that reach back into an incident already resolved hold no news."""
        ends = [
            incident.resolved_at
            for incident in self.incidents.values()
            if incident.brand == brand
            and incident.resolved_at is not None
            and incident.posted_at is not None
        ]
        return max(ends, default=0)

    def _told_days(self, brand: str, now: int) -> tuple[tuple[int, int], ...]:
        return tuple(
            (incident.started_at // 24, (incident.resolved_at or now) // 24 + 1)
            for incident in self.incidents.values()
            if incident.brand == brand
            and incident.posted_at is not None
            and not incident.is_new_usual
        )

    def _discovered(self, scores: Sequence[Score], now: int, rule: Rule) -> list[Score]:
        """Scores that pass at the rule's level, brand-wide ones as a family of their own.

        Within the family of finer series, those with a negative voice in the last week are the
        hypotheses; the others are silent and cannot be anomalous upwards.
        """
        level = self.settings.level * rule.sensitivity
        kept: list[Score] = []
        for is_wide in (True, False):
            family = [s for s in scores if s.key.is_brand_wide is is_wide]
            chances = np.array([chance(s) for s in family])
            tested = len({s.key for s in family}) if is_wide else self._active(now, rule)
            passed = discoveries(chances, tested, level if is_wide else 2 * level)
            kept += [s for s, is_found in zip(family, passed, strict=True) if is_found]
        return kept

    def _active(self, now: int, rule: Rule) -> int:
        return sum(
            state.last_hour > now - 168 and not key.is_brand_wide and rule.watches(key)
            for key, state in self.series.items()
        )

    def _signal(
        self, found: Score, rule: Rule, now: int, evidence: Evidence, context: Context
    ) -> Signal | None:
        """The signal of a score, or None where it is too small or proven an artefact."""
        if found.kind == "volume" and found.count < max(
            LEAST_COUNT - 2, 0.75 * LEAST_RATIO * found.expected
        ):
            return None
        texts = evidence(SeriesKey(brand=found.key.brand), found.start_hour, found.hour + 1)
        findings = screens.examine(
            found,
            texts,
            now=now,
            max_age_hours=self.settings.alert_max_age_hours,
            model_changed_hour=context.model_changed_hour,
            unhealthy_sources=context.unhealthy_sources,
        )
        if any(f.effect == "suppress" for f in findings):
            return None
        voices = [t for t in texts if found.key.covers(t)]
        verdict = judge(
            count=found.count,
            expected=found.expected,
            horizon=found.horizon,
            share_of_voices=found.count / max(self._voices(found), 1.0),
            reach=sum(t.reach or 0 for t in voices),
            theme_weight=self.settings.theme_weights.get(found.key.theme or "", 1.0),
            lowered_by=tuple(f.text for f in findings if f.effect == "lower"),
            is_share=found.kind != "volume",
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

    def _voices(self, found: Score) -> float:
        brand = self.series[SeriesKey(brand=found.key.brand)]
        return float(brand.window(found.hour, found.horizon)[columns.ITEMS])

    def _step_brand(
        self,
        brand: str,
        signals: Sequence[Signal],
        now: int,
        evidence: Evidence,
        context: Context,
    ) -> list[Change]:
        own = [i for i in self.incidents.values() if i.brand == brand]
        fresh, changes = machine.absorb(
            own,
            signals,
            now=now,
            rules=self._rules,
            is_related=lambda incident, signal: _is_related(incident, signal, evidence, now),
            course=self.settings.course,
        )
        self.incidents.update((incident.key, incident) for incident in fresh)
        for incident in [*own, *fresh]:
            if incident.is_open:
                vitals = self._vitals(incident, now, context)
                changes += machine.advance(
                    incident, vitals, now=now, rules=self._rules, course=self.settings.course
                )
                self._name(incident, now)
        return changes

    def _vitals(self, incident: Incident, now: int, context: Context) -> Vitals:
        part = incident.primary
        state, brand = self.series[part.key], self.series[SeriesKey(brand=incident.brand)]
        last = now - 1 if now - 1 >= incident.last_anomalous_at else now
        length = max(1, last - incident.started_at + 1)
        day = state.window(last, 24)
        horizons = (24, 72, 168) if part.horizon >= 168 else (24, 72)
        chances = [
            volume_at(part.key, state, brand, last, h, (), self.settings.tuning).p_value
            for h in horizons
        ]
        return Vitals(
            count=float(state.window(last, length)[columns.NEGATIVE]),
            expected=incident.usual_a_day * length / 24,
            last_day=float(day[columns.NEGATIVE]),
            is_in_band=min(chances) > self.settings.course.band,
            holds_resolve=bool(context.unhealthy_sources & self._sources(incident.brand)),
        )

    def _sources(self, brand: str) -> set[str]:
        return {k.source for k in self.series if k.brand == brand and k.source and not k.theme}

    def _name(self, incident: Incident, now: int) -> None:
        """The theme and the product that an incident is most about, by likelihood ratio."""
        found = self._telling(incident, now, "theme")
        incident.theme = found or incident.theme
        found = self._telling(incident, now, "product")
        incident.product = found or incident.product

    def _telling(self, incident: Incident, now: int, dimension: str) -> str | None:
        brand = self.series[SeriesKey(brand=incident.brand)]
        length = max(1, now - incident.started_at)
        whole = max(incident.count, 1.0)
        best, best_ratio = None, 3.0
        for key, state in self.series.items():
            value = getattr(key, dimension)
            if key.brand != incident.brand or value is None or _dimensions(key) != 1:
                continue
            if value in self.settings.quiet_themes or state.last_hour < incident.started_at:
                continue
            found = volume_at(key, state, brand, now - 1, length, (), self.settings.tuning)
            if found.count < 0.2 * whole or found.count < 3:
                continue
            excess = found.count - found.expected
            ratio = found.count * float(np.log(found.count / max(found.expected, 0.1))) - excess
            if excess > 0 and ratio > best_ratio:
                best, best_ratio = value, ratio
        return best

    def _forget(self, now: int) -> None:
        """Drop incidents too old to be reopened, to bound a window or to be left out."""
        keep = 24 * RING_DAYS
        for key in [
            k for k, i in self.incidents.items() if i.resolved_at and now - i.resolved_at > keep
        ]:
            del self.incidents[key]


def rolled_up(cell: Cell) -> list[SeriesKey]:
    """The series that a cell adds to.

    Item cells: brand-wide, per product, per source. Theme cells: per theme, and theme by product.
    """
    if cell.theme is None:
        keys = [SeriesKey(brand=cell.brand), SeriesKey(brand=cell.brand, source=cell.source)]
        if cell.product:
            keys.append(SeriesKey(brand=cell.brand, product=cell.product))
        return keys
    keys = [SeriesKey(brand=cell.brand, theme=cell.theme)]
    if cell.product:
        keys.append(SeriesKey(brand=cell.brand, theme=cell.theme, product=cell.product))
    return keys


def chance(found: Score) -> float:
    """A p-value weighed by how many such windows a year holds, geometric mean of both extremes."""
    return min(1.0, float(found.p_value * (HOURS_A_YEAR / found.horizon) ** 0.5))


def _row(cell: Cell) -> Row:
    dated = cell.negative if cell.precision == "day" else 0
    return (cell.items, cell.negative, cell.rated, cell.stars, dated)


def _plus(a: Row, b: Row) -> Row:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4])


def _dimensions(key: SeriesKey) -> int:
    return sum(value is not None for value in (key.theme, key.product, key.source))


def _kind(found: Score, findings: Sequence[screens.Finding]) -> str:
    if any(f.name == "brigading" for f in findings):
        return "brigading"
    if found.kind != "volume":
        return found.kind
    return "slow" if found.horizon >= 168 else "spike"


def _is_related(incident: Incident, signal: Signal, evidence: Evidence, now: int) -> bool:
    """Whether a signal speaks of the same event: the same series, or largely the same texts."""
    key = signal.score.key
    finer = [p.key for p in incident.parts.values() if not p.key.is_brand_wide]
    if str(key) in incident.parts or not finer or (key.theme is None and key.product is None):
        return True
    texts = evidence(SeriesKey(brand=key.brand), signal.score.start_hour, now + 1)
    mine = {t.feedback_id for t in texts if key.covers(t)}
    theirs = {t.feedback_id for t in texts if any(k.covers(t) for k in finer)}
    return not mine or len(mine & theirs) >= 0.3 * len(mine)
