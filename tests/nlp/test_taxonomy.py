from datetime import timedelta
from pathlib import Path

import pytest

from earshot.errors import FixSettings
from nlp.taxonomy import load_taxonomy, sync_taxonomy, taxonomy_of
from tests.nlp.conftest import NOW

TWO = """
[[theme]]
key = "colour"
name = "Colour"
examples = ["The blue is green."]

[[theme]]
key = "noise"
name = "Noise"
description = "It is loud."
"""


@pytest.fixture
def written(tmp_path: Path):
    def written(text: str) -> Path:
        path = tmp_path / "themes.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_the_shipped_taxonomy_has_every_theme_and_urgent_tag_whole() -> None:
    themes = load_taxonomy().themes
    assert sum(theme.kind == "theme" for theme in themes) == 22
    assert sum(theme.kind == "urgent" for theme in themes) == 6
    assert all(theme.description and theme.owner and theme.playbook for theme in themes)
    assert all(len(theme.examples) >= 3 for theme in themes)


def test_heavy_themes_weigh_more() -> None:
    weights = {theme.key: theme.weight for theme in load_taxonomy().themes}
    heavy = {"safety_hazard", "privacy_security", "scam_counterfeit"}
    usual = [weight for key, weight in weights.items() if not key.startswith("urgent")]
    assert min(weights[key] for key in heavy) >= 2 > sorted(usual)[-4]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "theme: is missing"),
        ("[[theme]]\nkey = 'a'", r"theme\[0\].name: is missing"),
        ("[[theme]]\nkey = 'a'\nname = ''", r"theme\[0\].name"),
        ("[[theme]]\nkey = 'a'\nname = 'A'\nweight = 0", r"theme\[0\].weight: 0"),
        ("[[theme]]\nkey = 'a'\nname = 'A'\ncolour = 1", r"theme\[0\].colour: no such key"),
        ("[[theme]]\nkey = 'a'\nname = 'A'\nkind = 'x'", r"theme\[0\].kind"),
        ("[[theme]", "is not valid TOML"),
        ("[[theme]]\nkey = 'a'\nname = 'A'\n" * 2, r'theme\[1\].key: "a" stands twice'),
    ],
)
def test_faults_name_file_key_and_remedy(written, text: str, fault: str) -> None:
    with pytest.raises(FixSettings, match=f"themes.toml.*{fault}"):
        load_taxonomy(written(text))


def test_a_taxonomy_of_ones_own_keeps_the_urgent_tags(written, settings_with) -> None:
    written(TWO)
    keys = taxonomy_of(settings_with(model={"taxonomy": "themes.toml"})).keys
    assert keys[:2] == ("colour", "noise")
    assert len(keys) == 8


def test_ids_are_stable_and_only_changed_words_are_new(shop, written) -> None:
    later = NOW + timedelta(days=1)
    with shop.conn:
        first = sync_taxonomy(shop.conn, load_taxonomy(written(TWO)), NOW)
        changed = TWO.replace("It is loud.", "It is far too loud.")
        second = sync_taxonomy(shop.conn, load_taxonomy(written(changed)), later)
    assert first == second
    assert shop.rows("select key, since, changed_at from earshot.theme order by key") == [
        ("colour", NOW, NOW),
        ("noise", NOW, later),
    ]


def test_weights_and_owners_change_without_new_words(shop, written) -> None:
    with shop.conn:
        sync_taxonomy(shop.conn, load_taxonomy(written(TWO)), NOW)
        heavier = TWO.replace('name = "Noise"', 'name = "Noise"\nweight = 3\nowner = "lab"')
        sync_taxonomy(shop.conn, load_taxonomy(written(heavier)), NOW + timedelta(days=1))
    assert shop.rows("select weight, owner, changed_at from earshot.theme where key = 'noise'") == [
        (3.0, "lab", NOW)
    ]


def test_a_theme_that_left_the_file_is_retired_and_may_come_back(shop, written) -> None:
    later = NOW + timedelta(days=1)
    with shop.conn:
        ids = sync_taxonomy(shop.conn, load_taxonomy(written(TWO)), NOW)
        one = TWO[: TWO.index("[[theme]]", 5)]
        sync_taxonomy(shop.conn, load_taxonomy(written(one)), NOW)
    states = dict(shop.rows("select key, state from earshot.theme"))
    with shop.conn:
        again = sync_taxonomy(shop.conn, load_taxonomy(written(TWO)), later)
    assert states == {"colour": "active", "noise": "retired"}
    assert again == ids
    assert shop.value("select changed_at from earshot.theme where key = 'noise'") == later
