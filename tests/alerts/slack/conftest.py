"""A shop in trouble: rows written as the watch and reply steps write them, texts of our own."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.approvals import approve, hash_of
from alerts.slack.drafts import announce_draft
from alerts.slack.evidence import Difference, Evidence, Hour, Quote, Screen, SourceHealth
from alerts.slack.incidents import announce_incident
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.reply_platforms import PLATFORMS, TEXT, apple_key
from tests.platform_standin import PlatformStandIn
from tests.slack_standin import SlackStandIn

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
BEGAN = NOON - timedelta(hours=6)


def hours(now: datetime = NOON) -> tuple[Hour, ...]:
    """A quiet week, then six loud hours."""
    start = BEGAN - timedelta(days=7)
    count = int((now - start).total_seconds() // 3600)
    quiet = [Hour(start + timedelta(hours=i), (i * 7) % 3 // 2, 0.0, 2.0) for i in range(168)]
    loud = [
        Hour(start + timedelta(hours=i), 3 + (i - 167) * 2, 0.0, 2.0) for i in range(168, count)
    ]
    return (*quiet, *loud)


def evidence(**changed: Any) -> Evidence:
    """What the watch step knows of the courier's failure."""
    values: dict[str, Any] = {
        "title": "Late parcels",
        "hours": hours(),
        "baseline_low": 1.0,
        "baseline_high": 6.0,
        "share_negative": 0.61,
        "usual_share_negative": 0.18,
        "differences": (
            Difference(attribute="courier", value="Swiftline", share=1.0, usual=0.22),
            Difference(attribute="country", value="DE", share=0.87, usual=0.35),
        ),
        "quotes": (
            Quote(
                feedback_id=1,
                text="Third day in a row it says out for delivery. Nobody answers the phone.",
                stars=1,
                source="Trustpilot",
                published_at=BEGAN + timedelta(hours=1),
                url="https://shop.example/reviews/1?a=1&b=2",
            ),
            Quote(feedback_id=2, text="Tracking says delivered, nothing here.", stars=1,
                  source="Google", published_at=BEGAN + timedelta(hours=2)),
            Quote(feedback_id=3, text="Nice lamp, but the courier lost it. Again.", stars=2,
                  source="shop page", published_at=BEGAN + timedelta(hours=3)),
        ),
        "screens": (
            Screen(name="authors", finding="44 different authors"),
            Screen(name="texts", finding="texts differ"),
        ),
        "sources": (SourceHealth(name="Trustpilot"), SourceHealth(name="shop page")),
        "playbook": ("Hold Swiftline labels", "Put the banner on the order page"),
        "owner": "@logistics",
        "page_url": "https://earshot.example/incident/1",
    }  # fmt: skip
    return Evidence(**{**values, **changed})


@pytest.fixture
def conn(database: Any) -> Iterator[Connection]:
    """A connection as the pipeline's role, the clock at noon, one brand and one source."""
    with database.connect() as opened:
        with opened, opened.cursor() as cursor:
            advance(opened, NOON)
            cursor.execute(
                "insert into earshot.brand (key, name, role, time_zone)"
                " values ('northwind', 'Northwind Home', 'own', 'UTC') returning id"
            )
            brand = cursor.fetchone()[0]
            cursor.execute(
                "insert into earshot.source (name, kind, platform, brand_id)"
                " values ('shop', 'schemaorg', 'shop', %s)",
                [brand],
            )
        yield opened


@pytest.fixture
def open_incident(conn: Connection) -> Callable[..., int]:
    """Writes an incident row as the watch step does; values replace its columns."""
    numbers = itertools.count(1)

    def make(shown: Evidence | None = None, **columns: Any) -> int:
        row = {
            "key": f"northwind/delivery/{next(numbers)}",
            "rule": "default",
            "kind": "volume",
            "direction": "negative",
            "theme_key": "delivery_delay",
            "state": "open",
            "severity": "high",
            "started_at": BEGAN,
            "opened_at": NOON,
            "updated_at": NOON,
            "last_anomalous_at": NOON,
            "items": 47,
            "baseline": 3.0,
            "odds": 2.5e-7,
            "reason": "47 where 3 are usual",
            "evidence": json.dumps((shown or evidence()).as_json()),
            **columns,
        }
        names = ", ".join(row)
        marks = ", ".join(["%s"] * len(row))
        with conn, conn.cursor() as cursor:
            cursor.execute(
                f"insert into earshot.incident (brand_id, {names})"
                f" select id, {marks} from earshot.brand returning id",
                list(row.values()),
            )
            return int(cursor.fetchone()[0])

    return make


