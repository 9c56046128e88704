import json
from datetime import timedelta

import psycopg2
import pytest

from earshot.errors import FixSettings
from nlp import corrections
from nlp.tagger import tag
from sql.counts import refresh_counts
from tests.nlp.conftest import NOW
from tests.nlp.fakes import WordModel


@pytest.fixture(autouse=True)
def model(use_model) -> WordModel:
    model = WordModel()
    use_model(earshot=model)
    return model


@pytest.fixture
def correct(shop):
    def correct(feedback_id: int, value: str, theme: str | None = None, by: str = "ann") -> int:
        with shop.conn:
            return corrections.record(
                shop.conn, feedback_id, value, theme=theme, corrected_by=by, corrected_at=NOW
            )

    return correct


def counted(shop, theme: str | None = None) -> dict[str, int]:
    refresh_counts(shop.conn, NOW)
    return shop.counts(theme)


def test_a_person_outranks_rating_and_model_everywhere(shop, settings, correct) -> None:
    review = shop.say("great", stars=5)
    tag(settings)
    correct(review, "negative")
    assert counted(shop) == {"negative": 1}
    assert shop.rows("select sentiment, sentiment_from from analytics.feedback_item") == [
        ("negative", "person")
    ]


def test_wrong_missing_and_misread_themes_are_put_right(shop, settings, correct) -> None:
    review = shop.say("late and rude")
    tag(settings)
    correct(review, "absent", "delivery_delay")
    correct(review, "positive", "service_attitude")
    correct(review, "negative", "refunds")
    assert counted(shop, "delivery_delay") == {}
    assert counted(shop, "service_attitude") == {"positive": 1}
    assert counted(shop, "refunds") == {"negative": 1}
    assert sorted(shop.rows("select theme, sentiment from analytics.themed_feedback")) == [
        ("refunds", "negative"),
        ("service_attitude", "positive"),
    ]


SAID = {
    "feedback_item": "select sentiment from analytics.feedback_item",
    "themed_feedback": "select theme, sentiment from analytics.themed_feedback",
    "theme_trend": "select theme, negative, positive from analytics.theme_trend "
    "where grain = 'day' order by theme",
    "product_issues": "select theme, complaints from analytics.product_issues order by theme",
    "feedback_item_as_of": "select sentiment from analytics.feedback_item_as_of(%s)",
    "themed_feedback_as_of": "select theme, sentiment from analytics.themed_feedback_as_of(%s)",
    "theme_trend_as_of": "select theme, negative, positive from analytics.theme_trend_as_of(%s) "
    "where grain = 'day' order by theme",
}


def test_it_wins_in_every_view_and_stays_through_tagging_again(shop, settings, correct) -> None:
    """Read as a content text about delivery; a person says: angry, and about a refund."""
    review = shop.say("late but great", stars=5, product="vase", hours_ago=30)
    tag(settings)
    correct(review, "negative")
    correct(review, "absent", "delivery_delay")
    correct(review, "negative", "refunds")
    shop.rows("update earshot.theme set changed_at = %s", NOW + timedelta(minutes=1))
    shop.rows("update earshot.clock set stands_at = %s", NOW + timedelta(minutes=2))
    assert tag(settings).tagged == 1
    refresh_counts(shop.conn, NOW + timedelta(minutes=2))

    said = {
        view: shop.rows(query, *([NOW + timedelta(minutes=3)] if "%s" in query else []))
        for view, query in SAID.items()
    }

    trend = [("all", 1, 0), ("refunds", 1, 0)]
    assert said == {
        "feedback_item": [("negative",)],
        "themed_feedback": [("refunds", "negative")],
        "theme_trend": trend,
        "product_issues": [("refunds", 1)],
        "feedback_item_as_of": [("negative",)],
        "themed_feedback_as_of": [("refunds", "negative")],
        "theme_trend_as_of": trend,
    }


