"""The Feedback record: what one customer said in one place, as every room speaks of it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class Kind(StrEnum):
    """What sort of text it is."""

    REVIEW = "review"
    MENTION = "mention"
    TICKET_MESSAGE = "ticket_message"
    SURVEY_ANSWER = "survey_answer"
    CHAT_TURN = "chat_turn"


class Speaker(StrEnum):
    """Who speaks; only what a customer said is tagged and counted."""

    CUSTOMER = "customer"
    BRAND = "brand"
    OTHER = "other"


class Precision(StrEnum):
    """How exactly the publish time is known; a day is never read as an hour."""

    SECOND = "second"
    DAY = "day"
    UNKNOWN = "unknown"


def _printable(value: Any) -> Any:
    """Postgres refuses NUL and UTF-8 refuses lone surrogates: replace both, keep the rest."""
    if not isinstance(value, str):
        return value
    if "\x00" in value:
        value = value.replace("\x00", "�")
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode("utf-8")
    return value


Text = Annotated[str, BeforeValidator(_printable)]
Identifier = Annotated[str, BeforeValidator(_printable), Field(min_length=1, max_length=512)]


class Feedback(BaseModel):
    """One text by one person, before masking and storing.

    Instants carry a time zone and are stored in UTC. Text fields may hold personal data until
    the item pipeline masks them. `author_id` is the platform's own id of the author: it is
    hashed into `author_key` on the way in and never stored.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    source: Identifier
    """Name of the `[[source]]` entry."""
    platform: Identifier
    """Closed per connector: `trustpilot`, `googleplay`, `shop` …; unique with `external_id`."""
    external_id: Identifier
    """The platform's id of the text, or one made by `earshot.identity.made_id`."""
    kind: Kind = Kind.REVIEW
    parent_id: Identifier | None = None
    """External id of the text this one answers."""
    speaker: Speaker = Speaker.CUSTOMER
    brand: tuple[Identifier, ...] = Field(min_length=1)
    """Keys of the brands it concerns; counts are per brand."""
    product: Text | None = None
    attributes: dict[str, Text] = Field(default_factory=dict)
    """Plain facts beside the text: version, country, store, supplier, courier …"""
    title: Text = ""
    body: Text = ""
    rating: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    rating_scale: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Highest rating possible, in the same unit as `rating`."""
    published_at: AwareDatetime | None = None
    published_precision: Precision = Precision.SECOND
    edited_at: AwareDatetime | None = None
    first_seen_at: AwareDatetime | None = None
    """Set by the pipeline from the clock, except by replays of a recorded history."""
    url: Text | None = None
    author_id: str | None = Field(default=None, repr=False)
    reach: int | None = Field(default=None, ge=0)
    """People who may have seen it: followers, views or votes, as the platform counts."""
    is_verified: bool | None = None
    is_incentivised: bool | None = None
    brand_reply: Text | None = None
    brand_replied_at: AwareDatetime | None = None
    language_hint: Text | None = None
    """BCP 47 tag that the platform or the source's locale gives."""

    @model_validator(mode="after")
    def _consistent(self) -> Feedback:
        if self.rating is not None and self.rating_scale is None:
            raise ValueError("rating without rating_scale: say what the highest rating is")
        if self.rating is not None and self.rating > (self.rating_scale or 0):
            raise ValueError(f"rating {self.rating:g} above its scale {self.rating_scale:g}")
        if self.published_at is None and self.published_precision is not Precision.UNKNOWN:
            raise ValueError("no published_at: set published_precision to unknown")
        return self

    @property
    def stars(self) -> float | None:
        """The rating on a scale of five."""
        if self.rating is None or not self.rating_scale:
            return None
        return self.rating * 5.0 / self.rating_scale


def to_utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: the moment has no time zone, so it names no instant.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)
