"""When a reply is due: by severity, and never later than its source allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.replies.priority import ReplyTargets
from alerts.reply_targets import targets_of
from earshot.settings import Settings

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def settings() -> Settings:
    source = {"kind": "file", "brand": "shop"}
    return Settings.model_validate(
        {
            "contact": "ops@shop.example",
            "brand": [{"key": "shop", "name": "Shop"}],
            "source": [
                {**source, "name": "quick", "reply_target_minutes": 60},
                {**source, "name": "usual"},
            ],
            "publishing": {"reply_target_minutes": {"critical": 15, "medium": 300}},
        }
    )


@pytest.mark.parametrize(
    ("source", "severity", "minutes"),
    [
        ("usual", "critical", 15),
        ("usual", "medium", 300),
        ("usual", "low", ReplyTargets().minutes["low"]),
        ("quick", "critical", 15),
        ("quick", "medium", 60),
        ("gone", "medium", 300),
    ],
)
def test_a_reply_is_due_by_severity_and_source(source: str, severity: str, minutes: int) -> None:
    due = targets_of(settings(), source).due("shop", severity, NOON)

    assert due == NOON + timedelta(minutes=minutes)
