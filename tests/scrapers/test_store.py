"""Storing: once each, versions on change, nothing personal, safe beside others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from earshot.platforms.base import TicketMetric
from earshot.record import Precision
from earshot.settings import Settings
from scrapers.catalogue import sync_catalogue
from scrapers.crawl_log import finish, logged_crawl
from scrapers.store import Beside, Store
from sql.connect import connect

AT = datetime(2026, 2, 20, 9, 30, tzinfo=UTC)
Query = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def settings(file_settings: Callable[..., Settings]) -> Settings:
    return file_settings()


@contextmanager
def _store(settings: Settings, purpose: str = "live") -> Iterator[Store]:
    source = settings.source[0]
    with connect(settings) as conn:
        sync_catalogue(conn, settings)
        with logged_crawl(conn, settings, source, purpose) as crawl:
            yield Store(conn, settings, source, crawl=crawl, platform="survey")
            finish(conn, settings, crawl, status="ok")


def _record(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "source": "survey",
        "platform": "survey",
        "external_id": f"r{number}",
        "brand": ["northwind"],
        "body": f"The lamp number {number} flickers and nobody at the shop knows why.",
        "rating": 2,
        "rating_scale": 5,
        "published_at": AT + timedelta(minutes=number),
        "author_id": f"Ada {number}",
        **fields,
    }


def _activate_model(database: Any) -> None:
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute("insert into earshot.model values ('m1', 'w', now())")
        cursor.execute(
            "insert into earshot.brand_model select id, 'm1', 'active', now() from earshot.brand"
        )


def test_same_content_again_moves_only_last_seen(settings: Settings, table: Query, content):
    with _store(settings) as store:
        first = store.put([_record(1), _record(2)])
    before = content()
    with _store(settings) as store:
        second = store.put([_record(1), _record(2)])

    assert (first.added, second.added, second.changed) == (2, 0, 0)
    assert content() == before


def test_changed_text_or_rating_makes_a_version(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put([_record(1), _record(2)])
        counts = store.put([_record(1, body="Repaired within a day."), _record(2, rating=5)])

    assert counts.changed == 2
    versions = table("select version, body, rating from earshot.feedback_version order by 1, 2")
    assert [row["version"] for row in versions] == [1, 1, 2, 2]
    assert {row["version"] for row in table("select version from earshot.feedback")} == {2}


def test_reply_reach_and_attributes_make_no_version(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put([_record(1)])
        counts = store.put([_record(1, brand_reply="Sorry!", reach=12, attributes={"store": "7"})])

    assert counts.changed == 0
    row = table("select version, brand_reply, reach, attributes from earshot.feedback")[0]
    assert row == {"version": 1, "brand_reply": "Sorry!", "reach": 12, "attributes": {"store": "7"}}


def test_an_older_edit_does_not_replace_a_newer_one(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put([_record(1, body="new", edited_at=AT + timedelta(days=2))])
        counts = store.put([_record(1, body="old", edited_at=AT + timedelta(days=1))])

    assert counts.changed == 0
    assert table("select body from earshot.feedback_version") == [{"body": "new"}]


def test_a_file_that_holds_two_states_of_a_text_adds_them_once(settings: Settings, table: Query):
    for _ in range(2):
        with _store(settings, "import") as store:
            store.put([_record(1, body="first")])
            store.put([_record(1, body="then")])

    bodies = table("select version, body from earshot.feedback_version order by 1")
    assert bodies == [{"version": 1, "body": "first"}, {"version": 2, "body": "then"}]


def test_a_customer_may_change_back(settings: Settings, table: Query):
    with _store(settings) as store:
        for body in ("first", "then", "first"):
            store.put([_record(1, body=body)])

    assert table("select version from earshot.feedback") == [{"version": 3}]


def test_duplicates_inside_a_batch_are_stored_once(settings: Settings, table: Query):
    with _store(settings) as store:
        counts = store.put([_record(1), _record(1, body="last word"), _record(1, body="last word")])

    assert (counts.seen, counts.added) == (3, 1)
    assert table("select body from earshot.feedback_version") == [{"body": "last word"}]


def test_personal_data_and_names_are_not_stored(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put(
            [
                _record(
                    1,
                    title="Call 415-555-2671",
                    body="Write to ada@example.org about order number 48213377",
                    brand_reply="We wrote to ada@example.org",
                    author_id="Ada Lovelace",
                ),
                _record(2, author_id="A Google user"),
            ]
        )

    rows = table("select title, body from earshot.feedback_version order by feedback_id")
    assert rows[0] == {
        "title": "Call [phone]",
        "body": "Write to [email] about order number [order]",
    }
    people = table("select author_key, brand_reply from earshot.feedback order by external_id")
    assert people[0]["brand_reply"] == "We wrote to [email]"
    assert len(people[0]["author_key"]) == 32
    assert people[1]["author_key"] is None


def test_invalid_records_go_to_quarantine_once_and_masked(settings: Settings, table: Query):
    bad = _record(3, rating=7, body="mail me at ada@example.org", line_number=12)
    with _store(settings) as store:
        counts = store.put([_record(1), bad])
        store.put([bad])

    assert (counts.added, counts.quarantined) == (1, 1)
    rows = table("select * from earshot.quarantine")
    assert len(rows) == 1
    assert rows[0]["reason"] == "rating 7 above its scale 5"
    assert rows[0]["line_number"] == 12
    assert b"ada@" not in bytes(rows[0]["payload"])
    assert b"Ada 3" not in bytes(rows[0]["payload"])
    assert rows[0]["author_key"]
    assert rows[0]["expires_at"] - rows[0]["seen_at"] == timedelta(days=30)


def test_new_customer_texts_are_queued_for_every_model_and_others_are_not(
    settings: Settings, table: Query, database: Any
):
    with _store(settings) as store:
        _activate_model(database)
        store.put([_record(1), _record(2, speaker="brand")])
        store.put([_record(1, body="edited")])

    queued = table(
        "select external_id, v.version from earshot.tag_queue "
        "join earshot.feedback_version v on v.id = feedback_version_id "
        "join earshot.feedback f on f.id = feedback_id order by 2"
    )
    assert queued == [
        {"external_id": "r1", "version": 1},
        {"external_id": "r1", "version": 2},
    ]


def test_a_changed_text_marks_its_hour_to_be_counted_again(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put([_record(1), _record(2)])
        untouched = table("select hour from earshot.count_dirty")
        store.put([_record(1, rating=5), _record(2)])

    assert untouched == []
    hours = table("select hour from earshot.count_dirty")
    assert hours == [{"hour": AT.replace(minute=0)}]


def test_a_moved_publish_time_marks_both_hours(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put([_record(1)])
        store.put([_record(1, published_at=AT + timedelta(hours=5))])

    hours = table("select hour from earshot.count_dirty order by 1")
    assert [row["hour"].hour for row in hours] == [9, 14]


def test_a_day_never_replaces_a_second(settings: Settings, table: Query):
    day = {"published_at": AT.replace(hour=0, minute=0), "published_precision": Precision.DAY}
    with _store(settings) as store:
        store.put([_record(1)])
        store.put([_record(1, **day)])

    row = table("select published_at, published_precision from earshot.feedback")[0]
    assert row == {
        "published_at": AT + timedelta(minutes=1),
        "published_precision": "second",
    }


def test_rows_cursor_and_counters_commit_together(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put([_record(1)], beside=Beside(cursor={"newest": "r1"}))
        with pytest.raises(psycopg2.DataError):
            store.put([_record(2)], beside=Beside(cursor={"newest": float("nan")}))

    assert table("select cursor from earshot.source") == [{"cursor": {"newest": "r1"}}]
    log = table("select seen, added, cursor_after, status from earshot.crawl")
    assert log == [{"seen": 1, "added": 1, "cursor_after": {"newest": "r1"}, "status": "ok"}]


def test_what_the_platform_deleted_stays_and_is_no_longer_counted(settings: Settings, table: Query):
    with _store(settings) as store:
        store.put([_record(1), _record(2)])
        store.put([], beside=Beside(deleted=("r1", "unknown")))

    gone = table("select external_id from earshot.feedback where deleted_at is not null")
    assert gone == [{"external_id": "r1"}]
    assert len(table("select hour from earshot.count_dirty")) == 1

    with _store(settings) as store:
        store.put([_record(1)])
    assert table("select 1 from earshot.feedback where deleted_at is not null") == []


def test_ticket_metrics_keep_the_latest(settings: Settings, table: Query):
    early = TicketMetric(ticket_id="7", opened_at=AT, updated_at=AT)
    late = TicketMetric(ticket_id="7", opened_at=AT, updated_at=AT + timedelta(hours=1), reopens=2)
    with _store(settings) as store:
        store.put([], beside=Beside(ticket_metrics=(late, early)))
        store.put([], beside=Beside(ticket_metrics=(early,)))

    assert table("select reopens from earshot.ticket_metric") == [{"reopens": 2}]


def test_a_text_that_concerns_two_brands_is_stored_once(
    settings_with: Callable[..., Settings], file_settings, table: Query
):
    brands = [{"key": "northwind", "name": "Northwind"}, {"key": "southwind", "name": "Southwind"}]
    sources = [source.model_dump() for source in file_settings().source]
    settings = settings_with(brand=brands, source=sources)
    with _store(settings) as store:
        store.put([_record(1)])
        store.put([_record(1, brand=["northwind", "southwind"])])

    assert len(table("select 1 from earshot.feedback")) == 1
    assert len(table("select 1 from earshot.feedback_brand")) == 2


def test_writers_on_the_same_texts_neither_deadlock_nor_double(settings: Settings, table: Query):
    with connect(settings) as conn:
        sync_catalogue(conn, settings)
    errors: list[BaseException] = []

    def write(purpose: str, step: int) -> None:
        try:
            with _store(settings, purpose) as store:
                for turn in range(6):
                    numbers = range(1, 60)[::step]
                    store.put([_record(n, body=f"text {turn} of {n} {purpose}") for n in numbers])
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=write, args=arguments)
        for arguments in (("live", 1), ("backfill", -1), ("import", 1))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert errors == []
    assert len(table("select 1 from earshot.feedback")) == 59
    broken = table(
        "select f.id from earshot.feedback f where f.version <> "
        "(select count(*) from earshot.feedback_version v where v.feedback_id = f.id)"
    )
    assert broken == []
