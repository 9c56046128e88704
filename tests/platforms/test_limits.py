"""Rate limits in every platform's spelling."""

from __future__ import annotations

import pytest

from earshot.errors import RetryLater
from earshot.platforms.answers import check
from earshot.platforms.base import Answer, Headers
from earshot.platforms.limits import limits
from tests.platforms.drive import NOW

DATE = "Sun, 22 Nov 2026 12:00:00 GMT"
EPOCH = int(NOW.timestamp())


def answer(status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        status=status, headers=Headers(named), body=b"", url="https://api.example/x?key=1"
    )


@pytest.mark.parametrize(
    ("headers", "remaining", "pause"),
    [
        ({"x_ratelimit_remaining": "599.0", "x_ratelimit_reset": "380"}, 599, None),
        ({"x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "380"}, 0, 380),
        ({"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "2026-11-22T12:05:00.13Z"}, 0, 300.13),
        ({"RateLimit_Remaining": "0", "RateLimit_Reset": str(EPOCH + 60)}, 0, 60),
        ({"rate_limit_remaining": "0", "rate_limit_reset": "7"}, 0, 7),
        ({"RateLimit_Remaining": "0", "RateLimit_ResetTime": "2026-11-22T12:30:00+00:00"}, 0, 1800),
        ({"X_Rate_Limit": "user-hour-lim:3500;user-hour-rem:500;"}, 500, None),
        ({"X_Gorgias_Account_Api_Call_Limit": "40/40"}, 0, 20),
        ({"X_Bazaarvoice_QPM_Allotted": "120", "X_Bazaarvoice_QPM_Current": "120"}, 0, 60),
        ({}, None, None),
    ],
)
def test_a_pause_is_asked_for_once_no_call_is_left(
    headers: dict[str, str], remaining: float | None, pause: float | None
) -> None:
    found = limits(answer(Date=DATE, **headers), NOW)

    assert found.remaining == remaining
    assert found.pause_seconds == pytest.approx(pause) if pause else found.pause_seconds is None


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0", 0), ("Sun, 22 Nov 2026 12:02:00 GMT", 120)]
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float) -> None:
    with pytest.raises(RetryLater) as caught:
        check(answer(429, Date=DATE, Retry_After=value))

    assert caught.value.retry_after_seconds == seconds


def test_a_limit_without_retry_after_waits_for_the_reset() -> None:
    with pytest.raises(RetryLater) as caught:
        check(answer(429, Date=DATE, x_ratelimit_remaining="0", x_ratelimit_reset="33"))

    assert caught.value.retry_after_seconds == 33


def test_our_clock_may_be_wrong_by_a_day() -> None:
    far = answer(Date="Sat, 21 Nov 2026 12:00:00 GMT", X_RateLimit_Remaining="0",
                 X_RateLimit_Reset="2026-11-21T12:01:00Z")  # fmt: skip

    assert limits(far, NOW).pause_seconds == 60


def test_an_error_names_the_place_and_never_the_query() -> None:
    with pytest.raises(RetryLater, match=r"api\.example/x") as caught:
        check(answer(503))

    assert "key" not in str(caught.value)
