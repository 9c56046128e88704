"""How well emerging themes are found and kept: `python -m tests.bench.emerging SHARED_DATA`.

Thirty sentences about a lid that does not close stand among 2,970 complaints of the aspect sets.
Prints the share of them found in one cluster, how pure it is, its name, and the share of
sentences that keep their id when the last eleventh of the data arrives.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from nlp.clusters import centred, cluster, phrase
from nlp.emerging import reference_texts
from nlp.loading import load_model
from tests.nlp.test_emerging import LID

SETS = ("oats_amazon_ff", "memd_clothing", "memd_laptop", "memd_books", "oats_hotels")


def complaints(data: Path) -> list[str]:
    """2,970 texts with a negative aspect, shuffled by a seed."""
    texts = []
    for name in SETS:
        for line in (data / "aspects" / f"{name}_train.jsonl").open(encoding="utf-8"):
            row = json.loads(line)
            if any(aspect["sentiment"] == "negative" for aspect in row["aspects"]):
                texts.append(row["text"])
    random.Random(3).shuffle(texts)
    return texts[:2_970]


def main(data: Path) -> None:
    """Embed once, then measure both."""
    texts = [*complaints(data), *LID]
    model = load_model()
    vectors = centred(model.embed(texts), model.embed(reference_texts()))
    started = time.perf_counter()
    labels = cluster(vectors, np.full(len(texts), -1)).labels
    seconds = time.perf_counter() - started
    label, found = Counter(labels[-len(LID) :].tolist()).most_common(1)[0]
    members = np.flatnonzero(labels == label)
    others = [texts[place] for place in np.flatnonzero(labels != label)]
    name = phrase([texts[place] for place in members], others)
    print(f"found {found} of {len(LID)} in a cluster of {len(members)}: {name}")
    print(f"{labels.max() + 1} clusters in {seconds:.1f} s, {(labels >= 0).mean():.1%} clustered")
    order = np.random.default_rng(5).permutation(len(texts))
    first = int(len(texts) / 1.1)
    before = cluster(vectors[order[:first]], np.full(first, -1)).labels
    known = np.concatenate([before, np.full(len(texts) - first, -1)])
    after = cluster(vectors[order], known).labels[:first]
    had = before >= 0
    print(f"{(after[had] == before[had]).mean():.1%} of {had.sum()} sentences kept their id")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
