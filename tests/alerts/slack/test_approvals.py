"""An approval names the exact text and review version; anything else sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.approvals import (
    Decision,
    approve,
    ask_again,
    drop,
    edit,
    edit_distance,
    hash_of,
    mark_sent,
    rewrite,
    void_outdated,
)
from alerts.replies.records import Draft, Written
from alerts.slack.drafts import announce_draft
from alerts.tending import tend_drafts
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_delivery import send
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

TEXT = "Two broken vases are not what you ordered, and I am sorry."
OBJECTION = {"rule": "promise", "span": "20 %", "reason": "no policy names that amount"}


def decide(conn: Connection, settings: Settings, draft: int, **values: Any) -> Decision:
    given = {"text_hash": hash_of(TEXT), "version": 1, "actor": "U00MANAGER", "now": NOON, **values}
    with conn:
        return approve(conn, settings, draft, **given)


def change(conn: Connection, settings: Settings, draft: int, text: str, **values: Any) -> Decision:
    given = {"text_hash": hash_of(TEXT), "version": 1, "actor": "U00MANAGER", "now": NOON,
             "findings": (), **values}  # fmt: skip
    with conn:
        return edit(conn, settings, draft, text, **given)


def one(conn: Connection, query: str, *values: Any) -> Any:
    with conn, conn.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()


def state(conn: Connection, draft: int) -> str:
    return str(one(conn, "select state from earshot.reply_draft where id = %s", draft)[0])


def events(conn: Connection, draft: int) -> list[str]:
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "select kind from earshot.reply_event where draft_id = %s order by id", [draft]
        )
        return [row[0] for row in cursor]


def publications(conn: Connection) -> int:
    return int(one(conn, "select count(*) from earshot.outbox where action = 'publish'"
                         " and state <> 'superseded'")[0])  # fmt: skip


def edit_review(conn: Connection) -> None:
    """The customer changes the review."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "insert into earshot.feedback_version"
            " (feedback_id, version, title, body, content_hash, seen_at)"
            " select id, 2, '', 'It is fine now.', '\\x02', now() from earshot.feedback"
        )
        cursor.execute("update earshot.feedback set version = 2")


def test_an_approval_enqueues_one_publication_and_says_who_approved(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)

    decision = decide(conn, settings, draft)

    assert decision.outcome == "done"
    assert state(conn, draft) == "approved"
    assert events(conn, draft) == ["approved"]
    assert publications(conn) == 1


def test_the_same_approval_three_times_is_one(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)

    outcomes = [decide(conn, settings, draft).outcome for _ in range(3)]

    assert outcomes == ["done", "already", "already"]
    assert events(conn, draft) == ["approved"]
    assert publications(conn) == 1


def test_an_approval_of_a_text_that_changed_is_void(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)
    change(conn, settings, draft, "Another text altogether.")

    decision = decide(conn, settings, draft)

    assert decision.outcome == "void"
    assert state(conn, draft) == "waiting"
    assert publications(conn) == 0


def test_an_approval_is_void_once_the_customer_edited_the_review(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)
    edit_review(conn)

    decision = decide(conn, settings, draft)

    assert (decision.outcome, state(conn, draft)) == ("void", "void")
    assert publications(conn) == 0


def test_an_edited_review_takes_a_waiting_publication_back(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)
    decide(conn, settings, draft)
    edit_review(conn)

    with conn:
        voided = void_outdated(conn, settings, NOON)

    assert voided == 1
    assert state(conn, draft) == "void"
    assert publications(conn) == 0


def test_an_edit_to_which_the_guard_objects_cannot_be_approved(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)
    text = "We will refund you 20 % today."
    change(conn, settings, draft, text, findings=[OBJECTION])

    decision = decide(conn, settings, draft, text_hash=hash_of(text))

    assert decision.outcome == "refused"
    assert state(conn, draft) == "blocked"


def test_four_eyes_keeps_the_editor_from_approving(
    conn: Connection, settings_with: Callable[..., Settings], write_draft: Callable[..., int]
) -> None:
    settings = settings_with(slack={"four_eyes": True})
    draft = write_draft(TEXT)
    text = "I am sorry about both vases."
    change(conn, settings, draft, text)

    own = decide(conn, settings, draft, text_hash=hash_of(text))
    other = decide(conn, settings, draft, text_hash=hash_of(text), actor="U00SECOND")

    assert (own.outcome, other.outcome) == ("refused", "done")


