"""Which channel hears of what, and when: route, rule, brand, then the default; quiet hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from earshot.settings import Settings
from earshot.settings_publishing import Route

SEVERITIES = ("low", "medium", "high", "critical")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a message is about, as routes ask for it."""

    about: Literal["incidents", "replies"]
    brand: str
    severity: str | None = None
    themes: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()


def incident_channel(
    settings: Settings, subject: Subject, *, rule: str, chosen: str | None = None
) -> str:
    """The channel of an incident: the one it already has, a route's, its rule's, its brand's."""
    named = next((r.channel for r in settings.rule if r.name == rule), None)
    return chosen or routed(settings, subject) or named or brand_channel(settings, subject.brand)


def reply_channel(settings: Settings, subject: Subject) -> str:
    """The channel of a reply that belongs to no incident: a route's, else its brand's."""
    return routed(settings, subject) or brand_channel(settings, subject.brand)


def routed(settings: Settings, subject: Subject) -> str | None:
    """The channel of the first route whose every condition the subject meets."""
    return next((r.channel for r in settings.route if _fits(r, subject)), None)


def _fits(route: Route, subject: Subject) -> bool:
    if route.about not in ("all", subject.about) or route.brand not in (None, subject.brand):
        return False
    if route.themes and not subject.themes & set(route.themes):
        return False
    if route.languages and not any(_speaks(route, each) for each in subject.languages):
        return False
    if route.least_severity is None:
        return True
    at = SEVERITIES.index(subject.severity) if subject.severity else -1
    return at >= SEVERITIES.index(route.least_severity)


def _speaks(route: Route, language: str) -> bool:
    return any(language == tag or language.startswith(f"{tag}-") for tag in route.languages)


def brand_channel(settings: Settings, brand: str) -> str:
    """The channel of a brand's digests and of whatever no rule or route sends elsewhere."""
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
