"""What an incident is: its parts, its course, and what may change about it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from alerts.detection.records import SeriesKey, moment_of
from alerts.detection.scoring import Score
from alerts.detection.severity import Verdict

SINGLE = "single"
"""Kind of the incidents of one report, and name of their rule."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """How incidents run their course; hours."""

    quiet_hours: int = 24
    """In the expected band for this long: resolved."""
    cooldown_hours: int = 72
    """A signal within this long of resolving reopens instead of opening anew."""
    growth: float = 1.5
    """A count this many times the one last told is growth worth telling."""
    band: float = 0.05
    """Upper-tail probability from which a window is within what is usual."""
    longest_hours: int = 60 * 24
    """An incident older than this is the new normal: it resolves and says so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """A series that is anomalous at an hour, after control of false discoveries and screens."""

    score: Score
    rule: str
    verdict: Verdict
    chance: float
    """P-value weighed by the number of such windows in a year."""
    notes: tuple[str, ...] = ()
    kind: str = "spike"
    """`spike`, `slow`, `share`, `rating`, `brigading` or `single` (one report that cannot wait)."""
    is_muted: bool = False


@dataclass(slots=True, kw_only=True)
class Part:
    """One series of an incident, at its worst."""

    key: SeriesKey
    kind: str
    horizon: int
    count: float
    expected: float
    upper: float
    p_value: float
    first_hour: int
    last_hour: int
    usual_a_day: float
    """Negative voices a day that were usual when it first signalled."""


@dataclass(slots=True, kw_only=True)
class Incident:
    """One event. Hours are hours since the epoch; `opened_at` and so on are moments (hours)."""

    key: str
    brand: str
    rule: str
    kind: str
    state: str
    severity: str
    started_at: int
    """First hour of the window that raised it."""
    opened_at: int
    """Hour number whose first moment is when it opened, as are the next four."""
    updated_at: int
    last_anomalous_at: int
    posted_at: int | None = None
    """When it first reached its rule's least severity: when the first message is due."""
    resolved_at: int | None = None
    quiet_since: int | None = None
    direction: str = "negative"
    theme: str | None = None
    product: str | None = None
    count: float = 0.0
    """Negative voices since it started."""
    expected: float = 0.0
    """Negative voices expected since it started, by what was usual when it opened."""
    upper: float = 0.0
    p_value: float = 1.0
    told_count: float = 0.0
    """Count at the last change that was told."""
    peak_rate: float = 0.0
    """Most negative voices in 24 h."""
    peak_at: int = 0
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parts: dict[str, Part] = field(default_factory=dict)
    snoozed_until: int | None = None
    snoozed_count: float | None = None
    is_muted: bool = False
    is_new_usual: bool = False
    """Resolved because the level lasted, not because it fell."""
    urgent_ids: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return self.state != "resolved"

    @property
    def primary(self) -> Part:
        """The part that says most: the widest, and of those the least likely."""
        return min(
            self.parts.values(),
            key=lambda p: (
                (p.key.theme is not None) + (p.key.product is not None),
                p.key.source is not None,
                p.p_value,
            ),
        )

    def is_quieted(self, now: int) -> bool:
        """Muted, or snoozed and not yet grown to twice the count it was snoozed at."""
        if self.is_muted:
            return True
        if self.snoozed_until is None or now >= self.snoozed_until:
            return False
        return self.count < 2 * (self.snoozed_count or 0.0)

    def dump(self) -> dict[str, Any]:
        """The incident as JSON values."""
        values = dataclasses.asdict(self)
        values["parts"] = [{**v, "key": k} for k, v in values["parts"].items()]
        return values

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Incident:
        """The incident that `dump` wrote."""
        parts = {
            part["key"]: Part(**{**part, "key": SeriesKey.parse(part["key"])})
            for part in dumped["parts"]
        }
        lists = {k: tuple(dumped[k]) for k in ("reasons", "notes", "urgent_ids")}
        return cls(**{**dumped, **lists, "parts": parts})


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something worth telling about an incident."""

    kind: str
    """`open`, `grow`, `peak`, `escalate`, `resolve` or `reopen`."""
    at: int
    """Hour number whose first moment is the time of the change."""
    incident: Incident
    is_due: bool
    """Whether it should be told: severe enough for its rule, neither muted nor snoozed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vitals:
    """How an incident stands now."""

    count: float
    """Negative voices since it started."""
    expected: float
    last_day: float
    """Negative voices in the last 24 h."""
    is_in_band: bool
    """Whether the windows that raised it are back in the expected band."""
    holds_resolve: bool = False
    """A source is unhealthy: conclusions that rest on silence wait."""


def describe(incident: Incident) -> dict[str, Any]:
    """The line that `earshot replay --json` prints for an incident."""
    shown = incident.posted_at if incident.posted_at is not None else incident.opened_at

    def text(hour: int | None) -> str | None:
        return None if hour is None else moment_of(hour).isoformat()

    return {
        "opened_at": text(shown),
        "updated_at": text(incident.updated_at),
        "resolved_at": text(incident.resolved_at),
        "brand": incident.brand,
        "theme": incident.theme,
        "product": incident.product,
        "severity": incident.severity,
        "direction": incident.direction,
        "rule": incident.rule,
        "count": round(incident.count),
        "baseline": round(incident.expected, 2),
        "reason": "; ".join((*incident.reasons, *incident.notes)),
    }