def test_dropping_withdraws_an_approval_that_has_not_gone_out(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)
    decide(conn, settings, draft)

    with conn:
        decision = drop(conn, settings, draft, actor="U00SECOND", now=NOON)

    assert (decision.outcome, state(conn, draft)) == ("done", "dropped")
    assert publications(conn) == 0


def test_only_an_approved_reply_can_be_marked_as_sent(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)
    with conn:
        early = mark_sent(conn, settings, draft, actor="U00MANAGER", now=NOON)
    decide(conn, settings, draft)
    with conn:
        done = mark_sent(conn, settings, draft, actor="U00MANAGER", now=NOON)

    assert (early.outcome, done.outcome) == ("refused", "done")
    assert state(conn, draft) == "sent"


def test_writing_anew_leaves_one_draft_that_can_be_approved(
    conn: Connection, settings: Settings, write_draft: Callable[..., int]
) -> None:
    draft = write_draft(TEXT)
    shorter = Written(
        outcome=Draft(
            text="I am sorry.", language="en", length=11, limit=5000, unit="characters", seed="s"
        )
    )
    with conn:
        ask_again(conn, settings, draft, wish="shorter", actor="U00MANAGER", now=NOON)
        again = rewrite(conn, settings, draft, written=shorter, now=NOON)

    old = decide(conn, settings, draft)
    new = decide(conn, settings, again.draft_id, text_hash=hash_of("I am sorry."))

    assert (old.outcome, new.outcome) == ("refused", "done")
    assert publications(conn) == 1


def test_buttons_vanish_and_the_message_says_who_decided(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    draft = write_draft(TEXT)
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)
    send(slack_settings)
    decide(conn, slack_settings, draft)
    with conn:
        mark_sent(conn, slack_settings, draft, actor="U00MANAGER", now=NOON)

    send(slack_settings)

    (header,) = slack.roots()
    (message,) = slack.thread(header)
    assert not [b for b in message["blocks"] if b["type"] == "actions"]
    assert any("Sent by <@U00MANAGER> 12:00" in text for text in texts(message["blocks"]))
    assert any("nothing waits" in text for text in texts(header["blocks"]))


def test_a_day_has_one_message_for_all_its_drafts(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    late = NOON - timedelta(minutes=5)
    for due_at in (late, NOON + timedelta(hours=1), NOON + timedelta(hours=2)):
        draft = write_draft(TEXT, due_at=due_at)
        with conn:
            announce_draft(conn, slack_settings, draft, NOON)

    send(slack_settings)

    (header,) = slack.roots()
    assert len(slack.thread(header)) == 3
    assert "3 waiting, 1 late" in header["text"]


def test_lateness_is_counted_and_said_once(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    draft = write_draft(TEXT)
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)
    for minutes in (40, 42, 60):
        with conn:
            advance(conn, NOON + timedelta(minutes=minutes))
            tend_drafts(conn, slack_settings, NOON + timedelta(minutes=minutes))
        send(slack_settings)

    with conn:
        tend_drafts(conn, slack_settings, NOON + timedelta(minutes=60))
    assert send(slack_settings).sent == 0, "at the same moment there is nothing new to say"
    (header,) = slack.roots()
    late = [m["text"] for m in slack.thread(header) if m["text"].startswith("⏰ Late")]
    assert late == ["⏰ Late: a reply for Northwind Home, the first was due 12:41."]
    assert "1 waiting, 1 late" in header["text"]


def test_the_review_stands_in_the_message_while_its_reply_waits(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    review = "Vase broken. " + "It was wrapped in one sheet of paper. " * 8 + "Who packs this?"
    draft = write_draft(TEXT, review)
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)
    send(slack_settings)
    (message,) = slack.thread(slack.roots()[0])
    waiting = " ".join(texts(message["blocks"]))

    decide(conn, slack_settings, draft)
    send(slack_settings)

    (message,) = slack.thread(slack.roots()[0])
    assert "Who packs this?" in waiting
    assert "Who packs this?" not in " ".join(texts(message["blocks"]))


def test_a_long_draft_is_shown_whole(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    text = " ".join(f"sentence {number} of a long letter." for number in range(300))
    draft = write_draft(text)
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)

    send(slack_settings)

    shown = " ".join(part for m in slack.thread(slack.roots()[0]) for part in texts(m["blocks"]))
    assert all(f"sentence {number} of" in shown for number in range(300))


@pytest.mark.parametrize(
    ("before", "after", "distance"), [("abcd", "abcd", 0.0), ("abcd", "wxyz", 1.0)]
)
def test_edit_distance_is_the_changed_share(before: str, after: str, distance: float) -> None:
    assert edit_distance(before, after) == distance
