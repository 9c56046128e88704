"""Five weeks of history at the rate of the run, so that detection knows what is usual.

The rows themselves would take the tagger weeks: a sample is imported and tagged, and its mix of
themes, products and sentiments is written into the hourly counts at the size of the run.
"""

from __future__ import annotations

from psycopg2.extensions import connection as Connection

DAYS = 35
SAMPLE = 400
SCALE = """
with cell as (
    select brand_id, source_id, theme_id, product, sentiment,
        sum(items)::float / %(sample)s as share, sum(rated)::float / sum(items) as rated,
        sum(stars)::float / sum(items) as stars
    from earshot.hourly_count where source_id = %(history)s group by 1, 2, 3, 4, 5
),
hour as (
    select generate_series(
        date_trunc('hour', now()) - make_interval(days => %(days)s),
        date_trunc('hour', now()) - interval '1 hour', interval '1 hour') as hour
),
drawn as (
    select cell.*, hour.hour,
        greatest(0, round(share * %(hourly)s + sqrt(share * %(hourly)s)
            * (random() + random() + random() + random() - 2) * 1.73))::integer as items
    from cell cross join hour
)
insert into earshot.hourly_count (brand_id, source_id, theme_id, product, sentiment, precision,
    hour, items, rated, stars)
select brand_id, %(live)s, theme_id, product, sentiment, 'second', hour, items,
    round(items * rated), items * stars
from drawn where items > 0
"""


def scale_up(conn: Connection, *, rate: float) -> int:
    """Write the counts; returns how many rows. The caller's role owns the tables."""
    with conn, conn.cursor() as cursor:
        cursor.execute("select name, id from earshot.source")
        ids = dict(cursor.fetchall())
        cursor.execute("select setseed(0.5)")
        given = {"history": ids["history"], "live": ids["shop"], "sample": SAMPLE,
                 "days": DAYS, "hourly": rate * 3600}  # fmt: skip
        cursor.execute(SCALE, given)
        written = int(cursor.rowcount)
        cursor.execute("delete from earshot.hourly_count where source_id = %(history)s", given)
        return written


def take_back(conn: Connection) -> None:
    """Remove what no text stands behind, so that `earshot doctor` can judge the rest."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "delete from earshot.hourly_count using earshot.source"
            " where source.id = source_id and source.name = 'shop' and hour < ("
            " select date_trunc('hour', min(feedback.published_at)) from earshot.feedback"
            " where feedback.source_id = source.id)"
        )
        cursor.execute(
            "insert into earshot.count_dirty (brand_id, source_id, hour)"
            " select distinct feedback_brand.brand_id, feedback.source_id,"
            " date_trunc('hour', published_at)"
            " from earshot.feedback join earshot.feedback_brand"
            " on feedback_brand.feedback_id = feedback.id"
            " join earshot.source on source.id = feedback.source_id"
            " where source.name = 'history' on conflict do nothing"
        )
