"""Which reviews deserve a reply, how urgently, and by when."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from alerts.replies.language import language_of
from alerts.replies.lexicon import word_set, words
from alerts.replies.records import NoDraft, ReviewForReply
from alerts.replies.sanitise import plain, visible
from alerts.replies.understand import understand

Decision = Literal["draft", "thank", "hold", "skip"]
Severity = Literal["low", "medium", "high", "critical"]

_BY_STARS = {1: 42.0, 2: 34.0, 3: 22.0, 4: 9.0, 5: 4.0}
_BY_INCIDENT = {"low": 4.0, "medium": 10.0, "high": 18.0, "critical": 26.0}
_LEVELS: tuple[tuple[float, Severity], ...] = ((72, "critical"), (54, "high"), (32, "medium"))
_DEFAULT_MINUTES: dict[str, int] = {"critical": 30, "high": 60, "medium": 240, "low": 1440}

_SPAM = re.compile(
    r"(?i)\b(?:whats ?app|telegram|recovery (?:expert|agent|hacker|service)|recover(?:ed)? "
    r"my (?:lost|"
    r"stolen) (?:funds|money|crypto|bitcoin)|dm (?:me|him|her)|contact (?:him|her|them) "
    r"(?:on|via|at)"
    r"|earn \$?\d+ (?:a|per) (?:day|week)|my referral (?:code|link)|use my (?:code|link)|"
    r"click (?:here|"
    r"the link)|visit my|cheap followers|casino|viagra|forex (?:trader|mentor)|instagram "
    r"@?\w+ (?:he|she)"
    r"|buy (?:followers|reviews))\b"
)
_URGENT = {
    name: re.compile(rf"(?i)\b(?:{pattern})\b") for name, pattern in words("en")["urgent"].items()
}
"""What must wait for a person, also where the tagger has not run or has missed it."""


@dataclass(frozen=True, kw_only=True)
class ReplyTargets:
    """Minutes until a reply is due, by severity; platforms may have their own."""

    minutes: Mapping[str, int] = field(default_factory=lambda: dict(_DEFAULT_MINUTES))
    by_platform: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def due(self, platform: str, severity: str, since: datetime) -> datetime:
        """The moment by which a review of this severity should be answered."""
        own = self.by_platform.get(platform, {})
        minutes = own.get(severity, self.minutes.get(severity, _DEFAULT_MINUTES[severity]))
        return since + timedelta(minutes=minutes)


@dataclass(frozen=True, kw_only=True)
class Priority:
    """What to do with a review; `score` 0 to 100 orders the queue, `reasons` say why."""

    decision: Decision
    score: float
    severity: Severity
    due_at: datetime | None
    reasons: tuple[str, ...]


def prioritise(
    review: ReviewForReply,
    *,
    now: datetime,
    targets: ReplyTargets | None = None,
    max_age: timedelta = timedelta(days=7),
) -> Priority:
    """Rank one review: rating, incident severity, reach, freshness, and a fixable problem."""
    targets = targets or ReplyTargets()
    aside = set_aside(review)
    if aside is not None and aside.reason == "urgent":
        since = review.published_at or now
        return Priority(
            decision="hold",
            score=100.0,
            severity="critical",
            due_at=targets.due(review.platform, "critical", since),
            reasons=(aside.explanation,),
        )
    if aside is not None:
        return _skip(aside.explanation)
    if review.published_at and now - review.published_at > max_age:
        return _skip(f"It is older than {max_age.days} days.")
    return _ranked(review, now, targets, max_age)


def _skip(reason: str) -> Priority:
    return Priority(decision="skip", score=0.0, severity="low", due_at=None, reasons=(reason,))


def _ranked(
    review: ReviewForReply, now: datetime, targets: ReplyTargets, max_age: timedelta
) -> Priority:
    language = language_of(review.whole_text, review.language, default="en")
    meaning = understand(review, language=language)
    parts: list[tuple[float, str]] = []
    if review.stars is not None:
        stars = min(5, max(1, round(review.stars)))
        parts.append((_BY_STARS[stars], f"{stars} of 5 stars"))
    else:
        parts.append((26.0, "no rating, negative") if meaning.is_negative else (5.0, "no rating"))
    if review.severity in _BY_INCIDENT:
        parts.append((_BY_INCIDENT[review.severity], f"part of a {review.severity} incident"))
    if meaning.problems:
        named = meaning.problems[0].key.replace("_", " ")
        parts.append((12.0, f"names a problem that can be dealt with ({named})"))
    if review.reach > 0:
        parts.append((min(15.0, 5.0 * math.log10(1 + review.reach)), f"seen by {review.reach}"))
    if review.published_at:
        left = 1.0 - (now - review.published_at) / max_age
        parts.append((10.0 * min(1.0, max(0.0, left)), "fresh" if left > 0.85 else "not new"))
    score = min(100.0, sum(points for points, _ in parts))
    severity: Severity = next((name for least, name in _LEVELS if score >= least), "low")
    is_thanks = not meaning.is_negative and not meaning.problems
    return Priority(
        decision="thank" if is_thanks else "draft",
        score=round(score, 1),
        severity=severity,
        due_at=targets.due(review.platform, severity, review.published_at or now),
        reasons=tuple(reason for _, reason in parts),
    )


def set_aside(review: ReviewForReply) -> NoDraft | None:
    """Why a review gets no draft at all: urgent, answered, empty, spam or mere abuse."""
    text = visible(review.whole_text)
    if review.urgent_tags:
        tags = ", ".join(
            tag.removeprefix("urgent_").replace("_", " ") for tag in review.urgent_tags
        )
        return NoDraft(reason="urgent", explanation=f"Held for a person: tagged {tags}.")
    for name, pattern in _URGENT.items():
        if pattern.search(text):
            return NoDraft(reason="urgent", explanation=f"Held for a person: speaks of {name}.")
    if review.has_brand_reply:
        return NoDraft(reason="answered", explanation="It has an answer already.")
    if not any(letter.isalpha() for letter in text):
        return NoDraft(reason="empty", explanation="It has no words to answer.")
    if _SPAM.search(text):
        return NoDraft(reason="spam", explanation="It reads like advertising or a scam.")
    if _is_abuse(text):
        return NoDraft(reason="abuse", explanation="It is abuse without a complaint.")
    return None


def _is_abuse(text: str) -> bool:
    """Insults and nothing that could be put right."""
    found = {word.strip(".,!?*'\"").lower() for word in plain(text).split()}
    insults = found & word_set("en", "insults")
    if not insults:
        return False
    review = ReviewForReply(id="", text=text, stars=1.0)
    return not understand(review, language="en").problems
