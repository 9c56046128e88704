"""A past crisis is played as it was told then, and people's clicks touch nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.drills import practise, start_drill, tend_drills
from alerts.slack import listen, serve
from earshot.errors import FixSettings
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_approvals import one
from tests.alerts.slack.test_delivery import send
from tests.alerts.slack.test_listen import eventually, offered, shown
from tests.slack_standin import SlackStandIn

LATER = NOON + timedelta(days=30)


@pytest.fixture
def past(conn: Connection, open_incident: Callable[..., int]) -> int:
    """A crisis that is over since long."""
    incident = open_incident(
        state="resolved",
        opened_at=NOON - timedelta(hours=4),
        resolved_at=NOON,
        verdict="confirmed",
        decided_by="U00MANAGER",
        decided_at=NOON - timedelta(hours=3, minutes=30),
    )
    with conn:
        advance(conn, LATER)
    return incident


@pytest.fixture
def drilling(slack: SlackStandIn, slack_settings: Settings) -> Settings:
    slack.add_channel("drills")
    section = slack_settings.slack.model_copy(update={"drill_channel": "#drills"})
    return slack_settings.model_copy(update={"slack": section})


def play(conn: Connection, settings: Settings, minutes: float) -> None:
    with conn:
        advance(conn, LATER + timedelta(minutes=minutes))
    tend_drills(settings)
    send(settings)


def test_a_drill_tells_only_what_was_known_and_ends_with_a_report(
    conn: Connection, slack: SlackStandIn, drilling: Settings, past: int
) -> None:
    number = start_drill(drilling, "late parcels", minutes=20, actor="duty")
    send(drilling)
    (message,) = slack.roots("drills")
    first = shown(message)
    with conn:
        told = practise(conn, drilling, number, "confirmed", actor="U00MANAGER",
                        now=LATER + timedelta(minutes=4))  # fmt: skip
        again = practise(conn, drilling, number, "confirmed", actor="U00SECOND",
                         now=LATER + timedelta(minutes=5))  # fmt: skip
    for minutes in (5, 10, 21, 30):
        play(conn, drilling, minutes)

    (message,) = slack.roots("drills")
    (report,) = slack.thread(message, "drills")
    assert "DRILL · Late parcels:" in first
    assert "47 complaints" not in first, "the whole count was not known at its opening"
    assert (told, again) == (None, "In this drill it was confirmed before.")
    assert "47 complaints in all" in shown(message)
    assert "confirmed by <@U00MANAGER> after 4 min" in report["text"]
    assert "In the real one it was confirmed after 30 min." in report["text"]
    assert slack.roots() == []


def test_a_click_in_a_drill_changes_no_incident(
    conn: Connection,
    slack: SlackStandIn,
    drilling: Settings,
    past: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listen, "PING_SECONDS", 0.2)
    start_drill(drilling, str(past), minutes=20, actor="duty")
    send(drilling)
    message = slack.roots("drills")[0]
    stop = threading.Event()
    threading.Thread(target=serve.listen, args=(drilling, stop), daemon=True).start()
    slack.wait_for_socket()

    clicked: dict[str, Any] = slack.click(message, "incident_dismiss", name="drills")
    for _ in range(3):
        slack.envelope("interactive", clicked)
    eventually(lambda: "Dismissed by <@U00MANAGER>" in shown(slack.roots("drills")[0]))
    stop.set()

    assert "incident_dismiss" not in offered(slack.roots("drills")[0])
    assert one(conn, "select count(*) from earshot.drill_event")[0] == 1
    assert one(conn, "select count(*) from earshot.incident_event")[0] == 0
    assert one(conn, "select verdict from earshot.incident")[0] == "confirmed"


def test_a_drill_needs_a_past_crisis_and_a_channel(
    conn: Connection, drilling: Settings, slack_settings: Settings, past: int
) -> None:
    with pytest.raises(FixSettings, match="no past crisis"):
        start_drill(drilling, "nothing of the kind", minutes=20, actor="duty")
    with pytest.raises(FixSettings, match="drill_channel"):
        start_drill(slack_settings, "late parcels", minutes=20, actor="duty")
