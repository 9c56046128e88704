"""Brute force: after an erasure nothing holds words or author's hash, nor after a restore."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from psycopg2 import sql

from alerts.drafting import draft_replies
from alerts.erasing import Scope, erase, erase_again
from alerts.watch import watch
from earshot.settings import Settings
from earshot.settings_slack import Slack
from earshot.shop import story
from scrapers.files import import_file
from sql import roles
from sql.connect import connect
from sql.counts import refresh_counts
from sql.export import export
from tests.alerts.slack.test_delivery import send
from tests.alerts.test_erasing import tables_with
from tests.conftest import TestDatabase, postgres_programs
from tests.slack_standin import SlackStandIn

LiveUntil = Callable[..., Settings]
MOMENT = story.FAILURE_FROM + timedelta(hours=8)
MARK_EVERY_TEXT = """
update earshot.feedback_version set body = body || ' mark' || feedback_id || 'mark';
update earshot.feedback set author_key = 'author' || id || 'author';
"""
MORE_COPIES = """
insert into earshot.quarantine
    (source_id, record_key, reason, payload, author_key, seen_at, expires_at)
select feedback.source_id, 'bad' || feedback.id, 'no date', convert_to(body, 'UTF8'), author_key,
    now(), now() + interval '9 days'
from earshot.feedback join earshot.feedback_version on feedback_version.feedback_id = feedback.id;
insert into earshot.correction (feedback_id, version, field, value, corrected_by, corrected_at)
select id, 1, 'sentiment', 'negative', 'mira', now() from earshot.feedback;
insert into earshot.question_group (brand_id, since) select id, now() from earshot.brand;
insert into earshot.question
select feedback_version.id, 0, question_group.id, body, 0.9
from earshot.feedback_version, earshot.question_group;
update earshot.feedback set attributes = attributes || '{"country": "DE"}';
update earshot.tagging set sentiment = 'negative', tagged_at = tagged_at + interval '1 hour';
"""


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn() as standin:
        for name in ("voice-of-customer", "earshot-ops"):
            standin.add_channel(name)
        yield standin


@pytest.fixture
def crisis(
    live_until: LiveUntil,
    database: TestDatabase,
    slack: SlackStandIn,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Settings:
    """A crisis told in Slack with quotes and drafts, exported; every text can be told apart."""
    monkeypatch.setenv("EARSHOT_SLACK_TOKEN", slack.bot_token)
    live = live_until(MOMENT)
    settings = live.model_copy(update={"slack": Slack(api_url=slack.url)})
    run(database, MARK_EVERY_TEXT)
    watch(settings)
    draft_replies(settings)
    send(settings)
    run(database, MORE_COPIES)
    export(settings, tmp_path / "export")
    return settings


def run(database: TestDatabase, statement: str, *values: Any) -> list[Any]:
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def holders(
    database: TestDatabase, settings: Settings, slack: SlackStandIn, words: str, folder: Path
) -> set[str]:
    """Whatever holds the words: tables of every schema, Slack, previews, exported files."""
    found = {f"table {name}" for name in tables_with(database, words)}
    shown = [slack.files, slack.homes, slack.views, slack.ephemerals]
    shown += [channel.messages for channel in slack.channels.values()]
    if words in json.dumps(shown, default=str):
        found.add("slack")
    for file in folder.rglob("*"):
        if file.suffix == ".parquet" and words in str(pq.read_table(file).to_pylist()):
            found.add("export")
        elif file.is_file() and words.encode() in file.read_bytes():
            found.add(f"export {file.name}")
    for file in settings.home_folder.rglob("*"):
        if file.is_file() and file.name != "erasures.jsonl" and words.encode() in file.read_bytes():
            found.add(f"file {file.name}")
    return found


def quoted(database: TestDatabase) -> int:
    """A text that the incident quotes and that has a draft as well, where there is one."""
    return int(
        run(
            database,
            "select quote ->> 'feedback_id' from earshot.incident, "
            "jsonb_array_elements(evidence -> 'quotes') as quote "
            "order by exists (select from earshot.reply_draft where feedback_id = "
            "(quote ->> 'feedback_id')::bigint) desc, quote ->> 'feedback_id' limit 1",
        )[0][0]
    )


def test_nothing_holds_an_erased_authors_words_or_hash(
    crisis: Settings, database: TestDatabase, slack: SlackStandIn, tmp_path: Path
) -> None:
    chosen = quoted(database)
    words, author = f"mark{chosen}mark", f"author{chosen}author"
    place = (database, crisis, slack)
    before = holders(*place, words, tmp_path / "export")
    assert before >= {
        "slack",
        "export",
        "table earshot.feedback_version",
        "table earshot.quarantine",
        "table earshot.incident",
        "table earshot.outbox",
        "table earshot.question",
    }
    assert holders(*place, author, tmp_path / "export")

    erased = erase(crisis, Scope(author_key=author), "mira")
    send(crisis)
    watch(crisis)
    send(crisis)

    assert holders(*place, words, tmp_path / "export") == set()
    assert holders(*place, author, tmp_path / "export") == set()
    assert (erased["left"], erased["exports_missing"]) == (0, 0)
    assert erased["export_rows"] >= 1
    other = quoted(database)
    assert "slack" in holders(*place, f"mark{other}mark", tmp_path / "export")


def test_a_restored_backup_is_erased_again(
    live_until: LiveUntil,
    database: TestDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = live_until(story.START + timedelta(days=10))
    run(database, MARK_EVERY_TEXT)
    run(database, MORE_COPIES)
    chosen = int(run(database, "select min(id) from earshot.feedback")[0][0])
    words, author = f"mark{chosen}mark", f"author{chosen}author"
    dump = tmp_path / "earshot.dump"
    owner = database.server.url("earshot_owner", database.name)
    postgres("pg_dump", "--format=custom", f"--file={dump}", owner)
    erase(before, Scope(author_key=author), "mira")
    assert tables_with(database, words) == []

    restored = TestDatabase(name=f"{database.name}_restored", server=database.server)
    with database.server.admin() as conn, conn.cursor() as cursor:
        create = sql.SQL("create database {} owner earshot_owner")
        cursor.execute(create.format(sql.Identifier(restored.name)))
        roles.admit_roles(conn, restored.name)
    try:
        address = restored.server.url("earshot_owner", restored.name)
        postgres(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--single-transaction",
            f"--dbname={address}",
            str(dump),
        )
        monkeypatch.setenv("EARSHOT_DATABASE_URL", restored.url)
        assert tables_with(restored, words)
        assert tables_with(restored, author)
        settings = Settings.model_validate({**before.model_dump(), "folder": tmp_path})

        again = erase_again(settings)
        import_file(settings, "shop", tick=lambda *_: None)
        with connect(settings) as conn:
            refresh_counts(conn, story.END)

        assert (again["requests"], again["texts"]) == (1, 1)
        assert tables_with(restored, words) == tables_with(restored, author) == []
        assert run(restored, "select from earshot.feedback where id = %s", chosen) == []
    finally:
        with database.server.admin() as conn, conn.cursor() as cursor:
            drop = sql.SQL("drop database {} with (force)")
            cursor.execute(drop.format(sql.Identifier(restored.name)))


def postgres(program: str, *arguments: str) -> None:
    """Run a program of the version that the tests run on."""
    binary = postgres_programs() / program
    done = subprocess.run([binary, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
