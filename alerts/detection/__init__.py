"""Crisis detection: pure functions over counts and plain records, no database, no clock.

The facade, for whoever wires it:

- `Engine(settings)` with `load`, `learn`, `step(clock, cells, evidence, context)`, `states`,
  `dump`: live watch. Load states and unforgotten incidents, pass the hour counts of every brand
  and hour that changed (complete for that brand and hour) and a function that fetches texts,
  store the changed states (`engine.states()`) and the returned changes in one transaction.
- `replay(observations, settings)` yields the same changes over a recorded history;
  `incidents_of(changes)` and `describe(incident)` give the lines of `earshot replay --json`.
- `explain(incident, voices, usual)` says what broke, for whom, since when and what differs.
- `score_counts(timestamps, values)` scores a plain series online, and `score_folder` the files of
  `earshot score-counts`.

`Change.kind` is open, grow, peak, escalate, resolve or reopen; tell it where `is_due`. The first
due change of an incident is its first message: an incident of low severity is logged only.
"""

from alerts.detection.counts import score_counts, score_folder
from alerts.detection.engine import Engine
from alerts.detection.explain import Explanation, explain
from alerts.detection.incident import SINGLE, Change, Incident, describe
from alerts.detection.records import (
    Cell,
    Observation,
    PlannedEvent,
    Rule,
    SeriesKey,
    ThemeMention,
    hour_of,
    moment_of,
)
from alerts.detection.replay import cells_of, incidents_of, replay
from alerts.detection.signals import Context, EngineSettings

__all__ = [
    "SINGLE",
    "Cell",
    "Change",
    "Context",
    "Engine",
    "EngineSettings",
    "Explanation",
    "Incident",
    "Observation",
    "PlannedEvent",
    "Rule",
    "SeriesKey",
    "ThemeMention",
    "cells_of",
    "describe",
    "explain",
    "hour_of",
    "incidents_of",
    "moment_of",
    "replay",
    "score_counts",
    "score_folder",
]
