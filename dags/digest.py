"""Tell each brand its week, on Monday morning of its own zone."""

from __future__ import annotations

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.common import dag_options, step

DOC = """Writes the weekly digest of each brand into the outbox; `deliver` sends it.

Runs every hour, because each brand has its own Monday 08:00; a week is told once. A digest that is
more than a day late is not told."""


@dag(
    dag_id="digest",
    schedule=CronTriggerTimetable("5 * * * *", timezone="UTC"),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def digest() -> None:
    """From a week's counts to one message per brand."""

    @task
    def write_digests() -> dict[str, int]:
        from alerts.slack.digest import digest as write_all

        return step("digest", write_all)

    write_digests()


digest()
