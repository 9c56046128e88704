"""How often a model is wrong, measured on labelled texts, so that shares can be corrected for it.

`analytics.prevalence` reads what is stored here. Labels must come from a random sample of texts:
what people correct on the page is none, as they look for mistakes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings
from earshot.settings import Settings
from sql.analysts import sync_analysts
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

if TYPE_CHECKING:
    from nlp.model import Model

SHIPPED = Path(__file__).parent / "misclassification.json"
NEGATIVE_TEXT = "all"
"""Stands for the sentiment of the text as a whole, where others are keys of themes."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Texts that have something by their labels and texts that have not; where it is found."""

    model_id: str
    theme_key: str
    positives: int
    positives_found: int
    negatives: int
    negatives_found: int
    labels: str


def measure(settings: Settings, file: Path) -> list[Errors]:
    """Measure the model of the settings on labelled rows and store the outcome.

    Args:
        settings: name the weights and the taxonomy.
        file: JSONL of `{"text", "sentiment"}` or `{"text", "themes": [key, …]}`; rows may have
            both. What occurs in no row, or in all, cannot be measured.

    Raises:
        FixSettings: the file has neither, or names an unknown theme.
    """
    from nlp.evaluate import read_rows, score_sentiment, score_themes
    from nlp.loading import load_model
    from nlp.taxonomy import load_taxonomy

    first = read_rows(file, ("text",))[0]
    if not first.keys() & {"sentiment", "themes"}:
        raise FixSettings(f'{file} line 1 has neither "sentiment" nor "themes": label it.')
    model: Model = load_model(settings.model.weights)
    found: list[Errors] = []
    if "sentiment" in first:
        scores = score_sentiment(file, model)
        is_negative = np.array([name == "negative" for name in scores.classes])
        columns = (is_negative[scores.predicted], is_negative[scores.labels])
        found += _errors(model.id, file.stem, {NEGATIVE_TEXT: columns})
    if "themes" in first:
        taxonomy = settings.model.taxonomy
        themes = load_taxonomy(settings.path(taxonomy) if taxonomy else None).themes
        by_theme = score_themes(file, themes, model)
        is_found = by_theme.probabilities >= model.theme_threshold
        pairs = {
            key: (is_found[:, place], by_theme.target[:, place])
            for place, key in enumerate(by_theme.keys)
        }
        found += _errors(model.id, file.stem, pairs)
    with connect(settings) as conn, conn:
        store(conn, settings, found)
    return found


def store(conn: Connection, settings: Settings, measured: Iterable[Errors]) -> None:
    """Keep what was measured; a newer measurement takes the place of an older one."""
    now = clock_now(conn, settings)
    for errors in measured:
        queries.analyst_measured(conn, now=now, **asdict(errors))


def shipped() -> list[Errors]:
    """What was measured of the shipped model."""
    return [Errors(**row) for row in json.loads(SHIPPED.read_text("utf8"))]


def store_shipped(conn: Connection, settings: Settings) -> None:
    """Keep the shipped figures wherever nothing was measured on texts of one's own."""
    known = {(row["model_id"], row["theme_key"]) for row in queries.analyst_known_errors(conn)}
    new = [errors for errors in shipped() if (errors.model_id, errors.theme_key) not in known]
    store(conn, settings, new)


def settle_views(settings: Settings) -> dict[str, int]:
    """Write what the settings say to the views of analysts, and the shipped figures."""
    with connect(settings) as conn, conn:
        sync_analysts(conn, settings)
        store_shipped(conn, settings)
    return {"service_levels": len(settings.analytics.service_level)}


def _errors(
    model_id: str, labels: str, columns: dict[str, tuple[np.ndarray, np.ndarray]]
) -> list[Errors]:
    """One row for each that occurs in some texts and not in others."""
    return [
        Errors(
            model_id=model_id,
            theme_key=key,
            positives=int(target.sum()),
            positives_found=int((found & target).sum()),
            negatives=int((~target).sum()),
            negatives_found=int((found & ~target).sum()),
            labels=labels,
        )
        for key, (found, target) in columns.items()
        if target.any() and not target.all()
    ]
