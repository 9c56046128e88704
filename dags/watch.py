"""Notice what breaks: refresh counts, score series, open and move incidents."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Metadata, dag, task

from dags.common import TAGGED, WATCHED, dag_options, on_asset_or_every, step

DOC = """Refreshes hourly counts by publish time, scores every active series, moves incidents.

Woken by tagged feedback and every ten minutes, for whatever depends on silence: resolving,
escalating, snoozes, quiet hours. Messages go to the outbox with the state they announce.
Run by hand: `earshot watch`."""


@dag(
    dag_id="watch",
    schedule=on_asset_or_every(10, [TAGGED]),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def watch() -> None:
    """From counts to incidents."""

    @task(outlets=[WATCHED])
    def move_incidents() -> Any:
        from alerts.watch import watch as watch_all

        yield Metadata(WATCHED, extra=step("watch", watch_all))

    move_incidents()


watch()
