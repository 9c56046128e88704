"""The engine: one `step` for live watch, replay and the demo alike.

    engine = Engine(settings)
    engine.load(dump)                      # what the last run wrote; nothing at first
    engine.learn(cells)                    # history, oldest first; counts only, opens nothing
    changes = engine.step(clock, cells, evidence)
    engine.states(), engine.incidents      # series that changed, and every unforgotten incident

A step takes the cells (hour counts) of every brand and hour that is new or differs since the last
step. Cells are absolute, and for a brand and hour they are complete: what is not among them is
zero. A run repeated with the same cells changes nothing. Each touched series is scored at each
touched hour of the last `rescore_hours`, so that a crawl every few hours still sees a burst
within one of them; then false discoveries are controlled, artefacts screened, and incidents open,
grow, peak, resolve or reopen. The engine reads no clock and no database: `evidence` fetches the
texts behind a series only where a signal needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from alerts.detection import incidents as machine
from alerts.detection import single, standing
from alerts.detection.book import Book
from alerts.detection.incident import SINGLE, Change, Incident, Signal
from alerts.detection.records import Cell, hour_of
from alerts.detection.series import RING_DAYS
from alerts.detection.signals import (
    Context,
    EngineSettings,
    Evidence,
    Step,
    no_evidence,
    signals_of,
)


class Engine:
    """Series states and incidents of any number of brands."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.book = Book()
        self.incidents: dict[str, Incident] = {}
        self._rules = {rule.name: rule for rule in (single.RULE, *settings.rules)}

    @property
    def stale_brands(self) -> set[str]:
        """Brands whose older history changed: learn them anew from the stored counts."""
        return self.book.stale_brands

    def learn(self, cells: Iterable[Cell]) -> None:
        """Take in counts without scoring: history at first start or after a rebuild."""
        self.book.take(cells)

    def forget_series(self) -> None:
        """Drop every series, to be learned anew; incidents stay."""
        self.book = Book()

    def step(
        self,
        clock: datetime,
        cells: Iterable[Cell],
        evidence: Evidence = no_evidence,
        context: Context = Context(),  # noqa: B008 - frozen
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
        step = Step(
            book=self.book,
            settings=self.settings,
            incidents=tuple(self.incidents.values()),
            touched=self.book.take(cell for cell in cells if cell.hour <= now),
            now=now,
            evidence=evidence,
            context=context,
        )
        signals = signals_of(step)
        open_brands = {i.brand for i in self.incidents.values() if i.is_open}
        changes: list[Change] = []
        touched = {key.brand for key in step.touched}
        for brand in sorted({*signals, *open_brands, *touched}):
            changes += self._step_brand(step, brand, signals.get(brand, []))
        self._forget(now)
        return changes

    def states(self) -> dict[str, dict[str, Any]]:
        """States that changed since the last call, as JSON values by series text."""
        changed, self.book.changed = self.book.changed, set()
        return self.book.dump(changed)

    def dump(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        return {
            "series": self.book.dump(self.book.states),
            "incidents": [incident.dump() for incident in self.incidents.values()],
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Take in what `dump` or `states` wrote; adds to what is there."""
        self.book.load(dumped.get("series", {}))
        for values in dumped.get("incidents", []):
            incident = Incident.load(values)
            self.incidents[incident.key] = incident

    def _step_brand(self, step: Step, brand: str, signals: Sequence[Signal]) -> list[Change]:
        own = [i for i in self.incidents.values() if i.brand == brand]
        fresh, changes = machine.absorb(
            own,
            signals,
            now=step.now,
            rules=self._rules,
            is_related=partial(standing.is_related, step),
            course=self.settings.course,
        )
        urgent, reported = single.absorb(step, own, brand, self._rules[single.RULE.name])
        fresh, changes = [*fresh, *urgent], [*changes, *reported]
        self.incidents.update((incident.key, incident) for incident in fresh)
        is_touched = any(key.brand == brand for key in step.touched)
        for incident in [i for i in [*own, *fresh] if i.is_open]:
            course = self._advance(step, incident, is_touched=is_touched)
            told = {change.incident.key for change in changes}
            changes += [c for c in course if c.kind != "grow" or incident.key not in told]
        return changes

    def _advance(self, step: Step, incident: Incident, *, is_touched: bool) -> list[Change]:
        course = self.settings.course
        if incident.kind == SINGLE:
            return machine.age(incident, step.now, self._rules, course)
        if is_touched:
            standing.name(step, incident)
        vitals = standing.vitals_of(step, incident)
        return machine.advance(incident, vitals, now=step.now, rules=self._rules, course=course)

    def _forget(self, now: int) -> None:
        """Drop incidents too old to be reopened, to bound a window or to be left out."""
        keep = 24 * RING_DAYS
        for key in [
            k for k, i in self.incidents.items() if i.resolved_at and now - i.resolved_at > keep
        ]:
            del self.incidents[key]
