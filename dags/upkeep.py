"""What is done once a day or week beside the flow of reviews: emerging themes and the like."""

from __future__ import annotations

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.common import dag_options, settings

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

        return find_emerging(settings()).counts()

    find_emerging_themes()


upkeep_weekly()
