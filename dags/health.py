"""Look after the pipeline itself: what is stale, stuck or growing is told once."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.common import dag_options, step

DOC = """Raises an alarm in the ops channel where a source was not read in time, texts wait too
long for their tags, messages are stuck, claims outlive their lease, or too many records could not
be used; and says when it is over. Each is told once.

Every ten minutes. By hand: `earshot health`, which changes nothing and tells nobody. What stands
still with Airflow itself is told by Prometheus (`docs/grafana/alerts.yaml`)."""


@dag(
    dag_id="health",
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(done_within=timedelta(minutes=30)),
)
def health() -> None:
    """Alerts about the pipeline itself."""

    @task
    def raise_alarms() -> dict[str, int]:
        from alerts.alarms import look_after

        return step("health", look_after)

    raise_alarms()


health()
