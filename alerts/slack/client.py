"""Slack's Web API through slack-sdk: one call at a time, every outcome named by what to do next.

No retry handler of the SDK is used: a repeated chat.postMessage would be a second message.
Facts: an upload is processed after `completeUploadExternal` has answered, and a block that names
the file earlier is refused, so `files.info` is asked until it knows the type
(github.com/slackapi/python-slack-sdk/issues/1658, node-slack-sdk/issues/2040).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from alerts.slack.blocks import CHART
from alerts.slack.chart import chart_png
from alerts.slack.transport import (
    CannotTell,
    GiveUp,
    Outgoing,
    ReadBackFirst,
    Receipt,
)
from earshot.errors import FixSettings, RetryLater

EVENT_TYPE = "earshot_message"
READ_BACK = 15
"""Objects of one reading: some apps get no more (docs.slack.dev, rate limits of May 2025)."""
CLOCK_MARGIN_SECONDS = 120
"""How far our clock may run ahead of Slack's without missing a message when reading back."""
TIMEOUT_SECONDS = 10
FILE_WAITS = (0.2, 0.5, 1.0, 2.0, 4.0)

_TOKEN_FAULTS = {
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
    "no_permission", "missing_scope", "not_allowed_token_type", "ekm_access_denied",
    "org_login_required", "access_denied",
}  # fmt: skip
_PASSING = {"ratelimited", "rate_limited", "message_limit_exceeded", "accesslimited"}
_HALF_DONE = {"internal_error", "fatal_error", "request_timeout", "service_unavailable"}
"""Slack: "it is possible some aspect of the operation succeeded before the error"."""


