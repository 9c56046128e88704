"""Tiny Hugging Face models, made by the tests and read through the real loading code."""

from __future__ import annotations

import json
from pathlib import Path

import torch

WORDS = [
    "the",
    "parcel",
    "came",
    "late",
    "early",
    "and",
    "box",
    "was",
    "broken",
    "fine",
    "i",
    "love",
    "hate",
    "this",
    "shop",
    "price",
    "is",
    "high",
    "low",
    "staff",
    "rude",
    "kind",
    "screen",
    "battery",
    "works",
    "fails",
    "delivery",
    "service",
    "general",
    "quality",
    "query",
    "user",
    "http",
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    ":",
    "@",
    ".",
    ",",
    "#",
    "speed",
    "lost",
    "damaged",
]


def save_encoder(folder: Path, *, labels: tuple[str, ...] = ()) -> Path:
    """A two-layer BERT with a word tokenizer; with labels, a sequence classifier."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, BertModel

    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    for word in WORDS:
        vocabulary.setdefault(word, len(vocabulary))
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
        pad_token_id=0,
        id2label=dict(enumerate(labels)) or None,
        label2id={label: place for place, label in enumerate(labels)} or None,
    )
    model = BertForSequenceClassification(config) if labels else BertModel(config)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    described = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(described))
    return folder


def save_data(root: Path, rows: int = 60) -> Path:
    """A data folder with every file of the training lists, each a few made-up rows."""
    from nlp.training.data import training_files

    for path in training_files(root, permissive_only=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        source = path.stem
        lines = [_row(source, number, path) for number in range(rows)]
        header = ["title,body,rating"] if path.suffix == ".csv" else []
        path.write_text("\n".join([*header, *lines]) + "\n", "utf8")
    return root


def _row(source: str, number: int, path: Path) -> str:
    is_good = number % 2 == 0
    mood = "positive" if is_good else "negative"
    text = f"{'i love' if is_good else 'i hate'} this {source} {number} {number * 7}"
    if path.suffix == ".csv":
        return f",{text},{5 if is_good else 1}"
    if path.parent.name == "aspects":
        labels = [{"category": ("price#general", "staff#quality")[number % 2], "sentiment": mood}]
        return json.dumps({"text": text, "aspects": labels})
    if path.parent.name == "themes":
        themes = ("card_arrival", "change_pin", "late", "lost")
        return json.dumps({"text": text, "themes": [themes[number % 4]]})
    return json.dumps({"text": text, "sentiment": mood})
