"""Which of several complaints is the main one, and when a second one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.replies import Draft, ReviewForReply, draft, load_facts
from alerts.replies.understand import understand

FACTS = load_facts(Path(__file__).parents[3] / "alerts" / "replies" / "example_facts.toml")


def keys(text: str, *trades: str) -> list[str]:
    review = ReviewForReply(id=text, text=text, stars=1, language="en")
    found = understand(review, language="en", trades=frozenset(trades))
    return [problem.key for problem in found.problems]


@pytest.mark.parametrize(
    ("text", "main"),
    [
        (
            "Claims are easy and quickly paid. But my premium rose by a third.",
            "premium_increase",
        ),
        (
            "My premium doubled within a year. Another insurer is no way out, since there my dog "
            "would have a pre-existing condition.",
            "premium_increase",
        ),
        ("They find reasons not to pay. Claims are denied and take weeks.", "claim_denied"),
        ("They have not paid for a single visit to the vet.", "claim_unpaid"),
        ("It covers next to nothing for such a price.", "cover_small"),
        ("Out of a $900 bill I got back a mere $40.", "claim_underpaid"),
        ("They turned it down since it fell into the waiting period.", "claim_waiting"),
        ("I cancelled in May. They keep charging me every month.", "charged_after_cancel"),
        ("They keep charging me every month.", "keeps_charging"),
    ],
)
def test_the_main_complaint_is_what_the_review_is_about(text: str, main: str) -> None:
    assert keys(text, "cover")[0] == main


def test_a_side_remark_of_a_long_review_is_no_second_complaint() -> None:
    lamp = "The lamp arrived broken. The glass shade was in pieces and the foot was bent. "
    calm = "I had saved for it for months and had told all of my friends about it. " * 3

    assert keys(f"{lamp}{calm}Besides, the website is slow to load.") == ["arrived_broken"]
    assert len(keys("The lamp arrived broken. My refund is still missing.")) == 2


def test_what_says_of_itself_that_it_comes_on_top_does_not_lead() -> None:
    text = "The quality of the shirt is awful. And the kicker is that you cannot return it."

    assert keys(text)[0] == "poor_quality"


def test_a_matter_that_was_settled_gets_no_remedy_and_no_new_case() -> None:
    text = "The lamp arrived broken. Update: the problem has been resolved, I got my refund."
    review = ReviewForReply(id="r", text=text, stars=2, language="en")

    reply = draft(review, FACTS, platform="trustpilot", seed="s")

    assert isinstance(reply, Draft)
    assert reply.policy_ids == ()
    assert "replacement" not in reply.text
    assert "photo" not in reply.text


def test_an_open_matter_is_not_taken_for_settled() -> None:
    text = "The lamp arrived broken. I hope this gets resolved and I get my refund."
    review = ReviewForReply(id="r", text=text, stars=2, language="en")

    assert not understand(review, language="en").is_settled


def test_the_thing_is_not_guessed_where_the_review_names_several() -> None:
    text = "I ordered a lamp. Then a rug. Nothing has arrived."
    review = ReviewForReply(id="r", text=text, stars=1, language="en")

    assert "obj" not in understand(review, language="en").problems[0].details


def test_a_bad_rating_with_kind_words_is_asked_about_and_not_apologised_for() -> None:
    review = ReviewForReply(
        id="r", text="The people were great and helpful.", stars=1, language="en"
    )

    reply = draft(review, FACTS, platform="trustpilot", seed="s")

    assert isinstance(reply, Draft)
    assert "sorry" not in reply.text


def test_two_plain_complaints_of_a_long_review_are_both_named() -> None:
    lamp = "The lamp arrived broken, the glass shade lay in pieces and the foot was bent. "
    calm = "I had saved for it for months and had told all of my friends about it. " * 3

    found = keys(f"{lamp}{calm}They want $12 for the label to return it.", "goods")

    assert set(found) == {"arrived_broken", "return_fee"}


def test_what_was_cancelled_is_not_called_late_as_well() -> None:
    assert keys("They cancelled my order. It never shipped.", "goods") == ["cancelled_by_shop"]


def test_words_of_another_trade_do_not_hide_the_problem_of_a_shop() -> None:
    text = "Never received my lamp and they won't reimburse me or give me any credit."

    assert "never_arrived" in keys(text, "goods")


def test_an_illness_that_was_cured_is_no_settled_matter() -> None:
    text = (
        "The claim was denied although the problem was resolved after the first visit to the vet."
    )
    review = ReviewForReply(id="r", text=text, stars=1, language="en")

    assert not understand(review, language="en").is_settled


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("My dog passed away in March and my claim was denied.", True),
        ("My claim was denied. They have lost my brother as a customer.", False),
        ("My claim was denied while my phone died.", False),
    ],
)
def test_only_a_loss_is_condoled(text: str, is_said: bool) -> None:
    review = ReviewForReply(id="r", text=text, stars=1, language="en")

    reply = draft(review, FACTS, platform="trustpilot", seed="s")

    assert isinstance(reply, Draft)
    assert ("loss" in reply.text) is is_said
