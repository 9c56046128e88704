"""The tag step: claim untagged texts, read them without a transaction open, store the results.

Run it as often and in as many processes as wanted: workers share the queue and never the work.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np
from psycopg2.extensions import connection as Connection

from earshot.logs import ids
from earshot.settings import Settings
from nlp import claims, states, theme_vectors
from nlp.corrections import corrected_examples
from nlp.reading import Reading, read, text_tags
from nlp.tags import TextTags
from nlp.taxonomy import Taxonomy, Theme, sync_taxonomy, taxonomy_of
from nlp.urgent import raised, thresholds_of
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

if TYPE_CHECKING:
    from nlp.model import Prediction, ThemeText

log = logging.getLogger(__name__)

QUEUE_CHUNK = 5_000
REMEMBERED_SENTENCES = 20_000
"""Answers kept, so that "Good" is read once and not a thousand times; about 20 MB."""
RETAG_WINDOW = timedelta(weeks=8)
"""How far back a theme with new words is looked for."""

Progress = Callable[[int, int], None]
"""Called with the texts done and the number known in all."""


class Model(theme_vectors.Model, Protocol):
    """What the tagger needs of `nlp.model.Model`; the id is written into every tag."""

    @property
    def theme_threshold(self) -> float:
        """Probability from which a theme counts as found."""

    def predict(
        self, texts: Sequence[str], theme_vectors: np.ndarray, *, groups: Sequence[int] = ()
    ) -> list[Prediction]:
        """One prediction per text."""


@dataclass(frozen=True, kw_only=True)
class TagResult:
    """What one run did, in texts."""

    tagged: int = 0
    empty: int = 0
    not_supported: int = 0
    failed: int = 0
    refused: int = 0
    """Results that came after the lease was lost; another worker stored its own."""
    waiting: int = 0
    """Texts in the queue where the run was cut short; what only others hold is no work left."""
    seconds: float = 0.0

    def counts(self) -> dict[str, int]:
        """Numbers of texts, for logs and asset events."""
        return {name: value for name, value in asdict(self).items() if name != "seconds"}

    @property
    def texts(self) -> int:
        """Texts that got an outcome."""
        return self.tagged + self.empty + self.not_supported + self.failed


class Tagger:
    """A loaded model with the themes it looks for; `theme_ids` maps keys to ledger ids."""

    def __init__(self, model: Model, taxonomy: Taxonomy, theme_ids: dict[str, int]) -> None:
        self.model = model
        self._rivals = [theme for theme in taxonomy.themes if theme.kind == "theme"]
        urgent = [theme for theme in taxonomy.themes if theme.kind == "urgent"]
        written = [*self._rivals, *urgent]
        self.themes = [(theme_ids[theme.key], theme) for theme in written]
        self._keys = [theme.key if theme.kind == "urgent" else None for theme in written]
        # Themes are rivals among themselves; an urgent tag must stand out against all of them,
        # but take nothing from a theme: so the themes stand there twice.
        self._vectors = model.encode_themes(theme_texts([*self._rivals, *written]))
        self._groups = [len(self._rivals), len(written)] if self._rivals else [len(written)]
        self._thresholds = thresholds_of(written, model.theme_threshold)
        self._remembered: dict[str, Prediction] = {}

    def tags(self, readings: Sequence[Reading]) -> list[TextTags | None]:
        """Tags of each text, None where the model failed on it; each sentence is read once."""
        units = [unit for reading in readings for unit in reading.units]
        answers = self._answers(units)
        tags: list[TextTags | None] = []
        for reading in readings:
            predictions = [answers[unit] for unit in reading.units if unit in answers]
            is_whole = len(predictions) == len(reading.units)
            tags.append(self._tags_of(reading, predictions) if is_whole else None)
        return tags

    def _tags_of(self, reading: Reading, predictions: list[Prediction]) -> TextTags:
        weighed = raised(reading.units, predictions, self._keys)
        return text_tags(reading, weighed, self.themes, self._thresholds)

    def _answers(self, units: Sequence[str]) -> dict[str, Prediction]:
        answers = {unit: self._remembered[unit] for unit in units if unit in self._remembered}
        missing = [unit for unit in dict.fromkeys(units) if unit not in answers]
        found = self._predicted(missing)
        if len(self._remembered) + len(found) > REMEMBERED_SENTENCES:
            self._remembered.clear()
        self._remembered.update(found)
        return answers | found

    def _predicted(self, units: list[str]) -> dict[str, Prediction]:
        """Answers to all units that can be read: where a batch fails, each is tried alone."""
        if not units:
            return {}
        try:
            predictions = self.model.predict(units, self._vectors, groups=self._groups)
            return dict(zip(units, map(self._written, predictions), strict=True))
        except Exception as error:
            if len(units) == 1:
                log.warning("one text could not be read: %s", type(error).__name__)
                return {}
            log.warning("a batch of %d failed (%s); halving it", len(units), type(error).__name__)
        middle = len(units) // 2
        return self._predicted(units[:middle]) | self._predicted(units[middle:])

    def _written(self, prediction: Prediction) -> Prediction:
        """Themes as rivals of themes, urgent tags as rivals of all; the second themes go."""
        first = len(self._rivals)
        chosen = np.r_[0:first, 2 * first : len(prediction.theme_probabilities)]
        return replace(
            prediction,
            theme_probabilities=prediction.theme_probabilities[chosen],
            theme_sentiment=prediction.theme_sentiment[chosen],
        )


def theme_texts(themes: Sequence[Theme]) -> list[ThemeText]:
    """Themes as the model reads them."""
    from nlp.evaluate import theme_text

    return [theme_text(theme) for theme in themes]


def tag(
    settings: Settings,
    limit: int | None = None,
    progress: Progress | None = None,
    *,
    most_seconds: float = math.inf,
) -> TagResult:
    """Tag every version of every customer's text that has no tags yet, newest first.

    The active model comes first, then the candidate. A text that cannot be read is tried again
    alone and given up with a reason after three attempts; its neighbours never wait for it.

    Args:
        settings: model, taxonomy and database.
        limit: stop after about so many texts (a claim is finished); None is until all are done.
        progress: told after every claim.
        most_seconds: begin no further claim after so long.

    Raises:
        FixSettings: weights or taxonomy are wrong; before any row is touched.
    """
    from nlp.loading import load_model

    taxonomy = taxonomy_of(settings)
    loaded = load_model(settings.model.weights)
    started = time.monotonic()
    result = TagResult()
    with connect(settings) as conn:
        theme_ids = _prepare(conn, settings, taxonomy, loaded.id)
        taxonomy = with_corrections(conn, taxonomy)
        with claims.worker(conn) as number:
            for model_id, weights in states.serving(conn):
                model = loaded if model_id == loaded.id else _other(model_id, weights, load_model)
                if model is None:
                    continue
                theme_vectors.recall(conn, model, theme_texts(taxonomy.themes))
                tagger = Tagger(model, taxonomy, theme_ids)
                run = Run(conn, settings, tagger, number, progress)
                result = run.drain(result, limit, started + most_seconds)
    return replace(result, seconds=time.monotonic() - started)


def with_corrections(conn: Connection, taxonomy: Taxonomy) -> Taxonomy:
    """The taxonomy with people's corrections among the examples of their themes."""
    with conn:
        added = corrected_examples(conn)
    return Taxonomy(
        themes=tuple(
            theme.model_copy(update={"examples": (*theme.examples, *added.get(theme.key, ()))})
            for theme in taxonomy.themes
        )
    )


