"""A database of any size, made inside the server: ten brands, three years, 1.5 tags a text.

Rows go into empty tables without indexes in one transaction a table, and the indexes are built
after; foreign keys are not checked again row by row. So 10 million texts take minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)
BRANDS, THEMES, PRODUCTS, SUPPLIERS, COURIERS = 10, 22, 40, 8, 5
MODEL = "bench"

SETUP = """
insert into earshot.brand (key, name, role)
select 'b' || n, 'Brand ' || n, 'own' from generate_series(1, {brands}) as n;
insert into earshot.source (name, kind, platform, brand_id)
select 's' || n, 'file', 'p' || n, (n + 1) / 2 from generate_series(1, {brands} * 2) as n;
insert into earshot.theme (key, name, since, changed_at)
select 't' || n, 'Theme ' || n, now() - interval '9 years', now() - interval '9 years'
from generate_series(1, {themes}) as n;
insert into earshot.model (id, weights, registered_at) values ('{model}', 'none', now());
insert into earshot.brand_model (brand_id, model_id, state, changed_at)
select id, '{model}', 'active', now() from earshot.brand;
"""

# pg_temp.h(n, k): a number that looks like chance and is the same every time.
CHANCE = """
create or replace function pg_temp.h(n bigint, k bigint) returns bigint
language sql immutable parallel safe return hashint8extended(n, k) & 9007199254740991
"""

FEEDBACK = """
insert into earshot.feedback (
    id, platform, external_id, source_id, kind, speaker, product, attributes, published_at,
    published_precision, first_seen_at, last_seen_at, author_key, version
)
overriding system value
select
    n,
    'p' || source_id,
    n::text,
    source_id,
    'review',
    'customer',
    'Product ' || product,
    jsonb_build_object(
        'supplier', 'Supplier ' || product % {suppliers},
        'courier', 'Courier ' || pg_temp.h(n, 2) % {couriers}
    ),
    published_at,
    'second',
    published_at + interval '5 minutes',
    published_at + interval '5 minutes',
    md5((pg_temp.h(n, 3) % {authors})::text),
    1
from generate_series(1, {rows}) as n
cross join lateral (
    select
        (1 + pg_temp.h(n, 0) % ({brands} * 2))::integer as source_id,
        pg_temp.h(n, 1) % {products} as product,
        timestamptz '{start}' + n * interval '{step} seconds' as published_at
) as said
"""

VERSIONS = """
insert into earshot.feedback_version (
    id, feedback_id, version, title, body, rating, rating_scale, content_hash, copy_key, seen_at
)
overriding system value
select
    n,
    n,
    1,
    'A title of ' || pg_temp.h(n, 4) % 1000,
    substr(repeat('the parcel was late and nobody answered about the lovely oak table, ', 8),
        1 + (pg_temp.h(n, 5) % 60)::integer, 60 + (pg_temp.h(n, 6) % 360)::integer) || n,
    case when pg_temp.h(n, 7) % 10 < 7 then 1 + pg_temp.h(n, 8) % 5 end,
    case when pg_temp.h(n, 7) % 10 < 7 then 5 end,
    decode(md5(n::text), 'hex'),
    case when pg_temp.h(n, 9) % 2 = 0 then decode(md5(n::text), 'hex') end,
    timestamptz '{start}' + n * interval '{step} seconds' + interval '5 minutes'
from generate_series(1, {rows}) as n
"""

BRANDED = """
insert into earshot.feedback_brand (feedback_id, brand_id, published_at)
select id, (source_id + 1) / 2, published_at
from earshot.feedback
"""

TAGGING = """
insert into earshot.tagging (
    feedback_version_id, model_id, feedback_id, language, sentiment, p_negative, p_neutral,
    p_positive, sentences, tagged_at
)
select
    n,
    '{model}',
    n,
    'en',
    (array['negative', 'negative', 'neutral', 'positive', 'positive'])[1 + pg_temp.h(n, 8) % 5],
    0.6,
    0.3,
    0.1,
    '[[0, 40, 0.9, 0.05, 0.05, [3]], [41, 120, 0.1, 0.2, 0.7, []], [121, 160, 0.3, 0.4, 0.3, []]]',
    timestamptz '{start}' + n * interval '{step} seconds' + interval '10 minutes'
from generate_series(1, {rows}) as n
"""

# 0, 1, 2 or 3 themes a text, the first ones often and the last ones seldom.
THEME_TAGS = """
insert into earshot.theme_tag (
    feedback_version_id, model_id, theme_id, probability, sentiment, p_sentiment, sentence
)
select
    n,
    '{model}',
    1 + (floor({themes} * power((pg_temp.h(n, 10) % 1000) / 1000.0, 2))::integer + 7 * k)
        % {themes},
    0.5 + (pg_temp.h(n, 11) % 500) / 1000.0,
    (array['negative', 'negative', 'neutral', 'positive', 'positive'])[
        1 + pg_temp.h(n, 12 + k) % 5
    ],
    0.8,
    k
from generate_series(1, {rows}) as n
cross join generate_series(0, 2) as k
where k < pg_temp.h(n, 16) % 4
"""

HOURLY = """
insert into earshot.hourly_count (
    brand_id, source_id, theme_id, product, sentiment, precision, hour, items, rated, stars
)
with item as (
    select
        feedback.id,
        feedback.source_id,
        feedback.product,
        date_trunc('hour', feedback.published_at) as hour,
        feedback_version.rating as stars,
        tagging.sentiment
    from earshot.feedback
    join earshot.feedback_version on feedback_version.feedback_id = feedback.id
    join earshot.tagging on tagging.feedback_version_id = feedback_version.id
)

