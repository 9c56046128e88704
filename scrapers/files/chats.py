"""Conversations in files: turns in their order, who speaks in each, and which one it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from earshot.record import Speaker
from scrapers.files.options import Chat, FileOptions
from scrapers.files.rows import Row
from scrapers.rows import Refused, safe_id

COLUMNS = {
    "external_id": "turn: id",
    "parent_id": "turn: before",
    "speaker": "turn: speaker",
    "attributes.conversation": "turn: conversation",
}
"""Columns that every turn gets here, beside its own."""

_TURN = re.compile(
    r"^[\u200e\ufeff]?[\[(]?(?P<at>\d{1,4}[-./]\d{1,2}[-./]\d{1,4}[T,]?\s?\d{1,2}:\d{2}(?::\d{2})?"
    r"(?:[\s\u202f]?[AaPp]\.?[Mm]\.?)?)?[\])]?\s*(?:[-–]\s)?(?P<who>[^\s:][^:\n]{0,59}):\s+(?P<text>\S.*)$"
)
_BETWEEN = re.compile(r"^\s*(?:-{3,}|={3,}|#{1,3}\s)\s*(?P<name>.*?)\s*[-=]*\s*$")


class Conversations:
    """Gives turns their place; remembers the last turn of every conversation of the file."""

    def __init__(self, chat: Chat, options: FileOptions) -> None:
        self._chat = chat
        self._own_id = options.columns.get("external_id")
        self._last: dict[str, tuple[int, str]] = {}
        self._roles = {
            **{name.casefold(): Speaker.CUSTOMER for name in chat.customer},
            **{name.casefold(): Speaker.BRAND for name in chat.brand},
        }

    def turns(self, rows: Iterator[Row | Refused]) -> Iterator[Row | Refused]:
        """Every turn of the rows, in order."""
        for row in rows:
            if isinstance(row, Refused):
                yield row
                continue
            number = safe_id(str(row.values.get(self._chat.conversation) or ""))
            for values in self._said(row.values):
                yield Row(line_number=row.line_number, values=self._placed(number, values))

    def _said(self, values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if not self._chat.turns:
            yield values
            return
        own = (self._chat.turns, self._own_id)
        around = {name: value for name, value in values.items() if name not in own}
        for turn in values.get(self._chat.turns) or ():
            if isinstance(turn, Mapping):
                yield {**around, **turn}

    def _placed(self, number: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        before, parent = self._last.get(number, (0, None))
        own = values.get(self._own_id) if self._own_id else None
        turn_id = f"{number}#{before + 1 if own in (None, '') else own}"
        self._last[number] = (before + 1, turn_id)
        return {
            **values,
            "turn: id": turn_id,
            "turn: before": parent,
            "turn: speaker": self._speaker(values).value,
            "turn: conversation": number,
        }

    def _speaker(self, values: Mapping[str, Any]) -> Speaker:
        """By role; a name that no list holds is nobody's customer unless "*" says so."""
        role = str(values.get(self._chat.role) or "").strip().casefold()
        return self._roles.get(role) or self._roles.get("*", Speaker.OTHER)


def transcript(stream: TextIO, path: Path) -> Iterator[Row]:
    """Turns of a plain text: "Name: words", with a time before the name where there is one.

    A line that begins no turn goes on with the one before; a line of dashes, or a heading, begins
    another conversation. WhatsApp's exports are of this form.
    """
    name, turn, number = path.stem, None, 0
    for count, line in enumerate(map(str.rstrip, stream), 1):
        if (between := _BETWEEN.match(line)) is not None:
            if turn is not None:
                yield turn
            turn, number = None, number + 1
            name = between["name"] or f"{path.stem}-{number}"
        elif (said := _TURN.match(line)) is not None:
            if turn is not None:
                yield turn
            values = {"conversation": name, "role": said["who"], "text": said["text"]}
            turn = Row(line_number=count, values={**values, "at": said["at"]})
        elif turn is not None and line:
            more = {"text": f"{turn.values['text']}\n{line.strip()}"}
            turn = Row(line_number=turn.line_number, values={**turn.values, **more})
    if turn is not None:
        yield turn