@pytest.fixture
def change_incident(conn: Connection) -> Callable[..., None]:
    """Changes columns of an incident, as a later watch run does."""

    def change(incident_id: int, **columns: Any) -> None:
        if isinstance(columns.get("evidence"), Evidence):
            columns["evidence"] = json.dumps(columns["evidence"].as_json())
        assigned = ", ".join(f"{name} = %s" for name in columns)
        with conn, conn.cursor() as cursor:
            cursor.execute(
                f"update earshot.incident set {assigned} where id = %s",
                [*columns.values(), incident_id],
            )

    return change


@pytest.fixture
def write_draft(conn: Connection) -> Callable[..., int]:
    """Writes a review and a draft for it, as the reply step does."""
    numbers = itertools.count(1)

    def make(
        text: str = "Two broken vases are not what you ordered, and I am sorry.",
        body: str = "Vase arrived broken, second time!!",
        *,
        incident_id: int | None = None,
        state: str = "waiting",
        due_at: datetime = NOON + timedelta(minutes=41),
    ) -> int:
        with conn, conn.cursor() as cursor:
            cursor.execute(
                "insert into earshot.feedback (platform, external_id, source_id, kind, speaker,"
                " published_at, published_precision, first_seen_at, last_seen_at, url)"
                " select 'shop', %s, id, 'review', 'customer', %s, 'second', %s, %s,"
                " 'https://shop.example/r/1' from earshot.source returning id",
                [f"r{next(numbers)}", NOON - timedelta(hours=18), NOON, NOON],
            )
            feedback = cursor.fetchone()[0]
            cursor.execute(
                "insert into earshot.feedback_version (feedback_id, version, title, body, rating,"
                " rating_scale, content_hash, seen_at) values (%s, 1, '', %s, 2, 5, %s, %s)",
                [feedback, body, hashlib.sha256(body.encode()).digest(), NOON],
            )
            cursor.execute(
                "insert into earshot.reply_draft (feedback_id, version, incident_id, brand_id,"
                " engine, text, text_hash, state, created_at, due_at)"
                " select %s, 1, %s, id, 'builtin', %s, %s, %s, %s, %s from earshot.brand"
                " returning id",
                [feedback, incident_id, text, hashlib.sha256(text.encode()).digest(), state, NOON,
                 due_at],
            )  # fmt: skip
            return int(cursor.fetchone()[0])

    return make


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    """A strict stand-in for Slack with the two channels of the settings."""
    with SlackStandIn() as standin:
        standin.add_channel("voice-of-customer")
        standin.add_channel("earshot-ops")
        yield standin


@pytest.fixture
def slack_settings(
    settings_with: Callable[..., Settings], slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings whose Slack is the stand-in."""
    monkeypatch.setenv("EARSHOT_SLACK_TOKEN", slack.bot_token)
    monkeypatch.setenv("EARSHOT_SLACK_APP_TOKEN", slack.app_token)
    return settings_with(slack={"api_url": slack.url})


@pytest.fixture
def announced(conn: Connection, slack_settings: Settings, open_incident: Callable[..., int]) -> int:
    """An incident whose message waits in the outbox."""
    incident = open_incident()
    with conn:
        announce_incident(conn, slack_settings, incident, NOON)
    return incident


@pytest.fixture
def place() -> Iterator[PlatformStandIn]:
    with PlatformStandIn() as standin:
        yield standin


@pytest.fixture
def approved(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    settings_with: Callable[..., Settings],
    write_draft: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[Settings, int]]:
    """A reply to a text of that kind of source, approved and told in Slack."""

    def make(kind: str, text: str = TEXT, **more: Any) -> tuple[Settings, int]:
        given = PLATFORMS[kind]
        secrets = dict(given["secrets"])
        if "APPLE_PRIVATE_KEY" in secrets:
            secrets["APPLE_PRIVATE_KEY"] = apple_key()
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("EARSHOT_SLACK_TOKEN", slack.bot_token)
        source = {"name": "shop", "kind": kind, "brand": "northwind", "base_url": place.url}
        settings = settings_with(
            slack={"api_url": slack.url}, source=[{**source, **given["options"]}], **more
        )
        draft = write_draft(text)
        with conn, conn.cursor() as cursor:
            cursor.execute(
                "update earshot.feedback set platform = %s, external_id = %s, last_seen_at = %s",
                [given["platform"], given["id"], NOON],
            )
            announce_draft(conn, settings, draft, NOON)
        with conn:
            decision = approve(
                conn, settings, draft, text_hash=hash_of(text), version=1,
                actor="U00MANAGER", now=NOON,
            )  # fmt: skip
        assert decision.outcome == "done"
        return settings, draft

    return make
