"""ETag and Last-Modified of pages read before, so that unchanged ones are not sent again."""

from __future__ import annotations

from collections.abc import Mapping

MOST_PAGES = 2_000
CURSOR_KEY = "validators"


class Validators:
    """Remembers what identified each page; kept in the source's cursor."""

    def __init__(self, known: Mapping[str, list[str]] | None = None) -> None:
        self._known = dict(known or {})
        self._fresh: dict[str, list[str]] = {}

    def headers(self, url: str) -> dict[str, str]:
        """Headers that let the server answer 304 (RFC 9110, section 13)."""
        tag, modified = self._known.get(url, ["", ""])
        given = {"If-None-Match": tag, "If-Modified-Since": modified}
        return {name: value for name, value in given.items() if value}

    def remember(self, url: str, headers: Mapping[str, str]) -> None:
        """Keep what the answer says of itself."""
        found = [str(headers.get(name) or "") for name in ("etag", "last-modified")]
        if any(found):
            self._fresh[url] = found

    def kept(self) -> dict[str, list[str]]:
        """All of them, the newest of a bounded number."""
        merged = {**self._known, **self._fresh}
        return dict(list(merged.items())[-MOST_PAGES:])
