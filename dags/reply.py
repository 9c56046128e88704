"""Draft replies for recent feedback that deserves one and has none."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Metadata, dag, task

from dags.common import DRAFTED, WATCHED, dag_options, on_asset_or_every, step

DOC = """Drafts replies, passes them through the guard and asks for approval in Slack.

Woken after `watch`, so that the drafts of an incident find its thread, and every ten minutes.
Nothing is sent from here. Run by hand: `earshot replies`."""


@dag(
    dag_id="reply",
    schedule=on_asset_or_every(10, [WATCHED]),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def reply() -> None:
    """From recent complaints to drafts that wait for approval."""

    @task(outlets=[DRAFTED])
    def draft_replies() -> Any:
        from alerts.drafting import draft_replies as draft_all

        yield Metadata(DRAFTED, extra=step("reply", draft_all))

    draft_replies()


reply()
