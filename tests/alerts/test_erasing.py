"""Erasure reaches every copy, is proven, survives the next crawl and an old backup."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from alerts.erasing import access, erase, erase_again, retain, scope_of
from earshot.errors import FixSettings
from earshot.settings import Settings
from earshot.shop import story
from scrapers.files import import_file
from sql.connect import connect
from sql.counts import refresh_counts

LiveUntil = Callable[..., Settings]
MOMENT = story.START + timedelta(days=20)
COPIES = """
insert into earshot.quarantine
    (source_id, record_key, reason, payload, author_key, seen_at, expires_at)
select source_id, 'bad', 'no date', 'zebra words'::bytea, author_key, now(), now() + interval '9d'
from earshot.feedback where id = %(id)s;
insert into earshot.correction (feedback_id, version, field, value, corrected_by, corrected_at)
values (%(id)s, 1, 'sentiment', 'negative', 'mira', now());
insert into earshot.reply_draft (feedback_id, version, brand_id, engine, text, text_hash, state,
    created_at, due_at)
select %(id)s, 1, id, 'phrases', 'Sorry about the zebra words', 'x', 'waiting', now(), now()
from earshot.brand;
insert into earshot.incident (key, brand_id, rule, kind, direction, state, severity, started_at,
    opened_at, updated_at, last_anomalous_at, items, baseline, reason, evidence)
select 'one', id, 'default', 'spike', 'negative', 'open', 'high', now(), now(), now(), now(), 3, 1,
    'many', %(evidence)s
from earshot.brand;
insert into earshot.outbox (key, brand_id, subject, destination, action, payload, state,
    not_before, created_at)
select 'quote', id, 'incident:1', 'slack', 'post', %(payload)s, 'waiting', now(), now()
from earshot.brand;
"""


@pytest.fixture
def shop(live_until: LiveUntil, database: Any) -> tuple[Settings, Any, int]:
    """The shop of twenty days; one author's text stands in every table that can hold it."""
    settings = live_until(MOMENT)
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "select id from earshot.feedback where author_key is not null order by id limit 1"
        )
        chosen = int(cursor.fetchone()[0])
        cursor.execute(
            "update earshot.feedback_version set body = 'zebra words' where feedback_id = %s",
            [chosen],
        )
        cursor.execute(COPIES, _copies(chosen))
    return settings, database, chosen


def _copies(chosen: int) -> dict[str, Any]:
    quote = {"feedback_id": chosen, "text": "zebra words", "source": "shop"}
    other = {"feedback_id": chosen + 1, "text": "other words", "source": "shop"}
    payload = {"text": "they say zebra words", "blocks": [], "feedback_ids": [chosen]}
    return {
        "id": chosen,
        "evidence": json.dumps({"title": "Wave", "quotes": [quote, other]}),
        "payload": json.dumps(payload),
    }


def _author_of(settings: Settings, database: Any, chosen: int) -> Any:
    from alerts.erasing import Scope

    (key,) = _one(database, "select author_key from earshot.feedback where id = %s", chosen)
    return Scope(author_key=key)


def _one(database: Any, query: str, *values: Any) -> Any:
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()


def tables_with(database: Any, words: str) -> list[str]:
    """Every table of the database in which any column of any row says it."""
    found = []
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"select count(*) from {table} as row where row::text like %s or row::text like %s",
                [f"%{words}%", f"%{words.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return sorted(found)


def test_an_author_is_gone_from_every_table(shop: tuple[Settings, Any, int]) -> None:
    settings, database, chosen = shop
    scope = _author_of(settings, database, chosen)
    assert len(tables_with(database, "zebra words")) == 5
    assert scope.author_key in str(_one(database, "select author_key from earshot.quarantine"))

    erased = erase(settings, scope, "mira")

    assert erased["texts"] >= 1
    assert (erased["quarantine"], erased["messages"], erased["left"]) == (1, 1, 0)
    assert tables_with(database, "zebra words") == []
    assert tables_with(database, str(scope.author_key)) == []
    evidence = _one(database, "select evidence -> 'quotes' from earshot.incident")[0]
    assert [quote["text"] for quote in evidence] == ["other words"]
    audit = _one(database, "select scope, requested_by, erased from earshot.erasure")
    assert audit[:2] == [{"kind": "author"}, "mira"]
    assert list(access(settings, scope)) == []


def test_counts_follow_an_erasure_and_the_next_crawl_brings_nothing_back(
    shop: tuple[Settings, Any, int],
) -> None:
    settings, database, chosen = shop
    items = "select sum(items) from earshot.hourly_count where theme_id = 0"
    with connect(settings) as conn:
        refresh_counts(conn, MOMENT)
    before = _one(database, items)[0]
    platform, external_id = _one(
        database, "select platform, external_id from earshot.feedback where id = %s", chosen
    )

    scope = scope_of(settings, author=None, text=f"{platform}:{external_id}")
    assert erase(settings, scope, "mira")["texts"] == 1
    import_file(settings, "shop", tick=lambda *_: None)
    with connect(settings) as conn:
        refresh_counts(conn, MOMENT)

    assert _one(database, items)[0] == before - 1
    known = _one(
        database, "select count(*) from earshot.feedback where external_id = %s", external_id
    )
    assert known[0] == 0


def test_the_journal_erases_again_after_a_backup_was_restored(
    shop: tuple[Settings, Any, int],
) -> None:
    settings, database, chosen = shop
    scope = _author_of(settings, database, chosen)
    erase(settings, scope, "mira")
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute("delete from earshot.erased")  # the backup knows nothing of the erasure
        cursor.execute("update earshot.feedback set author_key = %s", [scope.author_key])

    again = erase_again(settings)

    assert again["requests"] == 1
    assert again["texts"] > 100
    assert _one(database, "select count(*) from earshot.feedback")[0] == 0
    journal = settings.home_folder / "erasures.jsonl"
    # One request, and the hashes of what it erased each time.
    assert journal.read_text().count("author_key") == 1
    assert journal.read_text().count("text_keys") == 2
    assert journal.stat().st_mode & 0o777 == 0o600


def test_retention_erases_old_texts_and_keeps_their_counts(
    shop: tuple[Settings, Any, int],
) -> None:
    settings, database, _ = shop
    with connect(settings) as conn:
        refresh_counts(conn, MOMENT)
    items = "select sum(items) from earshot.hourly_count where theme_id = 0"
    before = _one(database, items)[0]

    assert retain(settings)["texts"] == 0
    erased = retain(settings, older_than=10)
    with connect(settings) as conn:
        refresh_counts(conn, MOMENT)

    assert erased["texts"] > 50
    assert retain(settings, older_than=10)["texts"] == 0
    oldest = _one(database, "select min(published_at) from earshot.feedback")[0]
    assert oldest >= MOMENT - timedelta(days=10)
    assert _one(database, items)[0] == before


@pytest.mark.parametrize(
    ("author", "text"),
    [(None, None), ("a:b", "c:d"), ("nocolon", None), (":x", None), ("platform:", None)],
)
def test_a_request_names_exactly_one(
    settings: Settings, author: str | None, text: str | None
) -> None:
    with pytest.raises(FixSettings, match="--author PLATFORM:ID"):
        scope_of(settings, author=author, text=text)
