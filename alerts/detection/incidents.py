"""Incidents as a pure state machine: signals and open incidents in, changes out.

    open -> growing -> peaked -> resolved -> (within the cool-down) reopened

Several series of one event are parts of one incident. Nothing changes while nothing happens, so
whoever posts on a change is silent otherwise.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence

from alerts.detection.incident import SINGLE, Change, Course, Incident, Part, Signal, Vitals
from alerts.detection.records import Rule, SeriesKey
from alerts.detection.severity import Verdict, at_least

NUMBER = re.compile(r"\d[\d.,]*")


def absorb(
    incidents: Sequence[Incident],
    signals: Iterable[Signal],
    *,
    now: int,
    rules: dict[str, Rule],
    is_related: Callable[[Incident, Signal], bool],
    course: Course,
) -> tuple[list[Incident], list[Change]]:
    """Give every signal of one brand to the incident it belongs to, or open a new one.

    Returns:
        Newly opened incidents, and the changes (open, reopen, escalate).
    """
    fresh: list[Incident] = []
    changes: list[Change] = []
    for signal in sorted(signals, key=_widest_first):
        home = next(
            (
                incident
                for incident in [*reversed(fresh), *reversed(incidents)]
                if _takes(incident, signal, now, course) and is_related(incident, signal)
            ),
            None,
        )
        if home is None:
            home = _opened(signal, now)
            fresh.append(home)
            changes.append(change_of("open", home, now, rules))
        elif not home.is_open:
            home.state, home.resolved_at, home.quiet_since = "open", None, None
            _add(home, signal, now)
            changes.append(change_of("reopen", home, now, rules))
        else:
            _add(home, signal, now)
        changes += _raise(home, signal.verdict, now, rules)
    return fresh, _once(changes)


def advance(
    incident: Incident, vitals: Vitals, *, now: int, rules: dict[str, Rule], course: Course
) -> list[Change]:
    """Let an open incident of many voices grow, peak or resolve."""
    incident.count, incident.expected = vitals.count, vitals.expected
    changes: list[Change] = []
    if vitals.last_day > incident.peak_rate:
        incident.peak_rate, incident.peak_at = vitals.last_day, now
    if vitals.is_in_band:
        incident.quiet_since = now if incident.quiet_since is None else incident.quiet_since
        waited = now - incident.quiet_since >= course.quiet_hours
        if waited and not vitals.holds_resolve:
            return [*changes, _resolve(incident, now, rules)]
        return changes
    incident.quiet_since = None
    if now - incident.opened_at >= course.longest_hours:
        incident.is_new_usual = True
        incident.notes = (*incident.notes, "the level has lasted so long that it is the new usual")
        return [*changes, _resolve(incident, now, rules)]
    if vitals.count >= max(course.growth * incident.told_count, incident.told_count + 5):
        incident.state, incident.told_count = "growing", vitals.count
        incident.updated_at = now
        changes.append(change_of("grow", incident, now, rules))
    elif incident.state in ("open", "growing") and vitals.last_day < 0.5 * incident.peak_rate:
        incident.state, incident.updated_at = "peaked", now
        changes.append(change_of("peak", incident, now, rules))
    return changes


def age(incident: Incident, now: int, rules: dict[str, Rule], course: Course) -> list[Change]:
    """Resolve an incident of single reports after the cool-down without another one."""
    if now - incident.last_anomalous_at < course.cooldown_hours:
        return []
    return [_resolve(incident, now, rules)]


def _widest_first(signal: Signal) -> tuple[bool, float]:
    return (not signal.score.key.is_brand_wide, signal.score.p_value)


def _takes(incident: Incident, signal: Signal, now: int, course: Course) -> bool:
    if incident.brand != signal.score.key.brand or incident.rule != signal.rule:
        return False
    if incident.kind == SINGLE:
        return False
    return incident.is_open or now - (incident.resolved_at or 0) <= course.cooldown_hours


def _opened(signal: Signal, now: int) -> Incident:
    score = signal.score
    incident = Incident(
        key=f"{score.key.brand}/{signal.rule}/{signal.kind[:6]}/{now}/{_scope(score.key)}",
        brand=score.key.brand,
        rule=signal.rule,
        kind=signal.kind,
        state="open",
        severity="low",
        started_at=score.start_hour,
        opened_at=now,
        updated_at=now,
        last_anomalous_at=score.hour,
        theme=score.key.theme,
        product=score.key.product,
        told_count=score.count,
        is_muted=signal.is_muted,
    )
    _add(incident, signal, now)
    return incident


def _scope(key: SeriesKey) -> str:
    return "-".join(part for part in (key.theme, key.product, key.source) if part) or "all"


def _add(incident: Incident, signal: Signal, now: int) -> None:
    score = signal.score
    name = str(score.key)
    part = incident.parts.get(name)
    usual = part.usual_a_day if part else 24 * score.expected / score.surge / score.horizon
    if part is None or score.p_value < part.p_value:
        incident.parts[name] = Part(
            key=score.key,
            kind=signal.kind,
            horizon=score.horizon,
            count=score.count,
            expected=score.expected,
            upper=score.upper,
            p_value=score.p_value,
            first_hour=min(score.start_hour, part.first_hour) if part else score.start_hour,
            last_hour=score.hour,
            usual_a_day=usual,
        )
    else:
        part.last_hour = max(part.last_hour, score.hour)
    incident.last_anomalous_at = max(incident.last_anomalous_at, score.hour)
    incident.count = max(incident.count, score.count)
    if score.p_value <= incident.p_value:
        incident.expected, incident.upper = score.expected, score.upper
        incident.p_value = score.p_value
    incident.notes = _latest((*incident.notes, *signal.notes))


def _latest(notes: Sequence[str]) -> tuple[str, ...]:
    """Each note once, with its latest figures."""
    return tuple({NUMBER.sub("#", note): note for note in notes}.values())


def _raise(incident: Incident, verdict: Verdict, now: int, rules: dict[str, Rule]) -> list[Change]:
    if verdict.severity == incident.severity and not incident.reasons:
        incident.reasons = verdict.reasons
    if verdict.severity == incident.severity or not at_least(verdict.severity, incident.severity):
        return []
    incident.severity, incident.reasons = verdict.severity, verdict.reasons
    incident.updated_at, incident.told_count = now, incident.count
    least = rules[incident.rule].least_severity
    if incident.posted_at is None and at_least(incident.severity, least):
        incident.posted_at = now
    return [change_of("escalate", incident, now, rules)]


def _resolve(incident: Incident, now: int, rules: dict[str, Rule]) -> Change:
    incident.state, incident.resolved_at, incident.updated_at = "resolved", now, now
    return change_of("resolve", incident, now, rules)


def change_of(kind: str, incident: Incident, now: int, rules: dict[str, Rule]) -> Change:
    """A change at this moment, due where its rule wants it told."""
    return Change(kind=kind, at=now, incident=incident, is_due=_is_due(incident, now, rules))


def _is_due(incident: Incident, now: int, rules: dict[str, Rule]) -> bool:
    severe = at_least(incident.severity, rules[incident.rule].least_severity)
    return severe and not incident.is_quieted(now)


def _once(changes: list[Change]) -> list[Change]:
    """One change per incident and kind; an escalation within the opening step is the opening."""
    opened = {c.incident.key for c in changes if c.kind in ("open", "reopen")}
    kept: dict[tuple[str, str], Change] = {}
    for change in changes:
        if change.kind == "escalate" and change.incident.key in opened:
            before = next(k for k in ("open", "reopen") if (change.incident.key, k) in kept)
            kept[change.incident.key, before] = dataclasses.replace(
                change, kind=before, is_due=change.is_due
            )
        else:
            kept[change.incident.key, change.kind] = change
    return list(kept.values())
