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
