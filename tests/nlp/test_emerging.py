"""Emerging themes: found, named, kept, merged, split, promoted; measured with the real encoder."""

import json
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from earshot.errors import FixSettings
from nlp import emerging
from nlp.clusters import LEAST_SIZE, centred, cluster, phrase
from nlp.tagger import tag
from nlp.taxonomy import load_taxonomy
from sql.counts import refresh_counts
from tests.nlp.conftest import NOW
from tests.nlp.fakes import WordModel

LID = [
    "The lid of the new bottle does not close",
    "lid won't close properly any more",
    "Since the redesign the lid does not close",
    "I cannot close the lid at all",
    "The lid doesn't shut, water everywhere",
    "Lid does not close and it spills in my bag",
    "new lid is impossible to close",
    "my bottle lid will not close",
    "the lid pops open because it does not close",
    "Why does the lid not close?",
    "The cap on top never closes fully",
    "lid doesn't click shut",
    "Second bottle with a lid that does not close",
    "lid simply does not close",
    "the blue lid does not close tight",
    "Lid will not stay closed",
    "The flip lid no longer closes",
    "They changed the lid and now it does not close",
    "lid does not close, tea ran out",
    "How do I get the lid to close?",
    "The lid is warped and does not close",
    "Cannot get the lid shut",
    "its lid won't stay shut",
    "After washing the lid does not close",
    "the screw lid does not close",
    "Lid broken out of the box, does not close",
    "lid does not close on any of the three bottles",
    "disappointed, the lid does not close",
    "The lid came loose and will not close",
    "the top lid does not close right",
]
TOPICS = {
    "squeaks": "The {} drawer squeaks so badly awful",
    "smells": "awful chemical smell from the {} foam",
    "wobbly": "the {} legs are awful and wobbly",
}
THINGS = ("oak", "pine", "blue", "new", "small", "tall", "white", "heavy", "round", "old")


class TopicModel(WordModel):
    """Embeds by the word of the topic, with a little of each text's own."""

    def embed(self, texts) -> np.ndarray:
        axes = [*sorted(TOPICS), "lid", "cap"]
        vectors = []
        for text in texts:
            own = np.random.default_rng(abs(hash(text)) % 2**32).normal(size=32) * 0.05
            own[: len(axes)] += [
                any(form in text for form in (axis, axis.rstrip("s"), axis[:-1])) for axis in axes
            ]
            vectors.append(own / np.linalg.norm(own))
        return np.array(vectors)


@pytest.fixture
def model(use_model) -> TopicModel:
    model = TopicModel()
    use_model(earshot=model)
    return model


@pytest.fixture
def complaints(shop, settings, model):
    """Thirty tagged complaints about three things that no theme explains."""

    def write(topics=TOPICS, things=THINGS, hours_ago=5.0) -> list[int]:
        ids = [
            shop.say(topics[topic].format(thing), hours_ago=hours_ago, product=thing)
            for topic in topics
            for thing in things
        ]
        tag(settings)
        return ids

    return write


def blob(axis: int, number: int, spread: float = 0.05, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed + axis).normal(size=(number, 16)) * spread
    vectors[:, axis] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def background(shared: Path) -> tuple[list[str], np.ndarray]:
    """870 complaints of other people and the thirty about the lid, with their vectors."""
    from nlp.loading import load_model

    texts = []
    for name in ("oats_amazon_ff", "memd_clothing", "memd_laptop", "memd_books", "oats_hotels"):
        for line in (shared / "data" / "aspects" / f"{name}_train.jsonl").open(encoding="utf-8"):
            row = json.loads(line)
            if any(aspect["sentiment"] == "negative" for aspect in row["aspects"]):
                texts.append(row["text"])
    random.Random(3).shuffle(texts)
    texts = [*texts[:870], *LID]
    model = load_model()
    return texts, centred(model.embed(texts), model.embed(emerging.reference_texts()))


def test_an_injected_problem_is_found_in_one_run_and_named(background) -> None:
    texts, vectors = background
    labels = cluster(vectors, np.full(len(texts), -1)).labels
    injected = Counter(labels[-30:].tolist())
    label, found = injected.most_common(1)[0]
    members = np.flatnonzero(labels == label)
    name = phrase(
        [texts[place] for place in members],
        [texts[place] for place in np.flatnonzero(labels != label)],
    )
    print(f"{found} of 30 in a cluster of {len(members)}: {name}")
    assert label >= 0
    assert found >= 24
    assert found >= 0.8 * len(members)
    assert "lid" in name


