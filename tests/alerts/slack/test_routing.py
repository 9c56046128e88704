"""Who hears of what and when: channels, quiet hours, escalation, snoozes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg2.extensions import connection as Connection

from alerts.slack.decisions import confirm, snooze
from alerts.slack.incidents import (
    announce_incident,
    end_snoozes,
    escalate_unanswered,
    thread_note,
)
from alerts.slack.notices import tell_sources
from alerts.slack.routing import (
    Subject,
    incident_channel,
    is_posted,
    not_before,
    reply_channel,
)
from earshot.settings import Settings
from earshot.settings_publishing import Route
from sql.clock import advance
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_delivery import advance_to, announce, row, send
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

BERLIN = ZoneInfo("Europe/Berlin")
QUIET = {"quiet_hours": {"start_hour": 22, "end_hour": 7, "except_from": "high"}}


def plain(**values: Any) -> Settings:
    return Settings.model_validate(
        {
            "contact": "ops@northwind.example",
            "brand": [{"key": "northwind", "name": "Northwind", "channel": "#northwind"}],
            "rule": [{"name": "default"}, {"name": "safety", "channel": "#safety"},
                     {"name": "quiet", "is_muted": True},
                     {"name": "loud", "least_severity": "high"}],
            **values,
        }
    )  # fmt: skip


def about(**values: Any) -> Subject:
    return Subject(**{"about": "incidents", "brand": "northwind", **values})


def test_a_rule_names_the_channel_before_the_brand_before_the_default() -> None:
    settings = plain()

    assert incident_channel(settings, about(), rule="safety") == "#safety"
    assert incident_channel(settings, about(), rule="default") == "#northwind"
    assert incident_channel(settings, about(brand="other"), rule="default") == "#voice-of-customer"


ROUTES = [
    {"channel": "#leads", "about": "incidents", "least_severity": "critical"},
    {"channel": "#dach", "languages": ["de"]},
    {"channel": "#money", "themes": ["refunds", "billing"]},
    {"channel": "#other", "brand": "other", "about": "replies"},
]


@pytest.mark.parametrize(
    ("subject", "channel"),
    [
        (about(severity="critical", languages=frozenset({"de"})), "#leads"),
        (about(severity="high", languages=frozenset({"de-AT"})), "#dach"),
        (about(severity="high", languages=frozenset({"den"})), "#northwind"),
        (about(severity="high", themes=frozenset({"refunds"})), "#money"),
        (about(about="replies", brand="other"), "#other"),
        (about(about="replies", languages=frozenset({"de"})), "#dach"),
        (about(), "#northwind"),
    ],
)
def test_the_first_route_that_fits_decides(subject: Subject, channel: str) -> None:
    settings = plain(route=ROUTES)

    found = (
        reply_channel(settings, subject)
        if subject.about == "replies"
        else incident_channel(settings, subject, rule="default")
    )

    assert found == channel


def test_an_incident_that_becomes_critical_is_pointed_to_once(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    slack.add_channel("leads")
    route = Route(channel="#leads", least_severity="critical")
    settings = slack_settings.model_copy(update={"route": (route,)})
    incident = open_incident()
    announce(conn, settings, incident)
    send(settings)
    change_incident(incident, severity="critical")
    for items in (60, 80):
        change_incident(incident, items=items)
        announce(conn, settings, incident)
        send(settings)

    (pointer,) = slack.roots("leads")
    (message,) = slack.roots()
    assert "The message stands in #voice-of-customer" in "\n".join(texts(pointer["blocks"]))
    assert message["edits"] == 2


@pytest.mark.parametrize(
    ("rule", "severity", "is_told"),
    [
        ("default", "medium", True),
        ("default", "low", False),
        ("quiet", "critical", False),
        ("loud", "medium", False),
        ("loud", "high", True),
    ],
)
def test_a_rule_decides_what_is_told(rule: str, severity: str, is_told: bool) -> None:
    assert is_posted(plain(), rule=rule, severity=severity, is_historical=False) is is_told


@pytest.mark.parametrize(
    ("local_hour", "severity", "waits_until"),
    [
        (23, "medium", 7),
        (3, "medium", 7),
        (12, "medium", None),
        (23, "high", None),
        (7, "medium", None),
    ],
)
def test_quiet_hours_hold_back_what_can_wait(
    local_hour: int, severity: str, waits_until: int | None
) -> None:
    now = datetime(2026, 3, 14, local_hour, 30, tzinfo=BERLIN).astimezone(UTC)

    due = not_before(plain(slack=QUIET), severity=severity, zone=BERLIN, now=now)

    if waits_until is None:
        assert due == now
    else:
        assert due > now
        assert (due.astimezone(BERLIN).hour, due.minute) == (waits_until, 0)
        assert due - now < timedelta(hours=9)


def test_a_crisis_without_answer_is_told_to_the_next_channel_once(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    settings_with: Callable[..., Settings],
    open_incident: Callable[..., int],
) -> None:
    slack.add_channel("ops-leads")
    settings = settings_with(
        slack={
            "api_url": slack.url,
            "escalation": {"after_minutes": 30, "channel": "#ops-leads"},
        }
    )
    announce(conn, settings, open_incident())
    send(settings)
    counts = []
    for minute in (29, 30, 45):
        with conn:
            counts.append(escalate_unanswered(conn, settings, NOON + timedelta(minutes=minute)))
    advance_to(conn, minutes=45)

    send(settings)

    assert counts == [0, 1, 0]
    (told,) = slack.roots("ops-leads")
    assert "No answer for 30 minutes: Late parcels" in told["text"]
    assert "No answer for 30 minutes → #ops-leads" in slack.thread(slack.roots()[0])[0]["text"]


def test_a_confirmed_incident_does_not_escalate(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
) -> None:
    send(slack_settings)
    with conn:
        confirm(conn, slack_settings, announced, actor="U00MANAGER", now=NOON)
        escalated = escalate_unanswered(conn, slack_settings, NOON + timedelta(hours=5))

    assert escalated == 0


def test_a_snoozed_incident_is_quiet_until_it_grows_by_half(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    incident = open_incident()
    announce(conn, slack_settings, incident)
    with conn:
        snooze(conn, slack_settings, incident, until="grows", actor="U00MANAGER", now=NOON)
        is_said = thread_note(conn, slack_settings, incident, "grow-1", "50 by now", NOON)
    change_incident(incident, items=69)
    with conn:
        early = end_snoozes(conn, slack_settings, NOON)
    change_incident(incident, items=71)
    with conn:
        late = end_snoozes(conn, slack_settings, NOON)
    send(slack_settings)

    assert (is_said, early, late) == (False, 0, 1)
    (note,) = slack.thread(slack.roots()[0])
    assert note["text"] == "Snooze over: 71 now, 47 when it was snoozed"


def test_a_snooze_of_an_hour_ends_after_an_hour(
    conn: Connection,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    incident = open_incident()
    announce(conn, slack_settings, incident)
    with conn:
        snooze(conn, slack_settings, incident, until="1h", actor="U00MANAGER", now=NOON)
        early = end_snoozes(conn, slack_settings, NOON + timedelta(minutes=59))
        late = end_snoozes(conn, slack_settings, NOON + timedelta(minutes=60))

    assert (early, late) == (0, 1)


def test_a_snooze_is_silent_but_the_message_stays_right(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    incident = open_incident()
    announce(conn, slack_settings, incident)
    send(slack_settings)
    with conn:
        snooze(conn, slack_settings, incident, until="4h", actor="U00MANAGER", now=NOON)
    change_incident(incident, items=60)
    announce(conn, slack_settings, incident)

    send(slack_settings)

    (message,) = slack.roots()
    assert "60 complaints" in message["text"]
    assert any("Quiet until 16:00" in text for text in texts(message["blocks"]))
    assert not slack.thread(message)


def test_an_incident_of_the_night_waits_for_the_morning(
    conn: Connection, settings_with: Callable[..., Settings], open_incident: Callable[..., int]
) -> None:
    settings = settings_with(slack=QUIET)
    night = NOON.replace(hour=23)
    incident = open_incident(severity="medium")
    with conn:
        announce_incident(conn, settings, incident, night)

    waits = row(conn, f"incident:{incident}")["not_before"]

    assert waits == night + timedelta(hours=8)


def test_a_broken_source_and_its_recovery_are_each_said_once(
    conn: Connection, slack: SlackStandIn, slack_settings: Settings
) -> None:
    def becomes(health: str, hours: int) -> None:
        moment = NOON + timedelta(hours=hours)
        with conn, conn.cursor() as cursor:
            cursor.execute(
                "update earshot.source set health = %s, health_since = %s,"
                " health_reason = 'It answers with a consent form <!channel>.'",
                [health, moment],
            )
        for minutes in (0, 10):
            with conn:
                advance(conn, moment + timedelta(minutes=minutes))
                tell_sources(conn, slack_settings, moment + timedelta(minutes=minutes))
            send(slack_settings)

    becomes("unhealthy", 0)
    becomes("healthy", 5)
    becomes("unhealthy", 8)
    becomes("healthy", 9)

    told = [message["text"] for message in slack.roots("earshot-ops")]
    assert ["is not healthy" in text for text in told] == [True, False, True, False]
    assert "healthy again*, 5 h after" in told[1]
    assert not any("<!channel>" in text for text in told)
