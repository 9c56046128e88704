"""Training data: every set that data/SETS.md allows, in one shape, without near-duplicates.

A set marked `train: no` has no reader here and is named in no list below.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

SENTIMENTS = ("negative", "neutral", "positive")
LANGUAGES = ("arabic", "french", "german", "hindi", "italian", "portuguese", "spanish")
ASPECT_SETS = (
    "laptop",
    "restaurant",
    "oats_amazon_ff",
    "oats_hotels",
    "memd_books",
    "memd_clothing",
    "memd_hotel",
    "memd_laptop",
    "memd_restaurant",
    "mams",
    *(f"phone_shop_{code}" for code in ("en", "de", "fr", "es", "nl", "pt")),
)
PERMISSIVE_FILES = (
    "aspects/mams_train.jsonl",
    "themes/banking77_train.jsonl",
    "replies/trustpilot_rentals.csv",
    "replies/play_fampay.csv",
)
NO_ASPECT_LABELS = ("none", "polarity", "out_of_scope")
SHINGLE_WORDS = 8
# The verdict comes early, and long texts cost most of the training time.
STARS_CHARACTERS = 400
# A set without one class would push that class away without bound.
PRIOR_FLOOR = 0.1
_WORD = re.compile(r"\w+")
_MARKS = re.compile(r"(?:https?\S*|@\w+)")
_SPACED = (
    (re.compile(r"\b(\w+) n ?' ?t\b"), r"\1n't"),
    (re.compile(r" ' ?(s|re|ve|m|ll|d|t)\b"), r"'\1"),
    (re.compile(r" ([.,!?;:)])"), r"\1"),
    (re.compile(r"([(]) "), r"\1"),
    (re.compile(r"` ?`\s?|'' ?"), '"'),
)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One text with what is known of it.

    `sentiment` indexes SENTIMENTS or is None; `labels` maps a label of `scheme` to the sentiment
    towards it (None where the set gives none); an empty mapping with a scheme means "no theme".
    `log_prior` holds the log share of each sentiment in the example's set, see `with_priors`.
    """

    text: str
    source: str
    sentiment: int | None = None
    scheme: str = ""
    labels: dict[str, int | None] = field(default_factory=dict)
    weight: float = 1.0
    log_prior: tuple[float, ...] = (0.0, 0.0, 0.0)


def training_files(root: Path, *, permissive_only: bool) -> list[Path]:
    """The files trained on, relative to the data folder."""
    if permissive_only:
        return [root / name for name in PERMISSIVE_FILES]
    tweets = ["tweets_train", *(f"tweets_{language}_train" for language in LANGUAGES)]
    names = [f"sentiment/{name}.jsonl" for name in tweets]
    names += [f"aspects/{name}_train.jsonl" for name in ASPECT_SETS]
    names += ["themes/app_reviews.jsonl", *PERMISSIVE_FILES[1:]]
    return [root / name for name in names]


def held_out_files(root: Path) -> list[Path]:
    """Files whose texts must not be in training, as far as the folder has them."""
    names = [*(root / "sentiment").glob("*_val.jsonl"), *(root / "aspects").glob("*_dev.jsonl")]
    return sorted([*names, *(root / "themes").glob("support_tweets_*.jsonl")])


def read(path: Path) -> Iterator[Example]:
    """Examples of one file, by its folder and shape."""
    source = path.stem.removesuffix("_train").removesuffix("_dev").removesuffix("_val")
    if path.suffix == ".csv":
        yield from _read_stars(path, source)
        return
    for row in _rows(path):
        if "aspects" in row:
            yield _aspect_example(row, source)
        elif "themes" in row:
            labels = dict.fromkeys(row["themes"])
            yield Example(text=row["text"], source=source, scheme=source, labels=labels)
        else:
            sentiment = SENTIMENTS.index(row["sentiment"])
            yield Example(text=row["text"], source=source, sentiment=sentiment)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf8") as lines:
        yield from map(json.loads, lines)