def test_a_tenth_more_data_leaves_nine_in_ten_sentences_their_ids(background) -> None:
    texts, vectors = background
    order = np.random.default_rng(5).permutation(len(texts))
    vectors = vectors[order]
    first = int(len(texts) / 1.1)
    before = cluster(vectors[:first], np.full(first, -1)).labels
    known = np.concatenate([before, np.full(len(texts) - first, -1)])
    after = cluster(vectors, known).labels[:first]
    had = before >= 0
    kept = float((after[had] == before[had]).mean())
    print(f"{had.sum()} sentences with an id, {kept:.1%} kept it")
    assert had.sum() > 50
    assert kept >= 0.9


def test_clusters_below_the_least_size_are_chance() -> None:
    vectors = np.concatenate([blob(0, 20), blob(1, LEAST_SIZE - 1), blob(2, 20)])
    labels = cluster(vectors, np.full(len(vectors), -1)).labels
    assert set(labels[20 : 20 + LEAST_SIZE - 1].tolist()) == {-1}
    assert len(set(labels.tolist()) - {-1}) == 2


def test_known_clusters_that_became_the_same_are_merged_into_the_older() -> None:
    vectors = np.concatenate([blob(0, 20), blob(0, 20, seed=9), blob(1, 30)])
    known = np.array([4] * 20 + [2] * 20 + [7] * 30)
    found = cluster(vectors, known)
    assert found.merged == {4: 2}
    assert set(found.labels[:40].tolist()) == {2}


def test_a_cluster_that_fell_in_two_is_split_and_the_larger_part_keeps_the_id() -> None:
    vectors = np.concatenate([blob(0, 20), blob(1, 12), blob(2, 30)])
    known = np.array([5] * 32 + [6] * 30)
    found = cluster(vectors, known)
    assert found.split == {7: 5}
    assert set(found.labels[:20].tolist()) == {5}
    assert set(found.labels[20:32].tolist()) == {7}


def test_emerging_themes_are_stored_named_and_counted(shop, settings, complaints) -> None:
    complaints()
    result = emerging.find_emerging(settings)
    assert [theme.sentences for theme in result.themes] == [10, 10, 10]
    assert {theme.people for theme in result.themes} == {10}
    assert all(theme.is_new and theme.products == 10 for theme in result.themes)
    names = " ".join(theme.name for theme in result.themes)
    assert all(word in names for word in ("squeaks", "smell", "wobbly"))
    refresh_counts(shop.conn, NOW)
    keys = [row[0] for row in shop.rows("select key from earshot.theme where kind = 'emerging'")]
    assert [shop.counts(key) for key in keys] == [{"negative": 10}] * 3


def test_a_second_run_keeps_ids_and_changes_no_row(shop, settings, complaints) -> None:
    complaints()
    first = emerging.find_emerging(settings)
    before = shop.rows("select * from earshot.theme_tag order by 1, 2, 3")
    second = emerging.find_emerging(settings)
    assert {theme.theme_id for theme in second.themes} == {theme.theme_id for theme in first.themes}
    assert not any(theme.is_new for theme in second.themes)
    assert shop.rows("select * from earshot.theme_tag order by 1, 2, 3") == before


def test_ids_outlive_a_change_of_model_and_new_texts_join(
    shop, settings, complaints, use_model
) -> None:
    from nlp import states

    complaints()
    first = emerging.find_emerging(settings)
    successor = TopicModel("words-2")
    use_model(earshot=successor)
    tag(settings)
    states.activate(shop.conn, "words-2", NOW + timedelta(hours=1))
    complaints(topics={"squeaks": TOPICS["squeaks"]}, things=("green", "grey"), hours_ago=1)
    second = emerging.find_emerging(settings)
    assert {theme.theme_id for theme in second.themes} == {theme.theme_id for theme in first.themes}
    assert sorted(theme.sentences for theme in second.themes) == [10, 10, 12]


