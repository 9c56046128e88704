"""What is done daily or weekly beside the flow of reviews: retention, views, themes, questions."""

from __future__ import annotations

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.common import dag_options, step

DAILY_DOC = """Erases texts older than their source's `retention_days`, and expired quarantine.

Each night at 02:40 UTC. The counts of the past stay. By hand: `earshot erase --retention`. Service
levels, the least group of analysts and known errors of the shipped model follow the settings."""
DOC = """Looks for problems that no theme explains, and for questions that keep coming back, each
Monday at 03:20 UTC.

Finding the same sentences again changes nothing, so both may be run by hand at any time:
`earshot themes emerging`, `earshot questions`."""


@dag(
    dag_id="upkeep_weekly",
    schedule=CronTriggerTimetable("20 3 * * 1", timezone="UTC"),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def upkeep_weekly() -> None:
    """Emerging themes and questions."""

    @task
    def find_emerging_themes() -> dict[str, int]:
        from nlp.emerging import find_emerging

        return step("emerging", find_emerging)

    @task
    def find_questions_that_come_back() -> dict[str, int]:
        from nlp.questions import find_questions

        return step("questions", find_questions)

    # One after the other: each loads the model.
    find_emerging_themes() >> find_questions_that_come_back()


upkeep_weekly()


@dag(
    dag_id="upkeep_daily",
    schedule=CronTriggerTimetable("40 2 * * *", timezone="UTC"),
    doc_md=DAILY_DOC,
    tags=["earshot"],
    **dag_options(),
)
def upkeep_daily() -> None:
    """Retention, and what the settings say to the views."""

    @task
    def erase_what_is_too_old() -> dict[str, int]:
        from alerts.erasing import retain

        return step("retention", retain)

    @task
    def settle_views() -> dict[str, int]:
        from nlp.misclassification import settle_views as settle

        return step("views", settle)

    erase_what_is_too_old()
    settle_views()


upkeep_daily()
