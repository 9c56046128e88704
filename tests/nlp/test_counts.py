import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from nlp import corrections
from nlp.tagger import tag
from sql.counts import refresh_counts
from tests.nlp.conftest import NOW
from tests.nlp.fakes import WordModel

ALL_COUNTS = "select * from earshot.hourly_count order by 1, 2, 3, 4, 5, 6, 7"
PER_VIEW_ITEM = """
    select coalesce(theme, 'all'), sentiment, count(*)::int from (
        select null as theme,
            case when sentiment_from = 'text' and outcome <> 'tagged' then 'unknown'
                else coalesce(sentiment, 'unknown') end as sentiment
        from analytics.feedback_item where published_precision <> 'unknown'
        union all
        select theme, sentiment from analytics.themed_feedback
        where published_precision <> 'unknown'
    ) as item group by 1, 2 order by 1, 2
"""
PER_COUNT = """
    select coalesce(theme.key, 'all'), sentiment, sum(items)::int
    from earshot.hourly_count left join earshot.theme on theme.id = theme_id
    group by 1, 2 order by 1, 2
"""


@pytest.fixture(autouse=True)
def model(use_model) -> WordModel:
    model = WordModel()
    use_model(earshot=model)
    return model


def test_a_rating_outranks_the_text_for_the_item_and_never_for_a_theme(shop, settings) -> None:
    shop.say("rude staff", stars=5)
    shop.say("great", stars=2)
    shop.say("great", stars=3)
    shop.say("great")
    tag(settings)
    refresh_counts(shop.conn, NOW)
    assert shop.counts() == {"positive": 2, "negative": 1, "neutral": 1}
    assert shop.counts("service_attitude") == {"negative": 1}


def test_untagged_items_count_by_their_stars_and_else_as_unknown(shop) -> None:
    shop.say("late", stars=1)
    shop.say("late")
    refresh_counts(shop.conn, NOW)
    assert shop.counts() == {"negative": 1, "unknown": 1}


def test_a_star_counts_in_any_language(shop, settings) -> None:
    shop.say("Посылка пришла на две недели позже", stars=1)
    shop.say("Посылка пришла на две недели позже")
    tag(settings)
    refresh_counts(shop.conn, NOW)
    assert shop.counts() == {"negative": 1, "unknown": 1}


def test_stars_are_summed_on_a_scale_of_five_and_on_the_whole_item_only(shop, settings) -> None:
    shop.say("late", stars=2, hours_ago=1)
    shop.say("late", stars=1, hours_ago=1)
    tag(settings)
    refresh_counts(shop.conn, NOW)
    rows = shop.rows(
        "select theme_id = 0, items, rated, stars from earshot.hourly_count order by 1 desc"
    )
    assert rows == [(True, 2, 2, 3.0), (False, 2, 0, 0.0)]


def test_hours_are_those_of_publishing(shop) -> None:
    shop.say("x", published_at=datetime(2026, 11, 20, 9, 59, 59, tzinfo=UTC))
    shop.say("x", published_at=datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC))
    refresh_counts(shop.conn, NOW)
    assert [
        row[0].hour for row in shop.rows("select hour from earshot.hourly_count order by 1")
    ] == [
        9,
        10,
    ]


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Asia/Kolkata", datetime(2026, 11, 18, 18, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 18, 5, 0, tzinfo=UTC)),
        ("UTC", datetime(2026, 11, 19, 0, 0, tzinfo=UTC)),
    ],
)
def test_a_day_stands_at_midnight_of_its_source(shop, zone: str, start: datetime) -> None:
    source = shop.source("days", time_zone=zone)
    moment = datetime(2026, 11, 19, 0, 0, tzinfo=UTC)
    shop.say("x", precision="day", published_at=moment, source_id=source)
    refresh_counts(shop.conn, NOW)
    assert shop.rows("select hour, precision from earshot.hourly_count") == [(start, "day")]


def test_unknown_times_and_other_speakers_are_not_counted(shop, settings) -> None:
    shop.say("late", precision="unknown")
    shop.say("late", speaker="brand")
    shop.say("late", speaker="other")
    tag(settings)
    refresh_counts(shop.conn, NOW)
    assert shop.rows(ALL_COUNTS) == []


def test_a_deleted_text_is_counted_no_more(shop) -> None:
    review = shop.say("late", stars=1)
    refresh_counts(shop.conn, NOW)
    shop.rows("update earshot.feedback set deleted_at = %s where id = %s", NOW, review)
    shop.rows("select earshot.mark_dirty(array[%s::bigint])", review)
    refresh_counts(shop.conn, NOW)
    assert shop.rows(ALL_COUNTS) == []


