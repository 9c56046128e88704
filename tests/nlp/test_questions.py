"""Questions that ask the same stand together, keep their group, and go with their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from nlp.questions import group_questions
from tests.sql.story import Story

TOPICS = ("return", "warranty")


class Topics:
    """An encoder that knows two topics; everything else points its own way."""

    id = "first"

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.full((len(texts), 64), 0.01)
        for row, text in enumerate(texts):
            place = next((n for n, topic in enumerate(TOPICS) if topic in text), None)
            vectors[row, 2 + hash(text) % 60 if place is None else place] = 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture
def asked(database: Any) -> Iterator[Story]:
    """Four questions about returns, three about warranty, and a text that asks nothing."""
    with database.connect("owner") as conn:
        story = Story(conn)
        story.clock("03-02 10:00")
        story.brand("northwind")
        story.model("first")
        for number in range(7):
            topic = TOPICS[number > 3]
            _say(story, f"Nice vase {number}.", f"What about the {topic} of it?")
        _say(story, "No return for me.", "I know all about the return.")
        yield story


def _say(story: Story, first: str, second: str) -> int:
    said = story.say(f"{first} {second}")
    spans = [(0, len(first)), (len(first) + 1, len(first) + 1 + len(second))]
    story.tag(said, "first", spans=spans)
    return said


def _run(story: Story) -> tuple[int, int]:
    brand = story.one("select id from earshot.brand")
    return group_questions(story.conn, Topics(), brand, story.moment)


def _gaps(story: Story) -> list[tuple[Any, ...]]:
    query = "select group_id, question, texts from analytics.knowledge_gaps order by group_id"
    return [tuple(row) for row in story.run(query)]


def test_questions_that_ask_the_same_stand_together(asked: Story) -> None:
    assert _run(asked) == (2, 7)

    assert [row[1:] for row in _gaps(asked)] == [
        ("What about the return of it?", 4),
        ("What about the warranty of it?", 3),
    ]


def test_a_group_keeps_its_id_and_grows(asked: Story) -> None:
    _run(asked)
    before = _gaps(asked)
    assert _run(asked) == (2, 7)
    assert _gaps(asked) == before

    _say(asked, "Hello.", "What is the warranty here?")
    _run(asked)

    assert [(row[0], row[2]) for row in _gaps(asked)] == [(before[0][0], 4), (before[1][0], 4)]


def test_an_erased_question_is_gone_and_an_empty_group_with_it(asked: Story) -> None:
    _run(asked)
    asked.run(
        "delete from earshot.feedback where id in (select feedback_id from "
        "earshot.feedback_version where body like '%%warranty%%')"
    )
    assert [row[2] for row in _gaps(asked)] == [4]
    _run(asked)
    assert asked.one("select count(*) from earshot.question_group") == 1
