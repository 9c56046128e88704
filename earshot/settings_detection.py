"""Settings of detection beside the rules: what it may learn, and what it says each month."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Detection(BaseModel):
    """How far the sensitivity of the rules may move by itself, and the monthly note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
