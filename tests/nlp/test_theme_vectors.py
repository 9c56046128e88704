"""Vectors of themes outlast a run, and nothing of a theme outlasts the theme."""

from __future__ import annotations

import numpy as np
import pytest

from nlp import theme_vectors
from nlp.model import ThemeText
from tests.nlp.fakes import WordModel

LATE = ThemeText(name="Delivery delay", examples=("Still no parcel",))
BROKEN = ThemeText(name="Damaged in transit")


class Reader(WordModel):
    """Makes a vector for each theme, and tells which ones it made."""

    def __init__(self, answer: float = 0.5) -> None:
        super().__init__()
        self.made: list[str] = []
        self.answer = answer

    def embed(self, texts):
        return np.full((len(texts), 4), self.answer, np.float32)

    def encode_themes(self, themes):
        for theme in themes:
            if theme not in self.themes:
                self.made.append(theme.name)
                self.themes[theme] = np.full(4, len(theme.name), np.float32)
        return np.stack([self.themes[theme] for theme in themes])


@pytest.fixture
def conn(shop):
    shop.rows(
        "insert into earshot.model (id, weights, registered_at) values ('words-1', 'x', now())"
    )
    return shop.conn


def recalled(conn, themes, answer: float = 0.5) -> Reader:
    reader = Reader(answer)
    theme_vectors.recall(conn, reader, themes)
    return reader


def test_a_second_run_makes_no_vector_again(conn) -> None:
    first = recalled(conn, [LATE, BROKEN])
    again = recalled(conn, [LATE, BROKEN])
    assert (first.made, again.made) == (["Delivery delay", "Damaged in transit"], [])
    assert np.array_equal(again.themes[LATE], first.themes[LATE])


def test_only_a_new_theme_is_read(conn) -> None:
    recalled(conn, [LATE])
    assert recalled(conn, [LATE, BROKEN]).made == ["Damaged in transit"]


def test_an_erased_example_leaves_no_vector(conn, shop) -> None:
    recalled(conn, [LATE])
    recalled(conn, [ThemeText(name="Delivery delay")])
    assert shop.rows("select count(*) from earshot.theme_vector") == [(1,)]
    assert recalled(conn, [LATE]).made == ["Delivery delay"]


def test_other_weights_under_the_same_name_read_the_themes_anew(conn) -> None:
    recalled(conn, [LATE])
    assert recalled(conn, [LATE], answer=0.4).made == ["Delivery delay"]
