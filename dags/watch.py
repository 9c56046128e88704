"""Notice what breaks: refresh counts, score series, open and move incidents."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Metadata, Param, dag, get_current_context, task

from dags.common import TAGGED, WATCHED, dag_options, on_asset_or_every, settings, step

DOC = """Refreshes hourly counts by publish time, scores every active series, moves incidents.

Woken by tagged feedback and every ten minutes, for whatever depends on silence: resolving,
escalating, snoozes, quiet hours. Messages go to the outbox with the state they announce.
Run by hand: `earshot watch`.

**Planned events.** Trigger it with the param `planned_event`, the keys of a `[[planned_event]]`:
`{"name": "spring sale", "start": "2027-03-20T00:00+01:00", "end": "2027-03-23T00:00+01:00",
"expected_factor": 3}`. It is stored, and expected by this run and all later ones."""
PLANNED = Param(
    None,
    type=["null", "object"],
    description="A promotion, launch, holiday or maintenance window to expect from now on",
)


@dag(
    dag_id="watch",
    schedule=on_asset_or_every(10, [TAGGED]),
    doc_md=DOC,
    tags=["earshot"],
    params={"planned_event": PLANNED},
    **dag_options(),
)
def watch() -> None:
    """From counts to incidents."""

    @task(outlets=[WATCHED])
    def move_incidents() -> Any:
        from alerts.planned import plan_event
        from alerts.watch import watch as watch_all

        if planned := get_current_context()["params"].get("planned_event"):
            plan_event(settings(), planned)
        yield Metadata(WATCHED, extra=step("watch", watch_all))

    move_incidents()


watch()
