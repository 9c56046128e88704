"""The data dictionary says what the database says."""

from __future__ import annotations

from typing import Any

from sql.dictionary import FILE, dictionary
from sql.named import queries


def test_every_table_view_and_column_has_a_comment(database: Any) -> None:
    with database.connect("owner") as conn:
        rows = list(queries.dictionary_columns(conn))

    silent = [
        f"{row['relation']}.{row['name']}"
        for row in rows
        if not row["comment"] or not row["relation_comment"]
    ]
    assert silent == []


def test_the_page_is_current(database: Any) -> None:
    with database.connect("owner") as conn:
        written = dictionary(conn)

    assert FILE.read_text(encoding="utf-8") == written, "run `python -m sql.dictionary`"
