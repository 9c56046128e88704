"""A click by Socket Mode: decided and committed, then acknowledged, then told in the message."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from psycopg2.extensions import connection as Connection
from pytest_httpserver import HTTPServer

from alerts.slack import draft_clicks, listen, serve
from alerts.slack.drafts import announce_draft
from earshot.settings import Settings
from tests.alerts.conftest import FACTS
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_approvals import TEXT, events, one, state
from tests.alerts.slack.test_delivery import announce, send
from tests.model_standin import KEY, MODEL, ModelStandIn
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn


@pytest.fixture(autouse=True)
def quick_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait seconds for a socket to be closed or opened anew."""
    monkeypatch.setattr(listen, "PING_SECONDS", 0.2)


@pytest.fixture
def listener(slack: SlackStandIn, slack_settings: Settings) -> Iterator[threading.Event]:
    """`earshot listen` for Slack in a thread, connected."""
    stop = threading.Event()
    threading.Thread(target=serve.listen, args=(slack_settings, stop), daemon=True).start()
    slack.wait_for_socket()
    yield stop
    stop.set()


@pytest.fixture
def posted(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> dict[str, Any]:
    """An incident that stands in the channel."""
    announce(conn, slack_settings, open_incident())
    send(slack_settings)
    return slack.roots()[0]


@pytest.fixture
def waiting(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    write_draft: Callable[..., int],
) -> dict[str, Any]:
    """A draft that waits in the thread of its day."""
    draft = write_draft(TEXT)
    with conn:
        announce_draft(conn, slack_settings, draft, NOON)
    send(slack_settings)
    return slack.thread(slack.roots()[0])[0]


def eventually(is_so: Callable[[], Any], seconds: float = 8.0) -> Any:
    """What the condition gives once it holds."""
    end = time.monotonic() + seconds
    while True:
        found = is_so()
        if found:
            return found
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.05)


def shown(message: dict[str, Any]) -> str:
    return "\n".join(texts(message["blocks"]))


