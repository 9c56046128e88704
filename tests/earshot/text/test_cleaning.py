import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.text.cleaning import MAX_CHARACTERS, clean, has_content, has_words, whole_text


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("  late \t again \r\n\r\n really ", "late again\nreally"),
        ("<p>Great &amp; <b>cheap</b></p><p>Bye</p>", "Great & cheap\nBye"),
        ("&lt;b&gt;loud&lt;/b&gt;", "loud"),
        ("<script>alert('x')</script>fine<!-- not -->", "fine"),
        ("a < b and I <3 it, <unknown> stays", "a < b and I <3 it, <unknown> stays"),
        ("AT&T is 5&6", "AT&T is 5&6"),
        ("in\u200bvis\u00adible\ufeff \x00\x07bell", "invisible bell"),
        ("\u202eevil\u202c", "evil"),
        ("half \ud83d gone", "half gone"),
        ("soooooooo!!!!!!", "sooo!!!"),
        ("cafe\u0301", "café"),
        ("👩\u200d👧 क्\u200dष", "👩\u200d👧 क्\u200dष"),
    ],
)
def test_text_reads_as_it_was_seen(raw: str, seen: str) -> None:
    assert clean(raw) == seen


@pytest.mark.parametrize(
    "raw", ["", " \n", "\u200b\ufeff", "\x00\x01", "<br/><img src='x'>", "\ud800"]
)
def test_hidden_content_alone_is_empty(raw: str) -> None:
    assert clean(raw) == ""


def test_a_megabyte_of_one_word_is_bounded() -> None:
    assert len(clean("ab" * 500_000)) == MAX_CHARACTERS


def test_emoji_are_content_without_words_and_dots_are_neither() -> None:
    assert (has_content("👍"), has_words("👍")) == (True, False)
    assert (has_content("..."), has_words("...")) == (False, False)
    assert (has_content("10/10"), has_words("10/10")) == (True, True)


def test_title_and_body_both_count_but_nothing_counts_twice() -> None:
    assert whole_text("Broken", "It came in pieces.") == "Broken\nIt came in pieces."
    assert whole_text("It came in…", "It came in pieces.") == "It came in pieces."
    assert whole_text("Broken", "") == "Broken"
    assert whole_text("", "") == ""


@given(st.text(alphabet=st.characters(), max_size=300))
def test_cleaning_never_fails_and_is_stored_as_it_is(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert cleaned == cleaned.strip()
