"""Model states: candidate, active, retired. Counts, views and baselines use the active model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings, RetryLater
from sql.counts import refresh_counts_within
from sql.named import queries

BASELINE_WINDOW = timedelta(weeks=8)
"""The span that baselines rest on: a model may be counted once it has tagged nearly all of it."""

LEAST_COVERAGE = 0.99


@dataclass(frozen=True, kw_only=True)
class ModelState:
    """One model for one brand."""

    brand: str
    model_id: str
    state: Literal["candidate", "active", "retired"]
    changed_at: datetime
    weights: str
    """Setting that loads it."""
    texts: int
    """Customers' texts of the baseline window."""
    tagged: int
    """How many of them it has tagged."""

    @property
    def coverage(self) -> float:
        """Share tagged; one where there is nothing to tag."""
        return self.tagged / self.texts if self.texts else 1.0


def register(conn: Connection, model_id: str, weights: str, now: datetime) -> None:
    """Make the loaded model known: the first of a brand is active, a later one the candidate.

    Another candidate is retired: there is one, the model that the settings name.
    """
    with conn:
        queries.model_lock(conn)
        queries.model_register(conn, model_id=model_id, weights=weights, now=now)
        queries.model_make_first_active(conn, model_id=model_id, now=now)
        queries.model_make_candidate(conn, model_id=model_id, now=now)
        queries.model_retire_candidates(conn, model_id=model_id, now=now)
        queries.model_drop_queues(conn)


def serving(conn: Connection) -> list[tuple[str, str]]:
    """Id and weights setting of each model that tags, the active ones first."""
    with conn:
        return [(model_id, weights) for model_id, weights in queries.model_serving(conn)]


def list_models(conn: Connection, now: datetime) -> list[ModelState]:
    """Every model of every brand with its coverage of the baseline window before `now`."""
    with conn:
        rows = list(queries.model_list(conn, since=now - BASELINE_WINDOW))
    return [
        ModelState(
            brand=brand,
            model_id=model_id,
            state=state,
            changed_at=changed_at,
            weights=weights,
            texts=texts,
            tagged=tagged,
        )
        for brand, model_id, state, changed_at, weights, texts, tagged in rows
    ]


def activate(conn: Connection, model_id: str, now: datetime) -> list[str]:
    """Count by this model from now on, for all brands, in one transaction.

    States, hourly counts and views change together; taggers that store meanwhile mark their
    hours for the next refresh, so that nothing is counted twice. Returns the brands that
    changed; a model that is active everywhere changes nothing.

    Raises:
        FixSettings: no such model.
        RetryLater: it has tagged less than LEAST_COVERAGE of the baseline window.
    """
    models = [state for state in list_models(conn, now) if state.model_id == model_id]
    if not models:
        known = ", ".join(sorted({state.model_id for state in list_models(conn, now)})) or "none"
        raise FixSettings(f'no model is named "{model_id}"; there is: {known}.')
    waiting = [state for state in models if state.state != "active"]
    _refuse_thin_coverage(waiting)
    with conn:
        queries.model_lock(conn)
        brand_ids = [row[0] for row in queries.model_brands_to_activate(conn, model_id=model_id)]
        if not brand_ids:
            return []
        queries.model_retire_active(conn, brand_ids=brand_ids, now=now)
        queries.model_activate(conn, model_id=model_id, brand_ids=brand_ids, now=now)
        queries.counts_mark_brands(conn, brand_ids=brand_ids)
        refresh_counts_within(conn, now)
    return [state.brand for state in waiting]


def _refuse_thin_coverage(states: list[ModelState]) -> None:
    for state in states:
        if state.coverage < LEAST_COVERAGE:
            weeks = BASELINE_WINDOW.days // 7
            raise RetryLater(
                f'model "{state.model_id}" has tagged {state.coverage:.1%} of the last {weeks} '
                f"weeks of {state.brand}, and {LEAST_COVERAGE:.0%} are needed; "
                "run `earshot tag` until it has."
            )
