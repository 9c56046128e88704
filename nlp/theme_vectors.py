"""Theme vectors kept in the database: reading all themes takes as long as some hundred reviews."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import numpy as np
from psycopg2 import Binary
from psycopg2.extensions import connection as Connection

from sql.named import queries

if TYPE_CHECKING:
    from nlp.model import ThemeText

PROBE = "the parcel came late"


class Model(Protocol):
    """What is needed of `nlp.model.Model`."""

    themes: dict[ThemeText, np.ndarray]

    @property
    def id(self) -> str:
        """Name and number."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts, width)."""

    def encode_themes(self, themes: Sequence[ThemeText]) -> np.ndarray:
        """Vectors (themes, width); those in `themes` are not made again."""


def recall(conn: Connection, model: Model, themes: Sequence[ThemeText]) -> None:
    """Put the vectors of themes that this model has read before into it; store the others'.

    Vectors of themes that are not among `themes` are deleted: a correction that was erased leaves
    nothing here.
    """
    digests = dict(zip(themes, _digests(model, themes), strict=True))
    with conn:
        rows = queries.theme_vectors(conn, model_id=model.id)
        known = {bytes(digest): bytes(vector) for digest, vector in rows}
    found = {theme: known[digest] for theme, digest in digests.items() if digest in known}
    model.themes |= {theme: np.frombuffer(vector, "<f4") for theme, vector in found.items()}
    if len(found) == len(digests) == len(known):
        return
    model.encode_themes(themes)
    with conn:
        # One run at a time: two that delete and insert the same rows would wait for each other.
        list(queries.tag_queue_hold(conn, model_id=model.id))
        queries.theme_vectors_keep(
            conn,
            model_id=model.id,
            digests=[Binary(digest) for digest in digests.values()],
            vectors=[Binary(model.themes[theme].astype("<f4").tobytes()) for theme in digests],
        )


def _digests(model: Model, themes: Sequence[ThemeText]) -> list[bytes]:
    """One for each theme; weights that changed under the same name give others."""
    # Rounded, as another processor adds up in another order.
    read = np.round(model.embed([PROBE])[0], 2) + 0.0
    return [
        sha256(json.dumps([astuple(theme), read.tolist()]).encode()).digest() for theme in themes
    ]
