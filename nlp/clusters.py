"""Clusters of sentences that keep their ids from run to run; plain vectors in, labels out.

Average-link agglomeration over centred cosine distances (Murtagh and Contreras 2012,
doi 10.1002/widm.53) finds new clusters only among sentences that no known cluster takes, so that
growing data moves nobody. Merging asks for more likeness than splitting, so that a cluster does
not do both in turn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

LEAST_SIZE = 8
"""Sentences below which a cluster is chance."""
CLUSTER_DISTANCE = 0.4
"""Mean cosine distance at which agglomeration stops."""
JOIN_LIKENESS = 0.55
"""Cosine to a cluster's centre from which a sentence belongs to it."""
NEW_MERGE_LIKENESS = 0.8
"""Cosine of two centres from which they are one cluster, where one of them is new …"""
MERGE_LIKENESS = 0.92
"""… and where both have ids already: that takes more, so that ids last."""
SPLIT_LIKENESS = 0.35

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_LONGEST_PHRASE = 4
_LEAST_SHARE = 0.15
_LOOSE_WORDS = (
    "does did doesn't don't didn't won't isn't aren't wasn't can't couldn't wouldn't it's i'm i've"
    " that's just really still even ever got get"
)
_LOOSE = frozenset(_LOOSE_WORDS.split())


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """Labels of all sentences, -1 for none, and what happened to known clusters."""

    labels: np.ndarray
    merged: dict[int, int] = field(default_factory=dict)
    """Label that ended, label that took it over."""
    split: dict[int, int] = field(default_factory=dict)
    """New label, label that it was part of."""


