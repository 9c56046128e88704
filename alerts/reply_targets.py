"""By when a reply is due, per source and severity, from the settings."""

from __future__ import annotations

from alerts.replies.priority import ReplyTargets
from earshot.settings import Settings


def targets_of(settings: Settings, source_name: str) -> ReplyTargets:
    """Minutes by severity; a source's `reply_target_minutes` is the longest that any may take."""
    minutes: dict[str, int] = dict(ReplyTargets().minutes)
    minutes.update({name: most for name, most in settings.publishing.reply_target_minutes.items()})
    source = next((each for each in settings.source if each.name == source_name), None)
    if source is None or "reply_target_minutes" not in source.model_fields_set:
        return ReplyTargets(minutes=minutes)
    longest = source.reply_target_minutes
    return ReplyTargets(minutes={name: min(longest, value) for name, value in minutes.items()})
