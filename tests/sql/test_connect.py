from __future__ import annotations

import psycopg2
import pytest

from earshot.errors import FixSettings, RetryLater
from sql.connect import connect, database


def test_a_connection_is_in_utc_and_acts_as_the_role(settings):
    with connect(settings, application="a test") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "select current_user, current_setting('TimeZone'), current_setting('application_name')"
        )
        assert tuple(cursor.fetchone()) == ("earshot_pipeline", "UTC", "a test")


def test_a_transaction_that_fails_leaves_nothing(settings):
    with connect(settings) as conn:
        with pytest.raises(psycopg2.errors.DivisionByZero), conn, conn.cursor() as cursor:
            cursor.execute("insert into earshot.clock (stands_at) values (now()); select 1 / 0")
        with conn, conn.cursor() as cursor:
            cursor.execute("select count(*) from earshot.clock")
            assert cursor.fetchone()[0] == 0


def test_each_test_has_a_database_of_its_own(settings, database):
    with database.connect("pipeline") as conn, conn, conn.cursor() as cursor:
        cursor.execute("select current_database()")
        assert cursor.fetchone()[0] == database.name
        cursor.execute("insert into earshot.clock (stands_at) values (now())")


@pytest.mark.parametrize("role", ["analyst", "web"])
def test_readers_cannot_touch_the_tables(settings, database, role):
    with (
        database.connect(role) as conn,
        conn.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("select * from earshot.feedback")


def test_the_pipeline_cannot_change_tables(settings, database):
    with (
        database.connect("pipeline") as conn,
        conn.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("drop table earshot.feedback")


def test_the_analyst_reads_only_and_not_for_ever(settings, database):
    with database.connect("analyst") as conn, conn.cursor() as cursor:
        cursor.execute(
            "select current_setting('transaction_read_only'), current_setting('statement_timeout')"
        )
        assert tuple(cursor.fetchone()) == ("on", "1min")


def test_a_wrong_password_is_refused_on_the_socket_too(server):
    url = server.url("postgres", "postgres")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url.replace("postgres:", "postgres:x", 1))


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("mysql://u:p@h/d", FixSettings, 'write "postgresql://user:password@host:5432/database"'),
        ("postgresql://u:p@h:port/d", FixSettings, "correct the address"),
        ("postgresql://u:p@no-such-host.invalid/d", FixSettings, "correct the address"),
        ("postgresql://u:p@127.0.0.1:1/d", RetryLater, "does not answer"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_line_with_the_remedy(
    settings, monkeypatch, url, error, words
):
    monkeypatch.setenv("EARSHOT_DATABASE_URL", url)
    settings = settings.model_copy()
    with pytest.raises(error, match=words) as raised:
        database(settings)
    assert "\n" not in str(raised.value)
    assert "u:p@" not in str(raised.value)
