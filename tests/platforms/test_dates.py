"""One convention for times, whatever the platform writes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.platforms import dates
from earshot.record import Precision
from tests.platforms.drive import NOW

SECOND, DAY, UNKNOWN = Precision.SECOND, Precision.DAY, Precision.UNKNOWN
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2024-06-27T08:03:48.000Z", "2024-06-27T08:03:48"),
        ("2020-08-12T04:06:20-07:00", "2020-08-12T11:06:20"),
        ("2017-01-04T05:35:00.000+00:00", "2017-01-04T05:35:00"),
        ("2019-05-01 10:00:00 UTC", "2019-05-01T10:00:00"),
        ("2020-11-11 17:28:17", "2020-11-11T16:28:17"),
        ("2020-07-11 17:28:17", "2020-07-11T15:28:17"),
        ("Tue, 14 Jul 2026 03:33:16 GMT", "2026-07-14T03:33:16"),
        ("Tue, 14 Jul 2026 03:33:16 +0200", "2026-07-14T01:33:16"),
        (1551849473, "2019-03-06T05:17:53"),
        (1551849473000, "2019-03-06T05:17:53"),
        ("1551849473", "2019-03-06T05:17:53"),
        ("2025-05-19T17:10:09.561858123Z", "2025-05-19T17:10:09.561858"),
        ("5 minutes ago", "2026-11-22T11:55:00"),
        ("just now", "2026-11-22T12:00:00"),
    ],
)
def test_an_instant_is_given_in_utc(written: object, utc: str) -> None:
    when = dates.read(written, zone=BERLIN, now=NOW)

    assert when == (datetime.fromisoformat(utc).replace(tzinfo=UTC), SECOND)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-01-05", "2024-01-05"),
        ("20240105", "2024-01-05"),
        ("October 24, 2011", "2011-10-24"),
        ("24 October 2011", "2011-10-24"),
        ("24. Oktober 2011", "2011-10-24"),
        ("3 de marzo de 2024", "2024-03-03"),
        ("Reviewed in the United Kingdom on 3 July 2023", "2023-07-03"),
        ("Reviewed in the United States on July 3, 2023", "2023-07-03"),
        ("Rezension aus Deutschland vom 3. März 2024", "2024-03-03"),
        ("13/02/2024", "2024-02-13"),
        ("2/13/2024", "2024-02-13"),
        ("01.02.2024", "2024-02-01"),
        ("2 days ago", "2026-11-20"),
        ("vor 3 Tagen", "2026-11-19"),
        ("yesterday", "2026-11-21"),
        ("3 hours ago", "2026-11-22"),
    ],
)
def test_a_day_is_midnight_of_the_sources_zone(written: str, day: str) -> None:
    when = dates.read(written, zone=BERLIN, now=NOW)

    assert when.moment is not None
    local = when.moment.astimezone(dates._zone(BERLIN))
    assert (local.isoformat()[:16], when.precision) == (f"{day}T00:00", DAY)


@pytest.mark.parametrize(
    "written", ["3 months ago", "a week ago", "2 years ago", "garbage", "", None, "2018-03", "2016"]
)
def test_what_would_drift_or_cannot_be_read_is_unknown(written: object) -> None:
    assert dates.read(written, now=NOW) == (None, UNKNOWN)


def test_the_month_comes_first_in_american_english_only() -> None:
    american = dates.read("03/04/2024", language="en-US").moment
    british = dates.read("03/04/2024", language="en-GB").moment

    assert (american.month, british.month) == (3, 4)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_iso_times_with_any_offset_keep_their_instant(naive: datetime, minutes: int) -> None:
    from datetime import timedelta, timezone

    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    assert dates.read(moment.isoformat(), zone=BERLIN).moment == moment


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40))
def test_no_text_raises(written: str) -> None:
    moment, precision = dates.read(written, now=NOW)

    assert (moment is None) == (precision is UNKNOWN)
