"""The watch step: from changed counts to incidents, and from incidents to the outbox.

Everything that one brand's run changes commits in one transaction: the hours it took in, the
series states, the incidents and the messages that announce them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

from alerts.detection import (
    Cell,
    Change,
    Context,
    Engine,
    EngineSettings,
    Rule,
    SeriesKey,
    hour_of,
    moment_of,
)
from alerts.incident_store import load_incidents, store_incidents
from alerts.memory import write_reports
from alerts.observations import Texts, cells
from alerts.planned import planned_events
from alerts.report_card import learned_factors, tell_report_cards
from alerts.slack.incidents import end_snoozes, escalate_unanswered
from alerts.slack.notices import tell_sources
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.counts import refresh_counts
from sql.named import queries
from sql.silence import judge_silence

log = logging.getLogger(__name__)

WATCHING = 0x45415203
"""Key of the advisory lock: one watch at a time."""
RECENT_HOURS = 72
"""Counts that arrive this late are scored; older ones are learned."""
PROGRESS = "watch"
"""Name of the row of series_state that says how far a brand was watched."""


@dataclass(frozen=True, kw_only=True)
class WatchResult:
    """What one run took in and what it made of it."""

    hours: int = 0
    opened: int = 0
    changed: int = 0
    resolved: int = 0
    learning: int = 0
    """Brands with too little history to say what is usual: learned, not yet scored for waves."""

    def counts(self) -> dict[str, int]:
        """For logs and asset events."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a brand was watched, in hours."""

    first_hour: int | None = None
    """First hour with a count; None while there was none."""
    next_hour: int | None = None
    """First hour that was not watched."""

    def after(self, changed: Sequence[int], now: int) -> Progress:
        """The progress once those hours are taken in."""
        known = [self.first_hour] if self.first_hour is not None else []
        first = min([*known, *changed], default=None)
        return Progress(first_hour=first, next_hour=now)


def watch(settings: Settings) -> WatchResult:
    """Refresh counts, score what changed, move incidents, and write what is to be said.

    A run that finds another one at work returns at once: the other, or the next one, does it.
    """
    with connect(settings) as conn:
        with conn:
            is_alone = queries.watch_lock(conn, key=WATCHING)
        if not is_alone:
            return WatchResult()
        with conn:
            moment = clock_now(conn, settings)
            judge_silence(conn, settings, moment)
        refresh_counts(conn, moment)
        results = [
            _watch_brand(conn, settings, brand.key, moment)
            for brand in settings.brand
            if brand.role == "own"
        ]
        with conn:
            end_snoozes(conn, settings, moment)
            escalate_unanswered(conn, settings, moment)
            tell_sources(conn, settings, moment)
            tell_report_cards(conn, settings, moment)
    return WatchResult(
        hours=sum(result.hours for result in results),
        opened=sum(result.opened for result in results),
        changed=sum(result.changed for result in results),
        resolved=sum(result.resolved for result in results),
        learning=sum(result.learning for result in results),
    )


def engine_settings(conn: Connection, settings: Settings, now: datetime) -> EngineSettings:
    """Rules with what they learned, planned events and theme weights, as the engine reads them."""
    themes = list(queries.watch_theme_weights(conn))
    learned = learned_factors(conn, settings, now)
    return EngineSettings(
        rules=tuple(
            Rule(
                name=rule.name,
                brand=rule.brand,
                themes=frozenset(rule.themes),
                sensitivity=rule.sensitivity * learned.get(rule.name, 1.0),
                least_severity=rule.least_severity,
                channel=rule.channel,
                is_muted=rule.is_muted,
            )
            for rule in settings.rule
        ),
        events=planned_events(conn, settings, now),
        theme_weights={theme["key"]: theme["weight"] for theme in themes},
        theme_owners={theme["key"]: theme["owner"] for theme in themes if theme["owner"]},
        quiet_themes=frozenset(t["key"] for t in themes if t["key"].startswith("praise_")),
        alert_max_age_hours=settings.clock.alert_max_age_hours,
        rescore_hours=RECENT_HOURS,
    )


def _watch_brand(conn: Connection, settings: Settings, brand: str, moment: datetime) -> WatchResult:
    """One brand, in one transaction."""
    with conn:
        engine = Engine(engine_settings(conn, settings, moment))
        progress = _load(conn, engine, brand)
        now = hour_of(moment)
        taken = {hour_of(row["hour"]) for row in queries.watch_take_changed(conn, brand=brand)}
        changed = sorted(hour for hour in taken if hour <= now)
        _put_back(conn, brand, [hour for hour in taken if hour > now])
        load_incidents(conn, engine, brand, moment)
        texts = Texts(conn, brand, moment - timedelta(hours=RECENT_HOURS))
        changes = _take_in(conn, engine, brand, changed, progress, moment, texts)
        told = store_incidents(conn, settings, engine, changes, texts, moment)
        write_reports(conn, brand, moment)
        _save(conn, engine, brand, progress.after(changed, now))
    kinds = [change.kind for change in changes]
    return WatchResult(
        hours=len(changed),
        opened=kinds.count("open"),
        changed=told,
        resolved=kinds.count("resolve"),
        learning=_is_learning(engine, brand, now),
    )


