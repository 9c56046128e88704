"""Replies that a written rule approves, and those that two people must see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.approvals import approve, hash_of
from alerts.tending import tend_drafts
from earshot.settings import Settings
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.reply_platforms import TEXT
from tests.alerts.slack.test_approvals import decide, events, state
from tests.platform_standin import PlatformStandIn


def rule(**values: Any) -> dict[str, Any]:
    return {"name": "thanks", "brand": "northwind", "least_stars": 1.0, **values}


@pytest.mark.parametrize(
    ("rules", "is_approved"),
    [
        ([], [False, False, False]),
        ([rule(most_a_day=2)], [True, True, False]),
        ([rule(least_stars=4.0)], [False, False, False]),
        ([rule(sources=("elsewhere",))], [False, False, False]),
    ],
)
def test_a_written_rule_approves_at_most_so_many_a_day(
    conn: Connection,
    place: PlatformStandIn,
    settings_with: Callable[..., Settings],
    write_draft: Callable[..., int],
    rules: list[dict[str, Any]],
    is_approved: list[bool],
) -> None:
    source = {"name": "shop", "kind": "trustpilot_api", "brand": "northwind",
              "business_unit": "b", "base_url": place.url}  # fmt: skip
    settings = settings_with(source=[source], auto_reply=rules)
    drafts = [write_draft(TEXT) for _ in range(3)]
    for _ in range(2):
        with conn:
            tend_drafts(conn, settings, NOON)

    assert [state(conn, draft) == "approved" for draft in drafts] == is_approved
    actors = {actor for (actor,) in rows(conn, "select actor from earshot.reply_event")}
    assert actors <= {"rule thanks"}


def rows(conn: Connection, query: str) -> list[Any]:
    with conn, conn.cursor() as cursor:
        cursor.execute(query)
        return list(cursor)


def test_with_four_eyes_an_unedited_draft_needs_two_people(
    conn: Connection, settings_with: Callable[..., Settings], write_draft: Callable[..., int]
) -> None:
    settings = settings_with(slack={"four_eyes": True}, auto_reply=[rule()])
    draft = write_draft(TEXT)
    with conn:
        first = approve(conn, settings, draft, text_hash=hash_of(TEXT), version=1,
                        actor="U00FIRST", now=NOON)  # fmt: skip
    between = state(conn, draft)
    same = decide(conn, settings, draft, actor="U00FIRST")
    other = decide(conn, settings, draft, actor="U00SECOND")

    assert (first.outcome, between, same.outcome) == ("already", "waiting", "already")
    assert (other.outcome, state(conn, draft)) == ("done", "approved")
    assert events(conn, draft) == ["first_approval", "approved"]
