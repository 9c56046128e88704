"""Shares with their doubt, the least group of analysts, and what the settings say to the views."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg2
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from sql.analysts import sync_analysts
from tests.sql.story import Story, at

Z = norm.ppf(0.975)


def lang_reiczigel(found, texts, hits, positives, rejected, negatives) -> Any:
    """Lower and upper limit, as the paper has it; arrays allowed."""
    p = (found + Z**2 / 2) / (texts + Z**2)
    se, n_se = (hits + 1) / (positives + 2), positives + 2
    sp, n_sp = (rejected + 1) / (negatives + 2), negatives + 2
    share = (p + sp - 1) / (se + sp - 1)
    shift = 2 * Z**2 * (share * se * (1 - se) / n_se - (1 - share) * sp * (1 - sp) / n_sp)
    spread = p * (1 - p) / (texts + Z**2)
    spread += share**2 * se * (1 - se) / n_se + (1 - share) ** 2 * sp * (1 - sp) / n_sp
    reach = Z * np.sqrt(spread) / abs(se + sp - 1)
    return np.clip([share + shift - reach, share + shift + reach], 0, 1)


@pytest.mark.parametrize("true_share", [0.05, 0.2, 0.5])
def test_the_interval_holds_the_true_share_as_often_as_it_says(true_share: float) -> None:
    chance = np.random.default_rng(3)
    sensitivity, specificity, size = 0.7, 0.93, 20_000
    found = chance.binomial(
        400, true_share * sensitivity + (1 - true_share) * (1 - specificity), size
    )
    hits = chance.binomial(300, sensitivity, size)
    rejected = chance.binomial(1_700, specificity, size)

    low, high = lang_reiczigel(found, 400, hits, 300, rejected, 1_700)

    held = np.mean((low <= true_share) & (true_share <= high))
    assert 0.94 <= held <= 0.97


@pytest.fixture
def measured(story: Story) -> Story:
    """Forty texts, twelve of them read as negative, four with delivery; errors are known."""
    story.clock("03-02 10:00")
    for number in range(40):
        sentiment = "negative" if number < 12 else "positive"
        themes = {"delivery": "negative"} if number < 4 else {}
        story.tag(story.say("Hm."), "first", sentiment, themes)
    story.say("Not yet.")
    story.run(
        "insert into earshot.misclassification values ('first', 'all', 300, 210, 1700, 119, "
        "'a sample', now())"
    )
    return story


def prevalence(story: Story) -> dict[str, dict[str, Any]]:
    rows = story.rows(
        "select * from analytics.prevalence('northwind', %s, %s)",
        at("03-01 00:00"),
        at("04-01 00:00"),
    )
    return {row["theme"]: row for row in rows}


def test_a_share_is_corrected_for_known_errors(measured: Story) -> None:
    row = prevalence(measured)["all"]

    assert (row["texts"], row["found"], row["share"]) == (40, 12, 0.3)
    assert row["share_tagged"] == pytest.approx(40 / 41)
    wilson = proportion_confint(12, 40, method="wilson")
    assert (row["share_low"], row["share_high"]) == pytest.approx(wilson, abs=1e-6)
    assert row["corrected"] == pytest.approx((0.3 + 0.93 - 1) / (0.7 + 0.93 - 1))
    limits = lang_reiczigel(12, 40, 210, 300, 1_581, 1_700)
    assert (row["corrected_low"], row["corrected_high"]) == pytest.approx(limits, abs=1e-5)
    assert (row["sensitivity"], row["specificity"]) == pytest.approx((0.7, 0.93))
    assert row["measured_on"] == "a sample"


def test_nothing_is_corrected_where_nothing_was_measured(measured: Story) -> None:
    row = prevalence(measured)["delivery"]

    assert (row["found"], row["share"]) == (4, 0.1)
    assert (row["corrected"], row["corrected_low"], row["measured_on"]) == (None, None, None)


def test_a_test_that_tells_nothing_corrects_nothing(measured: Story) -> None:
    measured.run("update earshot.misclassification set positives_found = 21, negatives_found = 119")
    assert prevalence(measured)["all"]["corrected"] is None


@pytest.fixture
def limited(measured: Story, settings_with: Any) -> Story:
    """Analysts see groups of five and more."""
    measured.run("update earshot.brand set name = 'Northwind Home'")
    measured.refresh()
    settings = settings_with(analytics={"least_group": 5})
    with measured.conn:
        sync_analysts(measured.conn, settings)
    return measured


def _seen(database: Any, role: str, query: str) -> list[Any]:
    with database.connect(role) as conn, conn, conn.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_analysts_see_no_group_below_the_least(limited: Story, database: Any) -> None:
    themes = "select distinct theme from analytics.theme_trend order by theme"
    issues = "select theme from analytics.product_issues"

    assert _seen(database, "analyst", themes) == [["all"]]
    assert _seen(database, "analyst", issues) == []
    assert _seen(database, "web", themes) == [["all"], ["delivery"]]
    assert _seen(database, "web", issues) == [["delivery"]]


@pytest.mark.parametrize(
    "relation",
    [
        "feedback_item", "themed_feedback", "feedback_sentence", "reply_log", "incident_detail",
        "feedback_item_as_of(now())", "theme_trend_as_of(now())", "theme_shift(now(), now())",
    ],
)  # fmt: skip
def test_single_texts_and_the_past_are_closed_to_limited_analysts(
    limited: Story, database: Any, settings_with: Any, relation: str
) -> None:
    query = f"select count(*) from analytics.{relation}"
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        _seen(database, "analyst", query)
    assert _seen(database, "web", query)

    with limited.conn:
        sync_analysts(limited.conn, settings_with())
    assert _seen(database, "analyst", query)


def test_service_levels_follow_the_settings(story: Story, settings_with: Any) -> None:
    def levels(*given: tuple[str, int]) -> list[Any]:
        entries = [{"channel": c, "first_response_minutes": m} for c, m in given]
        with story.conn:
            sync_analysts(story.conn, settings_with(analytics={"service_level": entries}))
        return story.run(
            "select channel, first_response_minutes from earshot.service_level order by 1"
        )

    assert levels(("email", 240), ("default", 60)) == [["default", 60], ["email", 240]]
    assert levels(("email", 120)) == [["email", 120]]
    assert levels() == []