def test_tagging_again_leaves_emerging_tags_in_place(shop, settings, complaints) -> None:
    complaints()
    emerging.find_emerging(settings)
    shop.rows("update earshot.theme set changed_at = %s", NOW + timedelta(minutes=1))
    assert tag(settings).texts == 0
    shop.rows("update earshot.clock set stands_at = %s", NOW + timedelta(minutes=1))
    assert tag(settings).tagged == 30
    assert shop.value("select count(*) from earshot.theme_tag") == 30


def test_themes_that_nobody_speaks_of_any_more_retire(shop, settings, complaints) -> None:
    complaints(hours_ago=24 * 50)
    emerging.find_emerging(settings)
    complaints(topics={"lid": "the {} lid is awful"})
    emerging.find_emerging(settings, NOW + timedelta(days=10))
    states = shop.rows(
        "select state, count(*) from earshot.theme where kind = 'emerging' group by 1"
    )
    assert dict(states) == {"retired": 3, "active": 1}


def test_a_merge_stands_in_the_ledger_and_is_counted_once(shop, settings, complaints) -> None:
    complaints(topics={"lid": "the {} lid is awful"})
    emerging.find_emerging(settings)
    ids = complaints(topics={"lid": "awful {} lid again"}, things=THINGS[:8])
    other = shop.value(
        "insert into earshot.theme (key, name, kind, since)"
        " values ('emerging_x', 'lid', 'emerging', %s) returning id",
        NOW,
    )
    for feedback_id in ids:
        shop.rows(
            "insert into earshot.theme_tag select id, 'words-1', %s, 1, 'negative', 0.8, 0"
            " from earshot.feedback_version where feedback_id = %s",
            other,
            feedback_id,
        )
    complaints(topics={"smells": TOPICS["smells"]})
    result = emerging.find_emerging(settings)
    assert result.merged == 1
    assert shop.rows(
        "select state, merged_into is not null from earshot.theme where id = %s", other
    ) == [("merged", True)]
    refresh_counts(shop.conn, NOW)
    assert sorted(
        count
        for (key,) in shop.rows("select key from earshot.theme where kind = 'emerging'")
        for count in shop.counts(key).values()
    ) == [10, 18]


def test_a_promoted_theme_keeps_its_id_and_moves_into_the_taxonomy(
    shop, settings_with, complaints, tmp_path, settings
) -> None:
    complaints()
    theme = emerging.find_emerging(settings).themes[0]
    with shop.conn:
        written = emerging.promotion(shop.conn, theme.theme_id, "new_problem")
    (tmp_path / "themes.toml").write_text(written)
    tag(settings_with(model={"taxonomy": "themes.toml"}))
    assert shop.rows(
        "select key, kind, state from earshot.theme where id = %s", theme.theme_id
    ) == [("new_problem", "theme", "active")]
    with shop.conn, pytest.raises(FixSettings, match="cannot become"):
        emerging.promotion(shop.conn, theme.theme_id, "other")


def test_promoting_appends_to_the_taxonomy_file_and_refuses_without_one(
    settings_with, complaints, tmp_path, settings
) -> None:
    complaints()
    theme = emerging.find_emerging(settings).themes[0]
    with pytest.raises(FixSettings, match="earshot themes shipped"):
        emerging.promote(settings, theme.theme_id, "new_problem")
    own = tmp_path / "themes.toml"
    own.write_text('[[theme]]\nkey = "old"\nname = "Old"\ndescription = "An old theme."\n')
    file = emerging.promote(
        settings_with(model={"taxonomy": "themes.toml"}), theme.theme_id, "new_problem"
    )
    assert load_taxonomy(file).keys == ("old", "new_problem")


def test_a_single_loud_author_makes_no_theme(shop, settings, model) -> None:
    for number in range(12):
        feedback_id = shop.say(f"the lid {number} is awful")
        shop.rows("update earshot.feedback set author_key = 'one' where id = %s", feedback_id)
    for thing in THINGS:
        shop.say(TOPICS["smells"].format(thing))
    tag(settings)
    result = emerging.find_emerging(settings)
    assert ["smell" in theme.name for theme in result.themes] == [True]


def test_phrases_prefer_what_the_others_do_not_say() -> None:
    inside = [f"the {thing} lid does not close" for thing in THINGS]
    outside = [f"the {thing} box is late" for thing in THINGS]
    assert phrase(inside, outside) == "lid does not close"
    assert phrase([], []) == ""