def _aspect_example(row: dict[str, Any], source: str) -> Example:
    labels: dict[str, int | None] = {}
    sentiments = set()
    for aspect in row["aspects"]:
        sentiment = SENTIMENTS.index(aspect["sentiment"])
        sentiments.add(sentiment)
        if not aspect["category"].lower().startswith(NO_ASPECT_LABELS):
            same = labels.get(aspect["category"], sentiment) == sentiment
            labels[aspect["category"]] = sentiment if same else None
    return Example(
        text=untokenise(row["text"]),
        source=source,
        # Opposite sentiments in one sentence say nothing about the sentence as a whole.
        sentiment=sentiments.pop() if len(sentiments) == 1 and source != "mams" else None,
        scheme=source,
        labels=labels,
    )


def _read_stars(path: Path, source: str) -> Iterator[Example]:
    with path.open(encoding="utf8", newline="") as lines:
        for row in csv.DictReader(lines):
            title, body = row.get("title", ""), row.get("body") or row.get("content") or ""
            opens_alike = body.lower().startswith(title.lower().rstrip("…. ")[:30])
            text = body if not title or opens_alike else f"{title}. {body}"
            stars = int(row["rating"])
            if text.strip():
                yield Example(
                    text=text[:STARS_CHARACTERS],
                    source=source,
                    sentiment=0 if stars <= 2 else 1 if stars == 3 else 2,
                    # Three stars are often a complaint or a mild praise.
                    weight=0.3 if stars == 3 else 0.7,
                )


def untokenise(text: str) -> str:
    """Undo the spacing that tokenised sets put around punctuation and contractions."""
    for pattern, replacement in _SPACED:
        text = pattern.sub(replacement, text)
    return text


def without_duplicates(examples: Iterable[Example], held_out: Iterable[str]) -> list[Example]:
    """Examples that neither repeat one another nor a held-out text, also not nearly.

    Near means: the same words in the same order but for links and handles, or a run of
    SHINGLE_WORDS words shared with a held-out text.
    """
    seen: set[str] = set()
    shingles: set[str] = set()
    for text in held_out:
        words = _words(text)
        seen.add(" ".join(words))
        shingles.update(_shingles(words))
    kept = []
    for example in examples:
        words = _words(example.text)
        # The same sentence carries different labels in different schemes.
        keys = {" ".join(words), f"{example.scheme}: {' '.join(words)}"}
        if seen.isdisjoint(keys) and shingles.isdisjoint(_shingles(words)):
            seen.add(f"{example.scheme}: {' '.join(words)}")
            kept.append(example)
    return kept


def with_priors(examples: Sequence[Example]) -> list[Example]:
    """The examples, each with the log shares of the sentiments in its set.

    Added to the logits in training only, they let a set's mix explain itself (logit adjustment,
    Menon et al. 2021, arXiv 2007.07314): English tweets are mostly neutral, reviews hardly ever,
    and a model that learns so reads a complaint in one of them as nobody would.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(SENTIMENTS))
    for example in examples:
        if example.sentiment is not None:
            counts[example.source][example.sentiment] += 1
    priors = {source: _log_shares(found) for source, found in counts.items()}
    even = _log_shares([1] * len(SENTIMENTS))
    return [replace(row, log_prior=priors.get(row.source, even)) for row in examples]


def _log_shares(counts: list[int]) -> tuple[float, ...]:
    smoothed = [count + PRIOR_FLOOR * sum(counts) for count in counts]
    return tuple(math.log(count / sum(smoothed)) for count in smoothed)


def _words(text: str) -> list[str]:
    return _WORD.findall(_MARKS.sub(" ", untokenise(text)).lower()) or [text.strip()]


def _shingles(words: list[str]) -> Iterator[str]:
    for start in range(len(words) - SHINGLE_WORDS + 1):
        yield " ".join(words[start : start + SHINGLE_WORDS])
