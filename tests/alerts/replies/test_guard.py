"""The guard against replies written by hand to break each rule, and against clean ones."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from alerts.replies import Facts, ReviewForReply, check, explain, load_facts

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BAD: dict[str, dict[str, list[str]]] = tomllib.loads((HERE / "bad_drafts.toml").read_text("utf-8"))
SIMILAR: list[list[str]] = tomllib.loads((HERE / "similar.toml").read_text("utf-8"))["pairs"]
VASE = ReviewForReply(
    id="r1",
    text="The glass vase arrived broken, and that for the second time. Really annoyed by now.",
    stars=2,
    language="en",
)
SMILEYS = "😀😁😂🤣😊😍😘🙂🙃😉😌🥰😎🤗🙏👍🎉❤⭐🌟💐🏺"


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(ROOT / "alerts" / "replies" / "example_facts.toml")


def rules_broken(text: str, facts: Facts, platform: str = "shop") -> set[str]:
    return {finding.rule for finding in check(text, VASE, facts, platform, [])}


@pytest.mark.parametrize("rule", sorted(BAD))
def test_finds_bad_drafts_of_each_rule(rule: str, facts: Facts) -> None:
    drafts = BAD[rule]["drafts"]
    assert len(drafts) >= 20

    missed = [text for text in drafts if rule not in rules_broken(text, facts)]

    assert len(missed) <= 0.05 * len(drafts), missed


def test_finds_repeats_of_recent_replies(facts: Facts) -> None:
    missed = [
        pair
        for pair in SIMILAR
        if "similarity" not in {f.rule for f in check(pair[1], VASE, facts, "shop", [pair[0]])}
    ]

    assert len(SIMILAR) >= 20
    assert len(missed) <= 1, missed


@pytest.mark.parametrize(
    ("platform", "limit", "unit"),
    [
        ("googleplay", 350, "a"),
        ("googlebusiness", 4096, "ü"),
        ("yelp", 5000, "a"),
        ("appstore", 5970, "a"),
        ("shop", 1000, "a"),
    ],
)
def test_length_counts_in_the_unit_of_the_platform(
    platform: str, limit: int, unit: str, facts: Facts
) -> None:
    size = len(unit.encode()) if platform == "googlebusiness" else 1
    fits = (unit * 9 + " ") * 1000
    per_word = 9 * size + 1
    words = limit // per_word
    exact = fits[: words * 10] + "a" * (limit - words * per_word)

    for extra in range(1, 5):
        assert "length" in rules_broken(exact + "a" * extra, facts, platform)
    assert "length" not in rules_broken(exact, facts, platform)


def test_emoji_are_refused_where_the_platform_refuses_them(facts: Facts) -> None:
    drafts = [f"We are sorry about the vase {smiley}" for smiley in SMILEYS]
    assert len(drafts) >= 20

    assert all("emoji" in rules_broken(text, facts, "yelp") for text in drafts)
    assert not any("emoji" in rules_broken(text, facts, "trustpilot") for text in drafts)


CLEAN = [
    "We are sorry that your vase arrived broken, twice. We replace it or refund it in full, "
    "whichever you prefer. Please write to help@northwind.example with a photo of the damage.\n"
    "Mara, Northwind Home customer care",
    "Two broken vases in a row is not what you ordered from us, and we are sorry. You can have a "
    "replacement or your money back, whichever you prefer, and there is nothing to pay for sending "
    "the first one back. Write to help@northwind.example and we will see how it was packed.",
    "Sorry about the vase. A photo of the broken glass would help us to see how it was packed; "
    "help@northwind.example reaches us Monday to Friday, 9 to 17.",
    "Thank you for telling us. We will look into how the parcel was wrapped. Please send "
    "your order "
    "number and a photo to help@northwind.example.\nJonas, Northwind Home customer care",
]


@pytest.mark.parametrize("text", CLEAN)
def test_lets_careful_replies_pass(text: str, facts: Facts) -> None:
    assert check(text, VASE, facts, "shop", []) == []


def test_a_promise_of_a_policy_for_another_problem_is_refused(facts: Facts) -> None:
    app = ReviewForReply(id="r2", text="The app crashes at login.", stars=1, language="en")

    findings = check("We will send you a replacement.", app, facts, "shop", [])

    assert [finding.rule for finding in findings] == ["promise"]


def test_names_that_the_platform_shows_may_be_greeted(facts: Facts) -> None:
    text = "Dear Susan, we are sorry about the vase."

    assert "invented_name" in {f.rule for f in check(text, VASE, facts, "shop", [])}
    assert check(text, VASE, facts, "shop", [], known_names=["Susan"]) == []


def test_explains_in_plain_words(facts: Facts) -> None:
    text = "We will refund you 20 % of it."

    said = explain(check(text, VASE, facts, "shop", []))

    assert said.startswith('Not sent: "')
    assert "promises an amount that no policy names" in said
