"""What one incident message shows, as plain typed values: no database, no Block Kit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.slack.evidence import Evidence
from alerts.slack.text import counted, day_and_time, number, percent

_ICONS = {"critical": "🚨", "high": "🔴", "medium": "🟠", "low": "⚪"}
_WHERE = {
    "courier": "with",
    "country": "in",
    "store": "in",
    "supplier": "from",
    "version": "on version",
    "device": "on",
    "product": "about",
}
"""How an attribute reads before its value; any other is named."""
_SURE = (
    (1e-6, "we are sure"),
    (1e-3, "very likely real"),
    (2e-2, "probably real"),
)


@dataclass(frozen=True, kw_only=True)
class IncidentView:
    """Everything the incident's message shows at the instant `now`."""

    id: int
    brand: str
    zone: ZoneInfo
    now: datetime
    rule: str
    severity: str
    state: str
    direction: str
    started_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    items: int
    baseline: float
    odds: float | None
    evidence: Evidence
    product: str | None = None
    verdict: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    dismissal: str | None = None
    """Reason given with a dismissal."""
    assigned_to: str | None = None
    snoozed_until: datetime | None = None
    snoozed_items: int | None = None
    escalated_at: datetime | None = None
    ticket: str | None = None
    ticket_url: str | None = None
    ticket_status: str | None = None
    has_desk: bool = False
    """Whether a ticket can be opened."""
    drafts: int = 0
    drafts_waiting: int = 0
    drafts_late: int = 0

    @property
    def icon(self) -> str:
        """One sign for severity and state, readable in a list of channels."""
        if self.state == "resolved":
            return "🟢"
        return "🔵" if self.direction == "positive" else _ICONS[self.severity]

    @property
    def since(self) -> str:
        """When it began, in the brand's zone."""
        return day_and_time(self.started_at, self.now, self.zone)

    @property
    def headline(self) -> str:
        """One sentence in words, without the icon."""
        told_count = counted(self.items, self.evidence.noun)
        if self.state == "resolved":
            ended = day_and_time(self.resolved_at or self.updated_at, self.now, self.zone)
            return f"{self.evidence.title}: over since {ended} · {told_count} in all"
        usual = "" if self.is_report else f", usually {number(self.baseline)}"
        told = f"{self.evidence.title}: {told_count} since {self.since}{usual}"
        return f"{told} · {self.evidence.trend}" if self.evidence.trend else told

    @property
    def is_report(self) -> bool:
        """Told for what it says, not for how many say it: nothing to compare a count with."""
        return self.odds is None and self.baseline == 0

    @property
    def certainty(self) -> str:
        """How sure we are, in words; doubts found by the screens take it down a step."""
        if any(screen.is_concern for screen in self.evidence.screens):
            return "doubtful, see below"
        if self.odds is None:
            return "one credible report is enough"
        return next((told for most, told in _SURE if self.odds <= most), "not sure yet")

    @property
    def leading(self) -> str:
        """Where it sits: "all 47 with Swiftline, 41 in DE"."""
        parts = []
        for difference in self.evidence.differences[:2]:
            count = round(difference.share * self.items)
            many = f"all {self.items:,}" if count == self.items else f"{count:,}"
            where = _WHERE.get(difference.attribute, difference.attribute)
            parts.append(f"{many} {where} {difference.value}")
        return ", ".join(parts)

    @property
    def is_snoozed(self) -> bool:
        """Whether somebody asked for silence and the silence still holds."""
        if self.snoozed_until is not None:
            return self.snoozed_until > self.now
        return self.snoozed_items is not None

    @property
    def alt_text(self) -> str:
        """What the chart shows, for those who cannot see it."""
        hours = self.evidence.hours
        if not hours:
            return f"No hourly figures for {self.evidence.title}."
        begun = [hour for hour in hours if hour.at >= self.started_at] or [hours[-1]]
        before = [hour.items for hour in hours if hour.at < self.started_at] or [0]
        top = max(begun, key=lambda hour: hour.items)
        return (
            f"Chart of {self.evidence.noun} an hour since "
            f"{day_and_time(hours[0].at, self.now, self.zone)}: about "
            f"{number(sum(before) / len(before))} an hour before {self.since}, then up to "
            f"{top.items} at {day_and_time(top.at, self.now, self.zone)}; "
            f"{begun[-1].items} in the latest hour."
        )

    @property
    def usual(self) -> str:
        """The baseline with its interval and the share of negative items."""
        if self.is_report:
            return ""
        told = f"Usual for these hours: {number(self.baseline)}"
        low, high = self.evidence.baseline_low, self.evidence.baseline_high
        if low is not None and high is not None:
            told += f" ({number(low)} to {number(high)})"
        share, usual = self.evidence.share_negative, self.evidence.usual_share_negative
        if share is not None:
            told += f" · negative {percent(share)} of all voices"
            told += f" (usual {percent(usual)})" if usual is not None else ""
        return told


def view_of(
    row: Mapping[str, Any], now: datetime, page: str | None = None, *, has_desk: bool = False
) -> IncidentView:
    """The view of one row of the query `slack_incident`; `page` is where `earshot web` is open."""
    evidence = Evidence.model_validate(row["evidence"])
    if page and not evidence.page_url:
        address = f"{page}/incident?id={row['id']}"
        evidence = evidence.model_copy(update={"page_url": address})
    return IncidentView(
        id=row["id"],
        brand=row["brand_name"],
        zone=ZoneInfo(row["time_zone"]),
        now=now,
        rule=row["rule"],
        severity=row["severity"],
        state=row["state"],
        direction=row["direction"],
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        resolved_at=row["resolved_at"],
        items=row["items"],
        baseline=row["baseline"],
        odds=row["odds"],
        evidence=evidence,
        product=row["product"],
        verdict=row["verdict"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        dismissal=row["dismissal"],
        assigned_to=row["assigned_to"],
        snoozed_until=row["snoozed_until"],
        snoozed_items=row["snoozed_items"],
        escalated_at=row["escalated_at"],
        ticket=row["ticket"],
        ticket_url=row["ticket_url"],
        ticket_status=row["ticket_status"],
        has_desk=has_desk,
        drafts=row["drafts"],
        drafts_waiting=row["drafts_waiting"],
        drafts_late=row["drafts_late"],
    )
