"""Last month's dashboard can be had again, whatever happened since; and the split of a change."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.sql.story import Story, at

VIEWS = {
    "feedback_item": "feedback_id, brand",
    "themed_feedback": "feedback_id, brand, theme",
    "theme_trend": "brand, theme, source, product, grain, period_start",
}


def dashboard(story: Story) -> dict[str, list[Any]]:
    """Every row that analysts see now."""
    story.refresh()
    return {view: _rows(story, f"analytics.{view}", view) for view in VIEWS}


def as_of(story: Story, moment: Any) -> dict[str, list[Any]]:
    """The same rows as they stood at a moment."""
    return {view: _rows(story, f"analytics.{view}_as_of(%s)", view, moment) for view in VIEWS}


def _rows(story: Story, relation: str, view: str, *values: Any) -> list[Any]:
    rows = story.run(f"select * from {relation} order by {VIEWS[view]}", *values)
    return [[round(v, 4) if isinstance(v, float) else v for v in row] for row in rows]


@pytest.fixture
def march(story: Story) -> Story:
    """Three reviews in March, read by the first model."""
    story.clock("03-02 10:00")
    vase = story.say("It came broken.", stars=1, product="Vase", courier="Swift")
    late = story.say("Very late.", product="Lamp")
    fine = story.say("Fine.", stars=5, product="Lamp")
    story.clock("03-02 11:00")
    story.tag(vase, "first", "negative", {"damage": "negative"})
    story.tag(late, "first", "negative", {"delivery": "negative", "refund": "neutral"})
    story.tag(fine, "first", "positive", {"delivery": "positive"})
    return story


def _ids(story: Story) -> list[int]:
    return [row[0] for row in story.run("select id from earshot.feedback order by id")]


def _edit(story: Story) -> None:
    story.edit(_ids(story)[0], "They sent a new one.", stars=4)
    story.tag(_ids(story)[0], "first", "positive", {"delivery": "positive"})


def _tag_again(story: Story) -> None:
    story.tag(_ids(story)[1], "first", "neutral", {"refund": "negative"})


def _another_model(story: Story) -> None:
    story.model("second")
    for feedback in _ids(story):
        story.tag(feedback, "second", "negative", {"refund": "negative"})


def _correct(story: Story) -> None:
    first, second, _ = _ids(story)
    story.correct(first, "neutral")
    story.correct(second, "absent", "delivery")
    story.correct(second, "negative", "damage")


def _move(story: Story) -> None:
    story.run(
        "update earshot.feedback set product = 'Jug', published_at = %s, attributes = '{}' "
        "where id = %s",
        at("02-20 08:00"),
        _ids(story)[0],
    )
    story.recount()


def _delete(story: Story) -> None:
    story.run(
        "update earshot.feedback set deleted_at = earshot.moment() where id = %s", _ids(story)[2]
    )
    story.recount()


def _merge(story: Story) -> None:
    story.merge("refund", "delivery")


def _rename(story: Story) -> None:
    story.run("update earshot.theme set key = 'shipping', name = 'Shipping' where key = 'delivery'")


def _new_text(story: Story) -> None:
    new = story.say("Where is my refund?", published="03-02 09:00")
    story.tag(new, "first", "negative", {"refund": "negative"})


def _second_brand(story: Story) -> None:
    story.brand("southwind")
    story.run(
        "insert into earshot.feedback_brand (feedback_id, brand_id) "
        "select %s, id from earshot.brand where key = 'southwind'",
        _ids(story)[0],
    )
    story.recount()


CHANGES = [
    _edit,
    _tag_again,
    _another_model,
    _correct,
    _move,
    _delete,
    _merge,
    _rename,
    _new_text,
    _second_brand,
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_recorded_is_had_again_after(march: Story, change: Any) -> None:
    recorded = dashboard(march)
    moment = march.moment
    march.clock("04-05 12:00")

    change(march)

    assert dashboard(march) != recorded
    assert as_of(march, moment) == recorded
    assert as_of(march, march.moment) == dashboard(march)


def test_the_present_is_the_past_of_now_through_any_history(march: Story) -> None:
    chosen = random.Random(5)
    recorded = []
    for week in range(1, 7):
        march.clock(f"04-{week:02} 09:00")
        for change in chosen.sample(CHANGES[:5], 2):
            change(march)
        march.recount()
        recorded.append((march.moment, dashboard(march)))

    for moment, seen in recorded:
        assert as_of(march, moment) == seen


def test_an_erased_text_is_gone_from_the_past_too(march: Story) -> None:
    recorded = dashboard(march)
    march.clock("04-01 09:00")
    _tag_again(march)
    erased = _ids(march)[1]

    march.erase(erased)

    then = as_of(march, at("03-02 12:00"))
    assert then["feedback_item"] == [r for r in recorded["feedback_item"] if r[0] != erased]
    assert then["themed_feedback"] == [r for r in recorded["themed_feedback"] if r[0] != erased]
    for history in ("theme_tag_history", "tagging_history", "feedback_history"):
        assert march.one(f"select count(*) from earshot.{history}") == 0


def test_brand_and_span_choose_rows_of_the_past(march: Story) -> None:
    everything = march.one("select count(*) from analytics.feedback_item_as_of(now())")
    none = march.one(
        "select count(*) from analytics.themed_feedback_as_of(%s, 'northwind', %s)",
        march.moment,
        at("03-03 00:00"),
    )
    some = march.one(
        "select count(*) from analytics.theme_trend_as_of(%s, 'northwind', %s, %s)",
        march.moment,
        at("03-02 00:00"),
        at("03-03 00:00"),
    )
    assert (everything, none, some > 0) == (3, 0, True)


def test_a_change_is_split_into_customers_people_and_model(march: Story) -> None:
    earlier = march.moment
    march.clock("04-05 12:00")
    _correct(march)  # delivery: one fewer; damage: one more; all: one negative fewer
    _new_text(march)  # refund: one more negative, by a customer
    _tag_again(march)  # refund: one more negative, by the model

    shift = {
        row["theme"]: row
        for row in march.rows("select * from analytics.theme_shift(%s, %s)", earlier, march.moment)
    }

    def parts(theme: str, measure: str) -> tuple[int, ...]:
        names = ("earlier", "by_customers", "by_people", "by_model", "later")
        return tuple(int(shift[theme][f"{measure}_{name}"]) for name in names)

    assert parts("all", "items") == (3, 1, 0, 0, 4)
    assert parts("all", "negative") == (2, 1, -1, -1, 1)
    assert parts("delivery", "items") == (2, 0, -1, 0, 1)
    assert parts("damage", "items") == (1, 0, 1, 0, 2)
    assert parts("refund", "items") == (1, 1, 0, 0, 2)
    assert parts("refund", "negative") == (0, 1, 0, 1, 2)


@pytest.mark.parametrize("change", CHANGES)
def test_the_parts_of_a_change_add_up(march: Story, change: Any) -> None:
    earlier = march.moment
    march.clock("04-05 12:00")
    change(march)

    rows = march.rows("select * from analytics.theme_shift(%s, %s)", earlier, march.moment)

    assert rows
    for row in rows:
        for measure in ("items", "negative"):
            parts = sum(row[f"{measure}_by_{who}"] for who in ("customers", "people", "model"))
            assert row[f"{measure}_earlier"] + parts == row[f"{measure}_later"]


def test_the_analyst_may_look_back_and_write_nothing(march: Story, database: Any) -> None:
    with database.connect("analyst") as conn, conn, conn.cursor() as cursor:
        cursor.execute("select count(*) from analytics.theme_trend_as_of(now())")
        assert cursor.fetchone()[0] > 0
