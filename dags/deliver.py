"""Send what waits in the outbox, one sender at a time."""

from __future__ import annotations

from airflow.sdk import dag, task

from dags.common import DRAFTED, WATCHED, dag_options, on_asset_or_every, settings

DOC = """Drains the outbox to Slack: first posts, edits of the same message, threads.

Woken by incidents and drafts and every minute. After an uncertain send it reads the channel back
before it posts again. Run by hand: `earshot deliver`."""


@dag(
    dag_id="deliver",
    schedule=on_asset_or_every(1, [WATCHED, DRAFTED]),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def deliver() -> None:
    """From the outbox to Slack."""

    @task
    def drain_outbox() -> dict[str, int]:
        from alerts.slack.deliver import deliver as deliver_all

        return deliver_all(settings()).counts()

    drain_outbox()


deliver()
