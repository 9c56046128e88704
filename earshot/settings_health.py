"""Settings of what Earshot says of itself: `[health]` and `[log]`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from earshot.settings_section import Section


class Health(Section):
    """Where `/health` and `/metrics` are served, and from when on something is wrong."""

    address: str = "127.0.0.1"
    """Loopback; another one only where nobody but Prometheus reaches it: there is no sign-in."""
    port: int = Field(default=9108, ge=1024, le=65535)
    tagged_within_minutes: float = Field(default=60, gt=0)
    """A text that has waited longer for its tags is too late."""
    sent_within_minutes: float = Field(default=15, gt=0)
    """A message that has been due for longer is stuck."""
    quarantined_share: float = Field(default=0.05, gt=0, le=1)
    """More of a day's records than this could not be used."""
    step_within_minutes: float = Field(default=45, gt=0)
    """A step that time wakes every ten minutes, and did not end well for longer, stands still."""


class Log(Section):
    """How our own processes write their logs; Airflow writes those of its tasks."""

    format: Literal["text", "json"] = "text"
    """`json` is one object a line, with crawl, batch and incident ids."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
