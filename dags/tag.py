"""Tag every version of every text that has no tags yet."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Metadata, dag, task

from dags.common import STORED, TAGGED, dag_options, on_asset_or_every, settings, step

DOC = """Claims untagged versions in batches, tags them, commits where the claim still holds.

Woken by stored feedback and every ten minutes. A killed run's claims expire with their lease and
the next run takes them. `airflow.taggers` of the settings says how many tasks share the work: each
claims batches of its own, on any worker, until none is left. Run by hand: `earshot tag`."""


@dag(
    dag_id="tag",
    schedule=on_asset_or_every(10, [STORED]),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def tag() -> None:
    """Sentiment, themes and sentiment towards each theme."""

    @task(outlets=[TAGGED])
    def tag_new_versions(tagger: int) -> Any:
        from nlp.tagger import tag as tag_all

        yield Metadata(TAGGED, extra={"tagger": tagger, **step("tag", tag_all)})

    tag_new_versions.expand(tagger=list(range(1, settings().airflow.taggers + 1)))


tag()
