"""The dbt sources file is what the database says, and YAML that dbt can read."""

from __future__ import annotations

from typing import Any

import yaml

from sql.dbt import FILE, KEYS, sources


def test_the_file_is_current(database: Any) -> None:
    with database.connect("owner") as conn:
        written = sources(conn)

    assert FILE.read_text(encoding="utf-8") == written, "run `python -m sql.dictionary`"


def test_it_names_every_view_and_column_that_the_analyst_reads(database: Any) -> None:
    source = yaml.safe_load(FILE.read_text(encoding="utf-8"))["sources"][0]
    with database.connect("analyst") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "select table_name, array_agg(column_name::text order by ordinal_position) "
            "from information_schema.columns where table_schema = 'analytics' "
            "group by table_name order by table_name"
        )
        seen = {row[0]: row[1] for row in cursor.fetchall()}

    told = {table["name"]: [c["name"] for c in table["columns"]] for table in source["tables"]}
    assert told == seen
    assert source["schema"] == "analytics"
    assert all(set(key) <= set(told[view]) for view, key in KEYS.items())
