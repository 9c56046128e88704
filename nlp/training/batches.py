"""Micro-batches: one task each, texts of like length, the order fixed by the seed.

A step joins batches of plain sentiment with batches of label schemes, so that no step pulls
towards one task alone.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nlp.training.data import Example
from nlp.training.labels import coarse, label_text

SENTIMENT_TOKENS = 1280
SCHEME_TOKENS = 900
SCHEME_TEXTS = 32
SCHEME_LABELS = 20
LENGTH_CHUNK = 1600
# Of the longer queue; the shorter one is spread evenly.
BATCHES_PER_STEP = 2
# Shares of the views in which a scheme's labels are shown.
FULL_VIEW, ENTITY_VIEW = 0.7, 0.85
NAME_ONLY, NAME_AND_DESCRIPTION = 0.45, 0.85
NOISE_SHARE = 0.06


@dataclass(frozen=True, kw_only=True)
class MicroBatch:
    """Texts of one task; `themes` are label texts, `labels[i]` maps theme index to sentiment."""

    texts: list[str]
    sentiments: list[int | None]
    log_priors: list[tuple[float, ...]]
    weights: list[float]
    themes: list[str]
    labels: list[dict[int, int | None]]


def steps(
    examples: Sequence[Example], length: Callable[[Example], int], seed: int, epoch: int
) -> Iterator[list[MicroBatch]]:
    """All optimiser steps of one epoch, the same for the same seed and epoch."""
    rng = random.Random(f"{seed}-{epoch}")
    plain = [example for example in examples if not example.scheme]
    schemed = [example for example in examples if example.scheme]
    queues = [
        [_plain_batch(batch, rng) for batch in _plain(plain, length, rng)],
        [_scheme_batch(batch, pool, rng) for batch, pool in _by_scheme(schemed, length, rng)],
    ]
    for queue in queues:
        rng.shuffle(queue)
    filled = [queue for queue in queues if queue]
    count = max(map(len, filled), default=0) // BATCHES_PER_STEP
    for step in range(count):
        parts = [
            queue[step * len(queue) // count : (step + 1) * len(queue) // count] for queue in filled
        ]
        yield [batch for part in parts for batch in part]


def _plain(
    examples: list[Example], length: Callable[[Example], int], rng: random.Random
) -> Iterator[list[Example]]:
    for chunk in _chunks(examples, length, rng):
        yield from _cut(chunk, length, SENTIMENT_TOKENS, len(chunk))


def _by_scheme(
    examples: list[Example], length: Callable[[Example], int], rng: random.Random
) -> Iterator[tuple[list[Example], list[str]]]:
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.scheme].append(example)
    for group in groups.values():
        pool = sorted({label for example in group for label in example.labels})
        for chunk in _chunks(group, length, rng):
            for batch in _cut(chunk, length, SCHEME_TOKENS, SCHEME_TEXTS):
                yield batch, pool


def _cut(
    chunk: list[Example], length: Callable[[Example], int], tokens: int, texts: int
) -> Iterator[list[Example]]:
    batch: list[Example] = []
    for example in chunk:
        is_full = len(batch) == texts or length(example) * (len(batch) + 1) > tokens
        if batch and is_full:
            yield batch
            batch = []
        batch.append(example)
    yield batch


def _chunks(
    examples: list[Example], length: Callable[[Example], int], rng: random.Random
) -> Iterator[list[Example]]:
    """Shuffled examples in chunks sorted by length: random enough, and little padding."""
    order = examples[:]
    rng.shuffle(order)
    for start in range(0, len(order), LENGTH_CHUNK):
        yield sorted(order[start : start + LENGTH_CHUNK], key=length)


def _plain_batch(examples: list[Example], rng: random.Random) -> MicroBatch:
    return MicroBatch(
        texts=[_noisy(example.text, rng) for example in examples],
        sentiments=[example.sentiment for example in examples],
        log_priors=[example.log_prior for example in examples],
        weights=[example.weight for example in examples],
        themes=[],
        labels=[{} for _ in examples],
    )


def _scheme_batch(examples: list[Example], pool: list[str], rng: random.Random) -> MicroBatch:
    """One scheme's texts with their labels and random others of the scheme, in one view."""
    view = _view(rng)
    labels = [_seen_as(example.labels, view) for example in examples]
    shown = sorted({label for row in labels for label in row})
    others = sorted({view(label) for label in pool}.difference(shown))
    rng.shuffle(others)
    shown += others[: max(SCHEME_LABELS - len(shown), 4)]
    index = {label: place for place, label in enumerate(shown)}
    style = rng.random()
    return MicroBatch(
        texts=[_noisy(example.text, rng) for example in examples],
        sentiments=[example.sentiment for example in examples],
        log_priors=[example.log_prior for example in examples],
        weights=[example.weight for example in examples],
        themes=[_styled(examples[0].scheme, label, style) for label in shown],
        labels=[{index[label]: value for label, value in row.items()} for row in labels],
    )


def _view(rng: random.Random) -> Callable[[str], str]:
    """How labels are read: as they are, as entity alone, or as attribute alone."""
    chosen = rng.random()
    if chosen < FULL_VIEW:
        return str
    return (
        (lambda label: coarse(label, 0))
        if chosen < ENTITY_VIEW
        else (lambda label: coarse(label, 1))
    )


def _seen_as(labels: dict[str, int | None], view: Callable[[str], str]) -> dict[str, int | None]:
    merged: dict[str, int | None] = {}
    for label, sentiment in labels.items():
        name = view(label)
        merged[name] = sentiment if merged.get(name, sentiment) == sentiment else None
    return merged


def _styled(scheme: str, label: str, style: float) -> str:
    text = label_text(scheme, label)
    if style < NAME_ONLY or not text.description:
        return text.name
    if style < NAME_AND_DESCRIPTION:
        return f"{text.name}: {text.description}"
    return text.description


def _noisy(text: str, rng: random.Random) -> str:
    """Now and then all capitals, all small, or no punctuation, as people write."""
    if rng.random() > NOISE_SHARE:
        return text
    return rng.choice((str.upper, str.lower, _without_punctuation))(text)


def _without_punctuation(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum() or letter in " @#'")
