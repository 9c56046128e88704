"""Which reviews deserve a reply, how urgently, and by when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.replies import Priority, ReplyTargets, ReviewForReply, prioritise

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


def ranked(text: str = "Vase arrived broken.", targets: Any = None, **more: Any) -> Priority:
    defaults: dict[str, Any] = {"stars": 1, "language": "en", "published_at": NOW}
    review = ReviewForReply(id="r", text=text, **(defaults | more))
    return prioritise(review, now=NOW, targets=targets)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"stars": 1}, {"stars": 3}),
        ({"severity": "high"}, {"severity": None}),
        ({"reach": 5000}, {"reach": 0}),
        ({"published_at": NOW}, {"published_at": NOW - timedelta(days=6)}),
        ({"text": "Vase arrived broken."}, {"text": "Hm."}),
    ],
)
def test_more_pressing_reviews_rank_higher(worse: Any, better: Any) -> None:
    assert ranked(**worse).score > ranked(**better).score


def test_urgent_reviews_are_held_for_a_person() -> None:
    held = ranked(urgent_tags=("urgent_safety",))

    assert (held.decision, held.score, held.severity) == ("hold", 100.0, "critical")
    assert held.due_at == NOW + timedelta(minutes=30)
    assert "safety" in held.reasons[0]


@pytest.mark.parametrize(
    "more",
    [
        {"has_brand_reply": True},
        {"text": "Contact him on Telegram, he recovered my lost crypto"},
        {"text": "!!!"},
        {"published_at": NOW - timedelta(days=8)},
    ],
)
def test_answered_spam_empty_and_old_reviews_are_skipped(more: Any) -> None:
    assert ranked(**more).decision == "skip"
    assert ranked(**more).due_at is None


def test_praise_is_to_be_thanked() -> None:
    assert ranked(text="Lovely vase, thank you!", stars=5).decision == "thank"


def test_targets_follow_platform_and_severity() -> None:
    targets = ReplyTargets(minutes={"high": 45}, by_platform={"trustpilot": {"high": 20}})

    shop = ranked(targets=targets)
    trustpilot = ranked(targets=targets, platform="trustpilot")

    assert shop.severity == trustpilot.severity == "high"
    assert shop.due_at == NOW + timedelta(minutes=45)
    assert trustpilot.due_at == NOW + timedelta(minutes=20)


def test_reasons_say_what_counted() -> None:
    reasons = " ".join(ranked(reach=99, severity="medium").reasons)

    assert "1 of 5 stars" in reasons
    assert "arrived broken" in reasons
    assert "seen by 99" in reasons
    assert "medium incident" in reasons
