"""What is sent without an answer is looked for before it is sent again."""

from __future__ import annotations

import pytest
from psycopg2.extensions import connection as Connection

from alerts.slack.incidents import thread_note
from earshot.settings import Settings
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_delivery import advance_to, send
from tests.slack_standin import SlackStandIn


@pytest.mark.parametrize("fault", ["drop_response", "fail_after"])
def test_an_accepted_post_whose_answer_is_lost_is_found_and_not_repeated(
    slack: SlackStandIn, slack_settings: Settings, announced: int, fault: str
) -> None:
    slack.fail("chat.postMessage", fault)

    first = send(slack_settings)
    second = send(slack_settings)

    assert (first.sent, first.unsure) == (0, 1)
    assert (second.sent, second.read_back) == (1, 1)
    assert set(slack.keys().values()) == {1}


@pytest.mark.parametrize("fault", ["drop_request", "fail"])
def test_a_post_that_never_arrived_is_sent_after_reading_back(
    slack: SlackStandIn, slack_settings: Settings, announced: int, fault: str
) -> None:
    slack.fail("chat.postMessage", fault)

    send(slack_settings)
    send(slack_settings)

    assert len(slack.roots()) == 1
    assert slack.calls["conversations.history"] == 1


def test_an_uncertain_send_waits_before_it_is_read_back(
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
) -> None:
    slack.fail("chat.postMessage", "drop_response")
    send(slack_settings)

    result = send(slack_settings, settle_seconds=60.0)

    assert result.read_back == 0
    assert result.waiting == 1


def test_a_busy_channel_is_read_back_page_by_page(
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
) -> None:
    for number in range(20):
        slack.say_as_person(f"small talk {number}")
    slack.fail("chat.postMessage", "drop_response")

    results = [send(slack_settings) for _ in range(3)]

    assert [r.read_back for r in results] == [0, 1, 1]
    assert sum(r.sent for r in results) == 1
    assert set(slack.keys().values()) == {1}


def test_a_limited_read_back_waits_and_posts_nothing_meanwhile(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
) -> None:
    slack.fail("chat.postMessage", "drop_response")
    slack.fail("conversations.history", "limit", seconds=60)

    states = []
    for seconds in (0, 1, 59, 61):
        advance_to(conn, seconds=seconds)
        states.append(send(slack_settings).sent)

    assert states == [0, 0, 0, 1]
    assert set(slack.keys().values()) == {1}


def test_a_slow_answer_is_a_lost_one_and_not_repeated(
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alerts.slack.deliver.TIMEOUT_SECONDS", 1)
    slack.fail("chat.postMessage", "delay", seconds=2.0)

    send(slack_settings)
    send(slack_settings)

    assert set(slack.keys().values()) == {1}
    assert slack.calls["chat.postMessage"] == 1


def test_a_lost_answer_in_a_thread_is_found_there(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    announced: int,
) -> None:
    send(slack_settings)
    with conn:
        thread_note(conn, slack_settings, announced, "peak", "Peak at 11:00", NOON)
    slack.fail("chat.postMessage", "drop_response")

    send(slack_settings)
    send(slack_settings)

    assert len(slack.thread(slack.roots()[0])) == 1
