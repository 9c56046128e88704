"""The report card: what people decided, per rule, in a table, a note and the sensitivity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.report_card import learned_factors, tell_report_cards
from alerts.watch import engine_settings
from earshot.settings import Settings
from sql.connect import connect

MARCH = datetime(2026, 3, 2, 8, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 6, tzinfo=UTC)
INCIDENT = """
insert into earshot.incident (key, brand_id, rule, kind, direction, state, severity, started_at,
    opened_at, updated_at, last_anomalous_at, items, baseline, reason, verdict, decided_by,
    decided_at, is_historical)
select 'i' || %(number)s, brand.id, 'default', 'spike', 'negative', 'resolved', %(severity)s,
    %(at)s::timestamptz - interval '2 hours', %(at)s, %(at)s, %(at)s, 9, 1, 'because', %(verdict)s,
    'ann', %(at)s, %(old)s
from earshot.brand where brand.key = 'northwind'
returning id
"""
DECIDED = """
insert into earshot.incident_event (incident_id, at, kind, actor)
values (%s, %s::timestamptz + interval '30 minutes', %s, 'ann')
"""


@pytest.fixture
def judged(live_until: Callable[..., Settings], database: Any) -> Callable[..., Settings]:
    """A brand with so many incidents in March that were confirmed and dismissed."""

    def with_verdicts(confirmed: int, dismissed: int, **detection: Any) -> Settings:
        settings = live_until(MARCH, clock=APRIL)
        rows = [("confirmed", "high", False)] * confirmed + [("dismissed", "medium", False)] * (
            dismissed
        )
        rows += [("confirmed", "low", False), ("confirmed", "high", True)]
        with database.connect("owner") as conn, conn, conn.cursor() as cursor:
            for number, (verdict, severity, old) in enumerate(rows):
                at = MARCH + timedelta(days=number)
                values = {"number": number, "at": at, "verdict": verdict, "old": old}
                cursor.execute(INCIDENT, {**values, "severity": severity})
                cursor.execute(DECIDED, (cursor.fetchone()["id"], at, verdict))
        section = settings.detection.model_copy(update=detection)
        return settings.model_copy(update={"detection": section})

    return with_verdicts


def test_the_card_counts_what_was_told_and_judged(
    judged: Callable[..., Settings], database: Any
) -> None:
    judged(3, 1)

    with database.connect("analyst") as conn, conn.cursor() as cursor:
        cursor.execute("select * from analytics.rule_report_card")
        (card,) = cursor.fetchall()

    assert (card["incidents"], card["confirmed"], card["dismissed"]) == (4, 3, 1)
    assert card["precision"] == 0.75
    assert card["median_delay_minutes"] == 120
    assert card["median_acknowledge_minutes"] == 30


def test_the_note_is_said_once_a_month(judged: Callable[..., Settings], database: Any) -> None:
    settings = judged(3, 1)

    with connect(settings) as conn, conn:
        told = [tell_report_cards(conn, settings, APRIL + timedelta(days=d)) for d in (0, 1, 20)]
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute("select * from earshot.outbox where key like 'report-card%'")
        (note,) = cursor.fetchall()

    assert told == [1, 0, 0]
    assert note["key"] == "report-card:northwind:2026-03"
    assert "3 of 4 judged were real" in str(note["payload"])
    assert "told 2 h after the first complaint · answered after 30 min" in str(note["payload"])


def test_the_note_can_be_switched_off(judged: Callable[..., Settings]) -> None:
    settings = judged(3, 1, monthly_note=False)

    with connect(settings) as conn, conn:
        assert tell_report_cards(conn, settings, APRIL) == 0


def test_sensitivity_learns_only_where_it_may(judged: Callable[..., Settings]) -> None:
    settings = judged(2, 8, learn=True)
    fixed = settings.model_copy(
        update={"detection": settings.detection.model_copy(update={"learn": False})}
    )

    with connect(settings) as conn, conn:
        learned = engine_settings(conn, settings, APRIL).rules[0].sensitivity
        given = engine_settings(conn, fixed, APRIL).rules[0].sensitivity
        forgotten = learned_factors(conn, settings, APRIL + timedelta(days=365))

    assert (learned, given) == (0.5, 1.0)
    assert forgotten == {}
