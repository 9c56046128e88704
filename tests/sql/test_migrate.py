from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from sql import migrate

MIGRATE = """
import json, sys
from pathlib import Path
import yoyo
from sql.migrate import migrate
print("ready", flush=True)
print(migrate(json.loads(sys.argv[1]), folder=Path(sys.argv[2])))
"""
# Everything that a migration can leave behind, in an order that is always the same.
SHAPE = """
select 'column', table_schema || '.' || table_name || '.' || column_name || ' ' || data_type
from information_schema.columns
where table_schema in ('earshot', 'analytics')
union all
select 'index', indexdef from pg_indexes where schemaname = 'earshot'
union all
select 'grant', table_schema || '.' || table_name || ' ' || grantee || ' ' || privilege_type
from information_schema.table_privileges
where table_schema in ('earshot', 'analytics')
union all
select 'comment', objoid::regclass || ' ' || objsubid || ' ' || description
from pg_description
where classoid = 'pg_class'::regclass and objoid::regclass::text like any
    (array['earshot.%', 'analytics.%'])
union all
select 'migration', migration_id from earshot_migrations._yoyo_migration
order by 1, 2
"""


def start(parameters: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MIGRATE, json.dumps(parameters), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def shape(parameters: dict[str, str]) -> list[tuple[str, str]]:
    conn = psycopg2.connect(**parameters)
    try:
        with conn, conn.cursor() as cursor:
            cursor.execute(SHAPE)
            return cursor.fetchall()
    finally:
        conn.close()


def test_kills_in_the_middle_end_in_the_same_tables(empty_database, database, server):
    undisturbed = psycopg2.extensions.parse_dsn(server.url("earshot_owner", database.name))
    for tenth in range(8):
        process = start(empty_database, migrate.FOLDER)
        time.sleep(tenth * 0.02)
        process.kill()
        process.wait()

    migrate.migrate(empty_database)

    assert shape(empty_database) == shape(undisturbed)


def test_a_kill_between_two_statements_leaves_neither(empty_database, tmp_path):
    (tmp_path / "1_first.sql").write_text("create table first (id int);")
    slow = tmp_path / "2_second.sql"
    slow.write_text("create table second (id int); select pg_sleep(30);")
    process = start(empty_database, tmp_path)
    conn = psycopg2.connect(**empty_database)
    conn.autocommit = True
    sleeping = "select count(*) from pg_stat_activity where query like 'select pg_sleep%'"
    with conn.cursor() as cursor:
        until(cursor, f"{sleeping} and datname = current_database()", 1)
        process.kill()
        process.wait()
        # The server notices a dead client only after the statement that it is at.
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where query like 'select pg_sleep%' and datname = current_database()"
        )
    conn.close()
    slow.write_text("create table second (id int);")

    assert migrate.migrate(empty_database, folder=tmp_path) == 1


def until(cursor, query: str, wanted: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        cursor.execute(query)
        if cursor.fetchone()[0] == wanted:
            return
        time.sleep(0.05)
    pytest.fail(f"waited in vain for {query}")


def test_two_processes_at_once_apply_each_migration_once(empty_database):
    together = [start(empty_database, migrate.FOLDER) for _ in range(3)]

    applied = [int(process.communicate(timeout=60)[0]) for process in together]

    assert sorted(applied) == [0, 0, len(migrate.known_migrations())]
    assert [process.returncode for process in together] == [0, 0, 0]


def test_a_migration_that_fails_is_not_recorded(empty_database, tmp_path):
    (tmp_path / "1_broken.sql").write_text("create table kept (id int); select 1 / 0;")

    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate.migrate(empty_database, folder=tmp_path)

    conn = psycopg2.connect(**empty_database)
    assert migrate.applied_migrations(conn) == frozenset()
    conn.close()


def test_a_migrated_database_is_current(database):
    with database.connect("pipeline") as conn:
        assert migrate.is_current(conn)
