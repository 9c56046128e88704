"""Emerging themes: problems and questions that no theme of the taxonomy explains.

Negative sentences and questions without a theme are clustered; a cluster is a theme of kind
`emerging` with a stable id, a name made of its own words, and tags like any other theme, so that
it is counted, watched and viewed. Merges and splits stay in the ledger.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings
from earshot.settings import Settings
from earshot.text.cleaning import whole_text
from nlp import clusters
from nlp.tags import SENTIMENTS
from nlp.taxonomy import load_taxonomy
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

log = logging.getLogger(__name__)

WINDOW = timedelta(weeks=8)
MOST_TEXTS = 20_000
MOST_SENTENCES = 5_000
"""Newest first; agglomeration takes seconds and 200 MB for so many."""
LEAST_WORDS = 3
LEAST_AUTHORS = 4
"""A cluster of one or two voices is no theme."""


class Embedder(Protocol):
    """What is needed of `nlp.model.Model`."""

    @property
    def id(self) -> str:
        """Name and number of the model."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts, width)."""


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence that no theme explains."""

    version_id: int
    index: int
    text: str
    probabilities: tuple[float, float, float]
    author: str
    product: str | None
    published_at: datetime
    known: int
    """Emerging theme it was given before, -1 for none."""


@dataclass(frozen=True, kw_only=True)
class EmergingTheme:
    """One emerging theme as it stands after a run."""

    theme_id: int
    name: str
    sentences: int
    people: int
    products: int
    first_published_at: datetime
    last_published_at: datetime
    exemplars: tuple[tuple[int, int], ...]
    """Version id and sentence index of the most typical sentences; the words stay in the text."""
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class EmergingResult:
    """What one run found."""

    themes: tuple[EmergingTheme, ...] = ()
    merged: int = 0
    split: int = 0

    def counts(self) -> dict[str, int]:
        """Numbers, for logs and asset events."""
        return {
            "themes": len(self.themes),
            "new": sum(theme.is_new for theme in self.themes),
            "merged": self.merged,
            "split": self.split,
        }


def find_emerging(settings: Settings, now: datetime | None = None) -> EmergingResult:
    """Look for emerging themes in the window before now with every active model.

    Raises:
        FixSettings: the active model's weights cannot be loaded.
    """
    from nlp.loading import load_model

    result = EmergingResult()
    with connect(settings) as conn:
        with conn:
            moment = now or clock_now(conn, settings)
            models = list(queries.theme_emerging_models(conn))
        for model_id, weights in models:
            model = load_model(weights)
            if model.id != model_id:
                log.warning("weights %s are %s now, not %s", weights, model.id, model_id)
                continue
            result = refresh(conn, model, moment)
    return result


def refresh(conn: Connection, model: Embedder, now: datetime) -> EmergingResult:
    """Cluster what this model left unexplained and store the outcome in one transaction."""
    with conn:
        sentences = unexplained(conn, model.id, now)
    if not sentences:
        return EmergingResult()
    vectors = clusters.centred(
        model.embed([sentence.text for sentence in sentences]), model.embed(reference_texts())
    )
    known = np.array([sentence.known for sentence in sentences])
    found = clusters.cluster(vectors, known)
    with conn:
        return _store(conn, model.id, sentences, vectors, found, now)


def unexplained(conn: Connection, model_id: str, now: datetime) -> list[Sentence]:
    """Negative sentences and questions of the window without a theme, the newest of them."""
    rows = queries.theme_emerging_candidates(
        conn, model_id=model_id, since=now - WINDOW, size=MOST_TEXTS
    )
    found = [sentence for row in rows for sentence in _sentences(row)]
    return found[-MOST_SENTENCES:]


def reference_texts() -> list[str]:
    """What customers say about anything: the examples of the shipped taxonomy."""
    return [example for theme in load_taxonomy().themes for example in theme.examples]


def promotion(conn: Connection, theme_id: int, key: str) -> str:
    """A `[[theme]]` for the taxonomy file that takes over an emerging theme with its history.

    The ledger row gets the key, so that the id and all counts stay. Name and description are
    made of the cluster's words; the customers' sentences are not copied. The caller commits.

    Raises:
        FixSettings: no such emerging theme, or the key is taken.
    """
    name = queries.theme_promote(conn, theme_id=theme_id, key=key)
    if name is None:
        raise FixSettings(
            f'theme {theme_id} cannot become "{key}": it is no active emerging theme, '
            "or another theme has that key."
        )
    title = json.dumps(name[:1].upper() + name[1:], ensure_ascii=False)
    said = json.dumps(f"Customers say: {name}.", ensure_ascii=False)
    return f"[[theme]]\nkey = {json.dumps(key)}\nname = {title}\ndescription = {said}\n"


def promote(settings: Settings, theme_id: int, key: str) -> Path:
    """Append an emerging theme to the taxonomy file of the settings; returns that file.

    The file is written last: where that fails the ledger is unchanged.

    Raises:
        FixSettings: the settings name no taxonomy of their own, or see `promotion`.
    """
    if settings.model.taxonomy is None:
        raise FixSettings(
            "model.taxonomy names no file of your own to add a theme to: begin one with "
            '`earshot themes shipped > taxonomy.toml` and set model.taxonomy = "taxonomy.toml".'
        )
    file = settings.path(settings.model.taxonomy)
    with connect(settings) as conn, conn:
        block = promotion(conn, theme_id, key)
        with file.open("a", encoding="utf-8") as taxonomy:
            taxonomy.write(f"\n{block}")
    return file


def _sentences(row: Any) -> list[Sentence]:
    version_id, feedback_id, author, product, published_at, title, body, spans, emerging = row
    whole = whole_text(title, body)
    found = []
    for index, (start, end, *probabilities, theme_ids) in enumerate(spans):
        text = whole[start:end]
        is_complaint = max(range(3), key=lambda place: probabilities[place]) == 0
        is_candidate = not theme_ids and (is_complaint or text.rstrip().endswith("?"))
        if not is_candidate or len(text.split()) < LEAST_WORDS:
            continue
        negative, neutral, positive = probabilities
        found.append(
            Sentence(
                version_id=version_id,
                index=index,
                text=text,
                probabilities=(negative, neutral, positive),
                author=author or f"feedback {feedback_id}",
                product=product,
                published_at=published_at,
                known=int(emerging.get(str(index), -1)),
            )
        )
    return found


def _store(
    conn: Connection,
    model_id: str,
    sentences: list[Sentence],
    vectors: np.ndarray,
    found: clusters.Clustering,
    now: datetime,
) -> EmergingResult:
    members = _voiced(sentences, found.labels)
    for ended, kept in found.merged.items():
        queries.theme_emerging_merge(conn, ended=ended, kept=kept, now=now)
    known = {sentence.known for sentence in sentences}
    themes = []
    rows: list[dict[str, Any]] = []
    for label, places in members.items():
        name = _name(sentences, places)
        theme_id = _ledger_id(conn, label, name, known, found, now)
        inside = [sentences[place] for place in places]
        themes.append(_theme(theme_id, name, inside, vectors[places], is_new=label not in known))
        rows += _tag_rows(theme_id, inside, vectors[places])
    _replace_tags(conn, model_id, sentences, rows)
    queries.theme_emerging_retire(conn, since=now - WINDOW, now=now)
    return EmergingResult(themes=tuple(themes), merged=len(found.merged), split=len(found.split))


def _voiced(sentences: list[Sentence], labels: np.ndarray) -> dict[int, np.ndarray]:
    """Places of the members of each cluster that is known or in which enough people speak."""
    members = {}
    for label in sorted({int(label) for label in labels if label >= 0}):
        places = np.flatnonzero(labels == label)
        is_known = any(sentences[place].known == label for place in places)
        if is_known or len({sentences[place].author for place in places}) >= LEAST_AUTHORS:
            members[label] = places
    return members


def _name(sentences: list[Sentence], places: np.ndarray) -> str:
    chosen = set(places.tolist())
    inside = [sentences[place].text for place in places]
    outside = [item.text for place, item in enumerate(sentences) if place not in chosen]
    return clusters.phrase(inside, outside)


def _ledger_id(
    conn: Connection,
    label: int,
    name: str,
    known: set[int],
    found: clusters.Clustering,
    now: datetime,
) -> int:
    if label in known:
        queries.theme_emerging_describe(conn, theme_id=label, name=name)
        return label
    split_from = found.split.get(label)
    return int(queries.theme_emerging_add(conn, name=name, split_from=split_from, now=now))


def _theme(
    theme_id: int, name: str, inside: list[Sentence], vectors: np.ndarray, *, is_new: bool
) -> EmergingTheme:
    typical = [inside[place] for place in clusters.exemplars(vectors)]
    return EmergingTheme(
        theme_id=theme_id,
        name=name,
        sentences=len(inside),
        people=len({sentence.author for sentence in inside}),
        products=len({sentence.product for sentence in inside if sentence.product}),
        first_published_at=min(sentence.published_at for sentence in inside),
        last_published_at=max(sentence.published_at for sentence in inside),
        exemplars=tuple((sentence.version_id, sentence.index) for sentence in typical),
        is_new=is_new,
    )


def _tag_rows(theme_id: int, inside: list[Sentence], vectors: np.ndarray) -> list[dict[str, Any]]:
    """One row a text: its sentence nearest to the centre."""
    likeness = (vectors @ clusters.centre(vectors)).clip(0, 1)
    best: dict[int, dict[str, Any]] = {}
    for sentence, near in sorted(zip(inside, likeness, strict=True), key=lambda pair: -pair[1]):
        place = int(np.argmax(sentence.probabilities))
        best.setdefault(
            sentence.version_id,
            {
                "feedback_version_id": sentence.version_id,
                "theme_id": theme_id,
                "probability": round(float(near), 4),
                "sentiment": SENTIMENTS[place],
                "p_sentiment": sentence.probabilities[place],
                "sentence": sentence.index,
            },
        )
    return list(best.values())


def _replace_tags(
    conn: Connection, model_id: str, sentences: list[Sentence], rows: list[dict[str, Any]]
) -> None:
    """Write the tags anew and mark only the hours of texts whose emerging themes changed."""
    before = Counter(
        (sentence.version_id, sentence.known) for sentence in sentences if sentence.known >= 0
    )
    after = Counter((row["feedback_version_id"], row["theme_id"]) for row in rows)
    changed = {version_id for version_id, _ in before.keys() ^ after.keys()}
    versions = sorted({sentence.version_id for sentence in sentences})
    queries.theme_emerging_clear(conn, model_id=model_id, version_ids=versions)
    queries.tag_store_themes(conn, model_id=model_id, themes=json.dumps(rows))
    queries.counts_mark_versions(conn, version_ids=sorted(changed))
