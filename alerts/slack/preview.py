"""Without a token: messages as JSON files and as one HTML page that looks like Slack.

One file per message, named by its outbox key: written twice it is the same file, so a message
counts once whatever was killed when.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alerts.slack.chart import chart_png
from alerts.slack.preview_page import page
from alerts.slack.transport import GiveUp, Outgoing, Receipt

CHANNEL = "preview"
PAGE = "index.html"


class PreviewTransport:
    """Writes messages into a folder that only its owner can read."""

    name = CHANNEL

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self._folder = folder
        self._now = now or datetime.now(UTC)
        self._is_changed = False

    def upload(self, chart: dict[str, Any], alt_text: str) -> str:
        """Write the chart's picture, named by its bytes."""
        png = chart_png(chart)
        name = f"{hashlib.sha256(png).hexdigest()[:16]}.png"
        self._write(name, png)
        return name

    def send(self, message: Outgoing) -> Receipt:
        """Write a new message's file, or the new words into the file of an old one."""
        self._is_changed = True
        if message.target:
            return self._edit(message, message.target)
        name = file_name(message.key)
        told = {
            "key": message.key,
            "channel": message.channel,
            "thread": message.thread.ts if message.thread else None,
            "ts": name,
            "sent_at": self._now.isoformat(),
            "row": message.row_id,
            "edits": 0,
            **_words(message.payload),
        }
        self._write(name, _json(told))
        return Receipt(channel=CHANNEL, ts=name)

    def find(self, message: Outgoing) -> Receipt | None:
        """A file is either whole or not there; writing it again changes nothing."""
        return None

    def finish(self) -> None:
        """Write the page anew if any message changed or it is missing."""
        if self._is_changed:
            write_page(self._folder)

    def _edit(self, message: Outgoing, target: Receipt) -> Receipt:
        try:
            told = json.loads((self._folder / target.ts).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise GiveUp(f"{target.ts}: the preview to edit was deleted.") from None
        edits = told["edits"] + (told.get("edited_by") != message.key)
        told |= {
            **_words(message.payload),
            "edits": edits,
            "edited_by": message.key,
            "edited_at": self._now.isoformat(),
        }
        self._write(target.ts, _json(told))
        return target

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all: a temporary file takes the name once it is complete."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".writing-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, self._folder / name)


def write_page(folder: Path) -> Path:
    """Write `index.html` from the message files of the folder; returns its path."""
    messages = [
        json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))
    ]
    messages.sort(key=lambda message: message["row"])
    pictures = {file.name: _data_uri(file) for file in folder.glob("*.png")}
    path = folder / PAGE
    path.write_text(page(messages, pictures), encoding="utf-8")
    path.chmod(0o600)
    return path


def file_name(key: str) -> str:
    """A file name for an outbox key: readable, and unique by a digest of the key."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{re.sub(r'[^a-z0-9.-]+', '-', key.lower())[:80]}.{digest}.json"


def _words(payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": payload["text"],
        "blocks": payload["blocks"],
        "picture": payload.get("file_id"),
    }


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _data_uri(file: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"
