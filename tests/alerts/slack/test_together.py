"""Several processes write about the same message at once; no edit is lost, nobody is blocked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.approvals import approve, hash_of
from alerts.slack.drafts import announce_draft
from earshot.settings import Settings
from sql.connect import connect
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_approvals import TEXT, one
from tests.alerts.slack.test_delivery import send
from tests.slack_standin import SlackStandIn


def test_approvals_at_the_same_moment_are_all_counted_in_the_days_message(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    drafts = [write_draft(TEXT) for _ in range(8)]
    for draft in drafts:
        with conn:
            announce_draft(conn, slack_settings, draft, NOON)
    send(slack_settings)

    def decide(draft: int) -> str:
        with connect(slack_settings) as own, own:
            decision = approve(
                own, slack_settings, draft, text_hash=hash_of(TEXT), version=1,
                actor="U00MANAGER", now=NOON,
            )  # fmt: skip
        return decision.outcome

    with ThreadPoolExecutor(8) as people:
        outcomes = list(people.map(decide, drafts))
    send(slack_settings)

    assert outcomes == ["done"] * 8
    assert "0 waiting, 0 late" in slack.roots()[0]["text"]


def test_the_same_click_from_two_connections_at_once_is_one_decision(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    draft = write_draft(TEXT)
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)

    def decide(_: Any) -> str:
        with connect(slack_settings) as own, own:
            return approve(
                own, slack_settings, draft, text_hash=hash_of(TEXT), version=1,
                actor="U00MANAGER", now=NOON,
            ).outcome  # fmt: skip

    with ThreadPoolExecutor(4) as people:
        outcomes = sorted(people.map(decide, range(4)))

    assert outcomes == ["already", "already", "already", "done"]
    assert one(conn, "select count(*) from earshot.reply_event")[0] == 1
