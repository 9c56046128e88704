"""One approved reply on its way to a platform, and what becomes of its draft."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from alerts import approvals
from alerts.destinations import options_of
from alerts.replies.greeting import greet
from alerts.slack.drafts import announce_draft
from earshot.errors import FixSettings
from earshot.platforms.writing import Published, Reply, Talk, Wallet, Writer
from earshot.platforms.writing_kinds import WRITERS
from earshot.settings import Settings
from sql.named import queries

_UNDER_WAY = frozenset({"approved", "sending"})


class ReplyErrand:
    """Publishes one draft; see `alerts.publishing.Errand`."""

    def __init__(self, conn: Connection, settings: Settings, row: Any) -> None:
        self._conn, self._settings = conn, settings
        self._row = row
        self._draft_id = int(row["payload"]["draft_id"])
        self._writer: Writer = WRITERS[row["destination"]]
        self.name = self._writer.name
        self._draft: Any = None

    def check(self) -> str | None:
        """Lock the draft; the text and the review must be those that were approved."""
        draft = self._draft = queries.slack_draft(self._conn, draft_id=self._draft_id)
        approved = self._row["payload"]
        if draft["deleted_at"] is not None:
            return "the review was deleted"
        if draft["current_version"] != approved["version"]:
            return "the review changed"
        digest = approvals.hash_of(draft["text"]).hex()
        if digest != approved["text_hash"] or digest != bytes(draft["text_hash"]).hex():
            return "the text is not the one that was approved"
        return None if draft["state"] in _UNDER_WAY else f"the draft is {draft['state']}"

    def send(self, wallet: Wallet) -> Talk[Published]:
        """The writer's conversation, once its settings were found good."""
        return self._writer.publish(self._options(), self._reply(), wallet)

    def find(self, wallet: Wallet, since: datetime) -> Talk[Published | None] | None:
        """Where the platform neither replaces nor knows our key, look first."""
        if self._writer.find is None:
            return None
        return self._writer.find(self._options(), self._reply(), wallet, since)

    def sending(self, now: datetime) -> None:
        """It can no longer be dropped."""
        self._state("sending", None, now)

    def done(self, result: Published, now: datetime) -> str:
        """The draft is sent, and its message says when the platform took it."""
        queries.approvals_sent(self._conn, draft_id=self._draft_id, sent_at=now)
        detail = {
            "by": "api",
            "platform": self.name,
            "remote_id": result.remote_id,
            "url": result.url,
        }
        self._event("sent", detail, now)
        announce_draft(self._conn, self._settings, self._draft_id, now)
        return result.remote_id

    def waits(self, reason: str, now: datetime) -> None:
        """Back to approved: it may be dropped or marked again."""
        self._state("approved", reason, now)

    def refused(self, reason: str, now: datetime) -> None:
        """A person copies the text."""
        self._event("refused", {"reason": reason, "platform": self.name}, now)
        self._state("approved", reason, now)

    def void(self, reason: str, now: datetime) -> None:
        """The approval does not hold any more."""
        if self._draft["state"] in _UNDER_WAY:
            self._event("void", {"reason": reason}, now)
            self._state("void", reason, now)

    def unsure(self, reason: str, now: datetime) -> None:
        """A person looks at the page."""
        self._event("unsure", {"reason": reason, "platform": self.name}, now)
        self._state("unsure", reason, now)

    def _options(self) -> Any:
        name = self._draft["source_name"]
        source = next((each for each in self._settings.source if each.name == name), None)
        if source is None or source.kind != self._row["destination"]:
            raise FixSettings(
                f'earshot.toml: no [[source]] "{name}" of kind "{self._row["destination"]}"; '
                "put it back, or copy its approved replies by hand."
            )
        return options_of(source)

    def _reply(self) -> Reply:
        draft = self._draft
        return Reply(
            key=f"earshot-{self._draft_id}-{self._row['payload']['text_hash'][:16]}",
            text=draft["text"],
            external_id=draft["external_id"],
            parent_id=draft["parent_id"],
            url=draft["url"],
            draft_id=self._draft_id,
            approved_at=datetime.fromisoformat(draft["decisions"]["approved"]["at"]),
            last_seen_at=draft["last_seen_at"],
            greet=self._greet,
        )

    def _greet(self, text: str, name: str | None) -> str:
        if not self._settings.publishing.greet_by_name:
            return text
        draft = self._draft
        return greet(text, name, language=draft["language"] or "en", platform=draft["platform"])

    def _state(self, state: str, reason: str | None, now: datetime) -> None:
        queries.approvals_state(self._conn, draft_id=self._draft_id, state=state, reason=reason)
        announce_draft(self._conn, self._settings, self._draft_id, now)

    def _event(self, kind: str, detail: dict[str, Any], now: datetime) -> None:
        queries.approvals_event(
            self._conn,
            draft_id=self._draft_id,
            at=now,
            kind=kind,
            actor="earshot",
            detail=Json(detail),
        )
