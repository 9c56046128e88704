"""What the watch step writes into `incident.evidence`, and what every message is built from.

The watch step fills an `Evidence`, stores `evidence.as_json()` in the same transaction as the
incident row, and calls `alerts.slack.incidents.announce_incident` or `update_incident`. Every text
in here comes from stored (masked) feedback or from our own phrases; nothing is escaped for Slack
yet, that happens once, where blocks are built.

The columns of the incident row that a message reads, and what they mean:
`items` complaints in the incident since `started_at`; `baseline` how many the same hours usually
bring; `odds` probability of such a count by chance (0 to 1), None where unknown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Fact(BaseModel):
    """A frozen value of the evidence; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Hour(NamedTuple):
    """One point of the chart: complaints in the hour that begins `at`, and the expected band."""

    at: datetime
    items: int
    expected_low: float
    expected_high: float


class Quote(Fact):
    """One customer's words, masked; shown shortened, so pass the sentence that says it."""

    feedback_id: int
    text: str
    stars: float | None = Field(default=None, ge=0, le=5)
    """Rating on a scale of five."""
    source: str
    """Name of the source as people call it: "Trustpilot", "shop page"."""
    published_at: datetime | None = None
    url: str | None = None


class Difference(Fact):
    """An attribute whose share differs from its usual one."""

    attribute: str
    """Name of the attribute: "courier", "country", "version", "product"."""
    value: str
    share: float = Field(ge=0, le=1)
    usual: float = Field(ge=0, le=1)


class ThemeShare(Fact):
    """A theme named in the incident's feedback."""

    name: str
    share: float = Field(ge=0, le=1)


class Screen(Fact):
    """One artefact check as a short phrase: "44 different authors", "one author wrote 31 of 47"."""

    name: str
    """`authors`, `texts`, `backfill`, `outage`, `promotion`, `planned_event` …"""
    finding: str
    is_concern: bool = False
    """True where the finding makes the incident doubtful."""


class SourceHealth(Fact):
    """A source that feeds the incident."""

    name: str
    is_healthy: bool = True
    reason: str | None = None


class Similar(Fact):
    """An earlier incident that looked alike."""

    incident_id: int
    summary: str
    """What it was and what helped: "courier strike, March last year, 3 days"."""


class Evidence(Fact):
    """Everything behind an incident that its columns do not hold; all optional but the title."""

    title: str = Field(min_length=1)
    """What broke, two to four words as a person says it: "Late parcels"."""
    noun: str = "complaints"
    """Plural of what is counted: complaints, reviews, mentions, praise."""
    hours: tuple[Hour, ...] = ()
    """The chart: the last seven days or so, oldest first, without gaps."""
    baseline_low: float | None = None
    baseline_high: float | None = None
    """Interval around `incident.baseline` that usually holds the count."""
    share_negative: float | None = Field(default=None, ge=0, le=1)
    """Share of negative items among all of the brand's items in the same hours."""
    usual_share_negative: float | None = Field(default=None, ge=0, le=1)
    themes: tuple[ThemeShare, ...] = ()
    """Most frequent first."""
    differences: tuple[Difference, ...] = ()
    """Largest difference first; an empty tuple reads "spread as usual"."""
    quotes: tuple[Quote, ...] = ()
    """Most telling first; the first post shows three."""
    screens: tuple[Screen, ...] = ()
    sources: tuple[SourceHealth, ...] = ()
    similar: Similar | None = None
    changes: tuple[str, ...] = ()
    """What changed since the last look, as phrases: '"refund" now in 38 % (09:30: 9 %)'."""
    trend: str | None = None
    """Half a sentence for the headline of an edit: "still growing, slower than at noon"."""
    owner: str | None = None
    """Owner of the theme's playbook: a Slack channel, user group or name."""
    playbook: tuple[str, ...] = ()
    """First steps, one short line each."""
    holding_statement: str | None = None
    page_url: str | None = None
    """Address of the incident's page in the web room, behind `Open page`."""

    def as_json(self) -> dict[str, Any]:
        """The value to store in `incident.evidence`."""
        return self.model_dump(mode="json")
