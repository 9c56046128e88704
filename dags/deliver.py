"""Send what waits in the outbox, one sender at a time."""

from __future__ import annotations

from airflow.sdk import dag, task

from dags.common import DRAFTED, WATCHED, dag_options, on_asset_or_every, step

DOC = """Publishes approved replies and opens tickets, then drains the outbox to Slack.

Woken by incidents and drafts and every minute. After an uncertain send it looks on the other side
before it sends again. Run by hand: `earshot deliver`."""


@dag(
    dag_id="deliver",
    schedule=on_asset_or_every(1, [WATCHED, DRAFTED]),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def deliver() -> None:
    """From the outbox to platforms, help desk and Slack."""

    @task
    def drain_outbox() -> dict[str, int]:
        from alerts.sending import send_all

        return step("deliver", send_all)

    drain_outbox()


deliver()
