"""Questions that keep coming back, grouped by what they ask: what a help page should answer.

Every sentence that asks is read, with a theme or without; the groups keep their ids from run to
run as emerging themes do. View `analytics.knowledge_gaps` shows them.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from psycopg2.extensions import connection as Connection

from earshot.settings import Settings
from earshot.text.cleaning import whole_text
from nlp import clusters
from nlp.emerging import LEAST_WORDS, Embedder, reference_texts
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

log = logging.getLogger(__name__)

WINDOW = timedelta(weeks=26)
MOST_TEXTS = 20_000
MOST_QUESTIONS = 5_000
"""Newest first, as for emerging themes."""
LEAST_QUESTIONS = 3
"""A question that was asked twice does not keep coming back yet."""
QUESTION_MARKS = ("?", "？", "؟")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A sentence that asks."""

    version_id: int
    index: int
    text: str
    known: int
    """Group that it was given before, -1 for none."""


def find_questions(settings: Settings) -> dict[str, int]:
    """Group the questions of every brand; returns how many groups and questions there are.

    Raises:
        FixSettings: the active model's weights cannot be loaded.
    """
    from nlp.loading import load_model

    found = {"groups": 0, "questions": 0}
    with connect(settings) as conn:
        with conn:
            now = clock_now(conn, settings)
            brands = list(queries.question_brands(conn))
        for brand_id, model_id, weights in brands:
            model = load_model(weights)
            if model.id != model_id:
                log.warning("weights %s are %s now, not %s", weights, model.id, model_id)
                continue
            groups, questions = group_questions(conn, model, brand_id, now)
            found["groups"] += groups
            found["questions"] += questions
    return found


def group_questions(
    conn: Connection, model: Embedder, brand_id: int, now: datetime
) -> tuple[int, int]:
    """Group the questions of one brand in one transaction; groups and questions in them."""
    with conn:
        asked = questions_of(conn, brand_id, model.id, now)
    if not asked:
        return 0, 0
    vectors = clusters.centred(
        model.embed([question.text for question in asked]), model.embed(reference_texts())
    )
    known = np.array([question.known for question in asked])
    found = clusters.cluster(vectors, known, least_size=LEAST_QUESTIONS)
    with conn:
        return _store(conn, brand_id, asked, vectors, found.labels, now)


def questions_of(conn: Connection, brand_id: int, model_id: str, now: datetime) -> list[Question]:
    """Sentences of the window that end with a question mark, the newest of them."""
    rows = queries.question_candidates(
        conn, brand_id=brand_id, model_id=model_id, since=now - WINDOW, size=MOST_TEXTS
    )
    found = [question for row in rows for question in _questions(row)]
    return found[-MOST_QUESTIONS:]


def _questions(row: Any) -> list[Question]:
    version_id, title, body, spans, known = row
    whole = whole_text(title, body)
    found = []
    for index, (start, end, *_) in enumerate(spans):
        text = whole[start:end].strip()
        if text.endswith(QUESTION_MARKS) and len(text.split()) >= LEAST_WORDS:
            group = int(known.get(str(index), -1))
            found.append(Question(version_id=version_id, index=index, text=text, known=group))
    return found


def _store(
    conn: Connection,
    brand_id: int,
    asked: list[Question],
    vectors: np.ndarray,
    labels: np.ndarray,
    now: datetime,
) -> tuple[int, int]:
    known = {question.known for question in asked}
    versions = sorted({question.version_id for question in asked})
    queries.question_clear(conn, brand_id=brand_id, version_ids=versions)
    rows: list[dict[str, Any]] = []
    groups = sorted({int(label) for label in labels if label >= 0})
    for label in groups:
        is_known = label in known
        group_id = (
            label if is_known else queries.question_group_add(conn, brand_id=brand_id, now=now)
        )
        rows += _rows(int(group_id), asked, vectors, np.flatnonzero(labels == label))
    queries.question_store(conn, questions=json.dumps(rows))
    queries.question_drop_empty(conn, brand_id=brand_id)
    return len(groups), len(rows)


def _rows(
    group_id: int, asked: list[Question], vectors: np.ndarray, places: np.ndarray
) -> list[dict[str, Any]]:
    likeness = vectors[places] @ clusters.centre(vectors[places])
    return [
        {
            "version_id": asked[place].version_id,
            "sentence": asked[place].index,
            "group_id": group_id,
            "text": asked[place].text,
            "likeness": round(float(near), 4),
        }
        for place, near in zip(places, likeness, strict=True)
    ]
