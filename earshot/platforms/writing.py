"""Writing to platforms without I/O: a conversation yields calls and is sent their answers.

`publish(options, reply, wallet)` and `find(…)` are generators. A call whose note says `writes`
changes something on the other side; any other only reads, so that whatever fails before the first
writing call has surely published nothing. Tokens that a conversation learns go into the wallet,
which is never stored. From the platforms' documentation; each module names its pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from earshot.errors import EarshotError, FixSettings, RetryLater
from earshot.platforms import oauth
from earshot.platforms._rest import Token
from earshot.platforms.answers import json_of
from earshot.platforms.base import Answer, Call, Secret
from earshot.platforms.calls import is_loopback, require
from earshot.platforms.limits import retry_after_seconds

T = TypeVar("T")
Wallet = dict[str, str]
"""Credentials by name, from the environment and learnt on the way; in memory only."""
Talk = Generator[Call, Answer, T]
Again = Literal["replaces", "keyed", "read_back"]
"""What makes a repetition safe: the platform replaces, knows our key, or we look first."""

_PERHAPS = frozenset({408, 425, *range(500, 600)})
MOST_REASON = 300


class Refused(EarshotError):
    """The platform will never take this text here; nothing was published."""


class Unsure(EarshotError):
    """It may or may not have been published; look before any repetition."""


class ReviewChanged(EarshotError):
    """The customer changed or withdrew the text after we last saw it; nothing was published."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One approved reply.

    Attributes:
        key: ours, the same for every attempt: letters, digits, `-`; at most 60 characters.
        text: the approved text, without a greeting by name.
        external_id: of the text that is answered, as the reader stored it.
        approved_at: instant of the approval; a repetition names the same one.
        last_seen_at: until when we know that the customer's text reads as it does.
        greet: puts a name before the text, within the platform's length.
    """

    key: str
    text: str
    external_id: str
    approved_at: datetime
    last_seen_at: datetime
    parent_id: str | None = None
    url: str | None = None
    draft_id: int = 0
    greet: Callable[[str, str | None], str] = field(default=lambda text, name: text)

    def greeted(self, name: str | None) -> str:
        """The text as it is published; the name lives no longer than this call."""
        return self.greet(self.text, name)


@dataclass(frozen=True, kw_only=True)
class Published:
    """Where the reply stands, as the platform tells."""

    remote_id: str = ""
    url: str | None = None


Publish = Callable[[Any, Reply, Wallet], Talk[Published]]
Find = Callable[[Any, Reply, Wallet, datetime], Talk[Published | None]]
"""Looks for what may have been sent since an instant; None where it is surely not there."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """How replies are published for one kind of source."""

    name: str
    """As people call the platform."""
    needs: tuple[str, ...]
    again: Again
    publish: Publish
    find: Find | None = None
    greets: bool = False
    """A greeting with the customer's name is put before the text."""


def writing(
    url: str,
    body: Any,
    secrets: tuple[Secret, ...],
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> Call:
    """A call that publishes; its body is JSON unless it is bytes already."""
    is_json = not isinstance(body, bytes)
    kind = "application/json" if is_json else "application/x-www-form-urlencoded"
    return Call(
        method=method,
        url=url,
        headers={"Content-Type": kind, "Accept": "application/json", **(headers or {})},
        body=json.dumps(body).encode() if is_json else body,
        secrets=secrets,
        note={"writes": True},
    )


def writes(call: Call) -> bool:
    """Whether the call changes something on the other side."""
    return bool(call.note.get("writes"))


def accepted(answer: Answer) -> Any:
    """The JSON of a successful writing call; an empty body is an empty object.

    Raises:
        RetryLater: limited; nothing was published.
        FixSettings: the credentials are refused.
        Refused: this text or place is not taken.
        Unsure: the platform broke while it worked, or answered something else than agreed.
    """
    status, place = answer.status, answer.url.split("?", 1)[0]
    if status == 429:
        raise RetryLater("The platform asks to wait.", retry_after_seconds=_wait(answer))
    if status == 401:
        raise FixSettings(f"expected accepted credentials, found HTTP 401 at {place}: renew them")
    if status in _PERHAPS:
        raise Unsure(f"The platform answered HTTP {status}.")
    if not 200 <= status < 300:
        raise Refused(f"HTTP {status}: {reason_in(answer)}")
    if not answer.body.strip():
        return {}
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise Unsure(f"The platform answered HTTP {status} with no JSON.") from error


def seen(answer: Answer) -> Any:
    """The JSON of a reading call.

    Raises:
        ReviewChanged: what is to be answered is not there any more.
        Refused: it may not be read.
        RetryLater, FixSettings, StopSource: as for any reading.
    """
    if answer.status in (404, 410):
        raise ReviewChanged("The text that it answers is not there any more")
    if answer.status in (400, 403, 422):
        raise Refused(f"HTTP {answer.status}: {reason_in(answer)}")
    return json_of(answer)


def unchanged_since(reply: Reply, changed_at: datetime | None) -> None:
    """Pass where the platform shows no change later than our last look.

    Raises:
        ReviewChanged: the customer edited after that.
    """
    if changed_at is not None and changed_at > reply.last_seen_at:
        raise ReviewChanged("The customer edited the text after we last saw it")


def same(told: Any, text: str) -> bool:
    """Whether two texts read the same, white space aside."""
    return " ".join(str(told or "").split()) == " ".join(text.split())


def contains(told: Any, text: str) -> bool:
    """Whether a published text ends with ours: a greeting may stand before it."""
    return " ".join(str(told or "").split()).endswith(" ".join(text.split()))


def with_token(token: Token, options: Any, wallet: Wallet) -> Talk[None]:
    """Fetch an access token where none is known yet; a stand-in on loopback needs none."""
    if wallet.get(token.learned):
        return
    if is_loopback(options.base_url) and not wallet.get(token.refresh_token):
        return
    require(wallet, token.needs, options.base_url, options.source)
    call = token.call(options.base_url, [])
    answer = yield call
    wallet.update(oauth.read_token(answer, call, token.learned, _nothing).learned)


def _nothing(url: str, note: Mapping[str, Any]) -> Call:
    raise AssertionError("no call waits for this token")


def reason_in(answer: Answer) -> str:
    """The platform's own words of refusal, one line, shortened."""
    try:
        payload = json.loads(answer.body)
    except ValueError:
        return "no reason given"
    told = next(_reasons(payload), "no reason given")
    return " ".join(told.split())[:MOST_REASON]


def _reasons(payload: Any) -> Generator[str]:
    """Texts under the names by which the platforms tell reasons, outermost first."""
    names = ("detail", "message", "error_description", "title", "description", "error")
    inner: list[Any] = payload if isinstance(payload, list) else []
    if isinstance(payload, dict):
        yield from (payload[n] for n in names if isinstance(payload.get(n), str) and payload[n])
        inner = [payload[key] for key in ("errors", "error", "details") if key in payload]
    elif isinstance(payload, str):
        yield payload
    for each in inner:
        yield from _reasons(each)


def _wait(answer: Answer) -> float | None:
    return retry_after_seconds(answer)
