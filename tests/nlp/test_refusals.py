import json
from pathlib import Path

import pytest

from nlp.refusals import language

ROWS = [
    ("The parcel came two weeks late and nobody answers", "en"),
    ("Das Paket kam zwei Wochen zu spät und niemand antwortet", "de"),
    ("Посылка пришла на две недели позже", "ru"),
    ("ok", "en"),
]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps({"text": text, "language": code}) for text, code in ROWS]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_refusals_and_undetermined_texts_are_shares_of_all(rows: Path) -> None:
    assert language(rows) == {
        "n": 4,
        "refused": 0.25,
        "undetermined": 0.25,
        "languages": {"en": 1, "de": 1, "ru": 1, "undetermined": 1},
        "wrongly_refused": 0.0,
        "accuracy": 1.0,
    }


def test_the_locale_settles_short_texts(rows: Path) -> None:
    found = language(rows, hint="en-GB")
    assert (found["undetermined"], found["languages"]["en"]) == (0.0, 2)
