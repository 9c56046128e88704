"""Speed and memory of the tagger on real reviews: `python -m tests.bench.tagger_speed SHARED`.

Prints texts and tokens per second, the ratio to a bare loop of the encoder over the same token
batches (goal at least 0.85), the ratio to one text at a time through the transformers pipeline on
the same weights in the library's default precision (goal at least 4), and resident memory.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from collections.abc import Callable
from pathlib import Path

import torch

from nlp.encoder import batches, pad
from nlp.evaluate import theme_text
from nlp.loading import load_model
from nlp.model import Model
from nlp.taxonomy import load_taxonomy

PIPELINE_TEXTS = 200


def reviews(shared: Path, count: int) -> list[str]:
    """Distinct review texts, as they come."""
    path = shared / "data/feedback/play_kraken.csv"
    with path.open(encoding="utf8", newline="") as lines:
        texts = list(dict.fromkeys(row["content"] for row in csv.DictReader(lines)))
    return texts[:count]


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of this process: a shared machine's other users do not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def bare_loop(model: Model, texts: list[str]) -> None:
    """The encoder alone over the token batches that `predict` makes."""
    rows = model.encoder.tokenise(texts)
    for chosen in batches(list(map(len, rows))):
        with torch.inference_mode():
            model.encoder.states(pad([rows[index] for index in chosen], model.encoder.pad_id))


def naive_pipeline(texts: list[str]) -> Callable[[], object]:
    """transformers' text classification, one text at a time, over the merged weights."""
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    encoder = load_model(precision="float32").encoder
    classifier = BertForSequenceClassification(BertConfig(**encoder.body.config.to_dict()))
    encoder.body.pooler = classifier.bert.pooler
    classifier.bert = encoder.body
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=encoder.tokenizer, pad_token="<pad>", model_max_length=128
    )
    classify = pipeline("text-classification", model=classifier.eval(), tokenizer=tokenizer)
    return lambda: [classify(text, truncation=True) for text in texts]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    texts = reviews(chosen.shared, chosen.texts)
    model = load_model()
    themes = model.encode_themes([theme_text(theme) for theme in load_taxonomy().themes])
    tokens = sum(map(len, model.encoder.tokenise(texts)))
    model.predict(texts[:100], themes)
    ours = seconds(lambda: model.predict(texts, themes))
    bare = seconds(lambda: bare_loop(model, texts))
    double = seconds(lambda: model.predict(texts + texts, themes))
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    naive = seconds(naive_pipeline(texts[:PIPELINE_TEXTS])) / PIPELINE_TEXTS * len(texts)
    print(f"{len(texts)} reviews, {tokens} tokens, {len(themes)} themes, model {model.id}")
    print(f"texts per second  {len(texts) / ours:.1f}")
    print(f"tokens per second {tokens / ours:.0f}")
    print(f"ratio to the bare encoder loop {bare / ours:.2f} (goal 0.85)")
    print(f"ratio to the naive pipeline {naive / ours:.2f} (goal 4)")
    print(f"every text twice costs {double / ours:.2f} times once")
    print(f"peak resident memory {resident:.2f} GB (goal 1.5)")


if __name__ == "__main__":
    main()
