"""Settings of detection beside the rules: what it may learn, and what it says each month."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from earshot.settings_section import Key, Section


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError('is no time with its zone; write one such as "2027-03-20T00:00:00+01:00"')
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""ISO 8601 with an offset from UTC."""


class PlannedEvent(Section):
    """A promotion, launch, holiday or maintenance window that shifts the expected count."""

    name: str = Field(min_length=1)
    brand: Key | None = None
    """Key of the brand; without it every brand of ours."""
    start: Moment
    end: Moment
    expected_factor: float = Field(default=3.0, gt=0)
    """Times as many complaints as usual; below 1 where people write less."""
    every_year: bool = False
    """A holiday that comes back on the same days."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> PlannedEvent:
        if datetime.fromisoformat(self.end) <= datetime.fromisoformat(self.start):
            raise ValueError(f'"{self.name}" ends before it starts; exchange start and end')
        return self


class Detection(Section):
    """How far the sensitivity of the rules may move by itself, and the monthly note."""

    learn: bool = False
    """Whether the sensitivity of a rule learns from what people confirmed and dismissed."""
    learn_least: float = Field(default=0.5, ge=0.25, le=1.0)
    """The learned factor is never less."""
    learn_most: float = Field(default=1.5, ge=1.0, le=4.0)
    """The learned factor is never more."""
    false_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of dismissed incidents that is put up with."""
    monthly_note: bool = True
    """Whether the channel of each brand is told every month how its rules did."""