def offered(message: dict[str, Any]) -> set[str]:
    return {
        element["action_id"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    }


def incident_events(conn: Connection) -> list[tuple[str, str]]:
    with conn, conn.cursor() as cursor:
        cursor.execute("select kind, actor from earshot.incident_event order by id")
        return [(row[0], row[1]) for row in cursor]


def test_a_confirmation_is_stored_acknowledged_and_told(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    ack = slack.envelope("interactive", slack.click(posted, "incident_confirm"))

    assert ack is not None
    assert incident_events(conn) == [("confirmed", "U00MANAGER")]
    eventually(lambda: "Confirmed by <@U00MANAGER> 12:00" in shown(posted))
    assert not {"incident_confirm", "incident_dismiss"} & offered(posted)


def test_the_same_click_three_times_is_one_decision(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    click = slack.click(posted, "incident_confirm")

    acks = [slack.envelope("interactive", click) for _ in range(3)]

    assert None not in acks
    assert incident_events(conn) == [("confirmed", "U00MANAGER")]
    eventually(lambda: posted.get("edits"))
    assert posted["edits"] == 1


def test_a_second_opinion_changes_nothing_and_is_answered(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    late = slack.click(posted, "incident_confirm", user="U00SECOND")
    slack.envelope("interactive", slack.click(posted, "incident_confirm"))

    slack.envelope("interactive", late)

    assert len(incident_events(conn)) == 1
    (answer,) = eventually(lambda: slack.ephemerals)
    assert (answer["user"], answer["text"]) == ("U00SECOND", "It was confirmed before.")


def test_a_dismissal_asks_for_the_reason_and_tells_it(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    slack.envelope("interactive", slack.click(posted, "incident_dismiss"))
    (modal,) = slack.views.values()
    values = {
        "reason": {"value": {"selected_option": {"value": "spam"}}},
        "note": {"value": {"value": "one <!channel> troll"}},
    }

    ack = slack.envelope("interactive", slack.submit(modal, values))

    assert ack == {}
    assert incident_events(conn) == [("dismissed", "U00MANAGER")]
    eventually(lambda: "Dismissed by <@U00MANAGER>" in shown(posted))
    assert "<!channel>" not in shown(posted)
    assert offered(posted) == {"open_page"}


def test_a_snooze_until_it_grows_is_told(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    chosen = {"selected_option": {"value": "grows"}}

    slack.envelope("interactive", slack.click(posted, "incident_snooze", **chosen))

    eventually(lambda: "Quiet until it grows beyond 47" in shown(posted))
    assert "incident_snooze" not in offered(posted)


def test_an_assignment_is_told(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    click = slack.click(posted, "incident_assign", selected_user="U00SECOND")

    slack.envelope("interactive", click)

    eventually(lambda: "Assigned to <@U00SECOND>" in shown(posted))
    assert one(conn, "select assigned_to from earshot.incident")[0] == "U00SECOND"


def test_only_members_of_the_group_decide(
    conn: Connection,
    slack: SlackStandIn,
    settings_with: Callable[..., Settings],
    slack_settings: Settings,
    posted: dict[str, Any],
) -> None:
    slack.group_handles["S00DUTY"] = "duty"
    slack.groups["S00DUTY"] = ["U00MANAGER"]
    settings = settings_with(slack={"api_url": slack.url, "deciders": ["@duty"]})
    stop = threading.Event()
    threading.Thread(target=serve.listen, args=(settings, stop), daemon=True).start()
    slack.wait_for_socket()
    refused = slack.click(posted, "incident_confirm", user="U00INTERN")
    allowed = slack.click(posted, "incident_confirm")

    slack.envelope("interactive", refused)
    before = incident_events(conn)
    slack.envelope("interactive", allowed)
    stop.set()

    assert before == []
    assert incident_events(conn) == [("confirmed", "U00MANAGER")]
    assert "Only members of @\u2060duty" in slack.ephemerals[0]["text"]


def test_a_socket_dropped_in_mid_click_leaves_one_decision(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    click = slack.click(posted, "incident_confirm")
    threading.Timer(0.01, slack.drop_sockets).start()
    slack.envelope("interactive", click, wait=0.5)
    slack.wait_for_socket(30)

    ack = slack.envelope("interactive", click)

    assert ack is not None
    assert incident_events(conn) == [("confirmed", "U00MANAGER")]


def test_a_decision_that_cannot_be_committed_in_time_is_not_acknowledged(
    conn: Connection,
    slack: SlackStandIn,
    listener: threading.Event,
    posted: dict[str, Any],
) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute("select 1 from earshot.incident for update")

        ack = slack.envelope("interactive", slack.click(posted, "incident_confirm"), wait=3.2)

    assert ack is None


def test_a_reply_is_approved_by_a_click(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, waiting: dict[str, Any]
) -> None:
    ack = slack.envelope("interactive", slack.click(waiting, "draft_approve"))

    assert ack is not None
    eventually(lambda: "Approved by <@U00MANAGER> 12:00" in shown(waiting))
    assert offered(waiting) == {"draft_sent", "draft_drop", "open_page"}
    slack.envelope("interactive", slack.click(waiting, "draft_sent"))
    eventually(lambda: "Sent by <@U00MANAGER>" in shown(waiting))
    draft = one(conn, "select id from earshot.reply_draft")[0]
    assert (state(conn, draft), events(conn, draft)) == ("sent", ["approved", "sent"])


def test_an_old_click_cannot_approve_an_edited_text(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, waiting: dict[str, Any]
) -> None:
    old = slack.click(waiting, "draft_approve", user="U00SECOND")
    slack.envelope("interactive", slack.click(waiting, "draft_edit"))
    (modal,) = slack.views.values()
    assert modal["blocks"][-1]["element"]["initial_value"] == TEXT
    text = {"text": {"value": {"value": "I am sorry about both vases."}}}
    assert slack.envelope("interactive", slack.submit(modal, text)) == {}

    slack.envelope("interactive", old)

    draft = one(conn, "select id from earshot.reply_draft")[0]
    assert (state(conn, draft), events(conn, draft)) == ("waiting", ["edited", "decision_void"])
    eventually(lambda: "I am sorry about both vases." in shown(waiting))
    assert "has changed" in eventually(lambda: slack.ephemerals)[0]["text"]


def test_the_guard_answers_beside_the_text(
    conn: Connection,
    slack: SlackStandIn,
    listener: threading.Event,
    waiting: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [{"rule": "promise", "span": "20 %", "reason": "no policy names that amount"}]
    monkeypatch.setattr(draft_clicks, "objections", lambda *args: found)
    slack.envelope("interactive", slack.click(waiting, "draft_edit"))
    (modal,) = slack.views.values()

    text = {"text": {"value": {"value": "We refund you 20 % today."}}}
    ack = slack.envelope("interactive", slack.submit(modal, text))

    assert ack == {
        "response_action": "errors",
        "errors": {"text": "“20 %” no policy names that amount"},
    }
    assert one(conn, "select text from earshot.reply_draft")[0] == TEXT


@pytest.fixture
def drafting(slack_settings: Settings, model: ModelStandIn) -> Settings:
    """Settings of the listener in which a language model writes."""
    values = {
        **slack_settings.model_dump(),
        "folder": slack_settings.folder,
        "brand": [{"key": "northwind", "name": "Northwind Home", "facts": str(FACTS)}],
        "replies": model.table,
    }
    return Settings.model_validate(values)


@pytest.fixture
def model(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> ModelStandIn:
    monkeypatch.setenv("EARSHOT_LLM_API_KEY", KEY)
    return ModelStandIn(httpserver)


def test_a_text_that_is_wished_for_takes_the_old_ones_place_however_long_it_takes(
    slack: SlackStandIn, drafting: Settings, waiting: dict[str, Any], model: ModelStandIn
) -> None:
    acknowledged, stop = threading.Event(), threading.Event()
    model.meanwhile = lambda: assert_waits_for(acknowledged)
    threading.Thread(target=serve.listen, args=(drafting, stop), daemon=True).start()
    slack.wait_for_socket()
    click = slack.click(waiting, "draft_again", selected_option={"value": "shorter"})

    for _ in range(3):
        assert slack.envelope("interactive", click) is not None
    acknowledged.set()

    (new,) = eventually(lambda: [m for m in slack.thread(slack.roots()[0]) if m is not waiting])
    assert "Two broken vases in a row" in shown(new)
    assert f"written by {MODEL}" in shown(new)
    eventually(lambda: "written anew, shorter" in shown(waiting))
    assert not offered(waiting)
    assert len(model.asked) == 1
    stop.set()


def assert_waits_for(event: threading.Event) -> None:
    assert event.wait(30), "the click was not acknowledged while the model wrote"


def test_a_dropped_reply_is_never_sent(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, waiting: dict[str, Any]
) -> None:
    slack.envelope("interactive", slack.click(waiting, "draft_drop"))

    eventually(lambda: "Dropped by <@U00MANAGER>" in shown(waiting))
    assert one(conn, "select count(*) from earshot.outbox where action = 'publish'")[0] == 0


def test_today_lists_what_waits(
    conn: Connection,
    slack: SlackStandIn,
    listener: threading.Event,
    posted: dict[str, Any],
    write_draft: Callable[..., int],
) -> None:
    write_draft(body="Vase <!here> broken", due_at=NOON.replace(hour=11))

    ack = slack.envelope("slash_commands", slack.command("today"))

    assert ack is not None
    told = "\n".join(texts(ack["blocks"]))
    assert "*1* open incident · *1* replies wait · *1* late" in told
    assert "*Late parcels*: 47 complaints since 06:00, usually 3" in told
    assert "late, was due 11:00" in told
    assert "<!here>" not in told


def test_the_home_shows_the_same(
    conn: Connection, slack: SlackStandIn, listener: threading.Event, posted: dict[str, Any]
) -> None:
    slack.envelope("events_api", slack.home_opened())

    home = eventually(lambda: slack.homes.get("U00MANAGER"))
    assert "Late parcels" in "\n".join(texts(home["blocks"]))


def test_signed_http_takes_the_same_click_and_refuses_an_unsigned_or_old_one(
    conn: Connection,
    slack: SlackStandIn,
    settings_with: Callable[..., Settings],
    slack_settings: Settings,
    posted: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    free_port: int,
) -> None:
    monkeypatch.setenv("EARSHOT_SLACK_SIGNING_SECRET", "s3cret")
    settings = settings_with(
        slack={"api_url": slack.url, "transport": "http", "http_port": free_port}
    )
    server = serve.http_server(settings, listen.build_app(settings))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    body = urlencode({"payload": json.dumps(slack.click(posted, "incident_confirm"))}).encode()

    refused = post(free_port, body, "v0=forged")
    replayed = post(free_port, body, None, seconds_ago=400)
    before = incident_events(conn)
    accepted = post(free_port, body, None)
    server.shutdown()
    server.server_close()

    assert (refused, replayed, before) == (401, 401, [])
    assert (accepted, incident_events(conn)) == (200, [("confirmed", "U00MANAGER")])


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(port: int, body: bytes, signature: str | None, *, seconds_ago: int = 0) -> int:
    from urllib.error import HTTPError

    stamp = str(int(time.time()) - seconds_ago)
    digest = hmac.new(b"s3cret", f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    request = Request(
        f"http://127.0.0.1:{port}{serve.PATH}",
        data=body,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature or f"v0={digest}",
        },
    )
    try:
        with urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
