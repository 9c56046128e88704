"""Without a token: files and a page, each message once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection

from alerts.slack.drafts import announce_draft
from alerts.slack.incidents import announce_incident, close_incident, thread_note
from alerts.slack.notices import source_quiet_notice
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import NOON, evidence
from tests.alerts.slack.test_delivery import send


@pytest.fixture
def previews(settings: Settings) -> Path:
    return settings.home_folder / "preview"


def messages(folder: Path) -> list[dict[str, object]]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]


def test_a_message_is_a_file_and_stands_in_the_page_with_its_chart_and_thread(
    conn: Connection,
    settings: Settings,
    previews: Path,
    open_incident: Callable[..., int],
    write_draft: Callable[..., int],
) -> None:
    incident = open_incident()
    draft = write_draft(incident_id=incident)
    with conn:
        announce_incident(conn, settings, incident, NOON)
        thread_note(conn, settings, incident, "crossed-40", "Crossed 40 at 11:40", NOON)
        announce_draft(conn, settings, draft, NOON)

    result = send(settings)

    page = (previews / "index.html").read_text()
    assert result.sent == 3
    assert "Late parcels: 47 complaints since 06:00, usually 3" in page
    assert "data:image/png;base64," in page
    assert "Crossed 40 at 11:40" in page
    assert "prefers-color-scheme: dark" in page
    assert "<script" not in page


def test_an_edit_changes_the_file_and_adds_none(
    conn: Connection,
    settings: Settings,
    previews: Path,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
) -> None:
    incident = open_incident()
    with conn:
        announce_incident(conn, settings, incident, NOON)
    send(settings)
    change_incident(incident, items=90)
    with conn:
        announce_incident(conn, settings, incident, NOON)

    send(settings)

    (message,) = messages(previews)
    assert message["edits"] == 1
    assert "90 complaints" in str(message["text"])


def test_a_preview_written_before_a_crash_is_not_a_second_message(
    conn: Connection, settings: Settings, previews: Path, open_incident: Callable[..., int]
) -> None:
    incident = open_incident()
    with conn:
        announce_incident(conn, settings, incident, NOON)
    send(settings)
    with conn, conn.cursor() as cursor:
        cursor.execute("update earshot.outbox set state = 'sending', remote_id = null")

    send(settings)

    assert len(messages(previews)) == 1


def test_only_the_owner_can_read_previews(
    conn: Connection, settings: Settings, previews: Path, open_incident: Callable[..., int]
) -> None:
    incident = open_incident()
    with conn:
        announce_incident(conn, settings, incident, NOON)
    send(settings)

    assert previews.stat().st_mode & 0o077 == 0


def scene(
    conn: Connection,
    settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
    write_draft: Callable[..., int],
) -> None:
    """Every kind of message, for the pictures."""
    first, second = open_incident(), open_incident(severity="medium")
    alone = write_draft(body="The lid does not close. <!channel> *look* https://evil.example")
    inside = write_draft(incident_id=first)
    with conn:
        announce_incident(conn, settings, first, NOON)
        announce_incident(conn, settings, second, NOON)
        thread_note(conn, settings, first, "crossed-40", "Crossed 40 at 11:40", NOON)
        announce_draft(conn, settings, alone, NOON)
        announce_draft(conn, settings, inside, NOON)
        source_quiet_notice(
            conn, settings, "Trustpilot", NOON, reason="The page answers with a consent form.",
            since=NOON - timedelta(hours=10),
        )  # fmt: skip
    send(settings)
    later = NOON + timedelta(hours=4)
    change_incident(
        first, items=212, baseline=9.0, state="growing", verdict="confirmed",
        decided_by="U00MANAGER", decided_at=NOON + timedelta(minutes=5), assigned_to="U00SECOND",
        evidence=evidence(trend="still growing, slower than at noon",
                          changes=("“refund” now in 38 % (09:30: 9 %)",)),
    )  # fmt: skip
    change_incident(second, state="resolved", resolved_at=later)
    with conn:
        advance(conn, later)
        announce_incident(conn, settings, first, later)
        close_incident(conn, settings, second, later)
    send(settings)


def test_every_kind_of_message_can_be_shown(
    conn: Connection,
    settings: Settings,
    previews: Path,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
    write_draft: Callable[..., int],
) -> None:
    scene(conn, settings, open_incident, change_incident, write_draft)

    page = (previews / "index.html").read_text()
    assert "&lt;!channel&gt;" in page
    assert 'href="https://evil.example' not in page
    assert "Closing report" in page