def centred(vectors: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Unit vectors without what all texts have in common: encoders put them into one corner.

    The common part is the mean of a fixed reference, not of the sentences themselves, so that
    growing data moves nobody and a shop with one problem alone still has that problem.
    """
    moved = vectors - reference.mean(axis=0, keepdims=True)
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(norms, 1e-9))


def cluster(vectors: np.ndarray, known: np.ndarray, *, least_size: int = LEAST_SIZE) -> Clustering:
    """Cluster sentences, keeping known labels.

    Args:
        vectors: centred unit vectors (sentences, width).
        known: label of each sentence from the run before, -1 where it is new.
        least_size: sentences below which a new cluster is chance.
    """
    labels = known.copy()
    _join(vectors, labels)
    split = _split(vectors, labels)
    _found(vectors, labels, least_size)
    old = {int(label) for label in known if label >= 0}
    merged = {ended: kept for ended, kept in _merge(vectors, labels, old).items() if ended in old}
    return Clustering(labels=labels, merged=merged, split=split)


def centre(vectors: np.ndarray) -> np.ndarray:
    """Unit vector of the mean."""
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def exemplars(vectors: np.ndarray, number: int = 5) -> list[int]:
    """Indexes of the sentences nearest to the centre of all of them, nearest first."""
    likeness = vectors @ centre(vectors)
    return [int(index) for index in np.argsort(-likeness, kind="stable")[:number]]


def phrase(inside: Sequence[str], outside: Sequence[str]) -> str:
    """The words that name a cluster: frequent in its sentences and rare in all others.

    Scores every run of up to four words by its share inside times the log ratio to its smoothed
    share outside, favouring longer runs that lose few sentences (class-based tf-idf, Grootendorst
    2022, arXiv 2203.05794, over phrases).
    """
    within, without = _phrase_counts(inside), _phrase_counts(outside)
    scores = {
        words: _distinctiveness(words, number / len(inside), without[words] / (len(outside) + 1))
        for words, number in within.items()
        if number >= max(2, _LEAST_SHARE * len(inside)) and not _is_loose(words)
    }
    if not scores:
        return min(inside, key=len)[:60] if inside else ""
    ranked = sorted(scores, key=lambda run: (-scores[run], run))
    best = ranked[0]
    second = next((run for run in ranked if not set(run) & set(best)), ())
    return " ".join(best + second if len(best) == 1 else best)


def _join(vectors: np.ndarray, labels: np.ndarray) -> None:
    """Give new sentences to the nearest known cluster where it is near enough."""
    ids, centres = _centres(vectors, labels)
    new = np.flatnonzero(labels < 0)
    if not len(ids) or not len(new):
        return
    likeness = vectors[new] @ centres.T
    nearest = likeness.argmax(axis=1)
    is_near = likeness[np.arange(len(new)), nearest] >= JOIN_LIKENESS
    labels[new[is_near]] = ids[nearest[is_near]]


def _merge(vectors: np.ndarray, labels: np.ndarray, old: set[int]) -> dict[int, int]:
    """Let the older (smaller) label take over a cluster that has become the same."""
    merged: dict[int, int] = {}
    while True:
        ids, centres = _centres(vectors, labels)
        is_old = np.array([int(label) in old for label in ids], dtype=bool)
        needed = np.where(np.outer(is_old, is_old), MERGE_LIKENESS, NEW_MERGE_LIKENESS)
        excess = np.where(np.triu(np.ones_like(needed), k=1) > 0, centres @ centres.T - needed, -1)
        if not excess.size or excess.max() < 0:
            return merged
        row, column = np.unravel_index(int(excess.argmax()), excess.shape)
        kept, ended = sorted((int(ids[row]), int(ids[column])))
        labels[labels == ended] = kept
        merged[ended] = kept


def _split(vectors: np.ndarray, labels: np.ndarray) -> dict[int, int]:
    """Part clusters that have fallen into two; the larger part keeps the label."""
    split: dict[int, int] = {}
    for label in sorted(set(labels[labels >= 0].tolist())):
        members = np.flatnonzero(labels == label)
        if len(members) < 2 * LEAST_SIZE:
            continue
        halves = _agglomerate(vectors[members], parts=2)
        sizes = np.bincount(halves)
        if len(sizes) < 2 or sizes.min() < LEAST_SIZE:
            continue
        first, second = (centre(vectors[members[halves == part]]) for part in (0, 1))
        if first @ second < SPLIT_LIKENESS:
            made = int(labels.max()) + 1
            labels[members[halves == sizes.argmin()]] = made
            split[made] = label
    return split


def _found(vectors: np.ndarray, labels: np.ndarray, least_size: int) -> None:
    """Label new clusters among what is left; those below the least size stay without."""
    left = np.flatnonzero(labels < 0)
    if len(left) < least_size:
        return
    parts = _agglomerate(vectors[left])
    following = int(labels.max()) + 1
    for part, size in Counter(parts.tolist()).most_common():
        if size < least_size:
            break
        labels[left[parts == part]] = following
        following += 1


def _agglomerate(vectors: np.ndarray, parts: int | None = None) -> np.ndarray:
    """Average-link clusters, numbered from 0: so many parts, or all within CLUSTER_DISTANCE."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distance = np.clip(1.0 - vectors @ vectors.T, 0.0, 2.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    if parts is not None:
        return np.asarray(fcluster(tree, parts, criterion="maxclust") - 1)
    return np.asarray(fcluster(tree, CLUSTER_DISTANCE, criterion="distance") - 1)


def _centres(vectors: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ids = np.unique(labels[labels >= 0])
    if not len(ids):
        return ids, np.zeros((0, vectors.shape[1]))
    return ids, np.stack([centre(vectors[labels == label]) for label in ids])


def _phrase_counts(texts: Iterable[str]) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = [word.lower() for word in _WORD.findall(text)]
        counts.update(
            {
                tuple(words[start : start + length])
                for length in range(1, _LONGEST_PHRASE + 1)
                for start in range(len(words) - length + 1)
            }
        )
    return counts


def _distinctiveness(words: tuple[str, ...], inside: float, outside: float) -> float:
    return float(inside * np.log((inside + 1e-4) / (outside + 1e-3)) * len(words))


def _is_loose(words: tuple[str, ...]) -> bool:
    """Phrases that begin or end with a word that says nothing alone."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    ends = {words[0].replace("’", "'"), words[-1].replace("’", "'")}
    return any(word in ENGLISH_STOP_WORDS | _LOOSE or len(word) < 2 for word in ends)
