"""The facts file: what it accepts, and errors that name file, field and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts.replies import facts_from, load_facts
from earshot.errors import FixSettings

POLICY = {"id": "1", "title": "T", "governs": ["refunds"], "remedy": {"en": "We refund it."}}
GOOD: dict[str, Any] = {
    "brand": "Northwind",
    "sign_offs": {"en": "Mara, Northwind"},
    "contact": {"email": "help@northwind.example"},
    "policy": [POLICY],
}


def test_a_single_sentence_may_stand_without_a_list() -> None:
    facts = facts_from(GOOD)

    assert facts.sign_offs["en"] == ("Mara, Northwind",)
    assert facts.policy[0].allowed_actions == {"refund"}


def test_a_policy_for_the_issue_wins_over_one_for_its_theme() -> None:
    own = {**POLICY, "id": "2", "governs": ["refund_missing"]}
    facts = facts_from({**GOOD, "policy": [POLICY, own]})

    special = facts.policy_for("refund_missing", "refunds")
    general = facts.policy_for("refund_refused", "refunds")

    assert special is not None
    assert special.id == "2"
    assert general is not None
    assert general.id == "1"
    assert facts.policy_for("app_slow", "website_app") is None


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"brand": ""}, ["brand", "''"]),
        ({"sign_offs": None}, ["sign_offs"]),
        ({"contact": {}}, ["contact", "give email, phone or url"]),
        ({"contact": {"email": "nobody"}}, ["contact.email", "'nobody'"]),
        ({"languages": ["en", "sv"]}, ["'sv'", "en, de, fr"]),
        ({"languages": ["en", "de"]}, ["sign_offs lacks 'de'", "add one"]),
        ({"colour": "red"}, ["colour", "not a key of a facts file"]),
        ({"voice": "loud"}, ["voice", "'loud'"]),
        ({"policy": [POLICY, {**POLICY, "governs": ["x"]}]}, ["'1'", "used twice"]),
        ({"policy": [POLICY, {**POLICY, "id": "2"}]}, ["'refunds'", "let one of them govern it"]),
        ({"policy": [{**POLICY, "remedy": {"en": "  "}}]}, ["policy[0].remedy", "is empty"]),
        ({"policy": [{**POLICY, "remedy": {"en": "a\nb"}}]}, ["line break"]),
    ],
)
def test_errors_name_file_field_and_remedy(change: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(FixSettings) as caught:
        facts_from({**GOOD, **change}, name="northwind.toml")

    message = str(caught.value)
    assert message.startswith("northwind.toml: ")
    assert all(part in message for part in parts), message
    assert "\n" not in message


def test_unreadable_files_are_one_line_errors(tmp_path: Path) -> None:
    broken = tmp_path / "facts.toml"
    broken.write_bytes(b"brand = \xff")
    no_toml = tmp_path / "no.toml"
    no_toml.write_text("brand = ")

    for path in (tmp_path / "none.toml", broken, no_toml):
        with pytest.raises(FixSettings) as caught:
            load_facts(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