def test_the_future_waits_until_it_is_there(shop) -> None:
    shop.say("x", hours_ago=-5)
    assert refresh_counts(shop.conn, NOW) == 0
    assert refresh_counts(shop.conn, NOW + timedelta(hours=5)) == 1


def test_each_brand_of_a_text_counts_it_once(shop, settings) -> None:
    other = shop.brand("acme")
    shop.say("late", brands=(shop.brand_id, other))
    tag(settings)
    refresh_counts(shop.conn, NOW)
    rows = shop.rows(
        "select brand_id, items from earshot.hourly_count where theme_id = 0 order by 1"
    )
    assert rows == [(shop.brand_id, 1), (other, 1)]


def test_an_edit_moves_the_count_and_refreshing_twice_changes_nothing(shop, settings) -> None:
    review = shop.say("late", stars=1)
    tag(settings)
    refresh_counts(shop.conn, NOW)
    shop.edit(review, "great", stars=5)
    tag(settings)
    refresh_counts(shop.conn, NOW)
    assert shop.counts() == {"positive": 1}
    assert shop.counts("delivery_delay") == {}
    before = shop.rows(ALL_COUNTS)
    shop.rows("select earshot.mark_dirty(array[%s::bigint])", review)
    refresh_counts(shop.conn, NOW)
    assert shop.rows(ALL_COUNTS) == before


def test_a_merged_theme_is_counted_once_under_the_one_that_took_it(shop, settings) -> None:
    shop.say("late and broken")
    tag(settings)
    shop.rows(
        "update earshot.theme set state = 'merged', merged_into = ("
        "select id from earshot.theme where key = 'delivery_delay')"
        " where key = 'damaged_in_transit'"
    )
    shop.rows("select earshot.mark_dirty(array_agg(id)) from earshot.feedback")
    refresh_counts(shop.conn, NOW)
    assert (shop.counts("delivery_delay"), shop.counts("damaged_in_transit")) == (
        {"negative": 1},
        {},
    )


@pytest.mark.parametrize("seed", range(3))
def test_counts_agree_with_the_views_after_any_history(shop, settings, seed: int) -> None:
    draw = random.Random(seed)
    words = ["late", "broken", "great", "rude", "lovely", "quick", "ok", "Посылка пришла поздно"]
    ids: list[int] = []
    for _ in range(60):
        match draw.choice(["say", "say", "say", "edit", "correct", "delete", "tag", "refresh"]):
            case "say":
                ids.append(
                    shop.say(
                        " ".join(draw.choices(words, k=draw.randint(0, 4))),
                        stars=draw.choice([None, 1, 2, 3, 4, 5]),
                        hours_ago=draw.randint(1, 30),
                        precision=draw.choice(["second", "second", "day", "unknown"]),
                        product=draw.choice([None, "vase", "lamp"]),
                    )
                )
            case "edit" if ids:
                shop.edit(draw.choice(ids), draw.choice(words), stars=draw.choice([None, 1, 5]))
            case "correct" if ids and shop.value("select count(*) from earshot.theme"):
                theme = draw.choice([None, "delivery_delay", "service_attitude"])
                value = draw.choice(["negative", "positive", "neutral"])
                with shop.conn:
                    corrections.record(
                        shop.conn,
                        draw.choice(ids),
                        "absent" if theme and draw.random() < 0.3 else value,
                        theme=theme,
                        corrected_by="ann",
                        corrected_at=NOW + timedelta(seconds=len(ids)),
                    )
            case "delete" if ids:
                gone = draw.choice(ids)
                shop.rows("select earshot.mark_dirty(array[%s::bigint])", gone)
                shop.rows("update earshot.feedback set deleted_at = %s where id = %s", NOW, gone)
            case "tag":
                tag(settings)
            case "refresh":
                refresh_counts(shop.conn, NOW)
    tag(settings)
    refresh_counts(shop.conn, NOW)
    assert shop.rows(PER_COUNT) == shop.rows(PER_VIEW_ITEM)


def test_marks_made_while_counts_are_refreshed_are_not_lost(shop, settings, database) -> None:
    for number in range(40):
        shop.say(f"late {number}", hours_ago=number % 4 + 1, stars=1)
    stop = threading.Event()

    def refresh() -> None:
        with database.connect() as conn:
            while not stop.is_set():
                refresh_counts(conn, NOW)

    threads = [threading.Thread(target=refresh) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        tag(settings)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    refresh_counts(shop.conn, NOW)
    assert shop.counts("delivery_delay") == {"negative": 40}
    assert shop.counts() == {"negative": 40}
