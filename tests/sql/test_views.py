"""Every view of the contract over a small world, with the rows that it must show."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.sql.story import Story, at


def test_a_text_and_its_themes(story: Story) -> None:
    story.clock("03-02 10:00")
    rated = story.say("It came broken.", stars=1, product="Vase", courier="Swift")
    plain = story.say("Very late, and my money is gone.")
    story.tag(rated, "first", "positive", {"damage": "negative"})
    story.tag(plain, "first", "negative", {"delivery": "negative", "refund": "neutral"})
    story.correct(plain, "negative", "refund")
    story.correct(plain, "absent", "delivery")

    items = story.rows(
        "select brand, product, stars, sentiment, sentiment_from, text_sentiment, outcome "
        "from analytics.feedback_item order by feedback_id"
    )
    themed = story.rows(
        "select feedback_id, theme, sentiment, is_corrected, probability, item_sentiment "
        "from analytics.themed_feedback order by feedback_id, theme"
    )

    assert [tuple(row.values()) for row in items] == [
        ("northwind", "Vase", 1.0, "negative", "rating", "positive", "tagged"),
        ("northwind", None, None, "negative", "text", "negative", "tagged"),
    ]
    assert [tuple(row.values()) for row in themed] == [
        (rated, "damage", "negative", False, pytest.approx(0.9), "negative"),
        (plain, "refund", "negative", True, pytest.approx(0.9), "negative"),
    ]


def test_only_what_customers_say_and_platforms_still_show_is_seen(story: Story) -> None:
    story.say("We are sorry.", speaker="brand")
    gone = story.say("Gone.")
    story.run("update earshot.feedback set deleted_at = earshot.moment() where id = %s", gone)
    story.recount()

    assert story.one("select count(*) from analytics.feedback_item") == 0
    assert story.one("select count(*) from analytics.theme_trend") == 0
    assert story.one("select count(*) from analytics.coverage") == 0


def test_sentences_point_into_the_text(story: Story) -> None:
    said = story.say("Late. Where is it?")
    story.tag(said, "first", spans=[(0, 5), (6, 18)])

    spans = story.run("select sentence, begins, ends, model_id from analytics.feedback_sentence")

    assert [tuple(row) for row in spans] == [(0, 0, 5, "first"), (1, 6, 18, "first")]


def test_the_trend_counts_days_and_weeks_of_the_brand(story: Story) -> None:
    story.brand("berlin", zone="Europe/Berlin")
    story.model("first")
    late = story.say("Late.", brand="berlin", published="03-01 23:30")  # Monday in Berlin
    monday = story.say("Late.", brand="berlin", stars=2, published="03-02 12:00")
    for feedback in (late, monday):
        story.tag(feedback, "first", "negative", {"delivery": "negative"})
    story.refresh()

    rows = story.run(
        "select theme, grain, period_start, items, negative, mean_stars "
        "from analytics.theme_trend order by theme, grain"
    )

    start = at("03-01 23:00")
    assert [tuple(row) for row in rows] == [
        ("all", "day", start, 2, 2, 2.0),
        ("all", "week", start, 2, 2, 2.0),
        ("delivery", "day", start, 2, 2, None),
        ("delivery", "week", start, 2, 2, None),
    ]


def test_the_fifth_broken_vase_and_the_courier_who_broke_it(story: Story) -> None:
    for number in range(5):
        courier = "Swift" if number < 4 else "Calm"
        broken = story.say("Broken.", stars=1, product="Vase", courier=courier, supplier="Glas")
        story.tag(broken, "first", "negative", {"damage": "negative"})
    lamp = story.say("Broken.", product="Lamp", courier="Swift", version="2.0")
    story.tag(lamp, "first", "negative", {"damage": "negative"})
    for _ in range(40):
        story.tag(story.say("Fine.", product="Jug", courier="Calm"), "first", "positive")
    story.refresh()

    issues = story.run(
        "select product, supplier, courier, version, complaints, product_complaints "
        "from analytics.product_issues order by product desc, complaints desc"
    )
    parts = story.run(
        "select part, value, complaints, texts, share_elsewhere, is_conspicuous, products "
        "from analytics.issue_parts where theme = 'damage' order by part, value"
    )

    assert [tuple(row) for row in issues] == [
        ("Vase", "Glas", "Swift", None, 4, 5),
        ("Vase", "Glas", "Calm", None, 1, 5),
        ("Lamp", None, "Swift", "2.0", 1, 1),
    ]
    assert [tuple(row) for row in parts] == [
        ("courier", "Calm", 1, 41, 1.0, False, 1),
        ("courier", "Swift", 5, 5, pytest.approx(1 / 41), True, 2),
        ("product", "Lamp", 1, 1, pytest.approx(5 / 45), False, 1),
        ("product", "Vase", 5, 5, pytest.approx(1 / 41), True, 1),
        ("supplier", "Glas", 5, 5, None, False, 1),
        ("version", "Lamp 2.0", 1, 1, None, False, 1),
    ]


def test_source_health_says_what_the_last_crawl_brought(story: Story) -> None:
    story.say("Late.", published="03-01 08:00")
    story.run(
        "insert into earshot.crawl (source_id, purpose, started_at, status, seen, added) "
        "select id, 'live', moment, status, seen, added from earshot.source, (values "
        "(%s, 'ok', 9, 9), (%s, 'broken', 3, 1)) as run (moment, status, seen, added)",
        at("03-01 09:00"),
        at("03-01 10:00"),
    )
    story.run("update earshot.source set health = 'unhealthy', health_reason = 'no text'")

    row = story.rows("select * from analytics.source_health")[0]

    assert (row["health"], row["health_reason"], row["last_crawl_status"]) == (
        "unhealthy",
        "no text",
        "broken",
    )
    assert (row["last_crawl_seen"], row["last_crawl_added"], row["quarantined"]) == (3, 1, 0)
    assert row["newest_published_at"] == at("03-01 08:00")


def test_the_incident_log_tells_delay_and_decision(story: Story) -> None:
    story.run(
        "insert into earshot.incident (key, brand_id, rule, kind, direction, state, severity, "
        "started_at, opened_at, updated_at, last_anomalous_at, items, baseline, reason, verdict, "
        "decided_at) select 'one', id, 'default', 'spike', 'negative', 'open', 'high', %s, %s, "
        "%s, %s, 12, 1.5, 'many', 'confirmed', %s from earshot.brand",
        *(at(f"03-02 {hour}:00") for hour in ("10", "12", "12", "11", "13")),
    )

    row = story.rows("select * from analytics.incident_log")[0]
    detail = story.rows("select * from analytics.incident_detail")[0]

    assert (row["delay"], row["time_to_decide"]) == (timedelta(hours=2), timedelta(hours=1))
    assert (row["items"], row["baseline"], row["verdict"]) == (12, 1.5, "confirmed")
    assert detail["incident_id"] == row["incident_id"]


def test_agreement_with_the_people_who_correct(story: Story) -> None:
    for value, read in (("negative", "negative"), ("negative", "positive")):
        said = story.say("Hm.")
        story.tag(said, "first", read, {"delivery": "negative"})
        story.correct(said, "neutral")  # a word that is taken back counts no more
        story.correct(said, value)
        story.correct(said, "absent" if read == "positive" else "negative", "delivery")

    rows = story.run(
        "select model_id, field, theme, corrections, agreed from analytics.model_agreement "
        "order by field"
    )

    assert [tuple(row) for row in rows] == [
        ("first", "sentiment", None, 2, 1),
        ("first", "theme", "delivery", 2, 1),
    ]


TICKETS = [
    # channel, opened, first answer, resolved, reopens, answers
    ("email", "03-02 08:00", "03-02 09:00", "03-02 12:00", 0, 1),
    ("email", "03-02 08:00", "03-02 14:00", "03-03 08:00", 1, 3),
    ("email", "03-02 09:00", None, None, 0, 0),  # overdue
    ("email", "03-02 17:30", None, None, 0, 0),  # not due yet
    ("chat", "03-02 10:00", "03-02 10:02", "03-02 10:20", 0, 1),
]


@pytest.fixture
def service(story: Story) -> Story:
    story.clock("03-02 18:00")
    story.run("insert into earshot.service_level values ('email', 240), ('default', 1)")
    for number, (channel, opened, answered, resolved, reopens, answers) in enumerate(TICKETS):
        moments = [at(text) if text else None for text in (opened, answered, resolved)]
        story.run(
            "insert into earshot.ticket_metric select 'desk', %s, source.id, brand_id, %s, %s, "
            "%s, %s, %s, %s, now() from earshot.source",
            str(number),
            channel,
            *moments,
            reopens,
            answers,
        )
    for survey, score, scale in (
        *(("csat", score, 5) for score in (5, 4, 3, 1)),
        *(("nps", score, 10) for score in (10, 9, 8, 7, 6, 0)),
    ):
        said = story.say("", kind="survey_answer")
        story.run(
            "insert into earshot.survey_answer values (%s, %s, %s, %s)", said, survey, score, scale
        )
    return story


def test_service_figures_have_the_standard_definitions(service: Story) -> None:
    rows = {
        row["channel"]: row
        for row in service.rows("select * from analytics.service_kpis where grain = 'day'")
    }

    email = rows["email"]
    assert (email["tickets"], email["answered"], email["resolved"]) == (4, 2, 2)
    assert email["median_first_response_minutes"] == 210  # of 60 and 360
    assert email["p90_first_response_minutes"] == 330
    assert email["median_resolution_minutes"] == 840  # of 240 and 1,440
    assert email["first_contact_resolution"] == 0.5
    assert email["agreed_first_response_minutes"] == 240
    assert email["share_within_level"] == pytest.approx(1 / 3)  # the last one is not due
    assert (rows["chat"]["share_within_level"], rows["chat"]["first_contact_resolution"]) == (0, 1)
    survey = rows["survey"]
    assert (survey["csat_answers"], survey["csat"]) == (4, 0.5)
    assert (survey["nps_answers"], survey["nps"]) == (6, 0)
    assert survey["tickets"] == 0


def test_service_figures_of_all_grains_agree(service: Story) -> None:
    totals = service.run(
        "select grain, sum(tickets), sum(resolved), sum(csat_answers), sum(nps_answers) "
        "from analytics.service_kpis group by grain"
    )
    assert {tuple(row[1:]) for row in totals} == {(5, 3, 4, 6)}
    assert len(totals) == 3


def test_competitors_are_compared_by_share_with_its_doubt(story: Story) -> None:
    story.brand("southwind", role="competitor")
    story.model("first")
    story.clock("03-04 10:00")
    for brand, complaints, others in (("northwind", 2, 38), ("southwind", 12, 8)):
        for number in range(complaints + others):
            said = story.say("Hm.", brand=brand)
            themes = {"delivery": "negative"} if number < complaints else {}
            story.tag(said, "first", "negative" if themes else "positive", themes)
    story.refresh()

    row = story.rows("select * from analytics.competitor_comparison where theme = 'delivery'")[0]

    assert (row["brand"], row["competitor"], str(row["week"])) == (
        "northwind",
        "southwind",
        "2026-03-02",
    )
    assert (row["brand_complaints"], row["brand_items"]) == (2, 40)
    assert (row["competitor_complaints"], row["competitor_items"]) == (12, 20)
    assert row["difference"] == pytest.approx(0.05 - 0.6)
    limits = confint_proportions_2indep(2, 40, 12, 20, method="newcomb")
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(limits, abs=1e-6)
    assert story.one("select count(*) from analytics.competitor_comparison") == 2


def test_coverage_tells_what_was_not_read(story: Story) -> None:
    story.clock("03-02 10:00")
    outcomes = ("tagged", "tagged", "not_supported", "empty", "failed")
    for outcome in outcomes:
        story.tag(story.say("Hm."), "first", outcome=outcome, language="undetermined")
    story.say("Not yet.")

    rows = story.rows("select * from analytics.coverage where grain = 'week'")

    assert len(rows) == 1
    row = rows[0]
    names = ("texts", "tagged", "empty", "not_supported", "failed", "waiting")
    assert [row[name] for name in names] == [6, 2, 1, 1, 1, 1]
    assert row["share_tagged"] == pytest.approx(2 / 6)
    assert row["share_not_supported"] == pytest.approx(1 / 6)
    assert row["mean_confidence"] == pytest.approx(0.8)


def test_knowledge_gaps_group_questions_with_examples(story: Story) -> None:
    group = story.one(
        "insert into earshot.question_group (brand_id, since) select id, now() from earshot.brand "
        "returning id"
    )
    for number, likeness in enumerate((0.7, 0.9, 0.8)):
        said = story.say(f"Can I send it back, {number}?", author="a" if number else "b")
        story.tag(said, "first", themes={"refund": "neutral"})
        story.run(
            "insert into earshot.question select id, 0, %s, body, %s "
            "from earshot.feedback_version where feedback_id = %s",
            group,
            likeness,
            said,
        )

    row = story.rows("select * from analytics.knowledge_gaps")[0]

    assert (row["texts"], row["people"], row["theme"]) == (3, 2, "refund")
    assert row["question"] == "Can I send it back, 1?"
    assert [e["question"][-2] for e in row["examples"]] == ["1", "2", "0"]
    story.erase(said)
    assert story.one("select texts from analytics.knowledge_gaps") == 2


# Properties over any history


def _anything(story: Story, chosen: random.Random) -> None:
    """One random thing that can happen to a text, a tag or a theme."""
    ids = [row[0] for row in story.run("select id from earshot.feedback")]
    themes = [row[0] for row in story.run("select key from earshot.theme where state = 'active'")]
    feelings = ("negative", "neutral", "positive")

    def tags() -> dict[str, str]:
        return {key: chosen.choice(feelings) for key in themes if chosen.random() < 0.5}

    match chosen.choice(("say", "say", "say", "edit", "tag", "correct", "merge", "erase")):
        case "say":
            said = story.say("x", stars=chosen.choice((None, 1, 3, 5)), product=chosen.choice("AB"))
            story.tag(said, "first", chosen.choice(feelings), tags())
        case "edit" if ids:
            story.edit(chosen.choice(ids), "y", stars=chosen.choice((None, 2)))
        case "tag" if ids:
            story.tag(chosen.choice(ids), "first", chosen.choice(feelings), tags())
        case "correct" if ids and themes:
            value = chosen.choice((*feelings, "absent"))
            story.correct(chosen.choice(ids), value, chosen.choice(themes))
        case "merge" if len(themes) > 1 and chosen.random() < 0.4:
            story.merge(*chosen.sample(themes, 2))
        case "erase" if ids:
            story.erase(chosen.choice(ids))


@pytest.mark.parametrize("seed", range(6))
def test_totals_agree_across_views_and_nothing_counts_twice(story: Story, seed: int) -> None:
    chosen = random.Random(seed)
    for step in range(40):
        story.clock(f"03-{step // 2 + 1:02} 10:00")
        _anything(story, chosen)
    story.refresh()

    twice = story.run(
        "select feedback_id, brand, theme from analytics.themed_feedback "
        "group by feedback_id, brand, theme having count(*) > 1"
    )
    themed = _totals(
        story,
        "select theme, count(*), count(*) filter (where sentiment = 'negative') "
        "from analytics.themed_feedback group by theme",
    )
    items = story.one("select count(*) from analytics.feedback_item")
    assert twice == []
    for grain in ("day", "week"):
        trend = _totals(
            story,
            "select theme, sum(items), sum(negative) from analytics.theme_trend "
            "where grain = %s and theme <> 'all' group by theme",
            grain,
        )
        assert trend == themed
        texts = (
            "select coalesce(sum(items), 0) from analytics.theme_trend "
            "where theme = 'all' and grain = %s"
        )
        covered = "select coalesce(sum(texts), 0) from analytics.coverage where grain = %s"
        assert story.one(texts, grain) == story.one(covered, grain) == items
    complaints = _totals(
        story,
        "select theme, sum(complaints), max(0) from analytics.product_issues group by theme",
    )
    parts = _totals(
        story,
        "select theme, sum(complaints), max(0) from analytics.issue_parts "
        "where part = 'product' group by theme",
    )
    negative = {theme: (counts[1], 0) for theme, counts in themed.items() if counts[1]}
    assert complaints == parts == negative


def _totals(story: Story, query: str, *values: Any) -> dict[str, tuple[int, int]]:
    return {row[0]: (int(row[1]), int(row[2])) for row in story.run(query, *values)}


@pytest.mark.parametrize(
    "view",
    [
        "feedback_item",
        "themed_feedback",
        "feedback_sentence",
        "theme_trend",
        "product_issues",
        "issue_parts",
        "source_health",
        "incident_log",
        "incident_detail",
        "reply_performance",
        "reply_log",
        "model_agreement",
        "service_kpis",
        "knowledge_gaps",
        "competitor_comparison",
        "coverage",
        "theme",
    ],
)
def test_the_analyst_reads_every_view(database: Any, view: str) -> None:
    with database.connect("analyst") as conn, conn, conn.cursor() as cursor:
        cursor.execute(f"select * from analytics.{view}")
        assert cursor.description
