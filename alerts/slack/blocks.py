"""Block Kit as plain data, kept within Slack's limits; nothing is cut without a mark.

Limits: 50 blocks, 3,000 characters a section, 150 a header, 10,000 in all (Slack's own limit is
softer and undocumented; above about 11,000 it refuses). Source: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.slack.text import clean, safe_url, shorten

Block = dict[str, Any]

MOST_SECTION = 3000
MOST_HEADER = 150
MOST_TEXT = 10_000
CONTINUED = "_… goes on in the thread._"
CHART = "chart"
"""Stands where the picture's file id goes once it is uploaded."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One Slack message before it is sent.

    Attributes:
        text: what notifications and screen readers get; mrkdwn, escaped.
        chart: points `(ISO hour, count, low, high)` of the picture, or None.
        feedback_ids: reviews quoted, so that an erasure finds them.
        overflow: mrkdwn that did not fit, in order, for the thread.
    """

    text: str
    blocks: tuple[Block, ...]
    chart: dict[str, Any] | None = None
    feedback_ids: tuple[int, ...] = ()
    overflow: tuple[str, ...] = field(default=())

    def as_payload(self) -> dict[str, Any]:
        """The outbox row's payload."""
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "chart": self.chart,
            "feedback_ids": list(self.feedback_ids),
        }


def header(text: str) -> Block:
    """A headline; plain text, so that nothing in it is parsed."""
    shown = shorten(clean(text), MOST_HEADER)
    return {"type": "header", "text": {"type": "plain_text", "text": shown, "emoji": False}}


def mrkdwn(text: str) -> dict[str, Any]:
    """A text object whose names and addresses Slack does not link by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, *, block_id: str | None = None) -> Block:
    """A paragraph of escaped mrkdwn."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block | ({"block_id": block_id} if block_id else {})


def context(*texts: str) -> Block:
    """Small grey text."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def picture(alt: str) -> Block:
    """The chart's place; the sender puts the uploaded file in."""
    return {"type": "image", "alt_text": shorten(clean(alt), 1900), "slack_file": {"id": CHART}}


def words(text: str) -> Block:
    """A rich-text run: shown literally, never parsed for mentions, links or formatting."""
    return {"type": "text", "text": clean(text)}


def spaced(text: str) -> Block:
    """A rich-text run of our own words that keeps its outer spaces."""
    return {"type": "text", "text": text}


def anchor(url: str | None, label: str) -> Block:
    """A rich-text link, or its label where the address is not safe."""
    address = safe_url(url)
    return {"type": "link", "url": address, "text": label} if address else words(label)


def bullets(items: Iterable[Sequence[Block]]) -> Block:
    """A bulleted rich-text list."""
    sections = [{"type": "rich_text_section", "elements": list(item)} for item in items]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": sections}],
    }


def quoted(text: str) -> Block:
    """Words of a review or a draft behind a bar, literally, with their line breaks."""
    lines = "\n".join(clean(line) for line in text.splitlines()) or " "
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_quote", "elements": [spaced(lines)]}],
    }


def to_copy(text: str) -> Block:
    """A text that a person copies: Slack shows a button for it, and parses nothing in it."""
    lines = "\n".join(clean(line) for line in text.splitlines()) or " "
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [spaced(lines)]}],
    }


def button(label: str, action: str, value: str, *, spoken: str, style: str | None = None) -> Block:
    """A button; `spoken` is its accessible name (75 characters at most)."""
    block: Block = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "value": value,
        "accessibility_label": shorten(clean(spoken), 75),
    }
    return block | ({"style": style} if style else {})


def link_button(label: str, action: str, url: str, *, spoken: str) -> Block:
    """A button that opens a page."""
    block = button(label, action, "open", spoken=spoken)
    return block | {"url": url}


def select(placeholder: str, action: str, options: Sequence[tuple[str, str]]) -> Block:
    """A drop-down of `(label, value)`."""
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": {"type": "plain_text", "text": placeholder, "emoji": False},
        "options": [option(label, value) for label, value in options],
    }


def option(label: str, value: str) -> Block:
    """One choice of a drop-down or of radio buttons."""
    return {"text": {"type": "plain_text", "text": label, "emoji": False}, "value": value}


def actions(block_id: str, *elements: Block) -> Block:
    """A row of buttons; `block_id` names the thing that they act on."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def texts_of(value: Any) -> Iterator[str]:
    """Every text that a block shows, for counting and for tests."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"text", "alt_text", "label", "placeholder"} and isinstance(inner, str):
                yield inner
            else:
                yield from texts_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)


def characters(blocks: Sequence[Block]) -> int:
    """Characters of all texts of all blocks."""
    return sum(len(text) for block in blocks for text in texts_of(block))


def long_section(text: str, most: int = MOST_SECTION) -> tuple[Block, tuple[str, ...]]:
    """A section of at most `most` characters, and what goes to the thread, in pieces."""
    if len(text) <= most:
        return section(text), ()
    head, rest = split(text, most - len(CONTINUED) - 1)
    pieces: list[str] = []
    while rest:
        piece, rest = split(rest, MOST_SECTION)
        pieces.append(piece)
    return section(f"{head}\n{CONTINUED}"), tuple(pieces)


def split(text: str, most: int) -> tuple[str, str]:
    """Beginning of at most `most` characters, ending at a line or word, and the rest."""
    if len(text) <= most:
        return text, ""
    cut = max(text.rfind("\n", 0, most), text.rfind(" ", 0, most))
    cut = cut if cut > most // 2 else _outside_entity(text, most)
    return text[:cut].rstrip(), text[cut:].lstrip()


def _outside_entity(text: str, cut: int) -> int:
    """Never in the middle of `&amp;` or of `<link|label>`."""
    for opening, closing, reach in (("&", ";", 6), ("<", ">", 2100)):
        start = text.rfind(opening, max(0, cut - reach), cut)
        if start > 0 and text.find(closing, start, cut) < 0:
            return start
    return cut
