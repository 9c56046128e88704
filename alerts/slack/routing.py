"""Which channel hears of what, and when: rule before brand before the default; quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.settings import Settings

SEVERITIES = ("low", "medium", "high", "critical")


def incident_channel(
    settings: Settings, *, brand: str, rule: str, chosen: str | None = None
) -> str:
    """The channel of an incident: the one it already has, its rule's, its brand's, the default."""
    named = next((r.channel for r in settings.rule if r.name == rule), None)
    return chosen or named or brand_channel(settings, brand)


def brand_channel(settings: Settings, brand: str) -> str:
    """The channel of a brand's drafts, digests and incidents without a rule of their own."""
    named = next((b.channel for b in settings.brand if b.key == brand), None)
    return named or settings.slack.channel


def is_posted(settings: Settings, *, rule: str, severity: str, is_historical: bool) -> bool:
    """Whether an incident is told at all: low ones, history and muted rules are only stored."""
    found = next((r for r in settings.rule if r.name == rule), None)
    least = found.least_severity if found else "medium"
    if is_historical or severity == "low" or (found is not None and found.is_muted):
        return False
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def not_before(settings: Settings, *, severity: str, zone: ZoneInfo, now: datetime) -> datetime:
    """When a message may go out: now, or the end of the quiet hours it falls into."""
    quiet = settings.slack.quiet_hours
    if quiet is None or SEVERITIES.index(severity) >= SEVERITIES.index(quiet.except_from):
        return now
    local = now.astimezone(zone)
    if not _is_between(local.hour, quiet.start_hour, quiet.end_hour):
        return now
    end = local.replace(hour=quiet.end_hour, minute=0, second=0, microsecond=0)
    return (end if end > local else end + timedelta(days=1)).astimezone(now.tzinfo)


def _is_between(hour: int, start: int, end: int) -> bool:
    """Whether the hour lies in a span that may pass midnight; equal ends mean the whole day."""
    return start <= hour < end if start < end else hour >= start or hour < end
