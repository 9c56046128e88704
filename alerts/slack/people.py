"""Who may decide: members of the Slack user groups named in the settings, or everybody."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient

REMEMBERED_SECONDS = 300.0


@dataclass
class Deciders:
    """Membership of the groups, remembered for five minutes so that a click is quick.

    Attributes:
        groups: ids (`S…`) or handles (`@duty`) of user groups; empty means everybody.
    """

    client: WebClient
    groups: tuple[str, ...]
    _members: frozenset[str] = frozenset()
    _read_at: float = field(default=float("-inf"))

    def may_decide(self, user: str) -> bool:
        """Whether that Slack user may confirm, dismiss, approve, edit and drop."""
        if not self.groups:
            return True
        if time.monotonic() - self._read_at > REMEMBERED_SECONDS:
            self._members = self._read()
            self._read_at = time.monotonic()
        return user in self._members

    def _read(self) -> frozenset[str]:
        ids = {group for group in self.groups if not group.startswith("@")}
        handles = {group.lstrip("@") for group in self.groups if group.startswith("@")}
        if handles:
            found: Any = self.client.usergroups_list()
            ids |= {g["id"] for g in found["usergroups"] if g["handle"] in handles}
        members: set[str] = set()
        for group in sorted(ids):
            answer: Any = self.client.usergroups_users_list(usergroup=group)
            members |= set(answer["users"])
        return frozenset(members)
