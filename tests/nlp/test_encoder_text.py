"""What the model reads of a text, and how texts are put into batches."""

from __future__ import annotations

import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nlp.encoder import LENGTH_STEP, MAX_CHARACTERS, batches, model_text, pad


@given(st.text())
def test_cleaned_text_holds_no_control_characters_and_cleans_to_itself(text: str) -> None:
    cleaned = model_text(text)

    kinds = {unicodedata.category(letter) for letter in cleaned}
    assert kinds.isdisjoint({"Cc", "Cs"})
    assert cleaned == cleaned.strip()


def test_links_handles_and_markup_are_made_alike() -> None:
    text = "<p>Hey @ShopHelp_1 &amp; co</p>\u200b see https://t.co/abc?x=1"

    assert model_text(text) == "Hey @user & co see http"


def test_an_address_is_no_handle() -> None:
    assert model_text("write to me@example.org") == "write to me@example.org"


def test_joined_emoji_survive() -> None:
    assert model_text("👩\u200d💻 ok") == "👩\u200d💻 ok"


def test_lone_surrogates_and_a_megabyte_of_one_word_are_harmless() -> None:
    assert model_text("bad \ud83d news") == "bad news"
    assert len(model_text("a" * 1_000_000)) == MAX_CHARACTERS


@given(st.lists(st.integers(1, 128), max_size=300), st.integers(64, 4096))
def test_every_text_is_in_one_batch_of_one_padded_length(lengths: list[int], budget: int) -> None:
    found = list(batches(lengths, budget))

    assert sorted(int(index) for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        padded = {-(-lengths[index] // LENGTH_STEP) for index in batch}
        assert len(padded) == 1
        assert len(batch) == 1 or len(batch) * padded.pop() * LENGTH_STEP <= budget


def test_padding_reaches_the_next_step_of_the_longest() -> None:
    ids = pad([[5, 6, 7, 8, 9], [5]], 1).numpy()

    assert ids.shape == (2, 2 * LENGTH_STEP)
    assert np.array_equal(ids[1], [5, 1, 1, 1, 1, 1, 1, 1])
