"""What the streams are known to hold, and whether the incidents opened on them agree.

Found means: the open interval overlaps the window, and it opened no earlier than three days before.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from alerts.detection.incident import SINGLE, Incident
from alerts.detection.records import Observation, hour_of, moment_of

LEAD_HOURS = 72
DRIVE_VOICES, DRIVE_STARS = 20, 4.0
"""More reviews than this on a day, with at least this mean, are an invited drive."""
DELIVERY = frozenset(
    {"delivery_delay", "lost_or_wrong_parcel", "order_status", "damaged_in_transit"}
)
WINTERS = (2020, 2021, 2022)
"""Late parcels from 20 November of these years to 10 January of the next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A span of a stream in which something is known to have happened; hours, end exclusive."""

    name: str
    start: int
    end: int

    def overlaps(self, incident: Incident) -> bool:
        """Whether an incident was open, as a reader saw it, at some time of the window."""
        return posted(incident) < self.end and (incident.resolved_at or self.end) > self.start

    def finds(self, incident: Incident) -> bool:
        """Whether an incident tells of this window."""
        return self.overlaps(incident) and posted(incident) >= self.start - LEAD_HOURS


def posted(incident: Incident) -> int:
    """The hour in which the first message was due."""
    return incident.opened_at if incident.posted_at is None else incident.posted_at


def crises_of(incidents: Sequence[Incident]) -> list[Incident]:
    """Told incidents in the negative direction; what one report opens is none."""
    return [i for i in incidents if i.posted_at is not None and i.kind != SINGLE]


def known_windows(file: Path, kind: str) -> list[Window]:
    """The windows of one kind in `*_windows.json`."""
    rows = json.loads(file.read_text(encoding="utf-8"))
    return [
        Window(name=row["from"][:10], start=_hour(row["from"]), end=_hour(row["to"]) + 1)
        for row in rows
        if row["kind"] == kind
    ]


def winters() -> list[Window]:
    """The winters of late parcels at `trustpilot_fanatics`."""
    return [
        Window(
            name=f"{year}/{(year + 1) % 100}",
            start=_hour(f"{year}-11-20 00:00"),
            end=_hour(f"{year + 1}-01-11 00:00"),
        )
        for year in WINTERS
    ]


def drive_days(observations: Sequence[Observation]) -> list[Window]:
    """Days on which an invited drive brought reviews."""
    stars: dict[int, list[float]] = {}
    for o in observations:
        stars.setdefault(hour_of(o.published_at) // 24, []).append(o.rating or 0.0)
    return [
        Window(name=f"{moment_of(24 * day):%Y-%m-%d}", start=24 * day, end=24 * day + 24)
        for day, given in sorted(stars.items())
        if len(given) > DRIVE_VOICES and np.mean(given) >= DRIVE_STARS
    ]


def judged(
    name: str, observations: Sequence[Observation], crises: Sequence[Incident], data: Path
) -> Iterator[str]:
    """One line for each thing asked of a stream."""
    if name == "play_kraken":
        file = data / f"{name}_windows.json"
        yield from _found("crises", known_windows(file, "crisis"), crises)
        yield f"open on surges of praise: {_open_in(known_windows(file, 'positive_surge'), crises)}"
    elif name == "trustpilot_fanatics":
        yield from _found("winters", winters(), crises)
        for winter in winters():
            own = [i for i in crises if winter.overlaps(i)]
            named = ", ".join(i.theme or "no theme" for i in own) or "none"
            delivery = sum(i.theme in DELIVERY for i in own)
            yield f"winter {winter.name}: {len(own)}, {delivery} named after delivery ({named})"
    elif name.startswith("trustpilot_"):
        days = drive_days(observations)
        years = Counter(moment_of(posted(i)).year for i in crises)
        yield f"open on {len(days)} days of invited drives: {_open_in(days, crises)}"
        yield f"most in one year: {max(years.values(), default=0)}"


def _found(what: str, windows: Sequence[Window], crises: Sequence[Incident]) -> Iterator[str]:
    found = sum(any(w.finds(i) for i in crises) for w in windows)
    others = sum(not any(w.overlaps(i) for w in windows) for i in crises)
    yield f"{what} found: {found} of {len(windows)}, and {others} others"


def _open_in(windows: Sequence[Window], crises: Sequence[Incident]) -> int:
    return sum(any(w.overlaps(i) for w in windows) for i in crises)


def _hour(text: str) -> int:
    return hour_of(datetime.fromisoformat(text).replace(tzinfo=UTC))
