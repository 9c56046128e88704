"""What broke, for whom, since when and what differs: an incident told from the texts behind it."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from alerts.detection.incident import Incident
from alerts.detection.records import Observation

LEAST_VOICES = 3
LEAST_RATIO = 3.84
"""Likelihood ratio at which a difference is told: 5 % for one degree of freedom, before the
correction for how many values are compared."""
WORD = re.compile(r"[^\W\d_][\w'’]*", re.UNICODE)
QUOTES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A value that the complaints name more often than complaints usually do."""

    dimension: str
    """`theme`, `product`, `source`, `phrase`, or the name of an attribute."""
    value: str
    share: float
    usual_share: float
    likelihood_ratio: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """An incident in facts, each from the counts or the texts."""

    count: int
    expected: float
    upper: float
    """95 % bound of what is usual in the window that raised it."""
    one_in: float
    """Chance alone does this once in so many windows."""
    since_hour: int
    differences: tuple[Difference, ...]
    quotes: tuple[Observation, ...]
    """Representative and diverse, the most typical first."""
    first_report: Observation | None


def explain(
    incident: Incident, voices: Sequence[Observation], usual: Sequence[Observation]
) -> Explanation:
    """Explain an incident.

    Args:
        incident: as the engine holds it.
        voices: the complaints since it started.
        usual: complaints of the same series before it, for example of four weeks.
    """
    ordered = sorted(voices, key=lambda v: v.published_at)
    return Explanation(
        count=round(incident.count),
        expected=incident.expected,
        upper=incident.upper,
        one_in=1.0 / max(incident.p_value, 1e-300),
        since_hour=incident.started_at,
        differences=differences(voices, usual),
        quotes=quotes(ordered),
        first_report=ordered[0] if ordered else None,
    )


def differences(
    voices: Sequence[Observation], usual: Sequence[Observation], *, most: int = 6
) -> tuple[Difference, ...]:
    """Values over-represented against the baseline, strongest first.

    By the log-likelihood ratio of Dunning (1993), Bonferroni-corrected within each dimension.
    """
    now, before = _features(voices), _features(usual)
    values_of = Counter(dimension for dimension, _ in now)
    found = []
    for (dimension, value), count in now.items():
        ratio = _likelihood_ratio(count, len(voices), before[dimension, value], len(usual))
        share, usual_share = count / len(voices), before[dimension, value] / max(len(usual), 1)
        least = LEAST_RATIO + 2 * math.log(values_of[dimension])
        if count >= LEAST_VOICES and share > usual_share and ratio >= least:
            found.append(
                Difference(
                    dimension=dimension,
                    value=value,
                    share=share,
                    usual_share=usual_share,
                    likelihood_ratio=ratio,
                )
            )
    return tuple(sorted(found, key=lambda d: -d.likelihood_ratio)[:most])


def quotes(voices: Sequence[Observation], *, most: int = QUOTES) -> tuple[Observation, ...]:
    """Typical and diverse quotes: maximal marginal relevance over weighted words.

    Each is near the centre of the complaints and far from those already chosen (Carbonell and
    Goldstein 1998), so that the angriest and longest do not crowd out the rest.
    """
    readable = [v for v in voices if len(v.text) >= 20] or list(voices)
    rows = _weighted(readable[:500])
    centre: dict[str, float] = defaultdict(float)
    for row in rows:
        for word, weight in row.items():
            centre[word] += weight
    typical = [_cosine(row, centre) for row in rows]
    chosen: list[int] = []
    while len(chosen) < min(most, len(rows)):
        left = [i for i in range(len(rows)) if i not in chosen]
        best = max(left, key=lambda i: _relevance(i, rows, typical, chosen))
        chosen.append(best)
    return tuple(readable[i] for i in chosen)


def _relevance(
    index: int, rows: Sequence[dict[str, float]], typical: Sequence[float], chosen: Sequence[int]
) -> float:
    nearest = max((_cosine(rows[index], rows[c]) for c in chosen), default=0.0)
    return 0.6 * typical[index] - 0.4 * nearest


def _features(texts: Sequence[Observation]) -> Counter[tuple[str, str]]:
    """In how many texts each value occurs."""
    counts: Counter[tuple[str, str]] = Counter()
    for text in texts:
        counts["source", text.source] += 1
        if text.product:
            counts["product", text.product] += 1
        counts.update(text.attributes.items())
        counts.update({("theme", m.theme) for m in text.themes if m.is_negative})
        counts.update({("phrase", phrase) for phrase in _phrases(text.text)})
    return counts


def _phrases(text: str) -> set[str]:
    """Pairs of neighbouring words, and single words of six letters and more."""
    words = [word.lower() for word in WORD.findall(text)]
    pairs = {f"{a} {b}" for a, b in pairwise(words) if len(a + b) > 6}
    return pairs | {word for word in words if len(word) >= 6}


def _likelihood_ratio(hits: int, total: int, usual_hits: int, usual_total: int) -> float:
    if not usual_total:
        return 0.0
    pooled = (hits + usual_hits) / (total + usual_total)
    return 2 * (
        _log_likelihood(hits, total, hits / total)
        + _log_likelihood(usual_hits, usual_total, usual_hits / usual_total)
        - _log_likelihood(hits, total, pooled)
        - _log_likelihood(usual_hits, usual_total, pooled)
    )


def _log_likelihood(hits: int, total: int, share: float) -> float:
    yes = hits * math.log(share) if hits else 0.0
    no = (total - hits) * math.log(1 - share) if total > hits else 0.0
    return yes + no


def _weighted(texts: Sequence[Observation]) -> list[dict[str, float]]:
    """Words weighed by rarity among these texts; words of nearly every text weigh nothing."""
    bags = [{word.lower() for word in WORD.findall(text.text)} for text in texts]
    frequency = Counter(word for bag in bags for word in bag)
    return [
        {word: math.log(1 + len(bags) / frequency[word]) for word in bag if frequency[word] > 1}
        for bag in bags
    ]


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    dot = sum(weight * other[word] for word, weight in one.items() if word in other)
    length = math.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
    return dot / length if length else 0.0
