"""Urgent tags measured on reports written for this test; urgent.toml was tuned on every other."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nlp.loading import load_model
from nlp.model import Prediction
from nlp.reading import read
from nlp.tagger import Tagger
from nlp.taxonomy import load_taxonomy
from nlp.urgent import evidence, raised

REPORTS = Path(__file__).with_name("urgent_reports.tsv")
KEYS = (
    "urgent_safety",
    "urgent_data_leak",
    "urgent_fraud",
    "urgent_legal",
    "urgent_press",
    "urgent_self_harm",
)


def reports() -> list[tuple[str, str]]:
    lines = REPORTS.read_text(encoding="utf-8").splitlines()
    return [(key, text) for key, text in (line.split("\t") for line in lines)]


def prediction(probability: float, positive: float = 0.1) -> Prediction:
    return Prediction(
        sentiment=(0.9 - positive, 0.1, positive),
        theme_probabilities=np.array([0.2, probability]),
        theme_sentiment=np.full((2, 3), 1 / 3),
    )


def weighed(text: str, probability: float, positive: float = 0.1) -> float:
    (result,) = raised([text], [prediction(probability, positive)], [None, "urgent_safety"])
    assert result.theme_probabilities[0] == 0.2
    return float(result.theme_probabilities[1])


def test_unmistakable_words_need_no_model() -> None:
    assert weighed("the charger caught fire", 0.0) >= 0.9


def test_a_hint_needs_the_model_to_agree_and_no_contentment() -> None:
    assert weighed("there was smoke in the kitchen", 0.1) < 0.5
    assert weighed("there was smoke in the kitchen", 0.6) >= 0.5
    assert weighed("smoke flavour, delicious, love it", 0.6, positive=0.9) < 0.5


def test_the_model_alone_must_be_nearly_sure_of_more_than_a_few_words() -> None:
    assert weighed("something happened that nobody should see", 0.35) < 0.5
    assert weighed("something happened that nobody should see", 0.9) >= 0.5
    assert weighed("stay away", 0.9) < 0.5


@pytest.mark.parametrize(
    "text",
    ["This deal is fire", "to die for", "what a steal", "the food court", "press the button", "ok"],
)
def test_what_sounds_alike_is_no_evidence(text: str) -> None:
    assert "strong" not in evidence(text).values()


def test_the_reports_cover_every_tag_and_as_many_harmless_texts() -> None:
    numbers = Counter(key for key, _ in reports())
    assert numbers["none"] >= 150
    assert all(numbers[key] >= 24 for key in KEYS)
    assert len(reports()) >= 300


def test_measured_recall_and_false_alarms_with_the_shipped_model() -> None:
    taxonomy = load_taxonomy()
    ids = {key: index for index, key in enumerate(taxonomy.keys)}
    tagger = Tagger(load_model(), taxonomy, ids)
    rows = reports()[1::2]
    tags = tagger.tags([read("", text, "en") for _, text in rows])
    found = [{taxonomy.keys[theme.theme_id] for theme in tag.themes} for tag in tags if tag]
    hits = Counter(key for (key, _), got in zip(rows, found, strict=True) if key in got)
    total = Counter(key for key, _ in rows)
    alarms = sum(
        key == "none" and bool(got & set(KEYS)) for (key, _), got in zip(rows, found, strict=True)
    )
    recall = {key: hits[key] / total[key] for key in KEYS}
    print("recall", recall, "false alarms", alarms, "of", total["none"])
    assert min(recall.values()) >= 0.8
    assert sum(hits.values()) / (len(rows) - total["none"]) >= 0.9
    assert alarms <= 0.1 * total["none"]
