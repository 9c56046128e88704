"""What an incident's message says, from the incident and the texts behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.detection import (
    SINGLE,
    Change,
    Engine,
    Incident,
    Observation,
    SeriesKey,
    hour_of,
    moment_of,
)
from alerts.detection.explain import differences, quotes
from alerts.memory import similar_to
from alerts.observations import Texts
from alerts.slack.evidence import (
    Difference,
    Evidence,
    Hour,
    Quote,
    Screen,
    Similar,
    SourceHealth,
    ThemeShare,
)
from earshot.settings import Settings
from sql.named import queries

CHART_HOURS = 7 * 24
USUAL_HOURS = 28 * 24
"""How far back "usual" looks, for shares and for the band of the chart."""
QUOTES = 5
QUOTE_CHARACTERS = 280
TOLD = {
    "grow": "Still growing: {count} by now.",
    "escalate": "Severity raised to {severity}: {reasons}.",
    "peak": "Past its peak: less than half of the worst day.",
    "reopen": "It is back: {count} by now.",
}


def evidence_of(
    conn: Connection,
    settings: Settings,
    engine: Engine,
    incident: Incident,
    texts: Texts,
    now: datetime,
) -> Evidence:
    """Everything that the message shows beside the columns of the incident."""
    if incident.kind == SINGLE:
        return _evidence_of_reports(conn, incident, texts)
    voices = voices_of(incident, texts)
    before = _voices(incident, texts, incident.started_at - USUAL_HOURS, incident.started_at)
    everyone = _everyone(incident, texts, incident.started_at, _end(incident))
    earlier = _everyone(incident, texts, incident.started_at - USUAL_HOURS, incident.started_at)
    themes = {row["key"]: row for row in queries.watch_theme_weights(conn)}
    theme = themes.get(incident.theme or "")
    differences_told = _differences(voices, before)
    return Evidence(
        title=theme["name"] if theme else "Sudden wave",
        similar=_similar(conn, incident, [d.value for d in differences_told]),
        noun="complaints" if incident.direction == "negative" else "voices",
        hours=_hours(incident, texts, hour_of(now)),
        baseline_low=0.0,
        baseline_high=max(incident.upper, incident.expected),
        share_negative=_share(everyone),
        usual_share_negative=_share(earlier),
        themes=_themes(voices, themes),
        differences=differences_told,
        quotes=_quotes(voices),
        screens=_screens(incident, voices),
        sources=_sources(conn, voices),
        trend=_trend(incident),
        owner=theme["owner"] if theme else None,
        playbook=_lines(theme["playbook"] if theme else None),
    )


def _evidence_of_reports(conn: Connection, incident: Incident, texts: Texts) -> Evidence:
    """One report needs no chart and no comparison: what it says, and who is to act."""
    voices = voices_of(incident, texts)
    themes = {row["key"]: row for row in queries.watch_theme_weights(conn)}
    theme = themes.get(incident.theme or "")
    return Evidence(
        title=theme["name"] if theme else "Widely seen complaint",
        similar=_similar(conn, incident, ()),
        noun="reports",
        themes=_themes(voices, themes),
        quotes=_quotes(voices),
        screens=_screens(incident, ()),
        sources=_sources(conn, voices),
        owner=theme["owner"] if theme else None,
        playbook=_lines(theme["playbook"] if theme else None),
    )


def voices_of(incident: Incident, texts: Texts) -> list[Observation]:
    """The texts behind an incident since it started, oldest first."""
    if incident.kind == SINGLE:
        everyone = _everyone(incident, texts, incident.started_at, _end(incident))
        return [text for text in everyone if text.feedback_id in incident.urgent_ids]
    return _voices(incident, texts, incident.started_at, _end(incident))


def note_of(change: Change) -> str | None:
    """The line in the thread about a change; the opening is told by the message itself."""
    told = TOLD.get(change.kind)
    incident = change.incident
    if told is None:
        return None
    return told.format(
        count=round(incident.count),
        severity=incident.severity,
        reasons="; ".join(incident.reasons) or "it weighs more than before",
    )


def reason_of(incident: Incident) -> str:
    """Why it was opened, in one line."""
    return "; ".join((*incident.reasons, *incident.notes)) or incident.kind


def _end(incident: Incident) -> int:
    return 1 + max(incident.last_anomalous_at, incident.updated_at, incident.started_at)


def _voices(incident: Incident, texts: Texts, start: int, end: int) -> list[Observation]:
    key = incident.primary.key
    found = texts.between(SeriesKey(brand=incident.brand), start, end)
    return [text for text in found if key.covers(text)]


def _everyone(incident: Incident, texts: Texts, start: int, end: int) -> Sequence[Observation]:
    return texts.between(SeriesKey(brand=incident.brand), start, end)


def _share(texts: Sequence[Observation]) -> float | None:
    return sum(text.is_negative for text in texts) / len(texts) if texts else None


def _hours(incident: Incident, texts: Texts, now: int) -> tuple[Hour, ...]:
    """The last week hour by hour, with the band that holds 95 % of usual hours."""
    from scipy.stats import poisson

    start = now - CHART_HOURS
    counts = Counter(hour_of(v.published_at) for v in _voices(incident, texts, start, now + 1))
    high = float(poisson.ppf(0.975, max(incident.primary.usual_a_day / 24, 1e-3)))
    return tuple(Hour(moment_of(h), counts[h], 0.0, high) for h in range(start, now + 1))


def _themes(voices: Sequence[Observation], themes: dict[str, Any]) -> tuple[ThemeShare, ...]:
    counts = Counter(m.theme for voice in voices for m in voice.themes if m.is_negative)
    return tuple(
        ThemeShare(name=themes[key]["name"], share=count / len(voices))
        for key, count in counts.most_common(4)
        if key in themes
    )


def _differences(
    voices: Sequence[Observation], before: Sequence[Observation]
) -> tuple[Difference, ...]:
    """What the complaints have or say more often than complaints usually do, strongest first.

    Themes are told apart; of several phrases only the strongest is told, for they overlap.
    """
    found = differences(voices, before)
    phrases = [d for d in found if d.dimension == "phrase"][:1]
    attributes = [d for d in found if d.dimension not in ("phrase", "theme", "source")]
    return tuple(
        Difference(
            attribute="say" if d.dimension == "phrase" else d.dimension,
            value=f"“{d.value}”" if d.dimension == "phrase" else d.value,
            share=d.share,
            usual=d.usual_share,
        )
        for d in [*attributes, *phrases][:3]
    )


def _quotes(voices: Sequence[Observation]) -> tuple[Quote, ...]:
    return tuple(
        Quote(
            feedback_id=int(voice.feedback_id),
            text=voice.text[:QUOTE_CHARACTERS],
            stars=voice.rating,
            source=voice.source,
            published_at=voice.published_at,
            url=voice.url,
        )
        for voice in quotes(voices, most=QUOTES)
    )


def _screens(incident: Incident, voices: Sequence[Observation]) -> tuple[Screen, ...]:
    authors = len({voice.author_key for voice in voices if voice.author_key})
    notes = tuple(Screen(name="note", finding=note) for note in incident.notes)
    if not authors:
        return notes
    return (Screen(name="authors", finding=f"{authors} different authors"), *notes)


def _sources(conn: Connection, voices: Sequence[Observation]) -> tuple[SourceHealth, ...]:
    names = sorted({voice.source for voice in voices})
    return tuple(
        SourceHealth(
            name=row["name"],
            is_healthy=row["health"] != "unhealthy",
            reason=row["health_reason"],
        )
        for row in queries.watch_sources(conn, names=names)
    )


def _similar(conn: Connection, incident: Incident, values: Sequence[str]) -> Similar | None:
    found = similar_to(
        conn,
        incident_id=0,
        brand=incident.brand,
        kind=incident.kind,
        started_at=moment_of(incident.started_at),
        theme=incident.theme,
        product=incident.product,
        values=values,
    )
    return Similar(**found) if found else None


def _trend(incident: Incident) -> str | None:
    return {"growing": "still growing", "peaked": "past its peak"}.get(incident.state)


def _lines(playbook: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (playbook or "").splitlines() if line.strip())
