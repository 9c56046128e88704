"""What is done once a day or week beside the flow of reviews: retention, emerging themes."""

from __future__ import annotations

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.common import dag_options, step

DAILY_DOC = """Erases texts older than their source's `retention_days`, and expired quarantine.

Each night at 02:40 UTC. The counts of the past stay. By hand: `earshot erase --retention`."""
DOC = """Looks for problems that no theme explains, each Monday at 03:20 UTC.

Finding the same sentences again changes nothing, so it may be run by hand at any time:
`earshot themes emerging`."""


@dag(
    dag_id="upkeep_weekly",
    schedule=CronTriggerTimetable("20 3 * * 1", timezone="UTC"),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def upkeep_weekly() -> None:
    """Emerging themes."""

    @task
    def find_emerging_themes() -> dict[str, int]:
        from nlp.emerging import find_emerging

        return step("emerging", find_emerging)

    find_emerging_themes()


upkeep_weekly()


@dag(
    dag_id="upkeep_daily",
    schedule=CronTriggerTimetable("40 2 * * *", timezone="UTC"),
    doc_md=DAILY_DOC,
    tags=["earshot"],
    **dag_options(),
)
def upkeep_daily() -> None:
    """Retention."""

    @task
    def erase_what_is_too_old() -> dict[str, int]:
        from alerts.erasing import retain

        return step("retention", retain)

    erase_what_is_too_old()


upkeep_daily()
