"""The two modals: why an incident is dismissed, and the text of a reply to edit."""

from __future__ import annotations

import json
from typing import Any

from alerts.slack import text as t
from alerts.slack.blocks import option, quoted, section

REASONS = (
    ("Known and handled", "known"),
    ("A promotion or launch", "event"),
    ("One author or spam", "spam"),
    ("Wrongly understood texts", "wrong tags"),
    ("Not our business", "not ours"),
)
MOST_INPUT = 3000
"""Characters that a text field of a modal takes."""


def dismiss_modal(incident_id: int, title: str) -> dict[str, Any]:
    """Asks for the reason of a dismissal; the note is optional."""
    return {
        "type": "modal",
        "callback_id": "incident_dismissed",
        "private_metadata": json.dumps({"incident": incident_id}),
        **_titles("Dismiss incident", "Dismiss"),
        "blocks": [
            section(f"*{t.label(title)}* will stay quiet. The reason helps to tune the rule."),
            {
                "type": "input",
                "block_id": "reason",
                "label": _plain("Why is it no crisis?"),
                "element": {
                    "type": "radio_buttons",
                    "action_id": "value",
                    "options": [option(label, value) for label, value in REASONS],
                },
            },
            {
                "type": "input",
                "block_id": "note",
                "optional": True,
                "label": _plain("Anything to add?"),
                "element": {"type": "plain_text_input", "action_id": "value", "max_length": 300},
            },
        ],
    }


def edit_modal(
    value: str, text: str, limit: str, channel: str, thread: str, *, review: str = ""
) -> dict[str, Any]:
    """The reply's whole text to edit, below the words that it answers.

    Args:
        value: the button's: draft, review version and text hash.
        limit: the platform's limit in words.
        review: beginning of what the customer wrote.
        channel: where to tell the person what came of it, in the thread `thread`.
    """
    return {
        "type": "modal",
        "callback_id": "draft_edited",
        "private_metadata": json.dumps({"value": value, "channel": channel, "thread": thread}),
        **_titles("Edit reply", "Save"),
        "blocks": [
            *([quoted(review)] if review else []),
            {
                "type": "input",
                "block_id": "text",
                "label": _plain(f"Reply ({limit})"),
                "hint": _plain("It is checked by the guard and then waits for approval."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "multiline": True,
                    "initial_value": text,
                    "max_length": MOST_INPUT,
                },
            },
        ],
    }


def dismissal_of(values: dict[str, Any]) -> str:
    """The reason as one line from a dismiss modal's state."""
    chosen = values["reason"]["value"]["selected_option"]["value"]
    note = (values.get("note", {}).get("value", {}).get("value") or "").strip()
    return f"{chosen}: {note}" if note else str(chosen)


def _titles(title: str, submit: str) -> dict[str, Any]:
    return {"title": _plain(title), "submit": _plain(submit), "close": _plain("Cancel")}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