def _prepare(
    conn: Connection, settings: Settings, taxonomy: Taxonomy, model_id: str
) -> dict[str, int]:
    with conn:
        moment = clock_now(conn, settings)
        theme_ids = sync_taxonomy(conn, taxonomy, moment)
    states.register(conn, model_id, settings.model.weights, moment)
    return theme_ids


def _other(model_id: str, weights: str, load: Callable[[str], Model]) -> Model | None:
    """A model beside the one that the settings name; None where its weights are gone."""
    try:
        model = load(weights)
    except Exception as error:
        log.warning("model %s cannot be loaded (%s); it tags nothing more", model_id, error)
        return None
    if model.id != model_id:
        log.warning("weights %s are %s now; %s tags nothing more", weights, model.id, model_id)
        return None
    return model


class Run:
    """One worker's way through the queue of one model."""

    def __init__(
        self,
        conn: Connection,
        settings: Settings,
        tagger: Tagger,
        worker: int,
        progress: Progress | None = None,
        *,
        lease_seconds: float = claims.LEASE_SECONDS,
        claim_size: int = claims.CLAIM_SIZE,
    ) -> None:
        self.conn = conn
        self.settings = settings
        self.tagger = tagger
        self.worker = worker
        self.progress = progress
        self.lease_seconds = lease_seconds
        self.claim_size = claim_size
        self.model_id = tagger.model.id

    def drain(
        self,
        result: TagResult | None = None,
        limit: int | None = None,
        until: float = math.inf,
    ) -> TagResult:
        """Tag until nothing free is left, or limit or `time.monotonic()` is reached; adds up."""
        result = result or TagResult()
        with self.conn:
            queries.tag_prune(self.conn, model_id=self.model_id)
        while (limit is None or result.texts < limit) and time.monotonic() < until:
            room = None if limit is None else limit - result.texts
            held = self._next(room)
            if held is None:
                break
            with ids(batch=held.fence):
                result = self._tag(held, result)
                log.info("%d texts read, %d so far", len(held.texts), result.texts)
            self._report(result)
        else:
            result = replace(result, waiting=result.waiting + self._waiting())
        given_up = claims.give_up(self.conn, self.model_id, self._now())
        return replace(result, failed=result.failed + given_up)

    def _next(self, room: int | None) -> claims.Claim | None:
        held = self._claim(room)
        if held is None:
            # What another worker fills in at this moment adds nothing here, yet it can be claimed.
            self._refill()
            held = self._claim(room)
        return held

    def _claim(self, room: int | None) -> claims.Claim | None:
        return claims.claim(
            self.conn,
            self.model_id,
            self.worker,
            size=self.claim_size if room is None else min(self.claim_size, room),
            lease_seconds=self.lease_seconds,
        )

    def _refill(self) -> int:
        """Fill the queue by one chunk: untagged texts, then those that a new theme concerns."""
        chunk = {"model_id": self.model_id, "size": QUEUE_CHUNK}
        with self.conn:
            now = clock_now(self.conn, self.settings)
            times = {"since": now - RETAG_WINDOW, "now": now}
            list(queries.tag_queue_hold(self.conn, model_id=self.model_id))
            added = int(queries.tag_enqueue(self.conn, **chunk))
            added = added or int(queries.tag_enqueue_changed(self.conn, **chunk, **times))
            if not added:
                queries.tag_filled(self.conn, model_id=self.model_id, now=now)
            return added

    def _tag(self, held: claims.Claim, result: TagResult) -> TagResult:
        readings = [read(text.title, text.body, text.language_hint) for text in held.texts]
        tags = self.tagger.tags(readings)
        pairs = [
            (text, tag if tag is not None else claims.failed("the model raised an error"))
            for text, tag in zip(held.texts, tags, strict=True)
            if tag is not None or text.attempts >= claims.MOST_ATTEMPTS
        ]
        stored = claims.store(self.conn, held, pairs, self._now())
        read_ids = {text.version_id for text, _ in pairs}
        claims.give_back(
            self.conn, held, [text for text in held.texts if text.version_id not in read_ids]
        )
        kept = [tag for text, tag in pairs if text.version_id in stored]
        return _added(result, kept, refused=len(pairs) - len(kept))

    def _now(self) -> datetime:
        with self.conn:
            return clock_now(self.conn, self.settings)

    def _report(self, result: TagResult) -> None:
        if self.progress:
            self.progress(result.texts, result.texts + self._waiting())

    def _waiting(self) -> int:
        with self.conn:
            return int(queries.tag_waiting(self.conn, model_id=self.model_id))


def _added(result: TagResult, tags: list[TextTags], refused: int) -> TagResult:
    numbers = {
        outcome: getattr(result, outcome) + sum(tag.outcome == outcome for tag in tags)
        for outcome in ("tagged", "empty", "not_supported", "failed")
    }
    return replace(result, **numbers, refused=result.refused + refused)
