"""Block Kit as an HTML page that looks like Slack, in light and dark; no script, nothing loaded."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

Block = Mapping[str, Any]
MOST_OPEN = 8
"""A thread with more answers is shown closed, so that the page stays an overview."""
_STYLE = Path(__file__).with_name("preview.css")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_ITALIC = re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)")


def page(messages: Sequence[Mapping[str, Any]], pictures: Mapping[str, str]) -> str:
    """The whole page: channels in the order of their first message, threads below messages.

    Args:
        messages: contents of the preview files, in the order of sending.
        pictures: data URI by picture name.
    """
    roots = [message for message in messages if not message["thread"]]
    channels: dict[str, list[Mapping[str, Any]]] = {}
    for root in roots:
        channels.setdefault(root["channel"], []).append(root)
    body = "".join(_channel(name, told, messages, pictures) for name, told in channels.items())
    return document(body or "<p class=empty>No message yet.</p>")


def document(body: str) -> str:
    """A whole page around HTML that was made here; it may load nothing and run nothing."""
    style = _STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>Earshot: Slack preview</title><style>{style}</style></head><body><main>"
        f"{body}</main></body></html>"
    )


def _channel(
    name: str,
    roots: Sequence[Mapping[str, Any]],
    messages: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, str],
) -> str:
    told = []
    for root in roots:
        answers = [m for m in messages if m["thread"] == root["ts"]]
        told.append(_message(root, pictures) + _thread(answers, pictures))
    shown = html.escape(name.lstrip("#"))
    return f'<section class="channel"><h1># {shown}</h1>{"".join(told)}</section>'


def _thread(answers: Sequence[Mapping[str, Any]], pictures: Mapping[str, str]) -> str:
    if not answers:
        return ""
    many = f"{len(answers)} {'reply' if len(answers) == 1 else 'replies'}"
    inner = "".join(_message(answer, pictures) for answer in answers)
    is_open = " open" if len(answers) <= MOST_OPEN else ""
    return f'<details class="thread"{is_open}><summary>{many}</summary>{inner}</details>'


def _message(message: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
    at = datetime.fromisoformat(message["sent_at"])
    edited = '<span class="edited">(edited)</span>' if message["edits"] else ""
    picture = pictures.get(message.get("picture") or "", "")
    blocks = "".join(block_html(block, picture) for block in message["blocks"])
    return (
        f'<article class="message" data-key="{html.escape(message["key"], quote=True)}">'
        '<div class="face" aria-hidden="true">E</div><div class="said">'
        '<p class="by"><b>Earshot</b><span class="app">APP</span>'
        f'<time datetime="{at.isoformat()}">{at:%-d %B %H:%M} UTC</time></p>'
        f"{blocks}{edited}</div></article>"
    )


def block_html(block: Block, picture: str = "") -> str:
    """One block as HTML; `picture` is the data URI of the message's chart."""
    draw: dict[str, Callable[[Block], str]] = {
        "header": lambda b: f"<h2>{html.escape(b['text']['text'])}</h2>",
        "section": _section,
        "context": _context,
        "divider": lambda b: "<hr>",
        "rich_text": lambda b: "".join(_rich(element) for element in b["elements"]),
        "actions": _actions,
        "image": lambda b: _image(b, picture),
    }
    return draw[block["type"]](block)


def _section(block: Block) -> str:
    fields = "".join(f"<p>{_text(field)}</p>" for field in block.get("fields", ()))
    text = f"<p>{_text(block['text'])}</p>" if "text" in block else ""
    return f"<div class=section>{text}{fields}</div>"


def _context(block: Block) -> str:
    return f'<p class="context">{" ".join(_text(element) for element in block["elements"])}</p>'


def _image(block: Block, picture: str) -> str:
    alt = html.escape(block["alt_text"], quote=True)
    return f'<img class="chart" alt="{alt}" src="{picture}">' if picture else f"<p>{alt}</p>"


def _actions(block: Block) -> str:
    return f'<div class="actions">{"".join(_control(e) for e in block["elements"])}</div>'


def _control(element: Block) -> str:
    label = element.get("text") or element.get("placeholder") or {"text": ""}
    arrow = " ▾" if element["type"].endswith("_select") or element["type"] == "overflow" else ""
    kind = html.escape(element.get("style", "plain"))
    return f'<span class="button {kind}">{html.escape(label["text"])}{arrow}</span>'


def _text(told: Block) -> str:
    if told["type"] == "plain_text":
        return html.escape(told["text"]).replace("\n", "<br>")
    return mrkdwn_html(told["text"])


def mrkdwn_html(text: str) -> str:
    """Slack's mrkdwn as HTML.

    Only `<…>` that stands in the text as such is mark-up; `&lt;` was escaped and stays so.
    """
    parts = re.split(r"(<[^<>]*>)", text)
    return "".join(
        _markup(part) if part.startswith("<") else _formatted(part) for part in parts
    ).replace("\n", "<br>")


def _markup(tag: str) -> str:
    inner = tag[1:-1]
    if inner.startswith(("@", "!subteam^")):
        name = inner.removeprefix("@").removeprefix("!subteam^")
        return f'<span class="mention">@{html.escape(name)}</span>'
    address, _, label = inner.partition("|")
    if address.startswith(("http://", "https://")):
        return f'<a href="{address}">{_formatted(label or address)}</a>'
    return html.escape(tag)


def _formatted(text: str) -> str:
    shown = html.escape(html.unescape(text), quote=False)
    return _ITALIC.sub(r"<i>\1</i>", _BOLD.sub(r"<b>\1</b>", shown))


def _rich(element: Block) -> str:
    inner = "".join(_run(e) for e in element["elements"]) if _is_leaf(element) else ""
    match element["type"]:
        case "rich_text_quote":
            return f"<blockquote>{inner}</blockquote>"
        case "rich_text_list":
            items = "".join(f"<li>{_rich_line(line)}</li>" for line in element["elements"])
            return f"<ul>{items}</ul>"
        case "rich_text_preformatted":
            return f"<pre>{inner}</pre>"
    return f"<p>{inner}</p>"


def _is_leaf(element: Block) -> bool:
    return str(element["type"]) != "rich_text_list"


def _rich_line(section: Block) -> str:
    return "".join(_run(run) for run in section["elements"])


def _run(run: Block) -> str:
    if run["type"] == "link":
        address = html.escape(run["url"], quote=True)
        return f'<a href="{address}">{html.escape(run.get("text") or run["url"])}</a>'
    if run["type"] == "user":
        return f'<span class="mention">@{html.escape(run["user_id"])}</span>'
    shown = html.escape(run["text"]).replace("\n", "<br>")
    style = run.get("style") or {}
    shown = f"<b>{shown}</b>" if style.get("bold") else shown
    return f"<i>{shown}</i>" if style.get("italic") else shown
