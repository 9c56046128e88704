"""The dbt sources file `docs/dbt/sources.yml`, written from the comments in the database.

`python -m sql.dictionary` writes it too; a test fails while the file is not current. Copy it into
the `models` folder of a dbt project whose profile logs in as `earshot_analyst`.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from sql.named import queries

FILE = Path(__file__).parents[1] / "docs" / "dbt" / "sources.yml"
HEAD = """# Generated from the comments in the database by `python -m sql.dictionary`; do not edit.
version: 2

sources:
  - name: earshot
    description: What customers say, read by Earshot; see docs/DATA_DICTIONARY.md.
    schema: analytics
    tables:
"""
KEYS = {
    "feedback_item": ("feedback_id", "brand"),
    "themed_feedback": ("feedback_id", "brand", "theme"),
    "theme_trend": ("brand", "theme", "source", "product", "grain", "period_start"),
    "incident_log": ("incident_id",),
}
"""Columns that are never null: the grain of the views that most models begin with."""


def sources(conn: Connection) -> str:
    """The whole file as YAML; strings are quoted as JSON, which YAML reads."""
    rows = [row for row in queries.dictionary_columns(conn) if row["schema"] == "analytics"]
    parts = [HEAD]
    for relation, columns in groupby(rows, key=lambda row: row["relation"]):
        parts.append(_table(relation, list(columns)))
    return "".join(parts)


def _table(name: str, columns: list[Any]) -> str:
    lines = [
        f"      - name: {name}",
        f"        description: {_text(columns[0]['relation_comment'])}",
    ]
    lines.append("        columns:")
    for column in columns:
        lines.append(f"          - name: {column['name']}")
        lines.append(f"            description: {_text(column['comment'])}")
        lines.append(f"            data_type: {column['type']}")
        if column["name"] in KEYS.get(name, ()):
            lines.append("            data_tests: [not_null]")
    return "\n".join(lines) + "\n"


def _text(comment: str | None) -> str:
    return json.dumps(comment or "", ensure_ascii=False)
