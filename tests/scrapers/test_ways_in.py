"""The examples of docs/WAYS_IN.md, read from that page and imported: exports, surveys, chats."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earshot.errors import FixSettings
from earshot.settings import Settings
from scrapers.files import import_file

Query = Callable[[str], list[dict[str, Any]]]
Make = Callable[..., Settings]
EXPORTS = Path(__file__).parent / "exports"
PAGE = Path(__file__).parents[2] / "docs" / "WAYS_IN.md"
SOURCES = {
    source["name"]: source
    for block in re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.S)
    for source in tomllib.loads(block).get("source", [])
}

FEEDBACK = """
    select external_id, kind, speaker, parent_id, body, rating, author_key is null as is_nobody,
        published_at at time zone 'UTC' as at, published_precision, reach, attributes
    from earshot.feedback join earshot.feedback_version on feedback_id = feedback.id
    order by published_at, external_id
"""
METRICS = """
    select ticket_id, channel, opened_at, first_response_at - opened_at as waited,
        resolved_at - opened_at as lasted, agent_replies
    from earshot.ticket_metric order by ticket_id
"""
SURVEYS = "select survey, score, scale from earshot.survey_answer order by score"


@pytest.fixture
def imported(settings_with: Make, now: Any, table: Query) -> Callable[[str], list[dict[str, Any]]]:
    """Imports an example twice, and gives what the tables hold."""

    def run(name: str) -> list[dict[str, Any]]:
        source = {**SOURCES[name], "path": str(EXPORTS / SOURCES[name]["path"])}
        settings = settings_with(source=[source])
        first = import_file(settings, name)
        again = import_file(settings, name)
        assert (again.added, again.changed, first.quarantined) == (0, 0, 0)
        return table(FEEDBACK)

    return run


@pytest.mark.parametrize("name", [n for n, s in SOURCES.items() if s["kind"] == "file"])
def test_every_example_imports_whole(name: str, imported: Callable[[str], Any]):
    assert len(imported(name)) >= 2


def test_posts_of_x_are_mentions_with_their_reach(imported: Callable[[str], Any]):
    first = imported("x")[0]

    assert (first["kind"], first["reach"], first["external_id"]) == ("mention", 2450, "1901")
    assert "bookcase & nobody" in first["body"]


def test_comments_under_posts_of_facebook_are_whole_again(imported: Callable[[str], Any]):
    bodies = [row["body"] for row in imported("facebook")]

    assert bodies[0] == "Café table arrived cracked \N{EN DASH} again"
    assert len(bodies) == 3


def test_recommendations_of_facebook_are_ends_of_a_scale(imported: Callable[[str], Any]):
    assert [row["rating"] for row in imported("facebook-recommendations")] == [1, 5]


def test_the_brands_own_comments_on_instagram_are_not_a_customers(imported: Callable[[str], Any]):
    assert [row["speaker"] for row in imported("instagram")] == ["customer", "brand"]


def test_scores_of_an_nps_stand_beside_their_texts(imported: Callable[[str], Any], table: Query):
    rows = imported("nps")

    assert {row["kind"] for row in rows} == {"survey_answer"}
    assert table(SURVEYS) == [
        {"survey": "nps", "score": score, "scale": 10.0} for score in (3, 8, 10)
    ]


def test_an_answer_that_was_changed_changes_its_score(
    settings_with: Make, now: Any, table: Query, tmp_path: Path
):
    file = tmp_path / "nps.csv"
    file.write_text((EXPORTS / "nps.csv").read_text())
    settings = settings_with(source=[{**SOURCES["nps"], "path": str(file)}])
    import_file(settings)
    file.write_text(file.read_text().replace("n2,2026-02-10,3", "n2,2026-02-10,6"))

    import_file(settings)

    assert [row["score"] for row in table(SURVEYS)] == [6, 8, 10]


def test_turns_of_a_chat_answer_each_other_and_give_the_times_of_service(
    imported: Callable[[str], Any], table: Query
):
    rows = imported("chats")
    metrics = table(METRICS)

    assert [(r["external_id"], r["parent_id"], r["speaker"]) for r in rows[:4]] == [
        ("chat-1#1", None, "customer"),
        ("chat-1#2", "chat-1#1", "brand"),
        ("chat-1#3", "chat-1#2", "customer"),
        ("chat-1#4", "chat-1#3", "brand"),
    ]
    assert rows[-1]["speaker"] == "other"
    assert [
        (m["ticket_id"], m["channel"], m["waited"] and m["waited"].seconds, m["agent_replies"])
        for m in metrics
    ] == [("chat-1", "web", 5, 2), ("chat-2", "web", None, 0)]
    assert metrics[0]["lasted"].seconds == 240


def test_a_table_of_turns_is_read_by_conversation(imported: Callable[[str], Any]):
    rows = imported("chat-table")

    assert [(r["external_id"], r["parent_id"], r["speaker"]) for r in rows] == [
        ("77#1", None, "customer"),
        ("77#2", "77#1", "brand"),
        ("78#1", None, "customer"),
    ]


def test_a_transcript_knows_names_times_and_lines_that_go_on(imported: Callable[[str], Any]):
    rows = imported("whatsapp")

    assert [row["speaker"] for row in rows] == ["brand", "customer", "brand", "customer"]
    assert rows[1]["body"] == "The delivery slot was moved again\nand nobody told me"
    assert rows[3]["body"] == "Note: call me first"
    assert f"{rows[0]['at']:%H:%M:%S}" == "08:00:11"


def test_a_phone_number_that_names_a_chat_is_hashed_and_tells_chats_apart(
    settings_with: Make, now: Any, table: Query, tmp_path: Path
):
    file = tmp_path / "chats.csv"
    lines = ["+49 170 5550101,2026-02-13 09:00:00,Customer,Hi", "+49 170 5550102,,Customer,Hello"]
    file.write_text("\n".join(["chat,time,who,words", *lines]))
    import_file(settings_with(source=[{**SOURCES["chat-table"], "path": str(file)}]))

    ids = {(row["external_id"], row["attributes"]["conversation"]) for row in table(FEEDBACK)}

    assert len(ids) == 2
    assert "5550" not in str(ids)


def test_only_what_customers_say_is_queued_for_tags(
    imported: Callable[[str], Any], table: Query, database: Any
):
    with database.connect() as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "insert into earshot.brand (key, name, role) values ('northwind', 'N', 'own');"
            "insert into earshot.model values ('m', 'w', now());"
            "insert into earshot.brand_model select id, 'm', 'active', now() from earshot.brand"
        )

    imported("chats")

    assert len(table("select 1 from earshot.tag_queue")) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"data": {"rows": []}}', "there is no"),
        ('{"data": [', "not valid JSON"),
        ("[1, 2]", "there is no"),
    ],
)
def test_a_document_of_another_form_is_refused(
    text: str, says: str, file_settings: Make, tmp_path: Path
):
    file = tmp_path / "x.json"
    file.write_text(text)

    with pytest.raises(FixSettings, match=says):
        import_file(file_settings(items="items.list"), path=file)
