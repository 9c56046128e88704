"""What a rule of the guard looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.replies.facts import Facts
from alerts.replies.limits import ReplyLimit
from alerts.replies.records import ReviewForReply


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything that a rule may look at."""

    text: str
    """The reply as it would be sent."""
    own: str
    """The reply without sentences that the brand approved word for word."""
    review: ReviewForReply
    facts: Facts
    limit: ReplyLimit
    recent_replies: Sequence[str] = ()
    known_names: tuple[str, ...] = ()
    language: str = "en"
