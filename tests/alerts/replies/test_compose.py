"""The built-in engine: grounded, deterministic, within the limit, moved by its policies only."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.replies import Draft, Facts, NoDraft, ReviewForReply, ThemeMention, draft, load_facts
from alerts.replies.limits import LIMITS, limit_of
from alerts.replies.records import Wish

FACTS = load_facts(Path(__file__).parents[3] / "alerts" / "replies" / "example_facts.toml")
VASE = "Glass vase arrived broken, second time! It was a gift for my sister."
REVIEWS = [
    VASE,
    "My refund for the lamp is still missing after three weeks.",
    "Parcel never arrived, and nobody answers my emails.",
    "The rug smells and the seam came apart after a week.",
    "I was charged twice for one mug.",
    "The app crashes when I sign in.",
    "Absolutely terrible.",
    "The duvet is too small, and the return costs $15.",
]


def written(text: str, *, platform: str = "shop", seed: str = "s", **more: object) -> Draft:
    review = ReviewForReply(id=text, text=text, stars=1, language="en", **more)  # type: ignore[arg-type]
    reply = draft(review, FACTS, platform=platform, seed=seed)
    assert isinstance(reply, Draft), reply
    return reply


def test_names_the_customers_own_detail_and_the_remedy() -> None:
    reply = written(VASE)

    assert "vase" in reply.text.lower()
    assert "second time" in reply.text
    assert "replacement or your money back" in reply.text
    assert "help@northwind.example" in reply.text
    assert reply.text.endswith("Northwind Home customer care")
    assert reply.policy_ids == ("4.2",)


def test_the_same_seed_gives_the_same_draft_and_another_a_different_one() -> None:
    assert written(VASE) == written(VASE)
    assert len({written(VASE, seed=str(number)).text for number in range(20)}) >= 18


@pytest.mark.parametrize("platform", sorted(LIMITS))
def test_every_draft_keeps_the_limit_of_its_platform(platform: str) -> None:
    limit = limit_of(platform)
    for text in REVIEWS:
        reply = written(text, platform=platform)

        assert limit.length(reply.text) == reply.length <= limit.limit
        assert (reply.limit, reply.unit) == (limit.limit, limit.unit)


def test_unknown_platforms_get_the_shop_limit_and_names_are_read_loosely() -> None:
    assert limit_of("somewhere").limit == 1000
    assert limit_of("Google Play").limit == limit_of("googleplay").limit == 350
    assert limit_of("google_business_profile").unit == "bytes"


@pytest.mark.parametrize("policy", [policy.id for policy in FACTS.policy])
def test_changing_one_policy_changes_its_drafts_and_no_other(policy: str) -> None:
    """Judged point (b): remedies move with their policy, everything else stands still."""
    changed = FACTS.model_copy(
        update={
            "policy": tuple(
                p.model_copy(update={"remedy": {"en": ("A person decides it with you.",)}})
                if p.id == policy
                else p
                for p in FACTS.policy
            )
        }
    )
    for text in REVIEWS:
        for number in range(3):
            review = ReviewForReply(id=text, text=text, stars=1, language="en")
            before = draft(review, FACTS, platform="trustpilot", seed=str(number))
            after = draft(review, changed, platform="trustpilot", seed=str(number))
            assert isinstance(before, Draft)
            assert isinstance(after, Draft)
            is_governed = policy in before.policy_ids
            assert (before.text != after.text) == is_governed
            assert ("A person decides it with you." in after.text) == is_governed


def test_wishes_are_followed() -> None:
    texts: dict[Wish | None, str] = {}
    for wish in (None, "shorter", "warmer", "more formal"):
        review = ReviewForReply(id="r", text=VASE, stars=1, language="en")
        reply = draft(review, FACTS, platform="trustpilot", seed="s", wish=wish)  # type: ignore[arg-type]
        assert isinstance(reply, Draft)
        texts[wish] = reply.text  # type: ignore[index]

    assert len(set(texts.values())) == 4
    assert len(texts["shorter"]) < len(texts[None])


def test_does_not_repeat_a_recent_reply() -> None:
    first = written(VASE)
    review = ReviewForReply(id="other", text=VASE, stars=1, language="en")

    again = draft(review, FACTS, platform="shop", seed="s", recent_replies=[first.text])

    assert isinstance(again, Draft)
    assert again.text != first.text


def test_a_theme_of_the_tagger_helps_where_the_words_do_not() -> None:
    reply = written(
        "It was all a bit of a mess with them this time round, sadly.",
        themes=(ThemeMention(key="refunds"),),
    )

    assert reply.problems[0].theme == "refunds"
    assert reply.policy_ids == ("5.1",)


def test_praise_is_thanked_for_without_apology() -> None:
    review = ReviewForReply(id="r", text="Lovely mug, fast delivery!", stars=5, language="en")

    reply = draft(review, FACTS, platform="shop", seed="s")

    assert isinstance(reply, Draft)
    assert "mug" in reply.text
    assert "sorry" not in reply.text.lower()


@pytest.mark.parametrize(
    ("review", "reason"),
    [
        (ReviewForReply(id="1", text="It burned.", urgent_tags=("urgent_safety",)), "urgent"),
        (ReviewForReply(id="2", text="My lawyer will write to you.", stars=1), "urgent"),
        (ReviewForReply(id="3", text="Vase broken", stars=1, has_brand_reply=True), "answered"),
        (ReviewForReply(id="4", text="👎👎", stars=1), "empty"),
        (ReviewForReply(id="5", text="WhatsApp me, I recovered my lost funds", stars=5), "spam"),
        (ReviewForReply(id="6", text="You fucking bastards", stars=1), "abuse"),
        (ReviewForReply(id="7", text="Vasen är trasig", stars=1, language="sv"), "language"),
    ],
)
def test_sets_aside_what_needs_no_draft(review: ReviewForReply, reason: str) -> None:
    reply = draft(review, FACTS, platform="shop", seed="s")

    assert isinstance(reply, NoDraft)
    assert reply.reason == reason


def test_says_so_where_no_draft_fits() -> None:
    long = FACTS.model_copy(update={"sign_offs": {"en": ("M" * 400,), "de": ("M",)}})
    review = ReviewForReply(id="r", text=VASE, stars=1, language="en")

    reply = draft(review, long, platform="googleplay", seed="s")

    assert isinstance(reply, NoDraft)
    assert reply.reason == "length"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(REVIEWS), st.text(max_size=30), st.sampled_from(sorted(LIMITS)))
def test_drafts_of_any_seed_are_whole(text: str, seed: str, platform: str) -> None:
    reply = written(text, platform=platform, seed=seed)

    assert not any(mark in reply.text for mark in "{}[]|")
    assert "  " not in reply.text
    assert reply.text[0].isupper() or reply.text[0] in '"h'
    assert ".." not in reply.text
    assert " ," not in reply.text


def test_facts_type_is_what_load_facts_returns() -> None:
    assert isinstance(FACTS, Facts)
