"""What an analyst's own tools meet: a password, schema `analytics` only, SQLAlchemy and DuckDB."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
import sqlalchemy
from psycopg2 import extensions

from earshot.local import ports, postgres
from earshot.settings import Settings
from sql.connect import connect
from sql.console import address
from tests.sql.story import Story


@pytest.fixture(scope="module")
def shop() -> Iterator[Settings]:
    """An embedded server that listens on loopback, as `earshot up --sql-port`, and one text."""
    home = Path(tempfile.mkdtemp(prefix="earshot-bi-"))
    home.chmod(0o711)
    settings = Settings.model_validate(
        {
            "contact": "ops@northwind.example",
            "home": home,
            "database": {"port": ports.free_port()},
            "brand": [{"key": "northwind", "name": "Northwind Home"}],
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EARSHOT_DATABASE_URL", raising=False)
        patch.delenv("AIRFLOW_CONN_EARSHOT_DB", raising=False)
        with connect(settings, "owner") as conn:
            story = Story(conn)
            story.clock("03-02 10:00")
            story.brand("northwind")
            story.theme("delivery")
            story.model("first")
            story.tag(story.say("Late.", stars=1), "first", "negative", {"delivery": "negative"})
            story.refresh()
        yield settings
    postgres.remove(home)
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def login(shop: Settings) -> dict[str, str]:
    """What a BI tool's form asks for."""
    given = extensions.parse_dsn(address(shop, "analyst"))
    assert given["host"] == "127.0.0.1"
    return dict(given)


def test_the_analyst_gets_in_and_reads_the_views(login: dict[str, str]) -> None:
    with psycopg2.connect(**login) as conn, conn.cursor() as cursor:
        cursor.execute("select theme, negative from theme_trend limit 0")
        cursor.execute("select body from analytics.feedback_item")
        assert cursor.fetchall() == [("Late.",)]


@pytest.mark.parametrize("password", ["", "wrong", "earshot_analyst"])
def test_a_wrong_password_is_refused(login: dict[str, str], password: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(**{**login, "password": password})


def test_the_superuser_is_refused_even_with_the_password(
    shop: Settings, login: dict[str, str]
) -> None:
    right = postgres.role_password(shop.home_folder, postgres.SUPERUSER)
    with pytest.raises(psycopg2.OperationalError, match=r"pg_hba\.conf rejects connection"):
        psycopg2.connect(**{**login, "user": postgres.SUPERUSER, "password": right})


@pytest.mark.parametrize(
    "statement",
    [
        "select * from earshot.feedback",
        "select * from earshot.feedback_version",
        "create table analytics.mine (id int)",
        "set default_transaction_read_only = off; delete from earshot.feedback",
        "select analytics.record_correction(1, null, 'negative', 'me', now())",
        "select earshot.limit_analysts(1)",
        "set role earshot_owner",
        "copy (select 1) to program 'id'",
    ],
)
def test_nothing_but_the_views_is_open(login: dict[str, str], statement: str) -> None:
    with (
        pytest.raises(
            (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)
        ),
        psycopg2.connect(**login) as conn,
        conn.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_sqlalchemy_finds_views_columns_and_comments(shop: Settings) -> None:
    """Superset and many notebooks come this way."""
    url = address(shop, "analyst").replace("postgresql://", "postgresql+psycopg2://")
    engine = sqlalchemy.create_engine(url)

    inspector = sqlalchemy.inspect(engine)
    views = inspector.get_view_names("analytics")
    columns = {c["name"]: c for c in inspector.get_columns("theme_trend", "analytics")}
    table = sqlalchemy.Table("theme_trend", sqlalchemy.MetaData("analytics"), autoload_with=engine)
    query = sqlalchemy.select(table.c.theme, table.c.negative).where(table.c.grain == "day")
    with engine.connect() as conn:
        rows = conn.execute(query.order_by(table.c.theme)).all()
    engine.dispose()

    assert {"themed_feedback", "service_kpis", "knowledge_gaps"} <= set(views)
    assert columns["items"]["comment"].startswith("Number of texts.")
    assert [tuple(row) for row in rows] == [("all", 1), ("delivery", 1)]


def test_duckdb_reads_the_views_by_its_scanner(login: dict[str, str]) -> None:
    extension = _scanner()
    lake: Any = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    lake.execute(f"load '{extension}'")
    where = " ".join(f"{name}={value}" for name, value in login.items())

    lake.execute(f"attach '{where}' as shop (type postgres, read_only, schema 'analytics')")

    found = "select theme, sum(negative) from shop.analytics.theme_trend where grain = 'day' "
    assert lake.execute(found + "group by theme order by theme").fetchall() == [
        ("all", 1),
        ("delivery", 1),
    ]
    assert lake.execute(
        "select theme, negative_later from postgres_query('shop', "
        "'select * from analytics.theme_shift(now(), now())') order by theme"
    ).fetchall() == [("all", 1), ("delivery", 1)]
    lake.close()


def _scanner() -> Path:
    spec = find_spec("duckdb_extension_postgres_scanner")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.rglob("*.duckdb_extension"))
