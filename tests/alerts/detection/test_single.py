"""Single reports that cannot wait: one is enough, twice is not told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.detection import (
    Engine,
    EngineSettings,
    Observation,
    Rule,
    cells_of,
    hour_of,
    incidents_of,
    replay,
)
from alerts.detection.records import Single

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def report(day: float, *urgent: str, **changes) -> Observation:
    at = START + timedelta(days=day)
    return replace(
        Observation(
            feedback_id=f"{at.isoformat()}-{urgent}",
            brand="shop",
            source="page",
            published_at=at,
            first_seen_at=at,
            is_negative=True,
            urgent=urgent,
            text=f"Wörter eines Berichts vom {at.isoformat()}",
        ),
        **changes,
    )


def opened(*reports: Observation, **settings):
    return incidents_of(replay(reports, EngineSettings(**settings)))


def test_one_report_opens_at_once_by_a_rule_of_its_own() -> None:
    (incident,) = opened(report(0, "urgent_safety", product="kettle"))

    assert (incident.kind, incident.rule, incident.theme) == ("single", "single", "urgent_safety")
    assert (incident.severity, incident.product, incident.count) == ("high", "kettle", 1.0)
    assert incident.opened_at == hour_of(START) + 1


def test_an_ordinary_complaint_opens_nothing() -> None:
    assert opened(report(0), report(1, is_negative=False, reach=5_000_000)) == []


def test_further_reports_of_the_tag_join_and_other_tags_do_not() -> None:
    found = opened(
        report(0, "urgent_safety", product="kettle"),
        report(1, "urgent_safety", product="lamp"),
        report(1.5, "urgent_press"),
    )

    assert [(i.theme, i.count, i.product) for i in found] == [
        ("urgent_safety", 2.0, None),
        ("urgent_press", 1.0, None),
    ]
    assert [i.severity for i in found] == ["high", "medium"]


def test_it_resolves_after_the_cool_down_and_reopens_within_another() -> None:
    reports = [report(0, "urgent_legal"), report(5, "urgent_legal"), report(20, "urgent_legal")]
    changes = list(replay([*reports, report(40)], EngineSettings()))

    kinds = [change.kind for change in changes]
    assert kinds == ["open", "resolve", "reopen", "resolve", "open", "resolve"]


def test_a_complaint_that_very_many_may_have_seen_cannot_wait() -> None:
    (incident,) = opened(report(0, reach=250_000))

    assert (incident.theme, incident.severity) == (None, "medium")
    assert "250,000 people" in incident.reasons[0]


def test_what_a_brand_hears_every_week_opens_nothing() -> None:
    before = [report(-3 * n, "urgent_fraud") for n in range(1, 8)]
    engine = Engine(EngineSettings())
    fresh = report(0, "urgent_fraud")
    engine.step(
        START + timedelta(hours=1),
        cells_of([fresh]),
        lambda key, start, end: [
            r for r in (*before, fresh) if start <= hour_of(r.published_at) < end
        ],
    )

    assert engine.incidents == {}


@pytest.mark.parametrize(
    "late",
    [
        report(0, "urgent_safety", first_seen_at=START + timedelta(hours=30)),
        report(0, "urgent_safety", precision="unknown"),
    ],
    ids=["backfill", "unknown day"],
)
def test_backfill_and_undated_reports_wait_for_nobody(late: Observation) -> None:
    engine = Engine(EngineSettings())
    engine.step(START + timedelta(hours=31), cells_of([late]), lambda *_: [late])

    assert engine.incidents == {}


def test_the_same_text_on_many_pages_is_one_report() -> None:
    copies = [report(n / 100, "urgent_fraud", text_key="copy", feedback_id=str(n)) for n in (1, 2)]
    (incident,) = opened(*copies)

    assert incident.count == 1.0


def test_a_step_repeated_changes_nothing() -> None:
    text = report(0, "urgent_safety")
    engine = Engine(EngineSettings())
    clock = START + timedelta(hours=1)
    first = engine.step(clock, cells_of([text]), lambda *_: [text])
    again = engine.step(clock, cells_of([text]), lambda *_: [text])

    assert [change.kind for change in first] == ["open"]
    assert again == []


def test_the_rule_of_the_settings_decides_what_is_told() -> None:
    muted = Rule(name="single", least_severity="high", themes=frozenset({"urgent_press"}))
    changes = list(
        replay(
            [report(0, "urgent_press"), report(0.1, "urgent_legal")],
            EngineSettings(rules=(Rule(), muted)),
        )
    )

    assert [(c.incident.theme, c.is_due) for c in changes if c.kind == "open"] == [
        ("urgent_press", False)
    ]


def test_severity_by_tag_can_be_set() -> None:
    (incident,) = opened(
        report(0, "urgent_press"), single=Single(severities={"urgent_press": "critical"})
    )

    assert incident.severity == "critical"
