"""What must be forgotten is forgotten in Slack and in the outbox too."""

from __future__ import annotations

import json
from collections.abc import Callable

from psycopg2.extensions import connection as Connection

from alerts.slack.drafts import announce_draft
from alerts.slack.erase import ERASED, erase_messages
from earshot.settings import Settings
from tests.alerts.slack.conftest import NOON, evidence
from tests.alerts.slack.test_approvals import one
from tests.alerts.slack.test_delivery import announce, send
from tests.slack_standin import SlackStandIn


def everything(conn: Connection, slack: SlackStandIn) -> str:
    """All words that the outbox and Slack still hold."""
    with conn, conn.cursor() as cursor:
        cursor.execute("select payload from earshot.outbox")
        payloads = [row[0] for row in cursor]
    messages = [channel.messages for channel in slack.channels.values()]
    return json.dumps([payloads, messages])


def test_an_erased_quote_leaves_the_message_and_the_outbox(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    shown = evidence()
    incident = open_incident(shown)
    announce(conn, slack_settings, incident)
    send(slack_settings)
    assert "Tracking says delivered" in everything(conn, slack)
    kept = tuple(quote for quote in shown.quotes if quote.feedback_id != 2)
    change_incident(incident, evidence=evidence(quotes=kept))

    with conn:
        erased = erase_messages(conn, slack_settings, [2], NOON)
    send(slack_settings)

    assert erased == 1
    assert "Tracking says delivered" not in everything(conn, slack)
    assert "Third day in a row" in everything(conn, slack)


def test_an_erased_reviews_draft_is_gone(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    draft = write_draft(body="My vase is broken and I live in Kiel")
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)
    send(slack_settings)
    feedback = one(conn, "select feedback_id from earshot.reply_draft")[0]

    with conn, conn.cursor() as cursor:
        erase_messages(conn, slack_settings, [feedback], NOON)
        cursor.execute("delete from earshot.feedback where id = %s", [feedback])
    send(slack_settings)

    assert "Kiel" not in everything(conn, slack)
    assert slack.thread(slack.roots()[0])[0]["text"] == ERASED


def test_words_that_were_never_sent_are_not_sent_any_more(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> None:
    draft = write_draft(body="My vase is broken and I live in Kiel")
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)
    feedback = one(conn, "select feedback_id from earshot.reply_draft")[0]

    with conn:
        erase_messages(conn, slack_settings, [feedback], NOON)
    send(slack_settings)

    assert "Kiel" not in everything(conn, slack)
