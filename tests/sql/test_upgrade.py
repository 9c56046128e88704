"""An upgrade with data in place changes no number, and the past is kept from then on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extras import DictCursor

from sql.migrate import FOLDER, known_migrations, migrate
from tests.sql.story import Story
from tests.sql.test_views_history import VIEWS, as_of, dashboard

FIRST = "20261123T0700_web"
# From here on the counts of issues are written with the hourly ones, by the pipeline itself.
ISSUE_COUNTS = "20261128T1017_scale_views"
SURVEYS = "20261128T0947_ways_in"


@pytest.fixture
def before(request: Any, empty_database: dict[str, str], tmp_path: Path) -> Iterator[Story]:
    """A database as the migrations before some moment leave it, with a brand and its texts."""
    for name in known_migrations():
        if request.param(name):
            shutil.copy(FOLDER / f"{name}.sql", tmp_path)
    migrate(empty_database, folder=tmp_path)
    conn = psycopg2.connect(**empty_database, options="-c timezone=UTC", cursor_factory=DictCursor)
    story = Story(conn)
    story.clock("03-02 10:00")
    story.brand("northwind")
    for key in ("delivery", "damage", "refund"):
        story.theme(key)
    story.model("first")
    _live(story)
    yield story
    conn.close()


# Statements of the first release: named queries belong to the newest schema.
TAG = """
with read as (
    select id, feedback_id from earshot.feedback_version
    where feedback_id = %s order by version desc limit 1
),
whole as (
    insert into earshot.tagging (feedback_version_id, model_id, feedback_id, language, sentiment,
        p_negative, p_neutral, p_positive, tagged_at)
    select id, 'first', feedback_id, 'en', 'negative', 0.8, 0.1, 0.1, %s from read
)
insert into earshot.theme_tag (feedback_version_id, model_id, theme_id, probability, sentiment,
    p_sentiment, sentence)
select read.id, 'first', theme.id, 0.9, %s, 0.8, 0 from read, earshot.theme where key = %s
"""

COUNT = """
delete from earshot.hourly_count;
with told as (
    select 0 as theme_id, brand, source, product, item.sentiment, published_at, stars
    from analytics.feedback_item as item
    union all
    select theme.id, brand, source, product, themed.sentiment, published_at, null
    from analytics.themed_feedback as themed join earshot.theme on theme.key = themed.theme
)
insert into earshot.hourly_count (brand_id, source_id, theme_id, product, sentiment, precision,
    hour, items, rated, stars)
select brand.id, source.id, theme_id, coalesce(product, ''), coalesce(sentiment, 'unknown'),
    'second', date_trunc('hour', published_at), count(*), count(stars), coalesce(sum(stars), 0)
from told
join earshot.brand on brand.key = told.brand
join earshot.source on source.name = told.source
group by 1, 2, 3, 4, 5, 7
"""


def _live(story: Story) -> None:
    said = story.say("Broken.", stars=1, product="Vase", courier="Swift")
    late = story.say("Late.")
    torn = story.say("Torn.", stars=2, product="Vase", supplier="Glas")
    story.run(TAG, said, story.moment, "negative", "damage")
    story.run(TAG, late, story.moment, "negative", "delivery")
    story.run(TAG, torn, story.moment, "negative", "damage")
    story.correct(late, "neutral", "delivery")
    story.edit(said, "Mended.", stars=4)
    story.run(TAG, said, story.moment, "positive", "refund")
    story.run(COUNT)


ISSUES = """
select brand, product, supplier, courier, version, theme, complaints, first_published_at,
    last_published_at, mean_stars
from analytics.product_issues
"""


def _seen(story: Story) -> dict[str, list[Any]]:
    views = {
        view: story.run(f"select * from analytics.{view} order by {order}")
        for view, order in VIEWS.items()
    }
    return {**views, "product_issues": story.run(ISSUES)}


@pytest.mark.parametrize(
    "before",
    [lambda name: name <= FIRST, lambda name: name < ISSUE_COUNTS],
    indirect=True,
    ids=["from the first release", "from before the counts of issues"],
)
def test_an_upgrade_changes_no_number(before: Story, empty_database: dict[str, str]) -> None:
    recorded = _seen(before)

    assert migrate(empty_database) > 0

    assert len(recorded["product_issues"]) == 1
    assert _seen(before) == recorded
    present = dashboard(before)
    assert _seen(before) == recorded
    moment = before.moment
    assert as_of(before, moment) == present
    before.clock("04-01 10:00")
    feedback = before.one("select min(id) from earshot.feedback")
    before.tag(feedback, "first", "neutral", {"refund": "negative"})
    assert dashboard(before) != present
    assert as_of(before, moment) == present


@pytest.mark.parametrize(
    "before", [lambda name: name < SURVEYS], indirect=True, ids=["from before survey answers"]
)
def test_survey_answers_that_were_stored_before_keep_their_scores(
    before: Story, empty_database: dict[str, str]
) -> None:
    told = {
        survey: before.say("Fine.", kind="survey_answer", stars=4, survey=survey)
        for survey in ("csat", "nps", "ces")
    }
    before.say("Silent.", kind="survey_answer", survey="csat")
    before.say("Of another kind.", kind="survey_answer", stars=4, survey="other")
    before.edit(told["csat"], "Not fine.", stars=2)

    migrate(empty_database)

    rows = before.run("select feedback_id, survey, score, scale from earshot.survey_answer")
    assert sorted(map(tuple, rows)) == sorted(
        (feedback, survey, 2 if survey == "csat" else 4, 5) for survey, feedback in told.items()
    )
