"""An approved reply reaches its platform exactly once, or a person hears why it did not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.approvals import drop, mark_sent, send_again
from alerts.publishing import PublishResult, publish
from earshot.platforms.writing_kinds import WRITERS
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.reply_platforms import PLATFORMS, TEXT
from tests.alerts.slack.test_approvals import decide, edit_review, events, one, state
from tests.alerts.slack.test_delivery import send
from tests.alerts.slack.test_kill import REPOSITORY
from tests.platform_calls import LONG_AGO, Post
from tests.platform_standin import PlatformStandIn
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

EVERY = pytest.mark.parametrize("kind", sorted(PLATFORMS))


def run(settings: Settings, **values: Any) -> PublishResult:
    return publish(settings, **{"settle_seconds": 0.0, **values})


def shown(slack: SlackStandIn) -> str:
    (message,) = slack.thread(slack.roots()[0])
    return "\n".join(texts(message["blocks"]))


def buttons(slack: SlackStandIn) -> set[str]:
    (message,) = slack.thread(slack.roots()[0])
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return {element["action_id"] for row in rows for element in row}


def test_every_platform_of_the_promise_is_published_to() -> None:
    assert set(PLATFORMS) == set(WRITERS)


@EVERY
def test_an_approved_reply_is_published_once_and_the_message_says_when(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
    kind: str,
) -> None:
    settings, draft = approved(kind)

    results = [run(settings) for _ in range(3)]
    send(settings)

    assert [result.published for result in results] == [1, 0, 0]
    assert len(place.posts) == 1
    assert place.texts()[0].endswith(TEXT)
    assert state(conn, draft) == "sent"
    assert events(conn, draft) == ["approved", "sent"]
    assert "Sent by <@U00MANAGER> 12:00 as shown." in shown(slack)
    assert "accepted it 12:00:00" in shown(slack)
    assert not buttons(slack)


@EVERY
def test_a_greeting_by_name_is_fetched_then_and_stored_nowhere(
    conn: Connection,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
    kind: str,
) -> None:
    settings, _ = approved(kind)

    run(settings)

    expected = f"Hello Mara,\n{TEXT}" if PLATFORMS[kind].get("greets") else TEXT
    assert place.texts()[0].removeprefix("@mara@social.example ") == expected
    stored = one(
        conn,
        "select string_agg(t::text, ' ') from (select to_jsonb(d) as t from earshot.reply_draft d"
        " union all select to_jsonb(e) from earshot.reply_event e"
        " union all select to_jsonb(o) from earshot.outbox o) as everything",
    )[0]
    assert "Mara" not in stored


@EVERY
@pytest.mark.parametrize("fault", ["drop", "error"])
def test_an_answer_that_never_came_is_not_a_second_reply(
    conn: Connection,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
    kind: str,
    fault: str,
) -> None:
    settings, draft = approved(kind)
    place.fail(fault)

    first = run(settings)
    state_between = one(conn, "select state from earshot.outbox where action = 'publish'")[0]
    second = run(settings)

    assert (first.published, state_between) == (0, "uncertain")
    assert second.published == 1
    assert len(place.posts) == 1
    assert state(conn, draft) == "sent"


CHILD = """
import sys
from earshot.settings import Settings
from alerts.publishing import publish
publish(Settings.model_validate_json(sys.argv[1]))
"""


@pytest.mark.parametrize("kind", ["androidpublisher", "trustpilot_api", "reddit", "bluesky"])
def test_a_sender_killed_between_send_and_commit_publishes_once(
    conn: Connection,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
    kind: str,
) -> None:
    settings, draft = approved(kind)
    place.fail("delay", 20.0)
    told = settings.model_copy(update={"slack": settings.slack}).model_dump_json(exclude_none=True)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, told],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    try:
        end = time.monotonic() + 30
        while not place.posts:
            assert child.poll() is None, "the sender ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    state_after_kill = one(conn, "select state from earshot.outbox where action = 'publish'")[0]

    published = sum(run(settings).published for _ in range(3))

    assert state_after_kill == "sending"
    assert published == 1
    assert len(place.posts) == 1
    assert state(conn, draft) == "sent"


def test_a_limit_holds_the_platform_and_nothing_is_lost(
    conn: Connection, place: PlatformStandIn, approved: Callable[..., tuple[Settings, int]]
) -> None:
    settings, draft = approved("trustpilot_api")
    place.fail("limited")
    first, at_once = run(settings), run(settings)
    with conn:
        advance(conn, NOON + timedelta(seconds=121))

    later = run(settings)

    assert (first.retried, at_once.published, later.published) == (1, 0, 1)
    assert state(conn, draft) == "sent"


def test_an_hour_without_the_platform_ends_in_a_persons_hands(
    conn: Connection,
    slack: SlackStandIn,
    settings_with: Callable[..., Settings],
    approved: Callable[..., tuple[Settings, int]],
) -> None:
    settings, draft = approved("trustpilot_api")
    source = settings.source[0].model_copy(update={"base_url": "http://127.0.0.1:9"})
    away = settings.model_copy(update={"source": (source,)})
    for minutes in range(0, 70, 5):
        with conn:
            advance(conn, NOON + timedelta(minutes=minutes))
        run(away)
    send(settings)

    assert state(conn, draft) == "approved"
    assert "did not take it" in shown(slack)
    assert buttons(slack) == {"draft_sent", "draft_drop", "open_page"}


def test_what_the_platform_refuses_is_copied_by_a_person_who_then_marks_it(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
) -> None:
    long = "a sorry word " * 60
    settings, draft = approved("bluesky", text=long.strip())

    result = run(settings)
    send(settings)
    told = shown(slack)
    with conn:
        done = mark_sent(conn, settings, draft, actor="U00MANAGER", now=NOON)

    assert result.by_hand == 1
    assert "Bluesky did not take it" in told
    assert "300 graphemes" in told
    assert (done.outcome, state(conn, draft)) == ("done", "sent")
    assert run(settings) == PublishResult()
    assert not place.posts


def test_wrong_credentials_make_replies_wait_and_ops_hears_once(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, draft = approved("trustpilot_api")
    monkeypatch.setenv("TRUSTPILOT_TOKEN", "old")
    for minutes in (0, 5, 20):
        with conn:
            advance(conn, NOON + timedelta(minutes=minutes))
        run(settings)
        send(settings)
    monkeypatch.setenv("TRUSTPILOT_TOKEN", "TRUST")
    ops = [m["text"] for m in slack.roots("earshot-ops")]
    with conn:
        advance(conn, NOON + timedelta(minutes=40))
    run(settings)

    assert len(ops) == 1
    assert "Nothing can be published on Trustpilot" in ops[0]
    assert state(conn, draft) == "sent"
    assert len(place.posts) == 1


@EVERY
def test_a_review_edited_since_we_last_saw_it_gets_no_reply(
    conn: Connection,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
    kind: str,
) -> None:
    settings, draft = approved(kind)
    if kind in ("bluesky", "zendesk"):  # neither tells of edits: there a post or ticket is gone
        place.is_gone = True
    else:
        place.edited_at = "2026-03-14T12:30:00Z"

    result = run(settings)

    assert (result.void, result.published) == (1, 0)
    assert not place.posts
    assert state(conn, draft) == "void"


def test_a_new_version_between_approval_and_sending_voids_it(
    conn: Connection, place: PlatformStandIn, approved: Callable[..., tuple[Settings, int]]
) -> None:
    settings, draft = approved("androidpublisher")
    edit_review(conn)

    result = run(settings)

    assert result.void == 1
    assert (place.posts, state(conn, draft)) == ([], "void")


def test_a_dropped_approval_is_never_sent(
    conn: Connection, place: PlatformStandIn, approved: Callable[..., tuple[Settings, int]]
) -> None:
    settings, draft = approved("androidpublisher")
    with conn:
        drop(conn, settings, draft, actor="U00SECOND", now=NOON)

    assert run(settings) == PublishResult()
    assert not place.posts


def test_the_same_click_three_times_around_the_sending_is_one_reply(
    conn: Connection, place: PlatformStandIn, approved: Callable[..., tuple[Settings, int]]
) -> None:
    settings, draft = approved("mastodon")
    outcomes = [decide(conn, settings, draft).outcome]
    run(settings)
    outcomes.append(decide(conn, settings, draft).outcome)
    run(settings)

    assert outcomes == ["already", "already"]
    assert len(place.posts) == 1


def test_where_nobody_can_tell_a_person_is_asked_and_may_send_again(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
) -> None:
    settings, draft = approved("reddit")
    place.fail("drop")
    run(settings)
    place.posts.clear()  # a moderator's filter ate it
    place.busy = 100  # type: ignore[attr-defined]

    asked = run(settings)
    send(settings)
    told, offered = shown(slack), buttons(slack)
    place.busy = 0  # type: ignore[attr-defined]
    with conn:
        again = send_again(conn, settings, draft, actor="U00MANAGER", now=NOON)
    result = run(settings)

    assert asked.unsure == 1
    assert "Unclear whether it was published" in told
    assert offered == {"draft_sent", "draft_resend", "draft_drop", "open_page"}
    assert (again.outcome, result.published, len(place.posts)) == ("done", 1, 1)


def test_a_reply_of_somebody_else_is_left_alone(
    conn: Connection, place: PlatformStandIn, approved: Callable[..., tuple[Settings, int]]
) -> None:
    settings, draft = approved("trustpilot_api")
    place.posts.append(Post("trustpilot", "tp1", "A colleague was faster."))

    result = run(settings)

    assert result.by_hand == 1
    assert place.texts() == ["A colleague was faster."]
    assert state(conn, draft) == "approved"


def test_publishing_can_be_switched_off(
    conn: Connection,
    slack: SlackStandIn,
    place: PlatformStandIn,
    approved: Callable[..., tuple[Settings, int]],
) -> None:
    settings, _ = approved("androidpublisher", publishing={"is_on": False})
    send(settings)

    assert run(settings) == PublishResult()
    assert "Replies on shop are posted by hand" in shown(slack)
    assert "draft_sent" in buttons(slack)


def test_no_secret_and_no_name_reaches_the_error_of_a_row(
    conn: Connection, place: PlatformStandIn, approved: Callable[..., tuple[Settings, int]]
) -> None:
    settings, _ = approved("trustpilot_api")
    place.fail("refuse")

    run(settings)

    error = one(conn, "select error from earshot.outbox where action = 'publish'")[0]
    assert "403" in error
    assert "TRUST" not in error
    assert LONG_AGO not in error
