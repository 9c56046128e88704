"""A Postgres that somebody else runs: here, a second server with users who may do less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from earshot.errors import FixSettings
from earshot.local import postgres
from earshot.local.secrets import recall
from earshot.settings import Settings
from sql import connect as connecting
from sql.connect import connect, database
from sql.roles import ROLE_NAMES


@pytest.fixture
def elsewhere(tmp_path) -> Iterator[postgres.Server]:
    home = tmp_path / "elsewhere"
    yield postgres.ensure(home, options={"fsync": "off"})
    postgres.remove(home)


@contextmanager
def superuser(server: postgres.Server, name: str = "postgres"):
    conn = psycopg2.connect(server.url("postgres", name))
    conn.autocommit = True
    try:
        with conn.cursor() as cursor:
            yield cursor
    finally:
        conn.close()


def address(server: postgres.Server, user: str) -> str:
    return (
        f"postgresql+psycopg2://{user}:secret@/shop?host={server.socket_folder}&port={server.port}"
    )


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    for name in ("EARSHOT_DATABASE_URL", connecting.AIRFLOW_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return Settings.model_validate(
        {
            "contact": "ops@northwind.example",
            "home": tmp_path / "home",
            "brand": [{"key": "northwind", "name": "Northwind Home"}],
        }
    )


def test_a_user_who_may_create_roles_prepares_everything(elsewhere, settings, monkeypatch):
    with superuser(elsewhere) as cursor:
        cursor.execute("create role app login createrole password 'secret'")
        cursor.execute("create database shop owner app")
    monkeypatch.setenv("EARSHOT_DATABASE_URL", address(elsewhere, "app"))

    for role in ("owner", "pipeline", "web", "analyst"):
        with connect(settings, role) as conn, conn, conn.cursor() as cursor:
            cursor.execute("select session_user, current_user")
            # Roles that we made have passwords that we know: we log in as them.
            assert tuple(cursor.fetchone()) == (f"earshot_{role}", f"earshot_{role}")

    assert not postgres.running(settings.home_folder)


def test_roles_made_by_an_administrator_are_taken_on(elsewhere, settings, monkeypatch):
    with superuser(elsewhere) as cursor:
        cursor.execute("create role app login password 'secret'")
        cursor.execute("create database shop owner app")
        for name in ROLE_NAMES:
            cursor.execute(f"create role {name} login")
            cursor.execute(f"grant {name} to app")
    monkeypatch.setenv(connecting.AIRFLOW_VARIABLE, address(elsewhere, "app"))

    with connect(settings, "analyst") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "select session_user, current_user, current_setting('transaction_read_only')"
        )
        assert tuple(cursor.fetchone()) == ("app", "earshot_analyst", "on")
    assert database(settings).origin == "Airflow connection earshot_db"
    assert not any("EXTERNAL" in name for name in recall(settings.home_folder))


def test_a_user_who_may_do_nothing_gets_the_statements_for_the_administrator(
    elsewhere, settings, monkeypatch
):
    with superuser(elsewhere) as cursor:
        cursor.execute("create role app login password 'secret'")
        cursor.execute("create database shop")
    monkeypatch.setenv("EARSHOT_DATABASE_URL", address(elsewhere, "app"))

    with pytest.raises(FixSettings, match='user "app" may not prepare') as raised:
        database(settings)

    remedy = str(raised.value)
    assert "\n" not in remedy
    statements = remedy.partition("run: ")[2].rstrip(".").split("; ")
    with superuser(elsewhere) as cursor:
        for statement in statements:
            cursor.execute(statement)
    with connect(settings) as conn, conn, conn.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone()[0] == "earshot_pipeline"


def test_an_airflow_connection_may_be_json(monkeypatch):
    written = (
        '{"conn_type": "postgres", "host": "db.example", "port": 5433, "schema": "shop",'
        ' "login": "app", "password": "p@ss/word", "extra": {"sslmode": "require", "iam": true}}'
    )

    parsed = connecting._parsed(connecting._as_url(written), "test")

    assert parsed == {
        "user": "app",
        "password": "p@ss/word",
        "host": "db.example",
        "port": "5433",
        "dbname": "shop",
        "sslmode": "require",
    }
