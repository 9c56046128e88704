"""What people say against the model: stored, counted before it, and learned from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg2
from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings
from earshot.text.cleaning import whole_text
from sql.named import queries

EXAMPLES_PER_THEME = 20
LONGEST_EXAMPLE = 300
"""Longer texts say too much besides the theme to be its example."""

_INVALID_PARAMETER = "22023"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often people agreed with a model in what they looked at; chosen by them, no sample."""

    model_id: str
    field: Literal["sentiment", "theme"]
    theme: str | None
    corrections: int
    agreed: int

    @property
    def share(self) -> float:
        """Share agreed, 0 to 1."""
        return self.agreed / self.corrections


def record(
    conn: Connection,
    feedback_id: int,
    value: Literal["negative", "neutral", "positive", "absent"],
    *,
    corrected_by: str,
    corrected_at: datetime,
    theme: str | None = None,
) -> int:
    """Store a correction and mark its hour to be counted again; returns its id.

    Without a theme it is the sentiment of the text as a whole. With one it is the sentiment
    towards the theme, also where the model missed it; `absent` says that the theme is not meant.
    The latest correction wins, over rating and model, and outlives every tagging. The caller
    commits.

    Raises:
        FixSettings: no such text or theme, or a sentiment that cannot be `absent`.
    """
    try:
        return int(
            queries.correction_record(
                conn,
                feedback_id=feedback_id,
                theme_key=theme,
                value=value,
                corrected_by=corrected_by,
                corrected_at=corrected_at,
            )
        )
    except psycopg2.Error as error:
        if error.pgcode != _INVALID_PARAMETER:
            raise
        raise FixSettings(f"correction refused: {error.diag.message_primary}.") from error


def corrected_examples(conn: Connection) -> dict[str, tuple[str, ...]]:
    """Short texts by theme key in which people said that the theme is meant, newest first.

    They are read where the themes are encoded and kept nowhere else, so that erasing a text
    erases the example.
    """
    examples: dict[str, list[str]] = defaultdict(list)
    rows = queries.correction_examples(conn, per_theme=EXAMPLES_PER_THEME, longest=LONGEST_EXAMPLE)
    for key, title, body in rows:
        if text := whole_text(title, body):
            examples[key].append(text)
    return {key: tuple(dict.fromkeys(texts)) for key, texts in examples.items()}


def agreement(conn: Connection) -> list[Agreement]:
    """Agreement by model, field and theme: `earshot evaluate corrections`."""
    return [
        Agreement(
            model_id=model_id, field=field, theme=theme, corrections=corrections, agreed=agreed
        )
        for model_id, field, theme, corrections, agreed in queries.correction_agreement(conn)
    ]
