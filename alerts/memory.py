"""Memory of incidents: a report when one closes, and earlier ones that were alike.

A report holds numbers and the ids of texts, never their words, so that an erased text is gone from
it too: whoever shows a report reads the words anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from psycopg2.extensions import connection as Connection

from alerts.detection import SINGLE, Observation
from alerts.detection.explain import quotes
from earshot.errors import FixSettings
from earshot.settings import zone
from sql.named import queries

BEFORE = timedelta(days=28)
AFTER = timedelta(days=7)
"""Spans before and after an incident whose ratings say whether it hurt and whether it is over."""
RECOVERED_WITHIN = 0.2
"""Stars below the rating of before at which it counts as recovered."""
HOURLY_UP_TO = timedelta(days=4)
QUOTES = 5
MOST_OF_EACH = 5
LEAST_ALIKE = 2
"""Points: the same theme counts two, the same product and each shared attribute value one."""


def write_reports(conn: Connection, brand: str, now: datetime) -> int:
    """Write the report of every incident of a brand that closed, and once more a week later.

    Returns:
        How many were written.
    """
    due = list(queries.incident_reports_due(conn, brand=brand, closed_before=now - AFTER))
    for row in due:
        report = build_report(conn, row["id"], now)
        queries.incident_report_save(
            conn,
            incident_id=row["id"],
            written_at=now,
            is_final=datetime.fromisoformat(report["ended_at"]) < now - AFTER,
            report=json.dumps(report),
        )
    return len(due)


def report_of(conn: Connection, incident_id: int, now: datetime) -> dict[str, Any]:
    """The stored report of a closed incident, else how an open one stands now.

    Raises:
        FixSettings: there is no such incident.
    """
    stored = queries.incident_report_read(conn, incident_id=incident_id)
    if stored is not None:
        return cast(dict[str, Any], stored["report"])
    return build_report(conn, incident_id, now)


def quoted_words(conn: Connection, incident_id: int) -> dict[int, str]:
    """The words of an incident's texts by feedback id, as they stand now."""
    voices = queries.incident_voices(conn, incident_id=incident_id)
    return {voice["feedback_id"]: _text(voice) for voice in voices}


def build_report(conn: Connection, incident_id: int, now: datetime) -> dict[str, Any]:
    """Everything known of an incident, as JSON values; times are ISO 8601.

    Raises:
        FixSettings: there is no such incident.
    """
    row = queries.incident_told(conn, incident_id=incident_id)
    if row is None:
        raise FixSettings(f"Incident {incident_id}: there is none; `earshot replay` lists them.")
    voices = list(queries.incident_voices(conn, incident_id=incident_id))
    ended = row["resolved_at"] or now
    course = row["course"]
    return {
        "incident_id": incident_id,
        "brand": row["brand_key"],
        "title": row["evidence"].get("title") or row["theme_name"] or "Sudden wave",
        "theme": row["theme_key"],
        "product": row["product"],
        "kind": row["kind"],
        "rule": row["rule"],
        "severity": row["severity"],
        "verdict": row["verdict"],
        "state": row["state"],
        "started_at": row["started_at"].isoformat(),
        "ended_at": ended.isoformat(),
        "lasted_hours": round((ended - row["started_at"]) / timedelta(hours=1), 1),
        "count": row["items"],
        "usual": round(row["baseline"], 1),
        "why": row["reason"],
        "peak": {
            "in_24_hours": round(course.get("peak_rate") or row["items"]),
            "at": _peak_at(course, row["started_at"]).isoformat(),
        },
        "timeline": _timeline(voices, row["started_at"], ended, row["time_zone"]),
        "spread": _spread(voices),
        "differences": row["evidence"].get("differences", []),
        "quotes": [int(voice.feedback_id) for voice in _quotes(row["brand_key"], voices)],
        "actions": _actions(conn, incident_id),
        "replies": _replies(conn, incident_id, voices, row["started_at"]),
        "rating": _rating(conn, row["brand_key"], row["started_at"], ended, now),
        "like": _alike(conn, row),
    }


def similar_to(
    conn: Connection,
    *,
    incident_id: int,
    brand: str,
    kind: str,
    started_at: datetime,
    theme: str | None,
    product: str | None,
    values: Iterable[str] = (),
) -> dict[str, Any] | None:
    """The closest earlier incident of a brand: its id, what it was and what was done.

    Args:
        incident_id: the one that is compared; 0 while it has no number.
        brand: key of the brand.
        kind: an alert on one report is only like another of them.
        started_at: only incidents that were over by then count.
        theme: its theme.
        product: its product.
        values: attribute values that are over-represented, "Swiftline", "DE".
    """
    past = queries.incident_past(conn, brand=brand, before=started_at, incident_id=incident_id)
    wanted = {value.lower() for value in values}
    best, most = None, LEAST_ALIKE - 1
    for row in past:
        if (row["kind"] == SINGLE) != (kind == SINGLE):
            continue
        shared = wanted & {d["value"].lower() for d in row["evidence"].get("differences", [])}
        points = 2 * bool(theme and row["theme_key"] == theme)
        points += bool(product and row["product"] == product) + len(shared)
        if points > most:
            best, most = row, points
    if best is None:
        return None
    return {"incident_id": best["id"], "summary": _summary(best)}