class SlackTransport:
    """Posts, edits and reads back with a bot token."""

    name = "slack"

    def __init__(
        self,
        client: WebClient,
        *,
        channel_ids: Callable[[str], str | None] = lambda name: None,
        seconds_between: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._known = channel_ids
        self._between = seconds_between
        self._sleep = sleep
        self._last_post: dict[str, float] = {}

    def upload(self, chart: dict[str, Any], alt_text: str) -> str:
        """Upload in three steps and wait until Slack knows the file's type.

        A file left over by a crash stays private to the app: no channel ever shows it.
        """
        png = chart_png(chart)
        place = self._call(
            self._client.files_getUploadURLExternal,
            filename="chart.png",
            length=len(png),
            alt_txt=alt_text[:1000],
        )
        file_id = str(place["file_id"])
        self._put(str(place["upload_url"]), png)
        self._call(
            self._client.files_completeUploadExternal,
            files=[{"id": file_id, "title": str(chart["title"])[:200]}],
        )
        for wait in FILE_WAITS:
            if self._call(self._client.files_info, file=file_id)["file"].get("mimetype"):
                return file_id
            self._sleep(wait)
        raise RetryLater("Slack has not processed the uploaded chart yet; it is tried again.")

    def send(self, message: Outgoing) -> Receipt:
        """Post, answer or edit; at most one message a second in a channel."""
        body = {"text": message.payload["text"], "blocks": _with_file(message.payload)}
        key = message.payload.get("target") or message.key
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        if message.target:
            done = self._call(
                self._client.chat_update,
                channel=message.target.channel,
                ts=message.target.ts,
                metadata=metadata,
                **body,
            )
            return Receipt(channel=str(done["channel"]), ts=str(done["ts"]))
        self._pace(message.channel)
        thread = {"thread_ts": message.thread.ts} if message.thread else {}
        try:
            done = self._call(
                self._client.chat_postMessage,
                is_posting=True,
                channel=message.thread.channel if message.thread else message.channel,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
                **thread,
                **body,
            )
        finally:  # counted from the answer: a slow call may have arrived just now
            self._last_post[message.channel] = time.monotonic()
        return Receipt(channel=str(done["channel"]), ts=str(done["ts"]))

    def find(self, message: Outgoing) -> Receipt | None:
        """Read 15 messages from just before the send; Slack gives those nearest to `oldest`.

        What remains uncertain: a machine whose clock runs more than two minutes ahead of Slack's.
        """
        if message.target:
            return None  # an edit may be repeated safely
        channel = message.thread.channel if message.thread else self._channel_id(message.channel)
        start = message.sending_since.timestamp() - CLOCK_MARGIN_SECONDS
        place: dict[str, Any] = {
            "channel": channel,
            "oldest": message.payload.get("seen_until") or f"{start:.6f}",
            "limit": READ_BACK,
            "include_all_metadata": True,
        }
        if message.thread:
            page = self._call(self._client.conversations_replies, ts=message.thread.ts, **place)
        else:
            page = self._call(self._client.conversations_history, **place)
        for found in page["messages"]:
            told = (found.get("metadata") or {}).get("event_payload") or {}
            if told.get("key") == message.key:
                return Receipt(channel=channel, ts=str(found["ts"]))
        if page.get("has_more"):
            newest = max(str(found["ts"]) for found in page["messages"])
            raise CannotTell("More messages stand there than one reading gives.", seen_until=newest)
        return None

    def finish(self) -> None:
        """Nothing to close: every call opens its own connection."""

    def _channel_id(self, name: str) -> str:
        if not name.startswith("#"):
            return name
        known = self._known(name)
        if known:
            return known
        cursor: str | None = None
        while True:
            page = self._call(
                self._client.conversations_list,
                cursor=cursor,
                limit=200,
                exclude_archived=True,
                types="public_channel,private_channel",
            )
            for channel in page["channels"]:
                if channel["name"] == name.lstrip("#"):
                    return str(channel["id"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                raise GiveUp(f"Slack knows no channel {name}; create it and invite the app.")

    def _pace(self, channel: str) -> None:
        due = self._last_post.get(channel, float("-inf")) + self._between
        wait = due - time.monotonic()
        if wait > 0:
            self._sleep(wait)

    def _put(self, url: str, png: bytes) -> None:
        """Send the bytes to the address that Slack gave; it holds its own permission."""
        from urllib.request import Request, urlopen

        request = Request(url, data=png, headers={"Content-Type": "image/png"}, method="POST")
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                answer.read()
        except (OSError, HTTPException) as error:
            raise RetryLater(f"The chart could not be uploaded ({error}).") from error

    def _call(self, method: Callable[..., Any], *, is_posting: bool = False, **args: Any) -> Any:
        """One call; raises by what to do next. Only posting can be half done."""
        unsure = ReadBackFirst if is_posting else RetryLater
        try:
            return method(**args)
        except SlackApiError as error:
            raise _meaning(error, unsure) from error
        except (URLError, ConnectionRefusedError) as error:
            if _never_arrived(error):
                raise RetryLater(f"Slack cannot be reached ({error}).") from error
            raise unsure(f"Slack gave no answer ({error}).") from error
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            raise unsure(f"Slack gave no usable answer ({error}).") from error


def _never_arrived(error: BaseException) -> bool:
    """Whether the connection was never made, so that nothing can have been posted."""
    from socket import gaierror

    reason = getattr(error, "reason", error)
    return isinstance(reason, ConnectionRefusedError | gaierror)


def _meaning(error: SlackApiError, unsure: type[ReadBackFirst] | type[RetryLater]) -> Exception:
    """What to do about an answer that is not ok."""
    response = error.response
    status = getattr(response, "status_code", 200)
    headers = getattr(response, "headers", None) or {}
    name = _error_name(response)
    if status == 429 or name in _PASSING:
        wait = float(headers.get("Retry-After") or headers.get("retry-after") or 30)
        return RetryLater(f"Slack asks to wait {wait:g} s.", retry_after_seconds=wait)
    if name in _TOKEN_FAULTS:
        return FixSettings(_token_remedy(name, response))
    if status >= 500 or name in _HALF_DONE:
        return unsure(f"Slack answered {name or status}.")
    details = "; ".join((_data(response).get("response_metadata") or {}).get("messages") or [])
    if name == "invalid_blocks" and "slack file" in f"{details} {_data(response).get('errors')}":
        return RetryLater("Slack does not know the uploaded chart yet.")
    return GiveUp(f"Slack refuses the message: {name}{': ' + details if details else ''}.")


def _data(response: Any) -> dict[str, Any]:
    data = getattr(response, "data", response)
    return data if isinstance(data, dict) else {}


def _error_name(response: Any) -> str:
    return str(_data(response).get("error") or "")


def _token_remedy(name: str, response: Any) -> str:
    if name == "missing_scope":
        needed = _data(response).get("needed", "a scope")
        return f"EARSHOT_SLACK_TOKEN: the token lacks {needed}; add the scope, reinstall the app."
    return (
        f"EARSHOT_SLACK_TOKEN: Slack refuses the token ({name}); "
        "copy the bot token (xoxb-…) from the app's page, OAuth & Permissions."
    )


def _with_file(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks with the uploaded file, or with the chart's words where there is none."""
    file_id = payload.get("file_id")
    return [_placed(block, file_id) for block in payload["blocks"]]


def _placed(block: dict[str, Any], file_id: str | None) -> dict[str, Any]:
    if block.get("slack_file", {}).get("id") != CHART:
        return block
    if file_id:
        return block | {"slack_file": {"id": file_id}}
    told = f"(The chart could not be uploaded.) {block['alt_text']}"
    return {"type": "context", "elements": [{"type": "plain_text", "text": told[:1900]}]}
