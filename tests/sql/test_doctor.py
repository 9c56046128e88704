from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from sql import doctor

HOUR = datetime(2026, 3, 14, 9, tzinfo=UTC)


def broken(settings) -> dict[str, int]:
    found = doctor.examine(settings)
    return {finding.invariant: finding.violations for finding in found if finding.violations}


def a_text(conn, *, version: int = 1) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "insert into earshot.brand (key, name, role) values ('n', 'N', 'own');"
            "insert into earshot.source (name, kind, platform, brand_id)"
            " values ('shop', 'file', 'shop', 1);"
        )
        cursor.execute(
            "insert into earshot.feedback (platform, external_id, source_id, kind, speaker,"
            " published_at, published_precision, first_seen_at, last_seen_at, version)"
            " values"
            " ('shop', '1', 1, 'review', 'customer', %(at)s, 'second', %(at)s, %(at)s, %(v)s)",
            {"at": HOUR, "v": version},
        )
        cursor.execute(
            "insert into earshot.feedback_version"
            " (feedback_id, version, title, body, content_hash, seen_at)"
            " values (1, %s, '', 'late', '', %s)",
            [version, HOUR],
        )


def test_an_empty_database_holds(settings):
    assert broken(settings) == {}


def test_every_invariant_of_the_query_is_explained_and_the_other_way_round():
    query = (Path(doctor.__file__).parent / "queries" / "doctor.sql").read_text()

    assert set(re.findall(r"select '(\w+)'", query)) == set(doctor.INVARIANTS)


def test_a_text_without_brand_or_first_version_is_found(settings, database):
    with database.connect("pipeline") as conn:
        a_text(conn, version=2)

    assert broken(settings) == {"version_gap": 1, "brand_missing": 1}


def test_a_text_counted_twice_is_found_and_a_marked_hour_is_not(settings, database):
    with database.connect("pipeline") as conn:
        a_text(conn)
        with conn, conn.cursor() as cursor:
            cursor.execute("insert into earshot.feedback_brand values (1, 1)")
            cursor.execute(
                "insert into earshot.hourly_count"
                " (brand_id, source_id, sentiment, precision, hour, items)"
                " values (1, 1, 'negative', 'second', %s, 2)",
                [HOUR],
            )
        assert broken(settings) == {"count_wrong": 1}
        with conn, conn.cursor() as cursor:
            cursor.execute("insert into earshot.count_dirty values (1, 1, %s)", [HOUR])
        assert broken(settings) == {}


def test_a_reply_that_left_with_another_text_than_approved_is_found(settings, database):
    with database.connect("pipeline") as conn:
        a_text(conn)
        with conn, conn.cursor() as cursor:
            cursor.execute("insert into earshot.feedback_brand values (1, 1)")
            cursor.execute("insert into earshot.count_dirty values (1, 1, %s)", [HOUR])
            cursor.execute(
                "insert into earshot.reply_draft (feedback_id, version, brand_id, engine, text,"
                " text_hash, state, created_at, due_at)"
                " values (1, 1, 1, 'frames', 'We are sorry.', '\\x0a', 'sent', %(at)s, %(at)s)",
                {"at": HOUR},
            )
            approve = (
                "insert into earshot.reply_event (draft_id, at, kind, actor, detail)"
                " values (1, %s, 'approved', 'ada', jsonb_build_object('hash', %s))"
            )
            cursor.execute(approve, [HOUR, "0b"])
        assert broken(settings) == {"reply_unapproved": 1}
        with conn, conn.cursor() as cursor:
            cursor.execute(approve, [HOUR, "0a"])
        assert broken(settings) == {}
