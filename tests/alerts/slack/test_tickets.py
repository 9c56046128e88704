"""A ticket is opened once, links back, and its status stands in the message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.publishing import PublishResult, publish
from alerts.slack.drafts import announce_draft
from alerts.slack.incidents import announce_incident
from alerts.tickets import request_ticket
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_approvals import TEXT
from tests.alerts.slack.test_delivery import send
from tests.platform_standin import PlatformStandIn
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

DESKS: dict[str, dict[str, Any]] = {
    "zendesk": {
        "options": {},
        "secrets": {"ZENDESK_EMAIL": "care@northwind.example", "ZENDESK_TOKEN": "zendesk-token"},
        "solved": ("solved", "solved"),
    },
    "freshdesk": {
        "options": {"email": "care@northwind.example"},
        "secrets": {"FRESHDESK_API_KEY": "freshdesk-key"},
        "solved": (4, "resolved"),
    },
    "zohodesk": {
        "options": {
            "email": "care@northwind.example",
            "organisation": "600",
            "department": "700",
        },
        "secrets": {"ZOHO_CLIENT_ID": "c", "ZOHO_CLIENT_SECRET": "s",
                    "ZOHO_REFRESH_TOKEN": "zoho-refresh"},
        "solved": ("Closed", "closed"),
    },
}  # fmt: skip
EVERY = pytest.mark.parametrize("desk", sorted(DESKS))


@pytest.fixture
def with_desk(
    place: PlatformStandIn,
    slack: SlackStandIn,
    settings_with: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Settings]:
    def make(desk: str) -> Settings:
        for name, value in DESKS[desk]["secrets"].items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("EARSHOT_SLACK_TOKEN", slack.bot_token)
        ticket = {"kind": desk, "base_url": place.url, **DESKS[desk]["options"]}
        return settings_with(slack={"api_url": slack.url}, ticket=ticket)

    return make


def run(settings: Settings) -> PublishResult:
    result = publish(settings, settle_seconds=0.0)
    send(settings)
    return result


def ask(conn: Connection, settings: Settings, incident: int) -> bool:
    with conn, conn.cursor() as cursor:
        cursor.execute("select id from earshot.brand")
        brand = cursor.fetchone()[0]
        asked = request_ticket(
            conn, settings, "incident", incident, brand_id=brand, actor="U00MANAGER", now=NOON
        )
        announce_incident(conn, settings, incident, NOON)
    return asked


def shown(message: dict[str, Any]) -> str:
    return "\n".join(texts(message["blocks"]))


@EVERY
def test_an_incident_is_handed_over_once_and_its_status_is_followed(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    open_incident: Callable[..., int],
    with_desk: Callable[[str], Settings],
    desk: str,
) -> None:
    settings, incident = with_desk(desk), open_incident()
    asked = [ask(conn, settings, incident) for _ in range(3)]
    results = [run(settings) for _ in range(2)]
    opened = shown(slack.roots()[0])
    place.posts[0].extra["status"] = DESKS[desk]["solved"][0]
    with conn:
        advance(conn, NOON + timedelta(minutes=11))
    followed = run(settings)

    assert asked == [True, False, False]
    assert [result.published for result in results] == [1, 0]
    (post,) = place.posts
    assert post.key == f"earshot-incident-{incident}"
    assert "47 complaints since 06:00" in post.extra["subject"]
    assert "https://earshot.example/incident/1" in post.text
    assert f"|{post.about}> " in opened
    assert "Open ticket" not in opened
    assert followed.tickets_changed == 1
    assert f"|{post.about}> {DESKS[desk]['solved'][1]}" in shown(slack.roots()[0])


@EVERY
@pytest.mark.parametrize("fault", ["drop", "error"])
def test_a_ticket_whose_answer_never_came_is_found_again(
    conn: Connection,
    place: PlatformStandIn,
    open_incident: Callable[..., int],
    with_desk: Callable[[str], Settings],
    desk: str,
    fault: str,
) -> None:
    settings = with_desk(desk)
    ask(conn, settings, open_incident())
    place.fail(fault)

    first, second = run(settings), run(settings)

    assert (first.published, second.looked, second.published) == (0, 1, 1)
    assert len(place.posts) == 1


def test_a_review_is_handed_over_from_its_draft(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    write_draft: Callable[..., int],
    with_desk: Callable[[str], Settings],
) -> None:
    settings = with_desk("freshdesk")
    draft = write_draft(TEXT, body="Broken <script>alert(1)</script> *again* <!channel>")
    with conn, conn.cursor() as cursor:
        announce_draft(conn, settings, draft, NOON)
        cursor.execute("select brand_id, feedback_id from earshot.reply_draft")
        brand, feedback = cursor.fetchone()
        request_ticket(
            conn, settings, "feedback", feedback, brand_id=brand, actor="U00MANAGER", now=NOON
        )
        announce_draft(conn, settings, draft, NOON)
    run(settings)

    (message,) = slack.thread(slack.roots()[0])
    (post,) = place.posts
    assert f"|{post.about}> open" in shown(message)
    assert "https://shop.example/r/1" in post.text
    assert "&lt;script&gt;" in post.text


def test_a_desk_that_refuses_is_told_in_ops_and_the_message(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    open_incident: Callable[..., int],
    with_desk: Callable[[str], Settings],
) -> None:
    settings = with_desk("zendesk")
    ask(conn, settings, open_incident())
    place.fail("refuse")

    run(settings)
    send(settings)

    assert "ticket could not be opened" in shown(slack.roots()[0]).lower()
    assert "open it there by hand" in slack.roots("earshot-ops")[0]["text"]


def test_without_a_desk_nothing_is_offered(
    conn: Connection, settings: Settings, open_incident: Callable[..., int]
) -> None:
    incident = open_incident()

    assert ask(conn, settings, incident) is False
    with conn, conn.cursor() as cursor:
        cursor.execute("select payload::text from earshot.outbox")
        assert "incident_ticket" not in cursor.fetchone()[0]
