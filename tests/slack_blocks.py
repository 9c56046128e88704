"""Slack's rules for blocks and views, as its API states them when it refuses one.

Source: docs.slack.dev/reference/block-kit, and the wording of recorded refusals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

MOST_CHARACTERS = 10_000
FILE_ID = re.compile(r"F[A-Z0-9]{8,}")

Check = Callable[[dict[str, Any]], Iterator[str]]
_KEYS = {
    "header": {"text"},
    "section": {"text", "fields", "accessory", "expand"},
    "context": {"elements"},
    "divider": set(),
    "image": {"alt_text", "image_url", "slack_file", "title"},
    "actions": {"elements"},
    "rich_text": {"elements"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "button": {"text", "action_id", "value", "url", "style", "confirm", "accessibility_label"},
    "static_select": {"placeholder", "action_id", "options", "initial_option", "confirm"},
    "users_select": {"placeholder", "action_id", "initial_user", "confirm"},
    "radio_buttons": {"action_id", "options", "initial_option", "confirm"},
    "plain_text_input": {
        "action_id", "initial_value", "multiline", "max_length", "min_length", "placeholder",
    },
}  # fmt: skip


def faults(blocks: Any, *, most: int = 50, files: dict[str, Any] | None = None) -> list[str]:
    """Everything that Slack would refuse in a list of blocks."""
    if not isinstance(blocks, list):
        return ["must be an array"]
    found = [f"no more than {most} items allowed"] if len(blocks) > most else []
    ids = [block.get("block_id") for block in blocks if block.get("block_id")]
    found += ["block_id must be unique"] if len(ids) != len(set(ids)) else []
    for index, block in enumerate(blocks):
        found += [f"{fault} [json-pointer:/blocks/{index}]" for fault in _block(block, files or {})]
    return found


def characters(blocks: Any) -> int:
    """Length of all texts."""
    return sum(len(text) for text in texts(blocks))


def texts(value: Any) -> Iterator[str]:
    """Every string that is shown or read out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"text", "alt_text"} and isinstance(inner, str):
                yield inner
            else:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def mrkdwn_texts(value: Any) -> Iterator[str]:
    """Texts that Slack parses for mentions and links."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for inner in value.values():
            yield from mrkdwn_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mrkdwn_texts(inner)


def view_faults(view: Any, kind: str) -> list[str]:
    """Everything that Slack would refuse in a modal or Home."""
    if not isinstance(view, dict) or view.get("type") != kind:
        return ["missing required field: type [json-pointer:/view]"]
    found = faults(view.get("blocks"), most=100)
    if kind == "modal":
        for name in ("title", "submit", "close"):
            if name in view or name == "title":
                found += _text(view.get(name), 24, ("plain_text",))
    has_input = any(block["type"] == "input" for block in view.get("blocks", []))
    found += ["submit is required with inputs"] if has_input and "submit" not in view else []
    found += ["private_metadata too long"] if len(view.get("private_metadata", "")) > 3000 else []
    return found


def _block(block: Any, files: dict[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    checks: dict[str, Check] = {
        "header": lambda b: _text(b.get("text"), 150, ("plain_text",)),
        "section": _section,
        "context": _context,
        "divider": lambda b: iter(()),
        "image": lambda b: _image(b, files),
        "actions": _actions,
        "rich_text": _rich_text,
        "input": _input,
    }
    if kind not in checks:
        yield f"unsupported type: {kind}"
        return
    yield from _keys(block, kind)
    if len(block.get("block_id", "")) > 255:
        yield "block_id is longer than 255"
    yield from checks[kind](block)


def _keys(thing: dict[str, Any], kind: str) -> Iterator[str]:
    for extra in set(thing) - _KEYS[kind] - {"type", "block_id"}:
        yield f"additional property not allowed: {extra}"


def _text(text: Any, most: int, kinds: tuple[str, ...] = ("mrkdwn", "plain_text")) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"must be a text object of {kinds}"
        return
    if not isinstance(text.get("text"), str) or not text["text"]:
        yield "must be more than 0 characters"
    elif len(text["text"]) > most:
        yield f"must be less than {most + 1} characters"
    allowed = {"mrkdwn": {"verbatim"}, "plain_text": {"emoji"}}[text["type"]]
    for extra in set(text) - allowed - {"type", "text"}:
        yield f"additional property not allowed: {extra}"


def _section(block: dict[str, Any]) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield "missing required field: text or fields"
    if "text" in block:
        yield from _text(block["text"], 3000)
    fields = block.get("fields", [])
    if len(fields) > 10:
        yield "no more than 10 fields"
    for field in fields:
        yield from _text(field, 2000)


def _context(block: dict[str, Any]) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 10:
        yield "must have 1 to 10 elements"
    for element in elements:
        yield from _text(element, 3000)


def _image(block: dict[str, Any], files: dict[str, Any]) -> Iterator[str]:
    if not 1 <= len(block.get("alt_text", "")) <= 2000:
        yield "alt_text must have 1 to 2000 characters"
    if ("image_url" in block) == ("slack_file" in block):
        yield "exactly one of image_url and slack_file is required"
    if "slack_file" in block:
        given = block["slack_file"].get("id", "")
        if not FILE_ID.fullmatch(given):
            yield "input must match regex pattern: ^[F][A-Z0-9]{8,}$"
        elif not files.get(given, {}).get("mimetype"):
            yield "invalid slack file"


def _actions(block: dict[str, Any]) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 25:
        yield "must have 1 to 25 elements"
    names = [element.get("action_id") for element in elements]
    if len(names) != len(set(names)):
        yield "action_id must be unique in a block"
    for element in elements:
        yield from _element(element)


def _element(element: dict[str, Any]) -> Iterator[str]:
    kind = element.get("type", "")
    if kind not in _KEYS or kind in {"section", "header", "context"}:
        yield f"unsupported element: {kind}"
        return
    yield from _keys(element, kind)
    if not 1 <= len(element.get("action_id", "")) <= 255:
        yield "action_id must have 1 to 255 characters"
    if kind == "button":
        yield from _button(element)
    if "placeholder" in element:
        yield from _text(element["placeholder"], 150, ("plain_text",))
    for option in element.get("options", []):
        yield from _text(option.get("text"), 75)
        if not 1 <= len(option.get("value", "")) <= 150:
            yield "option value must have 1 to 150 characters"
    if kind in {"static_select", "radio_buttons"} and not 1 <= len(element["options"]) <= 100:
        yield "must have 1 to 100 options"
    if kind == "plain_text_input" and len(element.get("initial_value", "")) > 3000:
        yield "initial_value is longer than 3000"


def _button(element: dict[str, Any]) -> Iterator[str]:
    yield from _text(element.get("text"), 75, ("plain_text",))
    if len(element.get("value", "")) > 2000:
        yield "value is longer than 2000"
    if len(element.get("url", "")) > 3000:
        yield "url is longer than 3000"
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield "style must be primary or danger"
    if len(element.get("accessibility_label", "")) > 75:
        yield "accessibility_label is longer than 75"


def _input(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("label"), 2000, ("plain_text",))
    yield from _element(block.get("element") or {})


def _rich_text(block: dict[str, Any]) -> Iterator[str]:
    for element in block.get("elements") or [{}]:
        kind = element.get("type")
        if kind == "rich_text_list":
            if element.get("style") not in {"bullet", "ordered"}:
                yield "rich_text_list needs a style"
            for line in element["elements"]:
                yield from _runs(line)
        elif kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
            yield from _runs(element)
        else:
            yield f"unsupported rich text: {kind}"


def _runs(element: dict[str, Any]) -> Iterator[str]:
    for run in element.get("elements") or []:
        if run.get("type") == "text" and not run.get("text"):
            yield "must be more than 0 characters"
        if run.get("type") == "link" and not re.match(r"https?://", run.get("url", "")):
            yield "link needs an http(s) url"
        if run.get("type") not in {"text", "link", "user", "emoji"}:
            yield f"unsupported run: {run.get('type')}"
