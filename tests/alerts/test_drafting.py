"""The reply step over a real database: recent complaints get one draft, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from alerts.drafting import draft_replies
from earshot.settings import Settings
from earshot.shop import story

LiveUntil = Callable[..., Settings]
NOON = story.day(30, 12)


def _rows(database: Any, query: str) -> list[dict[str, Any]]:
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute(query)
        return [dict(row) for row in cursor.fetchall()]


DRAFTS = """
select reply_draft.*, feedback.published_at, version.rating
from earshot.reply_draft
join earshot.feedback on feedback.id = reply_draft.feedback_id
join earshot.feedback_version as version
    on version.feedback_id = feedback.id and version.version = reply_draft.version
"""


def test_each_recent_complaint_is_drafted_once(live_until: LiveUntil, database: Any) -> None:
    settings = live_until(NOON)

    first = draft_replies(settings)
    drafts = _rows(database, DRAFTS)
    again = draft_replies(settings)

    assert first.waiting > 0
    assert first.waiting + first.held + first.dropped == len(drafts)
    assert again == type(again)()
    assert all(draft["rating"] <= 2 for draft in drafts)
    assert all(draft["published_at"] >= NOON - timedelta(days=7) for draft in drafts)
    assert len(_rows(database, DRAFTS)) == len(drafts)


def test_every_draft_asks_for_approval_and_none_is_published(
    live_until: LiveUntil, database: Any
) -> None:
    result = draft_replies(live_until(NOON))

    actions = _rows(database, "select action, key from earshot.outbox")

    asked = [row for row in actions if row["key"].startswith("draft:")]
    assert len(asked) == result.waiting + result.held
    assert "publish" not in {row["action"] for row in actions}


def test_a_brand_without_facts_promises_nothing(live_until: LiveUntil, database: Any) -> None:
    settings = live_until(NOON)
    brand = settings.brand[0].model_copy(update={"facts": None})
    without = settings.model_copy(update={"brand": (brand,)})

    result = draft_replies(without)

    assert result.waiting == 0
    assert all(row["text"] == "" for row in _rows(database, DRAFTS))
