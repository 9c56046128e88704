"""What goes into detection and what comes out: plain records without any I/O.

Hours are integers, hours since 1970-01-01T00:00Z; `hour_of` and `moment_of` convert. Hour `h`
covers [h, h + 1), so a window of n hours that ends with hour h is known at moment h + 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEVERITIES = ("low", "medium", "high", "critical")
REACH = "reach"
"""Stands for an urgent tag where the reach alone is the reason."""


def hour_of(moment: datetime) -> int:
    """The hour that contains an aware moment."""
    return (moment - EPOCH) // timedelta(hours=1)


def moment_of(hour: int) -> datetime:
    """The first moment of an hour, in UTC."""
    return EPOCH + timedelta(hours=hour)


@dataclass(frozen=True, kw_only=True, slots=True)
class ThemeMention:
    """One theme of a text and the sentiment towards that theme, never the rating."""

    theme: str
    is_negative: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One customer's text concerning one brand, tagged and ready to be counted."""

    feedback_id: str
    brand: str
    source: str
    published_at: datetime
    """Aware, UTC; with day precision, 00:00 of the source's day."""
    first_seen_at: datetime
    is_negative: bool
    """Rating of at most 2 of 5 where rated, else by its text; a person's correction outranks."""
    precision: str = "second"
    """`second`, `day` or `unknown`; unknown is never counted."""
    product: str | None = None
    rating: float | None = None
    """On a scale of five."""
    themes: tuple[ThemeMention, ...] = ()
    author_key: str | None = None
    text: str = ""
    text_key: str | None = None
    """Equal for near-duplicate texts; only texts of 40 characters and more should have one."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    reach: int | None = None
    url: str | None = None
    urgent: tuple[str, ...] = ()
    """Urgent tags of the tagger (safety hazard, data leak, fraud, legal threat …)."""
    model_id: str | None = None
    """The model that tagged it; a change of model is an artefact to look for."""


@dataclass(frozen=True, order=True, kw_only=True, slots=True)
class SeriesKey:
    """One count series; a dimension that is None is summed over."""

    brand: str
    theme: str | None = None
    product: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        return json.dumps([self.brand, self.theme, self.product, self.source])

    @classmethod
    def parse(cls, text: str) -> SeriesKey:
        """The key whose `str` is `text`."""
        brand, theme, product, source = json.loads(text)
        return cls(brand=brand, theme=theme, product=product, source=source)

    @property
    def is_brand_wide(self) -> bool:
        """Whether every voice of the brand counts."""
        return self.theme is None and self.product is None and self.source is None

    def covers(self, observation: Observation) -> bool:
        """Whether the observation is a negative voice of this series."""
        return (
            self.brand == observation.brand
            and self.product in (None, observation.product)
            and self.source in (None, observation.source)
            and (
                observation.is_negative
                if self.theme is None
                else self.theme in observation.urgent
                or any(m.theme == self.theme and m.is_negative for m in observation.themes)
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Counts of one hour at the finest level, absolute: a later cell replaces an earlier one.

    Item cells have `theme=None`; theme cells count mentions of that theme, `negative` those with
    negative sentiment towards it. A quantity that is negative or no number counts as zero.
    """

    brand: str
    source: str
    hour: int
    items: int
    negative: int
    theme: str | None = None
    product: str | None = None
    rated: int = 0
    stars: float = 0.0
    """Sum of the ratings on a scale of five."""
    precision: str = "second"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedEvent:
    """A promotion, launch or maintenance window that multiplies the expected count."""

    brand: str
    name: str
    start_hour: int
    end_hour: int
    expected_factor: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What is watched and how loudly; mirrors one `[[rule]]` of the settings."""

    name: str = "default"
    brand: str | None = None
    themes: frozenset[str] = frozenset()
    sensitivity: float = 1.0
    least_severity: str = "medium"
    channel: str | None = None
    is_muted: bool = False

    def watches(self, key: SeriesKey) -> bool:
        """Whether a series is within this rule."""
        return self.brand in (None, key.brand) and (not self.themes or key.theme in self.themes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Single:
    """What makes one report urgent: a tag of the tagger, or reach."""

    severities: Mapping[str, str] = field(
        default_factory=lambda: {
            "urgent_safety": "high",
            "urgent_data_leak": "high",
            "urgent_self_harm": "high",
            REACH: "medium",
        }
    )
    """By urgent tag; one that is not named is `medium`."""
    great_reach: int = 100_000
    """People who may have seen a complaint, from which it cannot wait."""
    usual: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: {
            "urgent_fraud": (3, 182),
            "urgent_legal": (3, 182),
            "urgent_press": (3, 182),
        }
    )
    """By urgent tag: with so many reports in so many days it is usual for a brand."""
    usual_otherwise: tuple[int, int] = (6, 28)
    """The same for other tags: harm must become frequent before it is left to the waves."""
