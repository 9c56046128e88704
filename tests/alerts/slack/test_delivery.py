"""Incident, message, edit, thread, against the strict stand-in; and exactly once whatever fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.slack.deliver import DeliveryResult, deliver, revive_dead_letters
from alerts.slack.incidents import announce_incident, close_incident, thread_note, update_incident
from alerts.slack.notices import ops_notice
from earshot.errors import FixSettings
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import NOON, evidence
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn


def send(settings: Settings, **values: Any) -> DeliveryResult:
    """One run without pauses."""
    return deliver(settings, **{"settle_seconds": 0.0, "seconds_between": 0.0, **values})


def announce(conn: Connection, settings: Settings, incident_id: int, **late: float) -> bool:
    with conn:
        return announce_incident(conn, settings, incident_id, NOON + timedelta(**late))


def row(conn: Connection, key: str) -> Any:
    with conn, conn.cursor() as cursor:
        cursor.execute("select * from earshot.outbox where key = %s", [key])
        return cursor.fetchone()


def test_an_incident_is_one_message_that_is_edited_and_answered_in_its_thread(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    incident = open_incident()
    announce(conn, slack_settings, incident)
    send(slack_settings)
    change_incident(incident, items=212, baseline=9.0, state="growing")
    with conn:
        update_incident(conn, slack_settings, incident, NOON + timedelta(hours=4))
        thread_note(conn, slack_settings, incident, "crossed-100", "crossed 100 at 11:20", NOON)
    advance_to(conn, hours=4)

    send(slack_settings)

    (message,) = slack.roots()
    assert message["edits"] == 1
    assert "212 complaints since 06:00, usually 9" in message["blocks"][0]["text"]["text"]
    assert [m["text"] for m in slack.thread(message)] == ["crossed 100 at 11:20"]


def advance_to(conn: Connection, **later: float) -> None:
    with conn:
        advance(conn, NOON + timedelta(**later))


def test_the_chart_is_uploaded_and_stands_in_the_message(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
    change_incident: Callable[..., None],
) -> None:
    slack.file_polls = 1
    send(slack_settings)
    change_incident(announced, assigned_to="U00MANAGER")
    announce(conn, slack_settings, announced)

    send(slack_settings)

    image = next(b for b in slack.roots()[0]["blocks"] if b["type"] == "image")
    assert image["slack_file"]["id"] in slack.files
    assert "complaints an hour" in image["alt_text"]
    assert len(slack.files) == 1, "an unchanged chart is not uploaded again"


def test_silence_while_nothing_changed(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
) -> None:
    send(slack_settings)

    was_enqueued = announce(conn, slack_settings, announced, minutes=10)

    assert not was_enqueued
    assert send(slack_settings).sent == 0


def test_edits_that_nobody_saw_give_way_to_the_newest(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
    change_incident: Callable[..., None],
) -> None:
    send(slack_settings)
    for items in (60, 70, 80):
        change_incident(announced, items=items)
        announce(conn, slack_settings, announced)

    send(slack_settings)

    assert slack.calls["chat.update"] == 1
    assert "80 complaints" in slack.roots()[0]["text"]


@pytest.mark.parametrize("column", [{"severity": "low"}, {"is_historical": True}])
def test_low_and_historical_incidents_stay_silent(
    conn: Connection,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    column: dict[str, Any],
) -> None:
    incident = open_incident(**column)

    assert not announce(conn, slack_settings, incident)


def test_retry_after_is_kept_for_the_whole_channel(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    announce(conn, slack_settings, open_incident())
    announce(conn, slack_settings, open_incident())
    slack.fail("chat.postMessage", "limit", seconds=40)

    send(slack_settings)
    advance_to(conn, seconds=39)
    too_early = send(slack_settings)
    advance_to(conn, seconds=41)
    send(slack_settings)

    assert too_early.sent == 0
    assert len(slack.roots()) == 2


def test_posts_in_one_channel_keep_a_second_apart(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    slack.has_pace_limit = True
    for _ in range(3):
        announce(conn, slack_settings, open_incident())

    result = send(slack_settings, seconds_between=1.0)

    assert (result.sent, result.retried) == (3, 0)


def test_slack_down_for_an_hour_loses_nothing_and_repeats_nothing(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    incident = open_incident()
    slack.down()
    for minute in range(0, 60, 5):
        change_incident(incident, items=50 + minute)
        announce(conn, slack_settings, incident, minutes=minute)
        advance_to(conn, minutes=minute)
        send(slack_settings)
    slack.up()
    advance_to(conn, minutes=80)

    send(slack_settings)

    (message,) = slack.roots()
    assert "105 complaints" in message["text"]
    assert row(conn, f"incident:{incident}")["state"] == "sent"


def test_order_holds_within_an_incident_and_others_overtake(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    first, second = open_incident(), open_incident()
    announce(conn, slack_settings, first)
    with conn:
        thread_note(conn, slack_settings, first, "a", "first note", NOON)
    announce(conn, slack_settings, second)
    slack.fail("chat.postMessage", "drop_request")

    send(slack_settings)

    assert list(slack.keys()) == [f"incident:{second}"]


def test_a_channel_that_does_not_exist_makes_a_dead_letter_that_ops_hears_of(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    incident = open_incident(channel="#nowhere")
    announce(conn, slack_settings, incident)
    with conn:
        thread_note(conn, slack_settings, incident, "peak", "Peak", NOON)

    result = send(slack_settings)

    assert result.dead == 1
    assert "channel_not_found" in row(conn, f"incident:{incident}")["error"]
    assert row(conn, f"incident:{incident}:note:peak")["state"] == "dead"
    assert "#nowhere" in slack.roots("earshot-ops")[0]["text"]
    slack.add_channel("nowhere")
    assert revive_dead_letters(slack_settings) == 2
    assert send(slack_settings).sent == 2
    assert len(slack.roots("nowhere")) == 1


def test_a_refused_token_keeps_every_row_and_names_the_remedy(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    announce(conn, slack_settings, open_incident())
    slack.tokens[slack.bot_token].discard("chat:write")

    with pytest.raises(FixSettings, match="lacks chat:write"):
        send(slack_settings)
    slack.tokens[slack.bot_token].add("chat:write")
    send(slack_settings)

    assert len(slack.roots()) == 1


def test_without_its_token_an_edit_of_a_slack_message_waits(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    settings_with: Callable[..., Settings],
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incident = open_incident()
    announce(conn, slack_settings, incident)
    send(slack_settings)
    change_incident(incident, items=60)
    announce(conn, slack_settings, incident)
    monkeypatch.delenv("EARSHOT_SLACK_TOKEN")

    without = send(settings_with(slack={"api_url": slack.url}))
    advance_to(conn, minutes=1)
    send(slack_settings)

    assert (without.sent, without.retried) == (0, 1)
    assert "60 complaints" in slack.roots()[0]["text"]


def test_a_chart_that_slack_never_processes_is_told_in_words(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    slack.file_polls = 10_000
    announce(conn, slack_settings, open_incident())

    for hour in range(5):
        advance_to(conn, hours=hour)
        send(slack_settings, sleep=lambda seconds: None)

    (message,) = slack.roots()
    assert any("chart could not be uploaded" in text for text in texts(message["blocks"]))


def test_only_one_sender_works_at_a_time(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    from alerts.slack.deliver import SENDER_LOCK

    announce(conn, slack_settings, open_incident())
    with conn, conn.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [SENDER_LOCK])

    result = send(slack_settings)

    assert result.is_busy
    assert not slack.roots()


def test_an_ops_notice_is_said_once(
    conn: Connection, slack: SlackStandIn, slack_settings: Settings
) -> None:
    for _ in range(3):
        with conn:
            ops_notice(conn, slack_settings, "source:trustpilot", "Trustpilot is quiet.", NOON)
        send(slack_settings)

    assert [m["text"] for m in slack.roots("earshot-ops")] == ["Trustpilot is quiet."]


def test_a_closed_incident_gets_a_report_in_its_thread(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    incident = open_incident()
    announce(conn, slack_settings, incident)
    send(slack_settings)
    change_incident(incident, state="resolved", resolved_at=NOON + timedelta(hours=10), items=212)
    with conn:
        close_incident(conn, slack_settings, incident, NOON + timedelta(hours=10))
    advance_to(conn, hours=10)

    send(slack_settings)

    (message,) = slack.roots()
    (report,) = slack.thread(message)
    assert "over since 22:00" in message["blocks"][0]["text"]["text"]
    assert "Closing report: Late parcels, 16 h" in report["blocks"][0]["text"]["text"]


def test_a_very_long_message_goes_on_in_the_thread_and_says_so(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    changes = tuple(f"theme number {n} now in {n % 90} %" for n in range(400))
    announce(conn, slack_settings, open_incident(evidence(changes=changes)))

    send(slack_settings)

    (message,) = slack.roots()
    assert any("goes on in the thread" in text for text in texts(message["blocks"]))
    assert "theme number 399" in " ".join(m["text"] for m in slack.thread(message))
