"""Reviews written by hand with the remedy that their draft must carry, or none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from alerts.replies import Draft, Facts, NoDraft, ReviewForReply, check, draft, load_facts

HERE = Path(__file__).parent
CASES: dict[str, list[list[object]]] = tomllib.loads((HERE / "cases.toml").read_text("utf-8"))
ALLOWED_MISSES = 0.05


@pytest.fixture(scope="module")
def facts() -> Facts:
    path = HERE.parents[2] / "alerts" / "replies" / "example_facts.toml"
    return load_facts(path).model_copy(update={"when_uncovered": "no_draft"})


def outcome(text: str, stars: float, facts: Facts) -> Draft | NoDraft:
    review = ReviewForReply(id=text, text=text, stars=stars, language="en")
    return draft(review, facts, platform="shop", seed=text)


def wrong(kind: str, facts: Facts) -> list[str]:
    """Cases whose draft carries other remedies than written down."""
    missed = []
    for text, stars, expected in CASES[kind]:
        reply = outcome(str(text), float(str(stars)), facts)
        if expected == "none":
            is_right = isinstance(reply, NoDraft) and reply.reason == "uncovered"
        else:
            assert isinstance(expected, list)
            is_right = isinstance(reply, Draft) and set(reply.policy_ids) == set(expected)
        if not is_right:
            missed.append(f"{text} -> {reply}")
    return missed


@pytest.mark.parametrize("kind", sorted(CASES))
def test_drafts_carry_the_remedy_that_the_review_calls_for(kind: str, facts: Facts) -> None:
    missed = wrong(kind, facts)

    assert len(CASES[kind]) >= 40
    assert len(missed) <= ALLOWED_MISSES * len(CASES[kind]), "\n".join(missed)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_drafts_pass_the_guard_and_carry_the_remedy_in_words(kind: str, facts: Facts) -> None:
    policies = {policy.id: policy for policy in facts.policy}
    for text, stars, _ in CASES[kind]:
        reply = outcome(str(text), float(str(stars)), facts)
        if isinstance(reply, NoDraft):
            continue
        review = ReviewForReply(id="", text=str(text), stars=float(str(stars)), language="en")
        assert check(reply.text, review, facts, "shop", []) == []
        for policy_id in reply.policy_ids:
            assert any(said in reply.text for said in policies[policy_id].remedy["en"])


def test_sarcastic_praise_is_never_thanked_for(facts: Facts) -> None:
    for text, stars, _ in CASES["sarcasm"]:
        reply = outcome(str(text), float(str(stars)), facts)
        assert isinstance(reply, Draft)
        assert "glad" not in reply.text
        assert "good word" not in reply.text


def test_an_uncovered_problem_gets_a_draft_without_remedy_where_the_brand_wants_one(
    facts: Facts,
) -> None:
    open_facts = facts.model_copy(update={"when_uncovered": "contact"})

    reply = outcome("The app crashes on start.", 1, open_facts)

    assert isinstance(reply, Draft)
    assert reply.policy_ids == ()
    assert "help@northwind.example" in reply.text
