"""Single reports that cannot wait: one credible text is enough, without any spike.

A text counts that carries an urgent tag and whose words bear it out, or a complaint that very many
people may have seen. All reports of one tag and brand within the cool-down are one incident. A tag
that a brand hears all the time is usual there and opens nothing by itself; a rise is a wave's
business. Nothing rose or fell: the direction of such an incident is neutral, and it is no crisis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from alerts.detection.credible import is_credible
from alerts.detection.incident import SINGLE, Change, Incident, Part
from alerts.detection.incidents import change_of
from alerts.detection.records import REACH, Observation, Rule, SeriesKey, Single, hour_of
from alerts.detection.signals import Step

RULE = Rule(name=SINGLE)
"""What stands where the settings have no rule of that name."""


def absorb(
    step: Step, incidents: Sequence[Incident], brand: str, rule: Rule
) -> tuple[list[Incident], list[Change]]:
    """Give each new urgent report of one brand to its incident, or open one.

    Returns:
        Newly opened incidents, and the changes (open, reopen, grow).
    """
    own = [incident for incident in incidents if incident.kind == SINGLE]
    known = {id_ for incident in own for id_ in incident.urgent_ids}
    fresh: list[Incident] = []
    changes: list[Change] = []
    for report in _reports(step, brand):
        if report.feedback_id in known:
            continue
        known.add(report.feedback_id)
        for tag in _reasons(report, step.settings.single):
            if rule.themes and tag not in rule.themes:
                continue
            change = _take(step, [*fresh, *own], report, tag, rule)
            if change is None:
                continue
            changes.append(change)
            if change.kind == "open":
                fresh.append(change.incident)
    return fresh, changes


def _reports(step: Step, brand: str) -> list[Observation]:
    """Urgent texts of the touched hours, oldest first; backfill and copies are none."""
    oldest = step.now - step.settings.rescore_hours
    touched = step.touched.get(SeriesKey(brand=brand), set())
    hours = sorted(hour for hour in touched if oldest <= hour <= step.now)
    if not hours:
        return []
    age = timedelta(hours=step.settings.alert_max_age_hours)
    texts = step.evidence(SeriesKey(brand=brand), hours[0], hours[-1] + 1)
    found = [
        text
        for text in texts
        if _reasons(text, step.settings.single)
        and text.first_seen_at - text.published_at <= age
        and text.precision != "unknown"
    ]
    return list(_without_copies(sorted(found, key=lambda text: text.published_at)))


def _without_copies(texts: Iterable[Observation]) -> Iterable[Observation]:
    seen: set[str] = set()
    for text in texts:
        if text.text_key is None or text.text_key not in seen:
            yield text
        if text.text_key:
            seen.add(text.text_key)


def _reasons(text: Observation, single: Single) -> tuple[str, ...]:
    is_seen = text.is_negative and (text.reach or 0) >= single.great_reach
    tags = tuple(tag for tag in text.urgent if is_credible(text, tag))
    return (*tags, *((REACH,) if is_seen and not tags else ()))


def _take(
    step: Step, incidents: Sequence[Incident], report: Observation, tag: str, rule: Rule
) -> Change | None:
    """Open, reopen or grow the incident of that tag; None where nothing is to be told."""
    course, now = step.settings.course, step.now
    rules = {rule.name: rule}
    same = [incident for incident in incidents if _tag_of(incident) == tag]
    home = next((incident for incident in reversed(same) if incident.is_open), None)
    if home is not None:
        _add(home, report, now)
        if home.count < course.growth * home.told_count:
            return None
        home.told_count = home.count
        return change_of("grow", home, now, rules)
    if _is_usual(step, report, tag):
        return None
    recent = [i for i in same if now - (i.resolved_at or 0) <= course.cooldown_hours]
    if recent:
        home = recent[-1]
        home.state, home.resolved_at = "open", None
        _add(home, report, now)
        home.told_count = home.count
        return change_of("reopen", home, now, rules)
    return change_of("open", _opened(step, report, tag, rule), now, rules)


def _tag_of(incident: Incident) -> str:
    return incident.theme or REACH


def _is_usual(step: Step, report: Observation, tag: str) -> bool:
    """Whether the brand hears such things all the time."""
    until = hour_of(report.published_at)
    single = step.settings.single
    reports, days = single.usual.get(tag, single.usual_otherwise)
    texts = step.evidence(SeriesKey(brand=report.brand), until - 24 * days, until)
    return sum(tag in _reasons(text, single) for text in texts) >= reports


def _opened(step: Step, report: Observation, tag: str, rule: Rule) -> Incident:
    theme = None if tag == REACH else tag
    hour = hour_of(report.published_at)
    part = Part(
        key=SeriesKey(brand=report.brand, theme=theme),
        kind=SINGLE,
        horizon=1,
        count=1.0,
        expected=0.0,
        upper=0.0,
        p_value=1.0,
        first_hour=hour,
        last_hour=hour,
        usual_a_day=0.0,
    )
    incident = Incident(
        key=f"{report.brand}/{rule.name}/{tag}/{report.feedback_id}",
        brand=report.brand,
        rule=rule.name,
        kind=SINGLE,
        state="open",
        severity=step.settings.single.severities.get(tag, "medium"),
        direction="neutral",
        started_at=hour,
        opened_at=step.now,
        posted_at=step.now,
        updated_at=step.now,
        last_anomalous_at=hour,
        theme=theme,
        product=report.product,
        told_count=1.0,
        parts={str(part.key): part},
        reasons=(_why(report, tag),),
        is_muted=rule.is_muted,
    )
    _add(incident, report, step.now)
    return incident


def _why(report: Observation, tag: str) -> str:
    if tag == REACH:
        return f"a complaint that about {report.reach:,} people may have seen"
    return "one credible report is enough"


def _add(incident: Incident, report: Observation, now: int) -> None:
    incident.urgent_ids = (*incident.urgent_ids, report.feedback_id)
    incident.count = float(len(incident.urgent_ids))
    incident.last_anomalous_at = max(incident.last_anomalous_at, hour_of(report.published_at))
    incident.updated_at = now
    if incident.product != report.product:
        incident.product = None
