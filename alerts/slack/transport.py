"""What a sender needs of the place where messages go: Slack, or a folder of previews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from earshot.errors import EarshotError


class ReadBackFirst(EarshotError):
    """The call may have arrived: read the channel back before posting again."""


class GiveUp(EarshotError):
    """The message can never be sent as it is: it becomes a dead letter with this reason."""


class CannotTell(EarshotError):
    """One reading was not enough to tell whether the message is there; go on from `seen_until`."""

    def __init__(self, message: str, *, seen_until: str) -> None:
        super().__init__(message)
        self.seen_until = seen_until


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Where a message stands: channel id and Slack's timestamp."""

    channel: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One claimed row, with the places that it refers to resolved."""

    row_id: int
    key: str
    channel: str
    payload: dict[str, Any]
    attempts: int
    sending_since: datetime
    thread: Receipt | None = None
    """Message in whose thread it goes."""
    target: Receipt | None = None
    """Message that it edits."""


class Transport(Protocol):
    """Sends one message at a time.

    Its methods raise RetryLater (surely not sent), ReadBackFirst, GiveUp or FixSettings.
    """

    name: str

    def upload(self, chart: dict[str, Any], alt_text: str) -> str:
        """Store the chart's picture; the id to put into the image block."""

    def send(self, message: Outgoing) -> Receipt:
        """Post, answer in a thread, or edit."""

    def find(self, message: Outgoing) -> Receipt | None:
        """The message if an earlier send of it arrived; raises CannotTell."""

    def finish(self) -> None:
        """Called once when nothing is left to send."""
