import pytest

from earshot.errors import FixSettings
from earshot.settings import Settings
from nlp import claims, states
from nlp.tagger import RETAG_WINDOW, Run, Tagger, tag
from nlp.taxonomy import load_taxonomy, sync_taxonomy
from tests.nlp.conftest import NOW
from tests.nlp.fakes import WordModel


@pytest.fixture
def model(use_model) -> WordModel:
    model = WordModel()
    use_model(earshot=model)
    return model


def test_a_turn_gives_two_aspects_with_opposite_sentiment(shop, settings: Settings, model) -> None:
    review = shop.say("Delivery was quick but the vase came broken")
    result = tag(settings)
    assert result.tagged == 1
    assert shop.tags(review) == {
        "delivery_delay": "positive",
        "damaged_in_transit": "negative",
    }


def test_a_run_out_of_time_says_what_is_left(shop, settings: Settings, model) -> None:
    for number in range(3):
        shop.say(f"Parcel {number} came broken")
    first = tag(settings, limit=1)
    late = tag(settings, most_seconds=0)
    rest = tag(settings)
    assert (first.tagged, first.waiting) == (1, 2)
    assert (late.tagged, late.waiting) == (0, 2)
    assert (rest.tagged, rest.waiting) == (2, 0)


def test_title_and_body_both_count(shop, settings: Settings, model) -> None:
    review = shop.say("It was a present for my mother.", title="Came broken")
    tag(settings)
    assert shop.tags(review) == {"damaged_in_transit": "negative"}


def test_sentences_are_stored_as_spans_of_the_cleaned_text(shop, settings, model) -> None:
    review = shop.say("<p>Quick  delivery.</p> The box was <b>broken</b>.")
    tag(settings)
    (sentences,) = shop.rows("select sentences from earshot.tagging")[0]
    whole = "Quick delivery.\nThe box was broken."
    assert [whole[row[0] : row[1]] for row in sentences] == whole.split("\n")
    assert [row[2] > row[4] for row in sentences] == [False, True]
    assert [len(row[5]) for row in sentences] == [1, 1]
    assert shop.outcome(review) == "tagged"


@pytest.mark.parametrize("hidden", ["", "  \n", "\u200b\ufeff", "<br><img src=x>", "...", "\x01"])
def test_hidden_content_is_empty_and_has_no_tags(shop, settings, model, hidden: str) -> None:
    review = shop.say(hidden)
    tag(settings)
    assert (shop.outcome(review), shop.tags(review), model.read) == ("empty", {}, [])


def test_emoji_alone_have_a_sentiment_and_no_theme(shop, settings, model) -> None:
    review = shop.say("👍👍")
    assert tag(settings).tagged == 1
    assert (shop.outcome(review), shop.tags(review)) == ("tagged", {})
    assert model.read == ["👍👍"]


def test_another_language_is_refused_with_its_name(shop, settings, model) -> None:
    review = shop.say("Посылка пришла на две недели позже и разбита")
    assert tag(settings).not_supported == 1
    assert shop.outcome(review) == "not_supported"
    assert shop.rows("select language, is_supported from earshot.tagging") == [("ru", False)]


def test_identical_texts_are_read_once(shop, settings, model) -> None:
    for _ in range(150):
        shop.say("great")
    assert tag(settings).tagged == 150
    assert model.read == ["great"]


def test_only_customers_are_tagged(shop, settings, model) -> None:
    shop.say("We are sorry that it came late", speaker="brand")
    assert tag(settings).texts == 0


def test_a_second_run_finds_nothing_to_do(shop, settings, model) -> None:
    shop.say("late and broken")
    tag(settings)
    before = shop.rows("select * from earshot.tagging, earshot.theme_tag order by 1, 2, 3")
    assert tag(settings).texts == 0
    assert shop.rows("select * from earshot.tagging, earshot.theme_tag order by 1, 2, 3") == before


def test_an_edited_text_is_tagged_again(shop, settings, model) -> None:
    review = shop.say("late")
    tag(settings)
    shop.edit(review, "friendly people after all")
    assert tag(settings).tagged == 1
    assert shop.value("select count(*) from earshot.tagging where feedback_id = %s", review) == 2


def test_a_limit_takes_the_newest(shop, settings, model) -> None:
    old = shop.say("great", hours_ago=50)
    new = shop.say("late", hours_ago=1)
    tag(settings, limit=1)
    assert (shop.outcome(new), shop.outcome(old)) == ("tagged", None)


