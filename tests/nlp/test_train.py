"""Training: only what may be used, resumable without a trace, readable by the real loader."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from earshot.errors import FixSettings
from nlp.loading import WEIGHTS, load_model
from nlp.model import ThemeText
from nlp.train import Pauses, Run, train, training_examples
from nlp.training import data
from nlp.training.labels import label_text, readable
from nlp.training.splits import HELD_OUT_INTENTS, HELD_OUT_SCHEMES, split
from tests.nlp.tiny import save_data, save_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_data(tmp_path_factory.mktemp("data"))


def _run(tmp_path: Path, steps: int) -> Run:
    base = str(save_encoder(tmp_path / "tiny"))
    return Run(base=base, steps=steps, descent=steps // 2, rank=4, frozen_layers=0)


def _marks(sets: Path) -> dict[str, str]:
    """`train` mark of each line of SETS.md, by the start of its file names."""
    lines = [line.split("|")[1:-1] for line in sets.read_text().splitlines() if "|" in line]
    return {cells[0].strip(): cells[-1].strip() for cells in lines if "/" in cells[0]}


def _mark(path: Path, marks: dict[str, str]) -> str:
    """The mark of the line whose names cover a file: `a, b_{x,y}_*` under one folder."""
    for names, mark in marks.items():
        folder, _, files = names.partition("/")
        for name in re.split(r", (?![^{]*})", files):
            wanted = re.sub(r"{([^}]*)}", lambda group: f"({group[1].replace(',', '|')})", name)
            if folder == path.parent.name and re.fullmatch(
                f"{wanted.replace('*', '.*')}(_train)?", path.stem
            ):
                return mark
    raise AssertionError(f"{path.name} is not in SETS.md")


def test_no_set_kept_for_evaluation_is_trained_on(shared: Path) -> None:
    marks = _marks(shared / "data" / "SETS.md")

    used = {_mark(path, marks) for path in data.training_files(Path("x"), permissive_only=False)}
    free = {_mark(path, marks) for path in data.training_files(Path("x"), permissive_only=True)}

    assert used == {"yes", "research"}
    assert free == {"yes"}


def test_the_model_card_names_every_set_it_was_trained_on() -> None:
    card = (WEIGHTS / "MODEL_CARD.md").read_text()

    for path in data.training_files(Path("x"), permissive_only=False):
        assert f"`{path.parent.name}/{path.stem}`" in card


def test_a_held_out_text_and_its_near_copies_leave_the_training_data() -> None:
    held = "Waiting for my parcel since last Tuesday and nobody answers the phone"
    examples = [
        data.Example(text=text, source="x", sentiment=0)
        for text in (
            held.upper() + "!!",
            "@shop " + held,
            "Hello. " + held + " at all.",
            "A different complaint",
            "a different complaint https://t.co/x",
        )
    ]

    kept = data.without_duplicates(examples, [held])

    assert [example.text for example in kept] == ["A different complaint"]


def test_opposite_sentiments_give_the_sentence_none(tmp_path: Path) -> None:
    (tmp_path / "aspects").mkdir()
    path = tmp_path / "aspects" / "x_train.jsonl"
    path.write_text(
        '{"text": "good food , n \' t fast", "aspects": [{"category": "FOOD#QUALITY",'
        ' "sentiment": "positive"}, {"category": "SERVICE#GENERAL", "sentiment": "negative"}]}\n'
    )

    (example,) = data.read(path)

    assert example.sentiment is None
    assert example.labels == {"FOOD#QUALITY": 2, "SERVICE#GENERAL": 0}


def test_tokenised_text_reads_as_people_write() -> None:
    assert data.untokenise("it does n ' t work , sadly .") == "it doesn't work, sadly."
    assert data.untokenise("I did n't") == "I didn't"


def test_labels_read_as_words_with_a_description() -> None:
    assert readable("LAPTOP#OPERATION_PERFORMANCE") == "laptop operation performance"
    assert "waste" in label_text("phone_shop", "Price#Value for Money").description


def test_held_out_themes_never_reach_the_matcher(folder: Path, tmp_path: Path) -> None:
    splits = split(training_examples(folder, _run(tmp_path, 1)), seed=7)

    trained = {(row.scheme, label) for row in splits.train for label in row.labels}
    assert not {scheme for scheme, _ in trained} & set(HELD_OUT_SCHEMES)
    assert not {label for _, label in trained} & set(HELD_OUT_INTENTS)
    assert set(splits.unseen) == {"app_reviews", "oats_amazon_ff", "banking77"}


def test_an_interrupted_run_ends_with_the_same_weights(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(tmp_path, 6)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    train(folder, tmp_path / "whole", run)
    train(folder, tmp_path / "parts", run, pauses=Pauses(checkpoint_steps=3, stop_after=4))
    train(folder, tmp_path / "parts", run)

    whole = load_file(tmp_path / "whole" / "model.safetensors")
    parts = load_file(tmp_path / "parts" / "model.safetensors")
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())
    model = load_model(str(tmp_path / "whole"))
    themes = model.encode_themes([ThemeText(name="price")])
    assert 0 < model.predict(["i love this price"], themes)[0].theme_probabilities[0] < 1


def test_a_checkpoint_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    run = _run(tmp_path, 3)
    train(folder, tmp_path / "out", run, pauses=Pauses(checkpoint_steps=2, stop_after=2))

    with pytest.raises(FixSettings, match="belongs to another run"):
        train(folder, tmp_path / "out", replace(run, seed=8))
