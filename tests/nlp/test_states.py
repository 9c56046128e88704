import contextlib
import threading
from datetime import timedelta

import pytest

from earshot.errors import FixSettings, RetryLater
from nlp import states
from nlp.tagger import tag
from sql.counts import refresh_counts
from tests.nlp.conftest import NOW
from tests.nlp.fakes import WordModel


@pytest.fixture
def two_models(use_model, settings_with):
    """Settings of the first model and of its successor."""
    use_model(earshot=WordModel("words-1"), better=WordModel("words-2"))
    return settings_with(), settings_with(model={"weights": "better"})


def by_model(shop) -> dict[str, str]:
    return {state.model_id: state.state for state in states.list_models(shop.conn, NOW)}


def test_the_first_model_is_active_and_the_next_a_candidate(shop, two_models) -> None:
    first, second = two_models
    shop.say("late")
    tag(first)
    assert by_model(shop) == {"words-1": "active"}
    tag(second)
    assert by_model(shop) == {"words-1": "active", "words-2": "candidate"}


def test_a_candidate_tags_beside_the_active_model_and_changes_no_count(shop, two_models) -> None:
    first, second = two_models
    shop.say("late")
    tag(first)
    refresh_counts(shop.conn, NOW)
    before = shop.rows("select * from earshot.hourly_count order by 1, 2, 3, 4, 5")
    shop.say("late", hours_ago=2)
    tag(second)
    assert shop.rows("select model_id, count(*) from earshot.tagging group by 1 order by 1") == [
        ("words-1", 2),
        ("words-2", 2),
    ]
    refresh_counts(shop.conn, NOW)
    assert shop.counts("delivery_delay") == {"negative": 2}
    assert [
        row for row in before if row not in shop.rows("select * from earshot.hourly_count")
    ] == []


def test_activation_swaps_states_counts_and_views_at_once(shop, two_models, use_model) -> None:
    first, second = two_models
    for number in range(5):
        shop.say(f"late {number}", hours_ago=number * 24 + 1)
    tag(first)
    refresh_counts(shop.conn, NOW)
    shop.rows("update earshot.clock set stands_at = stands_at + interval '1 hour'")
    tag(second)
    shop.rows("update earshot.theme_tag set sentiment = 'neutral' where model_id = 'words-2'")
    assert states.activate(shop.conn, "words-2", NOW + timedelta(hours=1)) == ["northwind"]
    assert by_model(shop) == {"words-1": "retired", "words-2": "active"}
    assert shop.counts("delivery_delay") == {"neutral": 5}
    assert shop.rows("select distinct model_id, sentiment from analytics.themed_feedback") == [
        ("words-2", "neutral")
    ]
    assert states.activate(shop.conn, "words-2", NOW + timedelta(hours=2)) == []
    assert states.activate(shop.conn, "words-1", NOW + timedelta(hours=3)) == ["northwind"]
    assert shop.counts("delivery_delay") == {"negative": 5}


def test_thin_coverage_is_refused_with_the_figure(shop, two_models) -> None:
    first, second = two_models
    for number in range(10):
        shop.say(f"late {number}", hours_ago=number + 1)
    tag(first)
    tag(second, limit=9)
    if by_model(shop)["words-2"] == "candidate":
        shop.rows(
            "delete from earshot.tagging where model_id = 'words-2' and feedback_version_id in"
            " (select max(feedback_version_id) from earshot.tagging where model_id = 'words-2')"
        )
    with pytest.raises(RetryLater, match=r"words-2.*tagged \d+\.0% of the last 8 weeks"):
        states.activate(shop.conn, "words-2", NOW)
    assert by_model(shop) == {"words-1": "active", "words-2": "candidate"}


def test_what_lies_before_the_baseline_window_need_not_be_tagged(shop, two_models) -> None:
    first, second = two_models
    shop.say("late", hours_ago=1)
    shop.say("late", hours_ago=24 * 60)
    tag(first)
    tag(second)
    shop.rows(
        "delete from earshot.tagging where model_id = 'words-2' and feedback_version_id = ("
        "select max(feedback_version_id) from earshot.tagging)"
    )
    assert states.activate(shop.conn, "words-2", NOW) == ["northwind"]


def test_an_unknown_model_is_named_with_the_known_ones(shop, two_models) -> None:
    tag(two_models[0])
    with pytest.raises(FixSettings, match='"nope"; there is: words-1'):
        states.activate(shop.conn, "nope", NOW)


def test_a_model_whose_weights_were_replaced_tags_nothing_more(
    shop, settings, use_model, caplog
) -> None:
    use_model(earshot=WordModel("words-1"))
    shop.say("late")
    tag(settings)
    use_model(earshot=WordModel("words-2"))
    shop.say("late", hours_ago=2)
    tag(settings)
    assert by_model(shop) == {"words-1": "active", "words-2": "candidate"}
    assert shop.rows("select model_id, count(*) from earshot.tagging group by 1 order by 1") == [
        ("words-1", 1),
        ("words-2", 2),
    ]
    assert "words-1 tags nothing more" in caplog.text


def test_switching_while_texts_arrive_counts_each_once(shop, two_models) -> None:
    first, second = two_models
    for number in range(150):
        shop.say(f"late {number}", hours_ago=number % 20 + 1)
    tag(first)
    tag(second)
    stop = threading.Event()

    def keep_tagging() -> None:
        while not stop.is_set():
            tag(second)

    thread = threading.Thread(target=keep_tagging)
    thread.start()
    try:
        for number in range(30):
            shop.say(f"late again {number}", hours_ago=number % 5 + 1)
            refresh_counts(shop.conn, NOW)
            with contextlib.suppress(RetryLater):
                states.activate(shop.conn, "words-2", NOW + timedelta(minutes=number + 1))
    finally:
        stop.set()
        thread.join()
    tag(second)
    states.activate(shop.conn, "words-2", NOW + timedelta(hours=1))
    refresh_counts(shop.conn, NOW)
    assert by_model(shop)["words-2"] == "active"
    assert sum(shop.counts().values()) == 180
    assert shop.counts("delivery_delay") == {"negative": 180}