def test_progress_is_told(shop, settings, model) -> None:
    for number in range(70):
        shop.say(f"late {number}")
    told: list[tuple[int, int]] = []
    tag(settings, progress=lambda done, total: told.append((done, total)))
    assert told == [(64, 70), (70, 70)]


def test_one_bad_text_never_costs_its_neighbours(shop, settings, use_model) -> None:
    def fail_on_poison(text: str) -> None:
        if "poison" in text:
            raise ValueError(text)

    use_model(earshot=WordModel(before=fail_on_poison))
    poison = shop.say("poison")
    others = [shop.say(f"late {number}") for number in range(20)]
    result = tag(settings)
    assert (result.tagged, result.failed) == (20, 1)
    assert {shop.outcome(other) for other in others} == {"tagged"}
    assert shop.outcome(poison) == "failed"
    assert shop.rows("select reason from earshot.tagging where outcome = 'failed'") == [
        ("the model raised an error",)
    ]
    assert shop.value("select count(*) from earshot.tag_queue") == 0


def test_a_new_theme_tags_recent_texts_again_and_older_ones_not(
    shop, settings_with, model, tmp_path
) -> None:
    recent = shop.say("broken", hours_ago=5)
    old = shop.say("broken", hours_ago=24 * (RETAG_WINDOW.days + 1))
    written = '[[theme]]\nkey = "{}"\nname = "{}"\n'
    first = written.format("attitude", "Customer service attitude")
    (tmp_path / "themes.toml").write_text(first)
    settings = settings_with(model={"taxonomy": "themes.toml"})
    tag(settings)
    second = written.format("damage", "Damaged in transit, packaging")
    (tmp_path / "themes.toml").write_text(first + second)
    shop.rows("update earshot.clock set stands_at = stands_at + interval '1 hour'")
    assert tag(settings).tagged == 1
    assert (shop.tags(recent), shop.tags(old)) == ({"damage": "negative"}, {})
    assert tag(settings).texts == 0


def test_settings_faults_are_told_before_any_row_is_touched(shop, settings_with) -> None:
    shop.say("late")
    settings = settings_with(model={"taxonomy": "missing.toml"})
    with pytest.raises(FixSettings, match="no such taxonomy file"):
        tag(settings)
    assert shop.value("select count(*) from earshot.tag_queue") == 0


def test_a_worker_keeps_few_claims_at_once(shop, settings, model) -> None:
    for number in range(10):
        shop.say(f"late {number}")
    states.register(shop.conn, model.id, "earshot", NOW)
    with shop.conn:
        ids = sync_taxonomy(shop.conn, load_taxonomy(), NOW)
    tagger = Tagger(model, load_taxonomy(), ids)
    with claims.worker(shop.conn) as number:
        run = Run(shop.conn, settings, tagger, number, claim_size=4)
        assert run.drain(limit=5).tagged == 5


def test_the_shipped_model_tags_a_day_of_reviews_from_end_to_end(shop, settings: Settings) -> None:
    said = {
        "Delivery was quick but the vase came broken": {
            "delivery_delay": "positive",
            "damaged_in_transit": "negative",
        },
        "Still no refund after five weeks": {"refunds": "negative"},
        "Die Lieferung kam zwei Wochen zu spät": {"delivery_delay": "negative"},
        "Runs small, order a size up": {"sizing_fit": "negative"},
        "The charger caught fire": {"safety_hazard": "negative", "urgent_safety": "negative"},
        "👍": {},
    }
    ids = {text: shop.say(text) for text in said}
    assert tag(settings).tagged == len(said)
    assert {text: shop.tags(id_) for text, id_ in ids.items()} == said
    assert shop.rows("select distinct state from earshot.brand_model") == [("active",)]


def test_hostile_texts_have_a_defined_outcome_with_the_shipped_model(shop, settings) -> None:
    outcomes = {
        "x" * 1_000_000: "tagged",
        "\u202etxet siht daer\u202c late parcel": "tagged",
        "👩‍👩‍👧‍👦🏳️‍🌈" * 50: "tagged",
        "包裹晚了两周，没有人回答": "not_supported",
        "\u200b\u200d\ufeff" * 100: "empty",
        "&lt;script&gt;alert(1)&lt;/script&gt;": "empty",
        "¿?¡! ... --- ***": "empty",
        "a\u0301" * 5_000: "tagged",
        "late parcel": "tagged",
    }
    ids = {text: shop.say(text) for text in outcomes}
    tag(settings)
    assert {text[:20]: shop.outcome(id_) for text, id_ in ids.items()} == {
        text[:20]: outcome for text, outcome in outcomes.items()
    }
