from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256

import pytest

from earshot.cli import main

FILE = """
contact = "ops@northwind.example"
[clock]
source = "database"
[[brand]]
key = "northwind"
name = "Northwind Home"
"""
TEXT = "We are sorry that the lamp came late, and will find out why."
ROWS = """
insert into earshot.clock (stands_at) values ('2026-03-14 12:00+00');
insert into earshot.brand (key, name, role) values ('northwind', 'Northwind Home', 'own');
insert into earshot.source (name, kind, platform, brand_id) values ('shop', 'file', 'shop', 1);
insert into earshot.feedback (platform, external_id, source_id, kind, speaker, published_at,
    published_precision, first_seen_at, last_seen_at)
values ('shop', '1', 1, 'review', 'customer', '2026-03-14 09:00+00', 'second',
    '2026-03-14 09:00+00', '2026-03-14 09:00+00');
insert into earshot.feedback_version
    (feedback_id, version, title, body, rating, rating_scale, content_hash, seen_at)
values (1, 1, '', 'The lamp came two weeks late.', 1, 5, '', '2026-03-14 09:00+00');
insert into earshot.feedback_brand values (1, 1);
insert into earshot.reply_draft
    (feedback_id, version, brand_id, engine, text, text_hash, state, created_at, due_at)
values (1, 1, 1, 'frames', %s, %s, 'waiting', '2026-03-14 10:00+00', '2026-03-14 11:00+00');
"""


@pytest.fixture
def run(tmp_path, monkeypatch, database, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs `earshot replies …` over one draft that waits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EARSHOT_SETTINGS", raising=False)
    (tmp_path / "earshot.toml").write_text(FILE)
    with database.connect("pipeline") as conn, conn, conn.cursor() as cursor:
        cursor.execute(ROWS, [TEXT, sha256(TEXT.encode()).digest()])

    def run_command(*words: str) -> tuple[int, str, str]:
        status = main(["replies", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run_command


def state(database) -> tuple[str, str]:
    with database.connect("pipeline") as conn, conn.cursor() as cursor:
        cursor.execute("select state, text from earshot.reply_draft where id = 1")
        return tuple(cursor.fetchone())


def test_the_list_names_what_waits_and_what_is_late(run):
    status, out, _ = run("list")

    assert status == 0
    assert "late" in out
    assert "The lamp came two weeks late." in out


def test_an_approval_names_the_text_and_is_safe_to_repeat(run, database):
    assert run("approve", "1", "--by", "ada")[0] == 0
    assert run("approve", "1", "--by", "ada")[0] == 0

    assert state(database)[0] == "approved"
    with database.connect("pipeline") as conn, conn.cursor() as cursor:
        cursor.execute("select count(*) from earshot.outbox where action = 'publish'")
        assert cursor.fetchone()[0] == 1
        cursor.execute("select actor, detail ->> 'hash' from earshot.reply_event")
        assert tuple(cursor.fetchone()) == ("ada", sha256(TEXT.encode()).hexdigest())


def test_an_approval_of_another_text_than_stands_now_changes_nothing(run, database):
    status, out, err = run("approve", "1", "--text-hash", "00" * 32)

    assert (status, out) == (1, "")
    assert err == "Not sent: the draft has changed; look at its text.\n"
    assert state(database)[0] == "waiting"


def test_an_edit_replaces_the_text_and_waits_for_approval(run, database):
    assert run("edit", "1", "--text", "We are sorry, and will call you today.")[0] == 0

    assert state(database) == ("waiting", "We are sorry, and will call you today.")


def test_an_edit_without_a_text_is_wrong_usage(run, database):
    status, _, err = run("edit", "1")

    assert status == 2
    assert "--text" in err
    assert state(database) == ("waiting", TEXT)


def test_a_dropped_draft_is_no_longer_listed(run, database):
    status, out, _ = run("drop", "1", "--json")

    assert status == 0
    assert json.loads(out)["outcome"] == "done"
    assert run("list")[1] == ""