select
    (source_id + 1) / 2,
    source_id,
    0,
    product,
    case when stars <= 2 then 'negative' when stars >= 4 then 'positive'
        when stars is not null then 'neutral' else sentiment end as felt,
    'second',
    hour,
    count(*),
    count(stars),
    coalesce(sum(stars), 0)
from item
group by source_id, product, felt, hour
union all
select
    (feedback.source_id + 1) / 2,
    feedback.source_id,
    theme_tag.theme_id,
    feedback.product,
    theme_tag.sentiment,
    'second',
    date_trunc('hour', feedback.published_at),
    count(*),
    0,
    0
from earshot.feedback
join earshot.theme_tag on theme_tag.feedback_version_id = feedback.id
group by
    feedback.source_id, theme_tag.theme_id, feedback.product, theme_tag.sentiment,
    date_trunc('hour', feedback.published_at)
"""

PERIODS = "insert into earshot.period_count select * from earshot.hour_in_period"

ISSUES = """
insert into earshot.issue_count
select
    (feedback.source_id + 1) / 2,
    feedback.source_id,
    told.theme_id,
    date_trunc('hour', feedback.published_at),
    'second',
    feedback.product,
    feedback.attributes ->> 'supplier',
    feedback.attributes ->> 'courier',
    null,
    1,
    feedback.published_at,
    feedback.published_at,
    0,
    0
from earshot.feedback
join (
    select id, 0 as theme_id from earshot.feedback
    union all
    select feedback_version_id, theme_id from earshot.theme_tag where sentiment = 'negative'
) as told on told.id = feedback.id
order by feedback.published_at
"""

TABLES = {
    "feedback": FEEDBACK,
    "feedback_version": VERSIONS,
    "feedback_brand": BRANDED,
    "tagging": TAGGING,
    "theme_tag": THEME_TAGS,
    "hourly_count": HOURLY,
    "period_count": PERIODS,
    "issue_count": ISSUES,
}
INDEXES = """
select
    index_class.relname,
    pg_get_indexdef(index_class.oid),
    pg_constraint.conname,
    pg_get_constraintdef(pg_constraint.oid)
from pg_index
join pg_class as index_class on index_class.oid = pg_index.indexrelid
left join pg_constraint
    on pg_constraint.conindid = pg_index.indexrelid and pg_constraint.contype in ('p', 'u')
where pg_index.indrelid = %s::regclass
"""
FOREIGN_KEYS = """
select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
from pg_constraint
where contype = 'f' and connamespace = 'earshot'::regnamespace
"""

SIZES = """
select
    relname,
    greatest(reltuples, 0)::bigint,
    pg_table_size(oid),
    pg_indexes_size(oid)
from pg_class
where relnamespace = 'earshot'::regnamespace and relkind = 'r' and reltuples > 1000
order by pg_total_relation_size(oid) desc
"""


def fill(conn: Connection, rows: int, *, say: Callable[[str], None]) -> None:
    """Fill an empty, migrated database; needs a superuser."""
    given = {
        "rows": rows,
        "brands": BRANDS,
        "themes": THEMES,
        "products": PRODUCTS,
        "suppliers": SUPPLIERS,
        "couriers": COURIERS,
        "authors": max(rows // 2, 1),
        "model": MODEL,
        "start": (NOW - SPAN).isoformat(),
        "step": SPAN.total_seconds() / rows,
    }
    with conn.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("set work_mem = '256MB'")
        cursor.execute("set timezone = 'UTC'")
        cursor.execute(CHANCE)
        cursor.execute(SETUP.format(**given))
        keys = _drop_foreign_keys(cursor)
        for table, statement in TABLES.items():
            start = time.perf_counter()
            _fill_one(cursor, table, statement.format(**given))
            say(f"{table}: {time.perf_counter() - start:,.0f} s")
        for table, name, definition in keys:
            cursor.execute(f"alter table {table} add constraint {name} {definition} not valid")
        for table in ("feedback", "feedback_version"):
            cursor.execute(
                f"select setval(pg_get_serial_sequence('earshot.{table}', 'id'), {rows})"
            )
        cursor.execute("set session_replication_role = origin")
        cursor.execute("vacuum (analyze)")
        cursor.execute("checkpoint")


def _drop_foreign_keys(cursor: Any) -> list[tuple[str, str, str]]:
    cursor.execute(FOREIGN_KEYS)
    keys = list(cursor.fetchall())
    for table, name, _ in keys:
        cursor.execute(f"alter table {table} drop constraint {name}")
    return keys


def _fill_one(cursor: Any, table: str, statement: str) -> None:
    """One transaction: truncate, drop the indexes, insert, build the indexes."""
    cursor.execute(INDEXES, [f"earshot.{table}"])
    indexes = list(cursor.fetchall())
    cursor.execute(f"begin; truncate earshot.{table}")
    for name, _, constraint, _ in indexes:
        if constraint:
            cursor.execute(f"alter table earshot.{table} drop constraint {constraint}")
        else:
            cursor.execute(f"drop index earshot.{name}")
    cursor.execute(statement)
    for _, definition, constraint, condition in indexes:
        if constraint:
            cursor.execute(f"alter table earshot.{table} add constraint {constraint} {condition}")
        else:
            cursor.execute(definition)
    cursor.execute("commit")
