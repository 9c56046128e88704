"""Settings of Slack: which channel, who decides, when it is quiet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from earshot.settings_section import Section, Severity


class Escalation(Section):
    """Who hears of a crisis that nobody has acknowledged."""

    after_minutes: int = Field(default=30, gt=0)
    channel: str | None = None


class QuietHours(Section):
    """Local hours in which only severities from `except_from` on are posted."""

    start_hour: int = Field(ge=0, le=23)
    end_hour: int = Field(ge=0, le=23)
    except_from: Severity = "high"


class Slack(Section):
    """Where messages go; without `EARSHOT_SLACK_TOKEN` they are written as JSON and HTML."""

    api_url: str = "https://slack.com/api/"
    channel: str = "#voice-of-customer"
    ops_channel: str = "#earshot-ops"
    transport: Literal["socket", "http"] = "socket"
    http_port: int = Field(default=8088, ge=1024, le=65535)
    deciders: tuple[str, ...] = ()
    """Slack user groups whose members may approve and decide; empty is everybody."""
    four_eyes: bool = False
    """Two people see every reply: who edited it does not approve it, and an unedited draft needs
    two approvals."""
    drill_channel: str | None = None
    """Where `earshot drill` plays a past crisis."""
    escalation: Escalation = Escalation()
    quiet_hours: QuietHours | None = None
