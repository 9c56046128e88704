import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.model import Prediction
from nlp.reading import WHOLE_CHARACTERS, locate, read, text_tags
from nlp.taxonomy import Theme

DELAY = Theme(key="delay", name="Delay")
PRAISE = Theme(key="praise", name="Praise", polarity="positive")
THEMES = [(1, DELAY), (2, PRAISE)]
THRESHOLDS = np.array([0.5, 0.5])
BAD, PLAIN, GOOD = (0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)


def says(
    sentiment: tuple[float, float, float], delay: float = 0.0, praise: float = 0.0
) -> Prediction:
    return Prediction(
        sentiment=sentiment,
        theme_probabilities=np.array([delay, praise]),
        theme_sentiment=np.array([sentiment, sentiment]),
    )


def test_a_text_that_fits_is_read_as_a_whole_too() -> None:
    reading = read("", "It came late. I still like it.", "en")
    assert reading.units == ["It came late.", "I still like it.", reading.whole]
    tags = text_tags(reading, [says(BAD), says(BAD), says(GOOD)], THEMES, THRESHOLDS)
    assert tags.probabilities == pytest.approx(GOOD)


def test_one_sentence_is_read_once() -> None:
    assert read("", "It came late.", "en").units == ["It came late."]


def test_a_long_text_is_the_mean_of_its_sentences_by_length() -> None:
    long = "I waited for the parcel and it did not come for weeks. " * 10
    reading = read("", long + "Fine.", "en")
    assert len(reading.whole) > WHOLE_CHARACTERS
    assert reading.units == list(reading.pieces)
    answers = [says(BAD)] * 10 + [says(GOOD)]
    negative, _, positive = text_tags(reading, answers, THEMES, THRESHOLDS).probabilities
    assert 0.7 < negative < 0.8
    assert positive < 0.2


def test_a_theme_is_as_sure_as_its_clearest_sentence_and_feels_as_all_that_name_it() -> None:
    reading = read("", "Late. Late again, sadly. Nice colour here.", "en")
    answers = [says(BAD, delay=0.6), says(PLAIN, delay=0.9), says(GOOD), says(GOOD)]
    (theme,) = text_tags(reading, answers, THEMES, THRESHOLDS).themes
    assert (theme.theme_id, theme.sentence) == (1, 1)
    assert theme.probability == pytest.approx(0.9)
    assert theme.probabilities == pytest.approx(tuple(np.average([BAD, PLAIN], 0, [0.6, 0.9])))


def test_praise_that_does_not_praise_is_no_praise() -> None:
    reading = read("", "Great, late once more.", "en")
    assert text_tags(reading, [says(BAD, praise=0.9)], THEMES, THRESHOLDS).themes == ()
    assert len(text_tags(reading, [says(GOOD, praise=0.9)], THEMES, THRESHOLDS).themes) == 1


@given(st.text(max_size=500), st.text(max_size=50))
def test_spans_point_at_their_sentences(body: str, title: str) -> None:
    reading = read(title, body, "en")
    spans = locate(reading.whole, reading.pieces)
    assert len(spans) == len(reading.pieces)
    for (start, end), piece in zip(spans, reading.pieces, strict=True):
        assert "".join(reading.whole[start:end].split()) == "".join(piece.split())
