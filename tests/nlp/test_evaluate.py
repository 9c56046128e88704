"""The evaluations, on predictions whose scores can be worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earshot.errors import FixSettings
from nlp import evaluate
from nlp.model import Prediction, ThemeText


class ScriptedModel:
    """Answers each text with the numbers written in it: `0.7 0.2 0.1 | 0.9 0.1`."""

    id = "scripted"
    theme_threshold = 0.5

    def encode_themes(self, themes: Sequence[ThemeText]) -> np.ndarray:
        self.names = [theme.name for theme in themes]
        return np.zeros((len(themes), 1))

    def predict(self, texts: Sequence[str], vectors: np.ndarray) -> list[Prediction]:
        return [self._read(text, len(vectors)) for text in texts]

    def _read(self, text: str, themes: int) -> Prediction:
        mood, _, matches = text.partition("|")
        sentiment = tuple(map(float, mood.split()))
        return Prediction(
            sentiment=sentiment,  # type: ignore[arg-type]
            theme_probabilities=np.array([float(value) for value in matches.split()]),
            theme_sentiment=np.tile(sentiment, (themes, 1)),
        )


MODEL: Any = ScriptedModel()


def _file(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_sentiment_scores_are_those_worked_out_by_hand(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        [
            {"text": "0.8 0.1 0.1", "sentiment": "negative"},
            {"text": "0.6 0.3 0.1", "sentiment": "negative"},
            {"text": "0.1 0.7 0.2", "sentiment": "neutral"},
            {"text": "0.1 0.6 0.3", "sentiment": "positive"},
        ],
    )

    scores = evaluate.sentiment(path, MODEL)

    assert set(scores) == {
        *("n", "accuracy", "macro_recall", "macro_f1", "ece", "texts_per_second", "model")
    }
    assert scores["n"] == 4
    assert scores["accuracy"] == 0.75
    assert scores["macro_recall"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3, abs=1e-4)
    # Two texts share the bin of 0.6, one of them right.
    assert scores["ece"] == pytest.approx((0.2 + 2 * 0.1 + 0.3) / 4, abs=1e-4)


def test_two_labels_are_scored_by_the_larger_of_those_two(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        [
            {"text": "0.2 0.7 0.1", "sentiment": "negative"},
            {"text": "0.3 0.3 0.4", "sentiment": "positive"},
        ],
    )

    assert evaluate.sentiment(path, MODEL)["accuracy"] == 1.0


def test_theme_scores_are_those_worked_out_by_hand(tmp_path: Path) -> None:
    taxonomy = tmp_path / "t.toml"
    taxonomy.write_text('[[theme]]\nkey = "a"\nname = "A"\n[[theme]]\nkey = "b"\nname = "B"\n')
    path = _file(
        tmp_path,
        [
            {"text": "0 1 0 | 0.9 0.2", "themes": ["a"]},
            {"text": "0 1 0 | 0.8 0.3", "themes": ["b"]},
            {"text": "0 1 0 | 0.9 0.9", "themes": ["a", "b"]},
            {"text": "0 1 0 | 0.1 0.1", "themes": []},
        ],
    )

    scores = evaluate.themes(path, taxonomy, MODEL)

    assert scores["micro_f1"] == pytest.approx(6 / 8)
    assert scores["top1_accuracy"] == 0.5
    assert scores["per_theme"]["b"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "support": 2}
    assert scores["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2, abs=1e-4)


def test_aspect_scores_read_categories_as_words(tmp_path: Path) -> None:
    aspects = [
        {"category": "FOOD#STYLE_OPTIONS", "sentiment": "negative"},
        {"category": "SERVICE#GENERAL", "sentiment": "positive"},
    ]
    path = _file(tmp_path, [{"text": "0.7 0.2 0.1", "aspects": aspects}])

    scores = evaluate.aspects(path, MODEL)

    assert MODEL.names == ["FOOD STYLE OPTIONS", "SERVICE GENERAL"]
    assert scores == {"n": 2, "sentiment_accuracy": 0.5, "sentiment_macro_f1": 0.3333}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no rows"),
        ("not json\n", "line 1 is no JSON object"),
        ('{"text": "x"}\n', "line 1 lacks sentiment"),
        ('{"text": "1 0 0", "sentiment": "angry"}\n', "use one of negative"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content)

    with pytest.raises(FixSettings, match=message):
        evaluate.sentiment(path, MODEL)


def test_an_unknown_theme_names_its_line(tmp_path: Path) -> None:
    taxonomy = tmp_path / "t.toml"
    taxonomy.write_text('[[theme]]\nkey = "a"\nname = "A"\n')
    path = _file(tmp_path, [{"text": "0 1 0 | 0.5", "themes": ["z"]}])

    with pytest.raises(FixSettings, match="line 1 has theme 'z'"):
        evaluate.themes(path, taxonomy, MODEL)
