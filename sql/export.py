"""`earshot export`: the views as Parquet files, partitioned by brand and month.

The files of a run all show one moment: a run that was cut short goes on with the moment at which
it began, by the views of the past, and writes only what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.export_files import EXPORTING, Export, Part, begin, remember_folder
from sql.named import queries

BATCH = 10_000
BY_MONTH = {
    "feedback_item": "published_at, feedback_id",
    "themed_feedback": "published_at, feedback_id, theme",
}
"""Views that show a moment, and the order of their rows."""
WHOLE = (
    "theme_trend",
    "theme",
    "product_issues",
    "issue_parts",
    "service_kpis",
    "competitor_comparison",
    "coverage",
    "incident_log",
    "source_health",
    "reply_performance",
    "model_agreement",
)
"""Views without words of customers, one file each, as they stand when that file is written."""

Progress = Callable[[int, int], None]


def export(
    settings: Settings, folder: Path, progress: Progress = lambda *_: None
) -> dict[str, int]:
    """Write what is missing of the present run, or begin the next one.

    Returns:
        Files and rows of the export, and how many files this call wrote.

    Raises:
        FixSettings: the folder holds something else.
    """
    with connect(settings) as conn:
        with conn:
            now = clock_now(conn, settings)
            planned = _plan(conn)
        run = begin(folder, now, planned)
        remember_folder(settings.home_folder, folder)
        written = 0
        for place, part in enumerate(run.parts):
            if part.name not in run.done:
                _write(conn, run, part)
                written += 1
            progress(place + 1, len(run.parts))
    run.finish()
    return {"files": len(run.done), "rows": run.rows, "written": written}


def _plan(conn: Connection) -> list[Part]:
    months = list(queries.export_months(conn))
    parts = [
        Part(view=view, brand=row["brand"], month=row["month"] and row["month"].strftime("%Y-%m"))
        for view in BY_MONTH
        for row in months
    ]
    return [*parts, *(Part(view=view) for view in WHOLE)]


def _write(conn: Connection, run: Export, part: Part) -> None:
    """One file, under the lock that erasure takes."""
    with conn:
        queries.export_hold(conn, key=EXPORTING)
    try:
        with conn, conn.cursor(name="export") as cursor:
            cursor.itersize = BATCH
            cursor.execute(*_query(run.moment, part))
            run.write(part, _batches(cursor))
    finally:
        with conn:
            queries.export_release(conn, key=EXPORTING)


def _query(moment: datetime, part: Part) -> tuple[str, list[Any]]:
    """Names of views are ours; values are parameters."""
    if part.brand is None:
        return f"select * from analytics.{part.view}", []  # noqa: S608
    chosen = f"select * from analytics.{part.view}_as_of(%s, %s, %s, %s)"  # noqa: S608
    order = f" order by {BY_MONTH[part.view]}"
    if part.month is None:
        return f"{chosen} where published_at is null{order}", [moment, part.brand, None, None]
    begins = datetime.fromisoformat(f"{part.month}-01T00:00:00+00:00")
    ends = (begins + timedelta(days=32)).replace(day=1)
    return chosen + order, [moment, part.brand, begins, ends]


def _batches(cursor: Any) -> Iterator[Any]:
    """Arrow batches; the first one comes even where there are no rows."""
    import pyarrow as pa

    rows = cursor.fetchmany(BATCH)
    schema = pa.schema([(column.name, _type(column.type_code)) for column in cursor.description])
    while True:
        columns = list(zip(*rows, strict=True)) or [() for _ in schema]
        yield pa.record_batch(
            [
                pa.array([_value(value) for value in column], field.type)
                for column, field in zip(columns, schema, strict=True)
            ],
            schema=schema,
        )
        if not (rows := cursor.fetchmany(BATCH)):
            return


def _type(oid: int) -> Any:
    """The Arrow type of a Postgres type (pg_type.dat); JSON and what is not named is text."""
    import pyarrow as pa

    types = {
        16: pa.bool_(),
        20: pa.int64(),
        21: pa.int16(),
        23: pa.int32(),
        700: pa.float32(),
        701: pa.float64(),
        1082: pa.date32(),
        1184: pa.timestamp("us", tz="UTC"),
        1186: pa.duration("us"),
        1700: pa.float64(),
    }
    return types.get(oid, pa.string())


def _value(value: Any) -> Any:
    match value:
        case Decimal():
            return float(value)
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
    return value
