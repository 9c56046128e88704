"""One database with a shop's texts, one `earshot web` over it, one browser: for all page tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg2
import pytest
from psycopg2 import sql

from sql import roles
from tests.conftest import TEMPLATE, TestDatabase, TestServer

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOSTILE = "<script>document.title='owned'</script> **bold** [link](http://evil.example) =1+1"
TEXTS = (
    ("Late again", "The parcel came nine days late. The vase is lovely.", 1, "Tarn Vase"),
    ("Broken", "The vase arrived in pieces.", 1, "Tarn Vase"),
    ("Lovely", "A lovely lamp, thank you.", 5, "Ember Lamp"),
    ("Odd", HOSTILE, 2, "Ember Lamp"),
)
STORE = """
insert into earshot.brand (key, name, role, time_zone)
values ('northwind', 'Northwind Home', 'own', 'UTC');
insert into earshot.source (name, kind, platform, brand_id, time_zone)
select 'shop', 'file', 'shop', id, 'UTC' from earshot.brand;
insert into earshot.theme (key, name, since) values
    ('delivery_delay', 'Delivery delay', '2026-01-01Z'),
    ('damaged', 'Damaged in transit', '2026-01-01Z');
insert into earshot.model (id, weights, registered_at) values ('m1', 'm1', '2026-01-01Z');
insert into earshot.brand_model (brand_id, model_id, state, changed_at)
select id, 'm1', 'active', '2026-01-01Z' from earshot.brand;
"""
TEXT = """
with stored as (
    insert into earshot.feedback (
        platform, external_id, source_id, kind, speaker, product, published_at,
        published_precision, first_seen_at, last_seen_at, version
    )
    select 'shop', %(id)s, id, 'review', 'customer', %(product)s, %(at)s,
        'second', %(at)s, %(at)s, 1
    from earshot.source
    returning id, first_seen_at
), branded as (
    insert into earshot.feedback_brand (feedback_id, brand_id)
    select stored.id, brand.id from stored, earshot.brand
), version as (
    insert into earshot.feedback_version (
        feedback_id, version, title, body, rating, rating_scale, content_hash, seen_at
    )
    select id, 1, %(title)s, %(body)s, %(stars)s, 5, sha256(%(id)s::bytea), first_seen_at
    from stored
    returning id, feedback_id
), tagged as (
    insert into earshot.tagging (
        feedback_version_id, model_id, feedback_id, language, sentiment,
        p_negative, p_neutral, p_positive, tagged_at, sentences
    )
    select id, 'm1', feedback_id, 'en', %(sentiment)s, 0.8, 0.1, 0.1, %(at)s, %(sentences)s
    from version
)
insert into earshot.theme_tag (
    feedback_version_id, model_id, theme_id, probability, sentiment, p_sentiment, sentence
)
select version.id, 'm1', theme.id, 0.9, 'negative', 0.9, 0
from version, earshot.theme where theme.key = %(theme)s;
"""
INCIDENT = """
insert into earshot.incident (
    key, brand_id, rule, kind, direction, theme_key, state, severity, started_at, opened_at,
    updated_at, last_anomalous_at, items, baseline, odds, reason, evidence
)
select 'one', id, 'default', 'spike', 'negative', 'delivery_delay', 'open', 'high', %(at)s, %(at)s,
    %(at)s, %(at)s, 12, 1.5, 0.00001, '12 complaints, usually 1.5', %(evidence)s
from earshot.brand;
insert into earshot.incident_event (incident_id, at, kind)
select id, opened_at, 'open' from earshot.incident;
"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A served page and the database behind it."""

    url: str
    database: TestDatabase


@pytest.fixture(scope="session")
def stored(server: TestServer) -> Iterator[TestDatabase]:
    """A database with four texts, themes and one incident."""
    made = TestDatabase(name=f"web_{uuid.uuid4().hex}", server=server)
    with server.admin() as conn, conn.cursor() as cursor:
        clone = sql.SQL("create database {} template {} owner earshot_owner strategy file_copy")
        cursor.execute(clone.format(sql.Identifier(made.name), sql.Identifier(TEMPLATE)))
        roles.admit_roles(conn, made.name)
    with made.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(STORE)
        for number, text in enumerate(TEXTS * 3):
            cursor.execute(TEXT, _values(number, *text))
        cursor.execute(INCIDENT, {"at": NOW, "evidence": json.dumps(_evidence())})
        cursor.execute("select earshot.mark_dirty(array(select id from earshot.feedback))")
    _count(made)
    yield made
    with server.admin() as conn, conn.cursor() as cursor:
        drop = sql.SQL("drop database {} with (force)")
        cursor.execute(drop.format(sql.Identifier(made.name)))


def _values(number: int, title: str, body: str, stars: int, product: str) -> dict[str, Any]:
    whole = f"{title}\n{body}"
    split = whole.find(". ") + 1 or len(whole)
    spans = [[0, split, 0.9, 0.05, 0.05, []]]
    if split < len(whole):
        spans.append([split + 1, len(whole), 0.05, 0.05, 0.9, []])
    return {
        "id": str(number),
        "title": title,
        "body": body,
        "stars": stars,
        "product": product,
        "at": NOW - timedelta(hours=5 * number),
        "sentiment": "negative" if stars < 3 else "positive",
        "theme": {"Late again": "delivery_delay", "Broken": "damaged"}.get(title),
        "sentences": json.dumps(spans),
    }


def _evidence() -> dict[str, Any]:
    hours = [[(NOW - timedelta(hours=n)).isoformat(), n % 3, 0, 1.5] for n in range(48, 0, -1)]
    quote = {"feedback_id": 1, "text": HOSTILE, "stars": 1.0, "source": "shop"}
    theme = {"name": "Delivery delay", "share": 0.8}
    return {
        "title": "Late parcels",
        "noun": "complaints",
        "hours": hours,
        "quotes": [quote],
        "themes": [theme],
        "differences": [],
    }


def _count(made: TestDatabase) -> None:
    from sql.counts import refresh_counts

    conn = psycopg2.connect(
        made.server.url("earshot_pipeline", made.name),
        cursor_factory=psycopg2.extras.DictCursor,
    )
    refresh_counts(conn, NOW)
    conn.close()


Serve = Callable[..., Any]


@pytest.fixture(scope="session")
def serve(stored: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """`serve(sign_in="header", oidc={…})` starts `earshot web` with those [web] settings."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*, oidc: dict[str, Any] | None = None, **web: Any) -> Site:
        folder = tmp_path_factory.mktemp("web")
        port = web.setdefault("port", free_port())
        lines = [f"{name} = {json.dumps(value)}" for name, value in web.items()]
        if oidc:
            lines += ["[web.oidc]", *(f"{name} = {json.dumps(v)}" for name, v in oidc.items())]
        (folder / "earshot.toml").write_text(
            'contact = "ops@northwind.example"\n[clock]\nsource = "database"\n'
            '[[brand]]\nkey = "northwind"\nname = "Northwind Home"\n'
            "[web]\n" + "\n".join(lines)
        )
        command = [sys.executable, "-m", "earshot", "web", "--settings", "earshot.toml"]
        env = {**os.environ, "EARSHOT_DATABASE_URL": stored.url}
        running.append(subprocess.Popen(command, cwd=folder, env=env))
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        return Site(url=url, database=stored)

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def site(serve: Serve) -> Site:
    """The page as it is served on loopback, without a sign-in."""
    return serve()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urlopen(f"{url}/_stcore/health", timeout=5).read()
            return
        except (URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
