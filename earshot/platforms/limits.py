"""Rate limits, in the spelling of every platform, read relative to the server's own clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from earshot.platforms.base import Answer, Headers, Limits

_REMAINING = (
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
    "ratelimit-remaining",
    "rate-limit-remaining",
)
_RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset", "rate-limit-reset",
          "ratelimit-resettime")  # fmt: skip
_APPLE = re.compile(r"user-hour-rem:\s*(\d+)")
_GORGIAS = re.compile(r"^\s*(\d+)\s*/\s*(\d+)")
_EPOCH = 1_000_000_000
_LONGEST_PAUSE = 3600.0


def limits(answer: Answer, now: datetime) -> Limits:
    """What an answer's headers say; a pause is asked for once no call is left."""
    headers = answer.headers
    left = _remaining(headers)
    reset = _reset_seconds(headers, now)
    wait = retry_after_seconds(answer) if answer.status in (429, 503) else None
    if wait is None and left is not None and left < 1 and reset is not None:
        wait = reset
    pause = None if wait is None else min(max(wait, 0.0), _LONGEST_PAUSE)
    return Limits(pause_seconds=pause, remaining=left, reset_seconds=reset)


def retry_after_seconds(answer: Answer) -> float | None:
    """`Retry-After` as seconds from the server's now; a number or a date; else the reset."""
    value = str(answer.headers.get("retry-after", "")).strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    moment = _date(value)
    here = _server_now(answer.headers, datetime.now(UTC))
    if moment is not None:
        return max(0.0, (moment - here).total_seconds())
    return _reset_seconds(answer.headers, here)


def _remaining(headers: Headers) -> float | None:
    if (apple := _APPLE.search(headers.get("x-rate-limit", ""))) is not None:
        return float(apple.group(1))
    if (used := _GORGIAS.match(headers.get("x-gorgias-account-api-call-limit", ""))) is not None:
        return float(used.group(2)) - float(used.group(1))
    if (allotted := _number(headers.get("x-bazaarvoice-qpm-allotted"))) is not None:
        return allotted - (_number(headers.get("x-bazaarvoice-qpm-current")) or 0.0)
    found = [_number(headers.get(name)) for name in _REMAINING]
    return next((value for value in found if value is not None), None)


def _reset_seconds(headers: Headers, now: datetime) -> float | None:
    """Seconds, an epoch or an ISO time: told apart by form and size."""
    here = _server_now(headers, now)
    if "x-bazaarvoice-qpm-allotted" in headers:
        return 60.0 - here.second
    if "x-gorgias-account-api-call-limit" in headers:
        return 20.0
    for name in _RESET:
        value = headers.get(name)
        if value is None:
            continue
        number = _number(value)
        if number is not None:
            return max(0.0, number - here.timestamp()) if number >= _EPOCH else number
        if (moment := _date(value)) is not None:
            return max(0.0, (moment - here).total_seconds())
    return None


def _server_now(headers: Headers, now: datetime) -> datetime:
    """The server's clock where it tells, so that a skewed clock of ours does no harm."""
    return _date(headers.get("date", "")) or now


def _number(value: object) -> float | None:
    match = (
        re.match(r"\s*(\d+(?:\.\d+)?)(?:\s*;.*)?\s*$", str(value)) if value is not None else None
    )
    return float(match.group(1)) if match else None


def _date(value: str) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
