"""What the shipped model promises of any text, whatever batch it is in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.loading import load_model
from nlp.model import Model, Prediction, ThemeText

THEMES = (
    ThemeText(name="Delivery delay", description="The parcel arrives late or never."),
    ThemeText(name="Packaging", description="The goods arrive broken or badly packed."),
    ThemeText(name="Price", examples=("Far too expensive.",)),
)
SENTENCES = (
    "Delivery was quick but the vase came broken.",
    "THIS IS THE WORST SHOP EVER",
    "ok",
    "👍👍👍",
    "Das Paket kam zu spät und der Kundendienst antwortet nicht.",
    "الطرد وصل متأخرا",
    "我很喜欢这个产品",
    "The coat fits perfectly, and so does the price, " * 12,
    "It is a lamp.",
)


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_model()
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def vectors(model: Model) -> np.ndarray:
    return model.encode_themes(THEMES)


def _numbers(prediction: Prediction) -> np.ndarray:
    towards = prediction.theme_sentiment.ravel()
    return np.concatenate([prediction.sentiment, prediction.theme_probabilities, towards])


@settings(max_examples=12, deadline=None)
@given(others=st.lists(st.sampled_from(SENTENCES) | st.text(max_size=80), max_size=6))
def test_a_text_gets_the_same_result_in_any_batch(
    model: Model, vectors: np.ndarray, others: list[str]
) -> None:
    text = SENTENCES[0]
    (alone,) = model.predict([text], vectors)

    among = model.predict([*others, text, *others], vectors)[len(others)]

    np.testing.assert_allclose(_numbers(among), _numbers(alone), atol=1e-4)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\u200b\u200d", "\x00\x01", "\ud83d", "<br><br/>", "x" * 1_000_000, "שלום", "。"],
)
def test_any_text_has_a_defined_result_and_costs_its_neighbours_nothing(
    model: Model, vectors: np.ndarray, text: str
) -> None:
    good = SENTENCES[0]
    (alone,) = model.predict([good], vectors)

    odd, beside = model.predict([text, good], vectors)

    assert np.isfinite(_numbers(odd)).all()
    assert sum(odd.sentiment) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(_numbers(beside), _numbers(alone), atol=1e-4)


def test_nothing_to_read_is_neutral_and_about_no_theme(model: Model, vectors: np.ndarray) -> None:
    (nothing,) = model.predict(["\u200b"], vectors)

    assert nothing.sentiment == (0.0, 1.0, 0.0)
    assert not nothing.theme_probabilities.any()


def test_identical_texts_are_read_once(model: Model, vectors: np.ndarray) -> None:
    read: list[str] = []
    tokenise = model.encoder.tokenise

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(encoder, name)

        def tokenise(self, texts: list[str]) -> list[list[int]]:
            read.extend(texts)
            return tokenise(texts)

    encoder, model.encoder = model.encoder, Counting()  # type: ignore[assignment]
    try:
        first, _, last = model.predict(["Late again", "Fine", "Late  again"], vectors)
    finally:
        model.encoder = encoder

    assert sorted(read) == ["Fine", "Late again"]
    np.testing.assert_array_equal(_numbers(first), _numbers(last))


def test_clauses_that_praise_and_blame_are_told_apart(model: Model, vectors: np.ndarray) -> None:
    praise, blame = model.predict(["Delivery was quick", "but the vase came broken."], vectors)

    assert np.argmax(praise.sentiment) == 2
    assert praise.theme_probabilities.argmax() == 0
    assert praise.theme_sentiment[0].argmax() == 2
    assert np.argmax(blame.sentiment) == 0
    assert blame.theme_probabilities.argmax() == 1
    assert blame.theme_sentiment[1].argmax() == 0


def test_a_theme_seen_before_is_not_encoded_again(model: Model) -> None:
    first = model.encode_themes(THEMES)
    embed, model.embed = model.embed, None  # type: ignore[method-assign,assignment]
    try:
        again = model.encode_themes(THEMES[::-1])
    finally:
        model.embed = embed  # type: ignore[method-assign]

    np.testing.assert_array_equal(again, first[::-1])


def test_rivals_count_only_within_their_group(model: Model) -> None:
    twice = model.encode_themes([THEMES[0], THEMES[0]])

    (together,) = model.predict([SENTENCES[0]], twice)
    (apart,) = model.predict([SENTENCES[0]], twice, groups=(1, 1))
    (alone,) = model.predict([SENTENCES[0]], twice[:1])

    assert apart.theme_probabilities[0] == pytest.approx(alone.theme_probabilities[0], abs=1e-4)
    assert together.theme_probabilities[0] == pytest.approx(
        together.theme_probabilities[1], abs=1e-4
    )


def test_a_theme_gains_where_its_name_stands_in_the_text(model: Model) -> None:
    named, unnamed = (
        model.encode_themes([ThemeText(name="Packaging", by_name=by_name)])
        for by_name in (True, False)
    )
    texts = ["The packaging was torn", "The box was torn"]

    gains = [
        with_name.theme_probabilities[0] - without.theme_probabilities[0]
        for with_name, without in zip(
            model.predict(texts, named), model.predict(texts, unnamed), strict=True
        )
    ]

    assert gains[0] > 0
    assert gains[1] == 0
