import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.text.cleaning import clean
from earshot.text.sentences import MAX_CHARACTERS, sentences


def test_a_turn_in_a_sentence_parts_its_aspects() -> None:
    assert sentences("Delivery was quick but the vase came broken") == [
        "Delivery was quick",
        "but the vase came broken",
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Die Lieferung war schnell, aber die Vase kam kaputt an"),
        ("fr", "La livraison était rapide mais le vase est arrivé cassé"),
        ("es", "El envío fue rápido pero el jarrón llegó roto"),
        ("it", "La consegna è stata veloce ma il vaso è arrivato rotto"),
        ("pt", "A entrega foi rápida mas o vaso chegou partido"),
        ("nl", "De levering was snel maar de vaas kwam kapot aan"),
        ("hi", "डिलीवरी तेज थी लेकिन फूलदान टूटा हुआ आया"),
        ("ar", "التوصيل سريع لكن المزهرية مكسورة"),
    ],
)
def test_turning_words_are_known_in_every_language(language: str, text: str) -> None:
    assert len(sentences(text, language)) == 2


def test_emoji_between_words_end_a_thought_and_stay_with_it() -> None:
    assert sentences("such a great app 😍 now the login fails 😡😡") == [
        "such a great app 😍",
        "now the login fails 😡😡",
    ]


def test_abbreviations_prices_and_versions_do_not_end_a_sentence() -> None:
    assert sentences("Dr. Miller paid $5.50 for version 2.3.1 of it.") == [
        "Dr. Miller paid $5.50 for version 2.3.1 of it."
    ]


def test_missing_blanks_behind_full_stops_are_seen() -> None:
    assert sentences("Good app.Works fine.Never crashed.") == [
        "Good app.",
        "Works fine.",
        "Never crashed.",
    ]


def test_shouting_without_punctuation_is_cut_at_pauses_not_in_words() -> None:
    text = "I ORDERED TWO WEEKS AGO AND NOTHING CAME AND NOBODY ANSWERS " * 12
    pieces = sentences(clean(text))
    assert " ".join(pieces) == clean(text)
    assert all(piece.startswith(("I ORDERED", "AND ")) for piece in pieces)


def test_ten_thousand_characters_take_no_time() -> None:
    text = clean("the parcel came late, nobody answered 😡 and i want my money back " * 200)
    started = time.perf_counter()
    pieces = sentences(text)
    assert time.perf_counter() - started < 1
    assert max(map(len, pieces)) <= MAX_CHARACTERS


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "\n\n"])
def test_nothing_to_say_gives_no_sentence(text: str) -> None:
    assert sentences(text) == []


@given(st.text(max_size=2_000), st.sampled_from(["en", "de", "ar", "undetermined"]))
def test_no_letter_is_lost_or_moved_and_no_piece_is_too_long(text: str, language: str) -> None:
    cleaned = clean(text)
    pieces = sentences(cleaned, language)

    def letters(value: str) -> str:
        return "".join(character for character in value if character.isalnum())

    assert letters("".join(pieces)) == letters(cleaned)
    assert all(len(piece) <= MAX_CHARACTERS for piece in pieces)