def _is_learning(engine: Engine, brand: str, now: int) -> bool:
    """Whether a brand's history is too short to be scored, which the log then says."""
    state = engine.book.states.get(SeriesKey(brand=brand))
    first = state.first_hour if state else None
    days = 0 if first is None else (now - first) // 24
    needed = engine.settings.tuning.least_history_days
    if days >= needed:
        return False
    log.info(
        "brand %s: %d days of history, %d are needed to say what is usual; until then it is"
        " learned, and only single urgent reports are told",
        brand,
        days,
        needed,
    )
    return True


def _take_in(
    conn: Connection,
    engine: Engine,
    brand: str,
    changed: Sequence[int],
    progress: Progress,
    moment: datetime,
    texts: Texts,
) -> list[Change]:
    """Live through the hours since the last run one by one, then look at late arrivals."""
    now = hour_of(moment)
    counts = cells(conn, brand, changed)
    context = _context(conn, brand)
    start = progress.next_hour if progress.next_hour is not None else now
    changes: list[Change] = []
    if progress.first_hour is None:
        start = min([start, *changed])
    else:
        history = [h for h in changed if h < progress.first_hour and h < now - RECENT_HOURS]
        changes += _live_before(engine, history, counts, texts)
        _learn_late(engine, [h for h in changed if h < min(start, now - RECENT_HOURS)], counts)
        if brand in engine.stale_brands:
            _learn_anew(conn, engine, brand, now)
    changes += _live(engine, range(start, now), counts, texts, context)
    late = [hour for hour in changed if now - RECENT_HOURS <= hour < start or hour == now]
    fresh = [cell for hour in late for cell in counts[hour]]
    return [*changes, *engine.step(moment, fresh, texts.between, context)]


def _live(
    engine: Engine,
    hours: Iterable[int],
    counts: Mapping[int, list[Cell]],
    texts: Texts,
    context: Context,
) -> list[Change]:
    """One step at the end of each hour in which anything can happen."""
    changes: list[Change] = []
    for hour in hours:
        if hour in counts or any(incident.is_open for incident in engine.incidents.values()):
            clock = moment_of(hour + 1)
            changes += engine.step(clock, counts.get(hour, []), texts.between, context)
    return changes


def _live_before(
    engine: Engine, hours: Sequence[int], counts: Mapping[int, list[Cell]], texts: Texts
) -> list[Change]:
    """A backfill older than all that is known: its incidents fill the log, and open nothing."""
    if not hours:
        return []
    past = Engine(engine.settings)
    changes = _live(past, range(hours[0], hours[-1] + 1), counts, texts, Context())
    engine.incidents.update(past.incidents)
    return changes


def _learn_late(engine: Engine, hours: Sequence[int], counts: Mapping[int, list[Cell]]) -> None:
    """Counts that changed long after their hour (backfill, new model) move the baseline only."""
    engine.learn(cell for hour in hours for cell in counts[hour])


def _learn_anew(conn: Connection, engine: Engine, brand: str, now: int) -> None:
    """Old history changed beyond what a series remembers: learn all of it from the counts."""
    engine.forget_series()
    queries.watch_forget_states(conn, brand=brand)
    first = queries.watch_first_hour(conn, brand=brand)
    hours = list(range(hour_of(first), now + 1)) if first else []
    everything = cells(conn, brand, hours)
    engine.learn(cell for hour in hours for cell in everything[hour])


def _context(conn: Connection, brand: str) -> Context:
    row = queries.watch_context(conn, brand=brand)
    if row is None:
        return Context()
    changed = row["model_changed_at"]
    themes = row["themes_changed_at"].items()
    return Context(
        unhealthy_sources=frozenset(row["unhealthy_sources"]),
        model_changed_hour=hour_of(changed) if changed else None,
        themes_changed_hours={key: hour_of(datetime.fromisoformat(at)) for key, at in themes},
    )


def _load(conn: Connection, engine: Engine, brand: str) -> Progress:
    """Load the series states, and how far the brand was watched."""
    states = {row["series"]: row["state"] for row in queries.watch_states(conn, brand=brand)}
    progress = states.pop(PROGRESS, {})
    engine.load({"series": states})
    return Progress(**progress)


def _save(conn: Connection, engine: Engine, brand: str, progress: Progress) -> None:
    states = {**engine.states(), PROGRESS: asdict(progress)}
    up_to = moment_of(progress.next_hour or 0)
    rows = [
        {"brand": brand, "series": series, "up_to": up_to, "state": json.dumps(state)}
        for series, state in states.items()
    ]
    queries.watch_save_state(conn, rows)


def _put_back(conn: Connection, brand: str, hours: Sequence[int]) -> None:
    """Hours after the clock (clock skew, future dates) wait for their time."""
    for hour in hours:
        queries.watch_put_back(conn, brand=brand, hour=moment_of(hour))
