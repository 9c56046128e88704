"""What the settings file says to the analysts' views."""

from __future__ import annotations

from pydantic import Field

from earshot.settings_section import Section


class ServiceLevel(Section):
    """What was agreed for a channel; `default` holds for all channels without an entry."""

    channel: str = Field(min_length=1)
    first_response_minutes: int = Field(gt=0)


class Analytics(Section):
    """Service levels, and how small a group analysts may look at."""

    least_group: int = Field(default=1, ge=1)
    """Fewest texts behind a row; above 1 the views of single texts are closed to analysts."""
    service_level: tuple[ServiceLevel, ...] = ()
