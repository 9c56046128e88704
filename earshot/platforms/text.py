"""HTML of a post or comment as the text its reader sees."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_BREAKS = frozenset({"br", "tr", "div", "li", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3"})
_HIDDEN = frozenset({"script", "style", "template"})
_BLANK_LINES = re.compile(r"\n{3,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "p":
            self.parts.append("\n\n")
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "p":
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def from_html(html: str) -> str:
    """Text of a fragment of HTML: paragraphs and breaks as new lines, entities resolved."""
    if "<" not in html:
        return _tidy(unescape(html))
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _tidy("".join(reader.parts))


def _tidy(written: str) -> str:
    lines = (line.strip(" \t\r") for line in written.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
