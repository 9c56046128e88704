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


CONTRACT = (
    "feedback_item",
    "themed_feedback",
    "theme_trend",
    "product_issues",
    "issue_parts",
    "source_health",
    "incident_log",
    "service_kpis",
    "knowledge_gaps",
    "competitor_comparison",
    "model_agreement",
    "coverage",
)


def test_every_column_of_the_contract_has_an_example(database: Any) -> None:
    with database.connect("owner") as conn:
        columns = [row for row in queries.dictionary_columns(conn) if row["relation"] in CONTRACT]

    assert {row["relation"] for row in columns} == set(CONTRACT)
    assert [
        f"{row['relation']}.{row['name']}"
        for row in columns
        if "Example: " not in row["comment"] and "such as" not in row["comment"]
    ] == []


def test_every_function_of_analysts_has_a_comment(database: Any) -> None:
    with database.connect("owner") as conn:
        functions = {row["name"]: row["comment"] for row in queries.dictionary_functions(conn)}

    assert len(functions) >= 5
    assert all(functions.values())


def test_the_page_is_current(database: Any) -> None:
    with database.connect("owner") as conn:
        written = dictionary(conn)

    assert FILE.read_text(encoding="utf-8") == written, "run `python -m sql.dictionary`"
