from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from psycopg2 import extensions, sql

from tests.sql.story import Story


@pytest.fixture
def empty_database(server) -> Iterator[dict[str, str]]:
    """psycopg2 arguments of the owner of a database without any table."""
    name = f"empty_{uuid.uuid4().hex}"
    with server.admin() as conn, conn.cursor() as cursor:
        create = sql.SQL("create database {} owner earshot_owner")
        cursor.execute(create.format(sql.Identifier(name)))
    yield extensions.parse_dsn(server.url("earshot_owner", name))
    with server.admin() as conn, conn.cursor() as cursor:
        cursor.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def story(database) -> Iterator[Story]:
    """One brand `northwind`, the themes delivery, damage and refund, and the model `first`."""
    with database.connect("owner") as conn:
        made = Story(conn)
        made.clock("01-01 00:00")
        made.brand("northwind")
        for key in ("delivery", "damage", "refund"):
            made.theme(key)
        made.model("first")
        yield made
