"""The data dictionary: `docs/DATA_DICTIONARY.md`, written from the comments in the database.

Run `python -m sql.dictionary` after a migration; a test fails while the file is not current.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from sql import dbt
from sql.named import queries

FILE = Path(__file__).parents[1] / "docs" / "DATA_DICTIONARY.md"
HEAD = """# Data dictionary

Generated from the comments in the database by `python -m sql.dictionary`; do not edit.

Analysts read schema `analytics`: these views are the contract and change only with a line in the
changelog. The tables of schema `earshot` may change with every version.
"""


def dictionary(conn: Connection) -> str:
    """The whole page as Markdown."""
    rows = list(queries.dictionary_columns(conn))
    parts = [HEAD]
    for schema, of_schema in groupby(rows, key=lambda row: row["schema"]):
        parts.append(f"\n## Schema `{schema}`\n")
        for relation, columns in groupby(of_schema, key=lambda row: row["relation"]):
            parts.append(_relation(relation, list(columns)))
        if schema == "analytics":
            parts += [
                "\n### Functions\n",
                "\n| function | returns | meaning |\n",
                "|---|---|---|\n",
            ]
            parts += [_function(row) for row in queries.dictionary_functions(conn)]
    return "".join(parts)


def _relation(name: str, columns: list[Any]) -> str:
    lines = [f"\n### {name}\n", f"\n{columns[0]['relation_comment']}\n", "\n"]
    lines += ["| column | type | meaning |\n", "|---|---|---|\n"]
    lines += [f"| `{c['name']}` | {c['type']} | {_cell(c['comment'])} |\n" for c in columns]
    return "".join(lines)


def _function(row: Any) -> str:
    given = row["arguments"].replace(" timestamp with time zone", "").replace(" text", "")
    called = f"{row['name']}({given})"
    return f"| `{called}` | {_cell(row['result'])} | {_cell(row['comment'])} |\n"


def _cell(comment: str | None) -> str:
    return (comment or "").replace("|", "\\|")


def main() -> None:
    """Write the page, and the dbt sources beside it, from the database of the settings here."""
    from earshot.settings import load
    from sql.connect import connect

    with connect(load()) as conn, conn:
        FILE.write_text(dictionary(conn), encoding="utf-8")
        dbt.FILE.write_text(dbt.sources(conn), encoding="utf-8")


if __name__ == "__main__":
    main()
