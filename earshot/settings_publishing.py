"""Settings of what leaves us: replies, tickets, routes of messages, praise."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from earshot.settings_section import Section, Severity


class Publishing(Section):
    """What happens to an approved reply."""

    is_on: bool = True
    """False: every approved reply is copied by a person."""
    by_hand: tuple[str, ...] = ()
    """Names of sources whose replies are copied by a person, though an API would take them."""
    greet_by_name: bool = True
    """Put "Hello NAME," before a reply where the platform tells the name at that moment."""
    reply_target_minutes: dict[Severity, Annotated[int, Field(gt=0)]] = Field(default={})
    """Minutes until a reply is due, by severity; what is not named keeps its usual target."""


class AutoReply(Section):
    """A rule that approves waiting replies by itself; none exists unless it is written."""

    name: str = Field(min_length=1)
    brand: str
    sources: tuple[str, ...] = ()
    """Names of sources; empty is all whose replies are published through an API."""
    least_stars: float = Field(default=4.0, ge=0, le=5)
    most_a_day: int = Field(default=10, gt=0)


class Ticket(Section):
    """The help desk in which "Open ticket" opens one."""

    kind: Literal["zendesk", "zohodesk", "freshdesk"]
    base_url: str = Field(min_length=8)
    email: str = ""
    """Requester of the tickets: a mailbox of the brand."""
    organisation: str = ""
    department: str = ""

    @model_validator(mode="after")
    def _enough(self) -> Ticket:
        if self.kind != "zendesk" and not self.email:
            raise ValueError(f"email is missing: {self.kind} needs a requester; write a mailbox")
        if self.kind == "zohodesk" and not (self.organisation and self.department):
            raise ValueError("organisation or department is missing: copy both from Zoho Desk")
        return self


class Route(Section):
    """Where messages go that meet every condition; the first route that fits decides."""

    channel: str = Field(min_length=2)
    about: Literal["incidents", "replies", "all"] = "all"
    brand: str | None = None
    themes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """BCP 47 tags; `de` takes `de-AT` as well."""
    least_severity: Severity | None = None


class Praise(Section):
    """Good reviews worth thanking or asking to share; one message per brand and day."""

    channel: str = Field(min_length=2)
    most_a_day: int = Field(default=5, gt=0, le=20)
    hour: int = Field(default=9, ge=0, le=23)
    """Hour of the brand's zone from which the day's praise is told."""
