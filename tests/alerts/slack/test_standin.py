"""The stand-in is as strict as Slack, and answers in the shape of recorded answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack_standin import SlackStandIn

PNG = b"\x89PNG tiny"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn() as standin:
        standin.add_channel("voice-of-customer")
        yield standin


@pytest.fixture
def client(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def refusal(client: WebClient, **message: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(**{"channel": "#voice-of-customer", "text": "x", **message})
    return str(caught.value.response["error"])


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"blocks": [section("x")] * 51}, "invalid_blocks"),
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [section("x" * 2999)] * 4}, "msg_blocks_too_long"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
         "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": "bare"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "image", "alt_text": "x", "slack_file": {"id": "F00000099"}}]},
         "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": []}]}, "invalid_blocks"),
        ({"text": ""}, "no_text"),
        ({"channel": "#nowhere"}, "channel_not_found"),
        ({"thread_ts": "1.1"}, "thread_not_found"),
        ({"metadata": {"event_type": "x"}}, "invalid_metadata_format"),
    ],
)  # fmt: skip
def test_what_slack_refuses_is_refused(
    client: WebClient, message: dict[str, Any], error: str
) -> None:
    assert refusal(client, **message) == error


def test_a_missing_scope_is_named(slack: SlackStandIn, client: WebClient) -> None:
    slack.tokens[slack.bot_token].discard("files:write")

    with pytest.raises(SlackApiError) as caught:
        client.files_getUploadURLExternal(filename="x.png", length=3)

    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "files:write"


def test_a_file_is_usable_only_after_its_three_steps_and_some_patience(
    slack: SlackStandIn, client: WebClient
) -> None:
    slack.file_polls = 1
    place = client.files_getUploadURLExternal(filename="x.png", length=len(PNG))
    file_id = str(place["file_id"])
    block = {"type": "image", "alt_text": "x", "slack_file": {"id": file_id}}
    assert refusal(client, blocks=[block]) == "invalid_blocks"
    upload(str(place["upload_url"]))
    client.files_completeUploadExternal(files=[{"id": file_id, "title": "x"}])
    assert refusal(client, blocks=[block]) == "invalid_blocks"
    client.files_info(file=file_id)
    client.files_info(file=file_id)

    done = client.chat_postMessage(channel="#voice-of-customer", text="x", blocks=[block])

    assert done["ok"]


def upload(url: str) -> str:
    from urllib.request import Request, urlopen

    with urlopen(Request(url, data=PNG, method="POST"), timeout=5) as answer:
        return str(answer.read().decode())


def test_answers_have_the_shape_of_recorded_ones(
    slack: SlackStandIn, client: WebClient, shared: Path
) -> None:
    place = client.files_getUploadURLExternal(filename="x.png", length=len(PNG))
    told = upload(str(place["upload_url"]))
    done = client.files_completeUploadExternal(files=[{"id": place["file_id"], "title": "x"}])
    who = client.auth_test()

    assert set(recorded(shared, "files_upload_v2.00.json")) == set(data(place))
    assert told.split(" - ")[0] == recorded_text(shared, "files_upload_v2.01.txt").split(" - ")[0]
    (file,) = data(done)["files"]
    (real,) = recorded(shared, "files_upload_v2.02.json")["files"]
    assert set(file) <= set(real)
    assert (file["mimetype"], file["shares"]) == (real["mimetype"], real["shares"])
    assert set(recorded(shared, "auth_test_success.00.json")) == set(data(who))


def test_refusals_have_the_shape_of_recorded_ones(
    slack: SlackStandIn, client: WebClient, shared: Path
) -> None:
    stranger = WebClient(base_url=slack.url, retry_handlers=[])
    with pytest.raises(SlackApiError) as nobody:
        stranger.auth_test()
    with pytest.raises(SlackApiError) as wrong:
        client.views_open(trigger_id=slack.trigger(), view={})

    assert data(nobody.value.response) == recorded(shared, "auth_test_error.00.json")
    real = recorded(shared, "views_open_error.00.json")
    told = data(wrong.value.response)
    assert (told["error"], set(told)) == (real["error"], set(real))
    assert told["response_metadata"]["messages"][0] in real["response_metadata"]["messages"]


def data(response: Any) -> dict[str, Any]:
    return dict(response.data)


def recorded_text(shared: Path, name: str) -> str:
    file = shared / "recorded" / "slack" / f"slack-ruby__slack-ruby-client__{name}"
    return file.read_text(encoding="utf-8")


def recorded(shared: Path, name: str) -> dict[str, Any]:
    return dict(json.loads(recorded_text(shared, name)))
