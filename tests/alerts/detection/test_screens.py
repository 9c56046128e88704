"""Screens say what looks like an artefact, and suppress only syndication and backfill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.detection.records import Observation, SeriesKey, hour_of
from alerts.detection.scoring import Score
from alerts.detection.screens import examine

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = "The parcel never came and nobody at the help desk ever answered me"


def voice(number: int, **changes) -> Observation:
    plain = Observation(
        feedback_id=str(number),
        brand="shop",
        source="page",
        published_at=AT,
        first_seen_at=AT,
        is_negative=True,
        product=f"p{number}",
        author_key=f"author {number}",
        text=f"complaint {number}",
        text_key=f"text {number}",
    )
    return replace(plain, **changes)


def anomaly(**changes) -> Score:
    plain = Score(
        key=SeriesKey(brand="shop"),
        kind="volume",
        hour=hour_of(AT),
        horizon=24,
        count=10,
        items=10,
        expected=1.0,
        upper=3.0,
        p_value=1e-8,
        share=1.0,
        usual_share=0.2,
    )
    return replace(plain, **changes)


def effects(voices, found=None, **known) -> dict[str, str]:
    findings = examine(found or anomaly(), voices, max_age_hours=24, **known)
    return {finding.name: finding.effect for finding in findings}


def test_many_people_with_the_same_short_complaint_count_in_full() -> None:
    voices = [voice(i, text="no refund", text_key="same") for i in range(10)]

    assert effects(voices) == {}


def test_the_same_long_text_over_products_is_suppressed() -> None:
    voices = [voice(i, text=LONG, text_key="same") for i in range(10)]

    assert effects(voices) == {"syndication": "suppress"}


def test_copies_are_only_noted_where_the_rest_alone_is_a_crisis() -> None:
    voices = [voice(i, text=LONG, text_key="same") for i in range(3)]
    voices += [voice(i) for i in range(3, 15)]

    assert effects(voices) == {"syndication": "note"}


def test_what_is_seen_long_after_publishing_is_backfill() -> None:
    late = AT + timedelta(days=3)

    assert effects([voice(i, first_seen_at=late) for i in range(10)]) == {"backfill": "suppress"}


def test_a_late_crawl_within_the_age_limit_is_no_backfill() -> None:
    later = AT + timedelta(hours=20)

    assert effects([voice(i, first_seen_at=later) for i in range(10)]) == {}


def test_one_loud_author_lowers_and_nobody_is_not_an_author() -> None:
    loud = [voice(i, author_key="one") for i in range(6)] + [voice(6), voice(7)]
    nobody = [voice(i, author_key=None) for i in range(8)]

    assert effects(loud) == {"loud author": "lower"}
    assert effects(nobody) == {}


def test_a_surge_of_praise_beside_the_complaints_lowers() -> None:
    praise = [voice(i, is_negative=False, rating=5.0) for i in range(50)]
    complaints = [voice(100 + i, rating=1.0) for i in range(10)]

    assert effects(praise + complaints, anomaly(surge=12.0)) == {"drive": "lower"}


def test_a_model_change_within_the_window_lowers() -> None:
    changed = effects([voice(i) for i in range(5)], model_changed_hour=hour_of(AT) - 3)

    assert changed == {"model change": "lower"}


def test_an_unhealthy_source_is_noted_and_the_rise_still_counts() -> None:
    noted = effects([voice(i) for i in range(5)], unhealthy_sources=frozenset({"page"}))

    assert noted == {"source": "note"}


def test_a_wave_of_new_authors_who_name_no_product_looks_like_brigading() -> None:
    wave = [voice(i, product=None) for i in range(30)]
    customers = [voice(100 + i, is_negative=False) for i in range(5)]

    assert effects(wave + customers) == {"brigading": "note"}