def _summary(row: Any) -> str:
    """Such as "Late parcels, March 2025, 3 days; what was done: banner on the order page"."""
    days = max(1, round((row["resolved_at"] - row["started_at"]) / timedelta(days=1)))
    told = f"{row['evidence'].get('title') or 'a wave'}, {row['started_at']:%B %Y}"
    values = [d["value"] for d in row["evidence"].get("differences", [])[:1]]
    told = ", ".join([told, *values, f"{days} day{'s' if days > 1 else ''}"])
    done = [_done(action) for action in row["actions"] or () if _done(action)]
    return f"{told}; what was done: {', '.join(done[:3])}" if done else told


def _done(action: Mapping[str, Any]) -> str:
    detail = action.get("detail") or {}
    match action["kind"]:
        case "assigned":
            return f"assigned to {detail.get('to', 'a person')}"
        case "confirmed" | "note" if detail.get("reason"):
            return str(detail["reason"])
        case "ticket":
            return "ticket opened"
    return ""


def _peak_at(course: Mapping[str, Any], started: datetime) -> datetime:
    hour = course.get("peak_at")
    return datetime.fromtimestamp(hour * 3600, tz=started.tzinfo) if hour else started


def _timeline(
    voices: Sequence[Any], started: datetime, ended: datetime, zone_name: str
) -> list[list[Any]]:
    """Complaints an hour, or a day of the brand where it lasted long; spans without any are 0."""
    step = timedelta(hours=1 if ended - started <= HOURLY_UP_TO else 24)
    local = started.astimezone(zone(zone_name))
    first = local.replace(hour=local.hour if step < timedelta(days=1) else 0, minute=0, second=0)
    spans = max(1, -((first - ended) // step))
    counts = Counter(max(0, (voice["published_at"] - first) // step) for voice in voices)
    return [[(first + i * step).isoformat(), counts[i]] for i in range(spans)]


def _spread(voices: Sequence[Any]) -> dict[str, dict[str, int]]:
    """How many of the texts name each product, source and attribute value."""
    counts: dict[str, Counter[str]] = {"product": Counter(), "source": Counter()}
    for voice in voices:
        counts["source"][voice["source"]] += 1
        if voice["product"]:
            counts["product"][voice["product"]] += 1
        for name, value in voice["attributes"].items():
            counts.setdefault(name, Counter())[str(value)] += 1
    return {name: dict(found.most_common(MOST_OF_EACH)) for name, found in counts.items() if found}


def _quotes(brand: str, voices: Sequence[Any]) -> Sequence[Observation]:
    texts = [
        Observation(
            feedback_id=str(voice["feedback_id"]),
            brand=brand,
            source=voice["source"],
            published_at=voice["published_at"],
            first_seen_at=voice["published_at"],
            is_negative=True,
            text=_text(voice),
        )
        for voice in voices
    ]
    return quotes(texts, most=QUOTES)


def _text(voice: Any) -> str:
    title, body = voice["title"].strip(), voice["body"].strip()
    return body if body.startswith(title.rstrip("….")) else f"{title}. {body}"


def _actions(conn: Connection, incident_id: int) -> list[dict[str, Any]]:
    """What people and we did, in order."""
    return [
        {
            "at": event["at"].isoformat(),
            "kind": event["kind"],
            "by": event["actor"],
            "detail": event["detail"] or {},
        }
        for event in queries.slack_incident_events(conn, incident_id=incident_id)
    ]


def _replies(
    conn: Connection, incident_id: int, voices: Sequence[Any], started: datetime
) -> dict[str, Any]:
    drafts = queries.incident_drafts(conn, incident_id=incident_id)
    answered = sorted(voice["replied_at"] for voice in voices if voice["replied_at"])
    first = answered[0] if answered else None
    return {
        "answered": len(answered),
        "drafted": drafts["drafted"],
        "sent": drafts["sent"],
        "first_at": first.isoformat() if first else None,
        "minutes_to_first": round((first - started) / timedelta(minutes=1)) if first else None,
    }


def _rating(
    conn: Connection, brand: str, started: datetime, ended: datetime, now: datetime
) -> dict[str, Any]:
    """Mean stars of the brand before, during and in the week after; recovered once near before."""
    spans = {
        "before": (started - BEFORE, started),
        "during": (started, ended),
        "after": (ended, min(now, ended + AFTER)),
    }
    mean: dict[str, float | None] = {}
    for name, (since, until) in spans.items():
        row = queries.incident_rating(conn, brand=brand, since=since, until=until)
        mean[name] = None if row["stars"] is None else round(row["stars"], 2)
    before, after = mean["before"], mean["after"]
    is_back = None if before is None or after is None else after >= before - RECOVERED_WITHIN
    return {**mean, "has_recovered": is_back}


def _alike(conn: Connection, row: Any) -> dict[str, Any] | None:
    return similar_to(
        conn,
        incident_id=row["id"],
        brand=row["brand_key"],
        kind=row["kind"],
        started_at=row["started_at"],
        theme=row["theme_key"],
        product=row["product"],
        values=[d["value"] for d in row["evidence"].get("differences", [])],
    )
