"""Everything that waits, sent: replies and tickets to their platforms, then messages to Slack."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.drills import tend_drills
from alerts.publishing import PublishResult, publish
from alerts.slack.deliver import DeliveryResult, deliver
from earshot.settings import Settings


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """What became of both."""

    platforms: PublishResult
    slack: DeliveryResult

    def counts(self) -> dict[str, int]:
        """Slack's counts, and those of the platforms with `publish_` before them."""
        told = {f"publish_{name}": value for name, value in self.platforms.counts().items()}
        return {**self.slack.counts(), **told}


def send_all(settings: Settings) -> SendResult:
    """What the deliver DAG runs. Platforms come first: their outcome changes what Slack shows."""
    tend_drills(settings)
    return SendResult(platforms=publish(settings), slack=deliver(settings))
