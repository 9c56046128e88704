"""Each role tries what it may not, and the server refuses."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg2
import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("earshot", "scrapers", "nlp", "alerts", "sql", "dags")
EVERYONE = (
    "create role mallory superuser",
    "alter role earshot_analyst superuser",
    "create extension dblink",
    "copy (select 1) to program 'id'",
    "copy (select 1) to '/tmp/out'",
    "select pg_read_file('/etc/passwd')",
    "select rolpassword from pg_authid",
    "alter system set log_statement = 'all'",
    "set session authorization postgres",
    "set role postgres",
    "select lo_import('/etc/passwd')",
    "create language plpython3u",
)
NOT_OWNER = (
    "create table earshot.mine (id int)",
    "create table public.mine (id int)",
    "drop table earshot.feedback cascade",
    "alter table earshot.feedback add column mine int",
    "truncate earshot.feedback cascade",
    "create or replace view analytics.theme_trend as select 1",
    "set role earshot_owner",
    "drop schema earshot cascade",
)
READERS = (
    "select * from earshot.feedback",
    "select * from earshot.outbox",
    "insert into earshot.brand (key, name, role) values ('x', 'x', 'own')",
    "update earshot.reply_draft set state = 'approved'",
    "delete from earshot.quarantine",
    "select earshot.mark_dirty(array[1])",
    "select nextval('earshot.fence')",
    "set role earshot_pipeline",
    "select * from earshot_migrations._yoyo_migration",
)
CASES = [
    *(("owner", statement) for statement in EVERYONE),
    *(("pipeline", statement) for statement in (*EVERYONE, *NOT_OWNER)),
    *(("web", statement) for statement in (*EVERYONE, *NOT_OWNER, *READERS)),
    *(("analyst", statement) for statement in (*EVERYONE, *NOT_OWNER, *READERS)),
    ("analyst", "select analytics.record_correction(1, null, 'negative', 'me', now())"),
]


@pytest.mark.parametrize("role", ["owner", "pipeline", "web", "analyst"])
def test_no_role_may_do_more_than_its_work(role: str, database: Any) -> None:
    allowed = []
    with database.connect(role) as conn:
        conn.autocommit = True
        for statement in [statement for who, statement in CASES if who == role]:
            try:
                with conn.cursor() as cursor:
                    # An analyst who switches off "read only" is still held by the grants.
                    cursor.execute("set default_transaction_read_only = off")
                    cursor.execute(statement)
                allowed.append(statement)
            except (
                psycopg2.errors.InsufficientPrivilege,
                psycopg2.errors.FeatureNotSupported,
                psycopg2.errors.UndefinedFile,
                psycopg2.errors.UndefinedObject,
                psycopg2.errors.InvalidAuthorizationSpecification,
            ):
                continue

    assert allowed == []


def test_every_role_may_do_its_work(database: Any) -> None:
    work = {
        "owner": "create table earshot.mine (id int)",
        "pipeline": "insert into earshot.brand (key, name, role) values ('x', 'x', 'own')",
        "web": "select count(*) from analytics.feedback_item",
        "analyst": "select count(*) from analytics.theme_trend",
    }
    for role, statement in work.items():
        with database.connect(role) as conn, conn, conn.cursor() as cursor:
            cursor.execute(statement)


def test_values_reach_statements_as_parameters_only() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "S608", *ROOMS]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert found.returncode == 0, found.stdout


MADE_BY_CODE = {
    # Names of roles and schemas, which are constants of ours; a name cannot be a parameter.
    "sql/connect.py": 2,
    "sql/migrate.py": 5,
}


def test_no_statement_is_put_together_from_values() -> None:
    found: dict[str, int] = {}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            made = sum(map(_is_made, ast.walk(ast.parse(file.read_text()))))
            if made:
                found[str(file.relative_to(ROOT))] = made

    assert found == MADE_BY_CODE


def _is_made(node: ast.AST) -> bool:
    """Whether a call runs a statement that is an f-string, a sum, or a %-formatted text."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr not in ("execute", "executemany", "copy_expert", "mogrify") or not node.args:
        return False
    return isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
