"""An insurer loses no parcels: problems of another trade than the brand's are not meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.replies import Draft, ReviewForReply, draft, load_facts
from alerts.replies.trades import trade_of, trades_of
from alerts.replies.understand import understand

FACTS = load_facts(Path(__file__).parents[3] / "alerts" / "replies" / "example_facts.toml")


def said(text: str) -> ReviewForReply:
    return ReviewForReply(id=text, text=text, stars=1, language="en")


def test_the_policies_show_the_trade() -> None:
    assert trades_of(FACTS) == {"goods"}
    assert trades_of(FACTS.model_copy(update={"policy": ()})) == frozenset()


@pytest.mark.parametrize(
    ("key", "theme", "trade"),
    [
        ("never_arrived", "lost_or_wrong_parcel", "goods"),
        ("claim_denied", "refunds", "cover"),
        ("coin_not_listed", "stock_availability", "money"),
        ("rude_staff", "service_attitude", None),
    ],
)
def test_each_problem_has_its_trade(key: str, theme: str, trade: str | None) -> None:
    assert trade_of(key, theme) == trade


def test_a_problem_of_another_trade_is_not_meant() -> None:
    review = said("The package with our papers was lost in the mail.")

    as_shop = understand(review, language="en", trades=frozenset({"goods"}))
    as_insurer = understand(review, language="en", trades=frozenset({"cover"}))

    assert [problem.theme for problem in as_shop.problems] == ["lost_or_wrong_parcel"]
    assert as_insurer.problems == ()


def test_a_draft_says_one_thing_besides_the_main_one() -> None:
    review = said(
        "The lamp arrived broken. It was for my son. I was told different things each time, "
        "nobody called me back, and my emails got no reply. The website crashed as well."
    )

    reply = draft(review, FACTS, platform="trustpilot", seed="s")

    assert isinstance(reply, Draft)
    assert len(re.findall(r"\balso\b|\bas well\b", reply.text)) <= 1
