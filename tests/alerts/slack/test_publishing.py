"""An approved reply reaches its platform exactly once, or a person hears why it did not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.approvals import approve, drop, hash_of, mark_sent, send_again
from alerts.publishing import PublishResult, publish
from alerts.slack.drafts import announce_draft
from alerts.tending import tend_drafts
from earshot.platforms.writing_kinds import WRITERS
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_approvals import decide, edit_review, events, one, state
from tests.alerts.slack.test_delivery import send
from tests.alerts.slack.test_kill import REPOSITORY
from tests.platform_standin import LONG_AGO, PlatformStandIn
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

TEXT = "Two broken vases are not what you ordered, and I am sorry."
GOOGLE = {
    "GOOGLE_CLIENT_ID": "id",
    "GOOGLE_CLIENT_SECRET": "secret",
    "GOOGLE_REFRESH_TOKEN": "google-refresh",
}
POST = "at://did:plc:mara/app.bsky.feed.post/3kabc"
PLATFORMS: dict[str, dict[str, Any]] = {
    "androidpublisher": {
        "platform": "googleplay", "id": "gp:1", "options": {"app": "com.example.shop"},
        "secrets": GOOGLE, "greets": True,
    },
    "googlebusiness": {
        "platform": "googlebusiness", "id": "AbFvOq", "secrets": GOOGLE, "greets": True,
        "options": {"account": "1", "location": "2"},
    },
    "appstoreconnect": {
        "platform": "appstoreconnect", "id": "0000-1", "options": {"app": "123"}, "greets": True,
        "secrets": {"APPLE_KEY_ID": "KEY", "APPLE_ISSUER_ID": "ISSUER", "APPLE_PRIVATE_KEY": ""},
    },
    "trustpilot_api": {
        "platform": "trustpilot", "id": "tp1", "options": {"business_unit": "b"},
        "secrets": {"TRUSTPILOT_TOKEN": "TRUST"}, "greets": True,
    },
    "mastodon": {
        "platform": "mastodon", "id": "https://social.example/users/mara/statuses/1",
        "options": {"tags": ["northwind"]}, "secrets": {"MASTODON_TOKEN": "MASTO"},
    },
    "bluesky": {
        "platform": "bluesky", "id": POST, "options": {"queries": ["northwind"]},
        "secrets": {"BLUESKY_HANDLE": "northwind.example", "BLUESKY_APP_PASSWORD": "app-password"},
    },
    "reddit": {
        "platform": "reddit", "id": "t3_abc", "options": {"subreddits": ["shop"]},
        "secrets": {"REDDIT_CLIENT_ID": "client", "REDDIT_CLIENT_SECRET": "secret",
                    "REDDIT_REFRESH_TOKEN": "reddit-r"},
    },
    "zendesk": {
        "platform": "zendesk", "id": "4400", "options": {}, "greets": True,
        "secrets": {"ZENDESK_EMAIL": "care@northwind.example", "ZENDESK_TOKEN": "zendesk-token"},
    },
}  # fmt: skip
EVERY = pytest.mark.parametrize("kind", sorted(PLATFORMS))


@pytest.fixture
def place() -> Iterator[PlatformStandIn]:
    with PlatformStandIn() as standin:
        yield standin


def apple_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


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
        assert decide(conn, settings, draft, text_hash=hash_of(text)).outcome == "done"
        return settings, draft

    return make


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
    from tests.platform_standin import Post

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


def rule(**values: Any) -> dict[str, Any]:
    return {"name": "thanks", "brand": "northwind", "least_stars": 1.0, **values}


@pytest.mark.parametrize(
    ("rules", "is_approved"),
    [
        ([], [False, False, False]),
        ([rule(most_a_day=2)], [True, True, False]),
        ([rule(least_stars=4.0)], [False, False, False]),
        ([rule(sources=("elsewhere",))], [False, False, False]),
    ],
)
def test_a_written_rule_approves_at_most_so_many_a_day(
    conn: Connection,
    place: PlatformStandIn,
    settings_with: Callable[..., Settings],
    write_draft: Callable[..., int],
    rules: list[dict[str, Any]],
    is_approved: list[bool],
) -> None:
    source = {"name": "shop", "kind": "trustpilot_api", "brand": "northwind",
              "business_unit": "b", "base_url": place.url}  # fmt: skip
    settings = settings_with(source=[source], auto_reply=rules)
    drafts = [write_draft(TEXT) for _ in range(3)]
    for _ in range(2):
        with conn:
            tend_drafts(conn, settings, NOON)

    assert [state(conn, draft) == "approved" for draft in drafts] == is_approved
    actors = {actor for (actor,) in rows(conn, "select actor from earshot.reply_event")}
    assert actors <= {"rule thanks"}


def rows(conn: Connection, query: str) -> list[Any]:
    with conn, conn.cursor() as cursor:
        cursor.execute(query)
        return list(cursor)


def test_with_four_eyes_an_unedited_draft_needs_two_people(
    conn: Connection, settings_with: Callable[..., Settings], write_draft: Callable[..., int]
) -> None:
    settings = settings_with(slack={"four_eyes": True}, auto_reply=[rule()])
    draft = write_draft(TEXT)
    with conn:
        first = approve(conn, settings, draft, text_hash=hash_of(TEXT), version=1,
                        actor="U00FIRST", now=NOON)  # fmt: skip
    between = state(conn, draft)
    same = decide(conn, settings, draft, actor="U00FIRST")
    other = decide(conn, settings, draft, actor="U00SECOND")

    assert (first.outcome, between, same.outcome) == ("already", "waiting", "already")
    assert (other.outcome, state(conn, draft)) == ("done", "approved")
    assert events(conn, draft) == ["first_approval", "approved"]
