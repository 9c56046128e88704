"""What the DAGs share: assets, schedules, retries by kind of error, deadlines, notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    AssetAny,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
)
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule

from dags.notices import tell_failure, tell_late
from dags.settings import settings as settings
from dags.steps import step as step

STORED = Asset(name="earshot_stored", uri="earshot://feedback/stored")
TAGGED = Asset(name="earshot_tagged", uri="earshot://feedback/tagged")
WATCHED = Asset(name="earshot_watched", uri="earshot://incidents/watched")
DRAFTED = Asset(name="earshot_drafted", uri="earshot://replies/drafted")

START = datetime(2026, 1, 1)
AN_HOUR = timedelta(hours=1)

BY_KIND_OF_ERROR = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="earshot.errors.FixSettings",
            action=RetryAction.FAIL,
            reason="a person must change the settings; trying again cannot help",
        ),
        RetryRule(
            exception="earshot.errors.StopSource",
            action=RetryAction.FAIL,
            reason="the source no longer answers as agreed; the ops channel was told",
        ),
        RetryRule(
            exception="earshot.errors.RetryLater",
            action=RetryAction.RETRY,
            retry_delay=timedelta(minutes=5),
            reason="the other side is slow or limited",
        ),
    ]
)


def dag_options(
    *, owner: str = "earshot", retries: int = 2, done_within: timedelta = AN_HOUR
) -> dict[str, Any]:
    """Arguments that every DAG has: owner, retries, one run at a time, deadline, notices.

    Catch-up is off: a step does whatever is left to do, and a crawl goes on from its cursor.

    Args:
        owner: whom Airflow's page names.
        retries: of a task that failed for a passing reason.
        done_within: from queued to done; a run that takes longer is told in the ops channel.
    """
    late = AsyncCallback(tell_late, kwargs={"minutes": done_within.total_seconds() / 60})
    return {
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "deadline": DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=done_within, callback=late
        ),
        "default_args": {
            "owner": owner,
            "retries": retries,
            "retry_delay": timedelta(seconds=30),
            "retry_policy": BY_KIND_OF_ERROR,
            # Called once, after the last retry; a retry alone is no news.
            "on_failure_callback": tell_failure,
        },
    }


def on_asset_or_every(minutes: int, assets: Sequence[Asset]) -> AssetOrTimeSchedule:
    """Wake when one of the assets changes, and by time for all that depends on silence."""
    return AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(f"*/{minutes} * * * *", timezone="UTC"),
        assets=AssetAny(*assets),
    )
