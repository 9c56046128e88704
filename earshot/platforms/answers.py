"""Reading answers: what a status means, and telling a page of refusal from data."""

from __future__ import annotations

import json
import re
from typing import Any

from earshot.errors import FixSettings, RetryLater, StopSource
from earshot.platforms.base import Answer
from earshot.platforms.limits import retry_after_seconds

_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504, 509, *range(520, 531), 598, 599})
_START = 200_000
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.I)
_IN_HEAD = re.compile(
    r"(?:<meta[^>]{0,200}charset=|<\?xml[^>]{0,80}encoding=)[\"']?([\w.:-]+)", re.I
)
_HEAD = 4096
_AS_BROWSERS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252"}

_REFUSALS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    (
        "a bot check",
        re.compile(
            rb"just a moment\.\.\.|cf-chl-|challenge-platform|_cf_chl_opt|captcha-delivery|"
            rb"px-captcha|verifying (?:that )?you are (?:a )?human|verify you are (?:a )?human|"
            rb"/errors/validatecaptcha|awswafcookiedomainlist|unusual traffic from your|"
            rb"enter the characters you see below|"
            rb"<title>\s*(?:access denied|attention required|robot check|are you a robot)",
            re.I,
        ),
    ),
    (
        "a consent page",
        re.compile(
            rb"consent\.google\.|consent\.youtube\.|guce\.(?:yahoo|oath)|"
            rb"<title>\s*(?:before you continue|bevor sie fortfahren|avant de continuer)|"
            rb"privacy-mgmt\.com/wrapper",
            re.I,
        ),
    ),
    (
        "a login wall",
        re.compile(
            rb"<title>[^<]{0,40}(?:sign[ -]?in|log[ -]?in|anmelden|connexion)\b|"
            rb"name=[\"']signin[\"']|id=[\"']ap_signin|accounts/login",
            re.I,
        ),
    ),
)


def check(answer: Answer) -> None:
    """Pass a successful answer; otherwise raise what to do next.

    Raises:
        RetryLater: limited (429) or briefly broken (5xx, time-outs).
        FixSettings: credentials refused, or the thing asked for does not exist.
        StopSource: refused, redirected or withheld.
    """
    status = answer.status
    if 200 <= status < 300 or status == 304:
        return
    if status in _RETRY:
        raise RetryLater(
            f"expected data, found HTTP {status} at {_place(answer)}: the call is repeated later",
            retry_after_seconds=retry_after_seconds(answer),
        )
    if (refusal := refusal_in(answer.body)) is not None and status not in (401, 404):
        raise StopSource(
            f"expected data, found {refusal} (HTTP {status}) at {_place(answer)}: "
            "use the platform's API, or wait before trying again"
        )
    _refuse(answer)


def _refuse(answer: Answer) -> None:
    status, place = answer.status, _place(answer)
    if status == 401:
        raise FixSettings(f"expected accepted credentials, found HTTP 401 at {place}: renew them")
    if status == 403:
        raise FixSettings(
            f"expected permission to read, found HTTP 403 at {place}: check the credentials' scope"
        )
    if status in (400, 404, 405, 410, 422):
        raise FixSettings(
            f"expected something to read, found HTTP {status} at {place}: check its options"
        )
    raise StopSource(f"expected data, found HTTP {status} at {place}: look at the address by hand")


def refusal_in(body: bytes) -> str | None:
    """The kind of refusal an HTML page is, or `None`; JSON never is one."""
    start = body[:_START].lstrip()
    if not start.startswith(b"<") or start.startswith(b"<?xml"):
        return None
    return next((what for what, sign in _REFUSALS if sign.search(start)), None)


def text_of(answer: Answer) -> str:
    """The body as text: UTF-8 where it is, else the declared encoding, else Windows-1252.

    JSON and most feeds are UTF-8 whatever their header claims, so UTF-8 is tried first. A page may
    declare its encoding in its own head; "iso-8859-1" means Windows-1252 there, as in browsers.
    """
    body = answer.body.removeprefix(b"\xef\xbb\xbf")
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    head = body[:_HEAD].decode("ascii", "replace") if body.lstrip()[:1] == b"<" else ""
    declared = [_CHARSET.search(answer.headers.get("content-type", "")), _IN_HEAD.search(head)]
    for encoding in ("utf-8", *(found.group(1) for found in declared if found)):
        try:
            return body.decode(_AS_BROWSERS.get(encoding.lower(), encoding))
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("cp1252", "replace")


def json_of(answer: Answer) -> Any:
    """The body as JSON, after `check`.

    Raises:
        RetryLater: the body is empty or cut off.
        StopSource: the body is a page instead of data.
    """
    check(answer)
    return parse_json(text_of(answer), answer)


def parse_json(text: str, answer: Answer) -> Any:
    """Text of an answer as JSON; errors as in `json_of`."""
    if text.lstrip().startswith("<"):
        what = refusal_in(answer.body) or "a page"
        raise StopSource(f"expected JSON, found {what} at {_place(answer)}: look at it by hand")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RetryLater(
            f"expected complete JSON, found {len(answer.body)} bytes that end or break early at "
            f"{_place(answer)}: the call is repeated later"
        ) from error


def expect(payload: Any, key: str, kind: type, answer: Answer) -> Any:
    """`payload[key]`, which must be there.

    Raises:
        StopSource: the answer has another form than agreed.
    """
    found = payload.get(key) if isinstance(payload, dict) else None
    if not isinstance(found, kind):
        seen = sorted(payload)[:12] if isinstance(payload, dict) else type(payload).__name__
        raise StopSource(
            f'expected "{key}" in the answer of {_place(answer)}, found {seen}: '
            "the platform changed its format; update the reader"
        )
    return found


def changed(what: str, answer: Answer) -> StopSource:
    """The error for an answer whose format is not the agreed one."""
    return StopSource(
        f"expected {what} at {_place(answer)}, found another format: update the reader"
    )


def _place(answer: Answer) -> str:
    """Host and path; the query is left out because it may hold secrets."""
    return answer.url.split("?", 1)[0].removeprefix("https://")