def test_it_says_who_and_when_and_the_latest_wins(shop, settings, correct) -> None:
    review = shop.say("late")
    tag(settings)
    correct(review, "positive", by="ann")
    correct(review, "neutral", by="ben")
    assert shop.rows("select corrected_by, corrected_at from earshot.correction order by id") == [
        ("ann", NOW),
        ("ben", NOW),
    ]
    assert counted(shop) == {"neutral": 1}


def test_it_survives_a_new_model_and_tagging_again(shop, settings, correct, use_model) -> None:
    from nlp import states

    review = shop.say("late")
    tag(settings)
    correct(review, "absent", "delivery_delay")
    use_model(earshot=WordModel("words-2"))
    tag(settings)
    states.activate(shop.conn, "words-2", NOW)
    assert counted(shop, "delivery_delay") == {}


def test_it_becomes_an_example_of_its_theme_and_goes_with_the_text(
    shop, settings, correct, model
) -> None:
    review = shop.say("my money never came back")
    tag(settings)
    correct(review, "negative", "refunds")
    tag(settings)
    examples = {theme.name: theme.examples for theme in model.embedded}
    assert "my money never came back" in examples["Refunds"]
    shop.rows("delete from earshot.feedback where id = %s", review)
    tag(settings)
    assert "my money never came back" not in str(model.embedded)


def test_long_texts_and_absent_themes_are_no_examples(shop, settings, correct, model) -> None:
    correct_ids = [shop.say("late " * 100), shop.say("late again")]
    tag(settings)
    correct(correct_ids[0], "negative", "refunds")
    correct(correct_ids[1], "absent", "delivery_delay")
    with shop.conn:
        assert corrections.corrected_examples(shop.conn) == {}


def test_agreement_is_the_share_in_which_people_said_the_same(shop, settings, correct) -> None:
    first, second = shop.say("late"), shop.say("late too")
    tag(settings)
    correct(first, "negative")
    correct(second, "positive")
    correct(first, "negative", "delivery_delay")
    found = {(row.field, row.theme): row.share for row in corrections.agreement(shop.conn)}
    assert found == {("sentiment", None): 0.5, ("theme", "delivery_delay"): 1.0}


def test_the_command_tells_it_in_words_and_as_json(
    shop, settings, correct, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from earshot.cli import tagging

    first, second = shop.say("late"), shop.say("late too")
    tag(settings)
    correct(first, "negative")
    correct(second, "positive")
    monkeypatch.setattr(tagging, "settings_of", lambda file: settings)

    tagging.corrections()
    tagging.corrections(json=True)

    words, line = capsys.readouterr().out.splitlines()
    assert words.split() == ["words-1", "sentiment", "50.0%", "of", "2"]
    assert json.loads(line) == {
        "model_id": "words-1",
        "field": "sentiment",
        "theme": None,
        "corrections": 2,
        "agreed": 1,
        "share": 0.5,
    }


@pytest.mark.parametrize(
    ("value", "theme", "reason"),
    [("absent", None, "cannot be absent"), ("negative", "nope", 'no theme has the key "nope"')],
)
def test_faults_are_refused_in_one_sentence(
    shop, settings, correct, value: str, theme: str | None, reason: str
) -> None:
    review = shop.say("late")
    with pytest.raises(FixSettings, match=reason):
        correct(review, value, theme)
    with pytest.raises(FixSettings, match="no feedback has the id 999"):
        correct(999, "negative")


def test_the_web_role_may_correct_and_nothing_else(shop, settings, database) -> None:
    review = shop.say("late")
    with database.connect("web") as conn:
        with conn:
            corrections.record(conn, review, "positive", corrected_by="web user", corrected_at=NOW)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), conn.cursor() as cursor:
            cursor.execute("delete from earshot.correction")
    refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
    with database.connect("analyst") as conn, refused:
        corrections.record(conn, review, "negative", corrected_by="x", corrected_at=NOW)
    assert counted(shop) == {"positive": 1}
