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


def test_a_migration_that_must_wait_lets_writers_pass(empty_database, tmp_path):
    (tmp_path / "1_first.sql").write_text("create table public.review (id int);")
    migrate.migrate(empty_database, folder=tmp_path)
    (tmp_path / "2_second.sql").write_text("alter table public.review add column stars int;")
    reader, writer = (psycopg2.connect(**empty_database) for _ in range(2))
    writer.autocommit = True
    writer.cursor().execute("set statement_timeout = '30s'")
    with reader.cursor() as slow, writer.cursor() as cursor:
        slow.execute("select count(*) from public.review")  # and stays in its transaction
        process = start(empty_database, tmp_path)
        blocked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        until(cursor, f"{blocked} and datname = current_database()", 1)

        # Waits behind the migration, which lets it pass and tries again.
        cursor.execute("insert into public.review values (1)")

        assert process.poll() is None
        reader.commit()
        assert process.communicate(timeout=60)[0].strip() == "1"
        cursor.execute("select id, stars from public.review")
        assert cursor.fetchall() == [(1, None)]
    reader.close()
    writer.close()


def test_an_index_is_built_beside_writers_and_again_after_a_kill(empty_database, tmp_path):
    (tmp_path / "1_first.sql").write_text("create table public.review (id int);")
    migrate.migrate(empty_database, folder=tmp_path)
    (tmp_path / "2_index.sql").write_text(
        "-- transactional: false\n"
        "drop index concurrently if exists public.review_by_id;\n"
        "create index concurrently review_by_id on public.review (id);\n"
    )
    holder, writer = (psycopg2.connect(**empty_database) for _ in range(2))
    writer.autocommit = True
    with holder.cursor() as held, writer.cursor() as cursor:
        held.execute("insert into public.review values (1)")  # the index waits for this transaction
        process = start(empty_database, tmp_path)
        building = "select count(*) from pg_stat_progress_create_index"
        until(cursor, building, 1)
        cursor.execute("insert into public.review values (2)")
        process.kill()
        process.wait()
        holder.commit()
        until(cursor, building, 0)

        assert migrate.migrate(empty_database, folder=tmp_path) == 1
        cursor.execute(
            "select indisvalid from pg_index where indexrelid = 'review_by_id'::regclass"
        )
        assert cursor.fetchall() == [(True,)]
    holder.close()
    writer.close()


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
