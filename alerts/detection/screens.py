"""Real or artefact? Looked at before an incident opens, over the texts behind a signal.

Screens annotate or lower severity; only proven syndication and backfill suppress. Short identical
complaints by many people count in full: a crisis looks like that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.detection.records import Observation
from alerts.detection.scoring import Score
from alerts.detection.tails import count_tail

SYNDICATED_CHARACTERS = 40
MAJORITY = 0.5
NORMAL_95 = 1.645
HOURS_A_YEAR = 8760.0
OPENING_LEVEL = 4e-3
"""The engine's level at sensitivity 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a screen found, and what follows from it."""

    name: str
    effect: str
    """`suppress`, `lower` or `note`."""
    text: str
    """Said in the incident."""


def examine(
    found: Score,
    texts: Sequence[Observation],
    *,
    max_age_hours: float,
    model_changed_hour: int | None = None,
    unhealthy_sources: frozenset[str] = frozenset(),
) -> list[Finding]:
    """Findings about a signal.

    Args:
        found: the anomalous window.
        texts: all voices of the brand in that window; empty where a caller has only counts.
        max_age_hours: seen later than this after publishing is a backfill.
        model_changed_hour: when the active model, or the words of this theme, last changed.
        unhealthy_sources: sources with a broken contract.
    """
    voices = [text for text in texts if found.key.covers(text)]
    findings = [
        _model_change(found, model_changed_hour),
        _unhealthy(voices, unhealthy_sources),
        _drive(found, texts, voices),
    ]
    if voices:
        findings += [
            _backfill(found, voices, max_age_hours),
            _syndication(found, voices),
            _loud_author(found, voices),
            _brigading(found, texts, voices),
        ]
    return [finding for finding in findings if finding is not None]


def _still_anomalous(found: Score, kept: int) -> bool:
    """Whether the voices that remain would open an incident by themselves.

    The variance is that of a normal bell with the same 95 % bound, at least a Poisson's; the
    chance is weighed by the number of such windows in a year, as that of the signal was.
    """
    spread = (found.upper - found.expected) / NORMAL_95
    variance = max(found.expected, spread * spread)
    chance = (
        float(count_tail(kept, found.expected, variance)) * (HOURS_A_YEAR / found.horizon) ** 0.5
    )
    return kept > 2.0 * found.expected and chance < OPENING_LEVEL


def _backfill(found: Score, voices: Sequence[Observation], max_age_hours: float) -> Finding | None:
    late = sum(
        (v.first_seen_at - v.published_at).total_seconds() > max_age_hours * 3600 for v in voices
    )
    if not late:
        return None
    if _still_anomalous(found, len(voices) - late):
        return Finding(
            name="backfill", effect="note", text=f"{late} of {len(voices)} were seen late"
        )
    return Finding(
        name="backfill", effect="suppress", text=f"backfill: {late} of {len(voices)} seen late"
    )


def _syndication(found: Score, voices: Sequence[Observation]) -> Finding | None:
    """The same long text across products or several times by one author."""
    groups: dict[str, list[Observation]] = defaultdict(list)
    for voice in voices:
        if voice.text_key and len(voice.text) >= SYNDICATED_CHARACTERS:
            groups[voice.text_key].append(voice)
    copies = sum(len(group) - 1 for group in groups.values() if _is_syndicated(group))
    if not copies:
        return None
    if _still_anomalous(found, len(voices) - copies):
        are = "is a copy" if copies == 1 else "are copies"
        return Finding(name="syndication", effect="note", text=f"{copies} {are} of the same text")
    return Finding(
        name="syndication",
        effect="suppress",
        text=f"syndicated text: {copies} of {len(voices)} are copies",
    )


def _is_syndicated(group: Sequence[Observation]) -> bool:
    if len(group) < 2:
        return False
    products = {v.product for v in group if v.product}
    authors = [v.author_key for v in group if v.author_key]
    return len(products) > 1 or (len(authors) > len(set(authors)))


def _loud_author(found: Score, voices: Sequence[Observation]) -> Finding | None:
    counts = Counter(v.author_key for v in voices if v.author_key)
    if not counts:
        return None
    _, most = counts.most_common(1)[0]
    if most < 3 or most < 0.3 * len(voices):
        return None
    text = f"one author wrote {most} of {len(voices)}"
    is_carried = _still_anomalous(found, len(voices) - most + 1)
    return Finding(name="loud author", effect="note" if is_carried else "lower", text=text)


def _drive(
    found: Score, texts: Sequence[Observation], voices: Sequence[Observation]
) -> Finding | None:
    """Many more five-star voices than usual at the same time: an invited drive or a launch."""
    if found.surge <= 1.0:
        return None
    text = f"other voices rose {found.surge:.1f}-fold too; expected count raised accordingly"
    happy = sum((t.rating or 0) >= 4 for t in texts)
    is_drive = happy > MAJORITY * len(texts) if texts else found.share < MAJORITY
    return Finding(name="drive", effect="lower" if is_drive else "note", text=text)


def _model_change(found: Score, changed_hour: int | None) -> Finding | None:
    if changed_hour is None or not found.start_hour <= changed_hour <= found.hour:
        return None
    rated = found.key.theme is None and found.rating is not None
    return Finding(
        name="model change",
        effect="note" if rated else "lower",
        text="the model or the taxonomy changed within this window",
    )


def _unhealthy(voices: Sequence[Observation], unhealthy: frozenset[str]) -> Finding | None:
    concerned = sorted({v.source for v in voices} & unhealthy)
    if not concerned:
        return None
    return Finding(name="source", effect="note", text=f"source unhealthy: {', '.join(concerned)}")


def _brigading(
    found: Score, texts: Sequence[Observation], voices: Sequence[Observation]
) -> Finding | None:
    """Many authors, each once, in a short time, saying little about the product.

    Texts that nobody tagged, or that are all of this kind, cannot show it.
    """
    if len(voices) < 20 or found.horizon > 72 or not any(t.themes or t.product for t in texts):
        return None
    authors = [v.author_key for v in voices if v.author_key]
    if len(authors) < 0.8 * len(voices) or len(set(authors)) < 0.95 * len(authors):
        return None
    about_nothing = sum(not v.themes and not v.product for v in voices)
    if about_nothing < 0.8 * len(voices):
        return None
    return Finding(
        name="brigading",
        effect="note",
        text=f"looks like brigading: {about_nothing} of {len(voices)} say nothing of a product",
    )
