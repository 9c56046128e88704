"""A text file as lines of bounded length that can be handed back."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import TextIO

LONGEST_LINE = 2_000_000
"""Characters; a longer line is no review but a fault of the file."""


class LineTooLong(Exception):
    """The line was read over; only its beginning and its hash are known."""

    def __init__(self, line_number: int, beginning: str, key: str) -> None:
        super().__init__(f"line of more than {LONGEST_LINE:,} characters")
        self.line_number = line_number
        self.beginning = beginning
        self.key = key


class Lines(Iterator[str]):
    """Iterates lines and remembers those of the present record, so that they can come again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._again: deque[tuple[int, str]] = deque()
        self._number = 0
        self.taken: list[tuple[int, str]] = []
        """Number and text of the lines read since `begin_record`."""

    def begin_record(self) -> None:
        """The lines taken so far made a record."""
        self.taken.clear()

    def give_back_all_but_first(self) -> None:
        """The first line taken was at fault; those behind it are read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken.clear()

    def __next__(self) -> str:
        if self._again:
            numbered = self._again.popleft()
        else:
            line = self._stream.readline(LONGEST_LINE)
            if not line:
                raise StopIteration
            self._number += 1
            numbered = (self._number, line)
            if len(line) >= LONGEST_LINE and not line.endswith(("\n", "\r")):
                self._skip_rest(line)
        self.taken.append(numbered)
        return numbered[1]

    def _skip_rest(self, beginning: str) -> None:
        whole = hashlib.sha256(beginning.encode("utf-8", "surrogateescape"))
        while rest := self._stream.readline(LONGEST_LINE):
            whole.update(rest.encode("utf-8", "surrogateescape"))
            if rest.endswith(("\n", "\r")):
                break
        raise LineTooLong(self._number, beginning[:20_000], whole.hexdigest()[:32])
