"""Tag every version of every text that has no tags yet."""

from __future__ import annotations

from functools import partial
from typing import Any

from airflow.sdk import Asset, Metadata, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.common import STORED, TAGGED, dag_options, on_asset_or_every, settings, step

DOC = """Claims untagged versions in batches, tags them, commits where the claim still holds.

Woken by stored feedback and every ten minutes. After three minutes a run ends, so that `watch` sees
what was tagged, and wakes the next one where texts are left. A killed run's claims expire with
their lease and the next run takes them. `airflow.taggers` of the settings says how many tasks share
the work: each claims batches of its own, on any worker, until none is left. Run by hand:
`earshot tag`."""

LEFT_OVER = Asset(name="earshot_left_over", uri="earshot://feedback/left-over")
MOST_SECONDS = 180


@dag(
    dag_id="tag",
    schedule=on_asset_or_every(10, [STORED, LEFT_OVER]),
    doc_md=DOC,
    tags=["earshot"],
    **dag_options(),
)
def tag() -> None:
    """Sentiment, themes and sentiment towards each theme."""

    @task(outlets=[TAGGED])
    def tag_new_versions(tagger: int) -> Any:
        from nlp.tagger import tag as tag_all

        counts = step("tag", partial(tag_all, most_seconds=MOST_SECONDS))
        yield Metadata(TAGGED, extra={"tagger": tagger, **counts})
        return counts["waiting"]

    @task(outlets=[LEFT_OVER])
    def wake_the_next_run(waiting: list[int]) -> None:
        if not any(waiting):
            raise AirflowSkipException("no text is left")

    wake_the_next_run(
        tag_new_versions.expand(tagger=list(range(1, settings().airflow.taggers + 1)))
    )


tag()
