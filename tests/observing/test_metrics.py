"""Lags are measured where rows are written, and told as Prometheus wants them."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from earshot.cli import main
from earshot.local.ports import free_port
from earshot.observing.metrics import HISTOGRAMS, exposition
from earshot.observing.server import look, serving
from earshot.settings import Settings
from sql.health import fold, note, snapshot
from tests.observing.conftest import SHOP, World

GRAFANA = Path(__file__).parents[2] / "docs" / "grafana"
MINUTE = timedelta(minutes=1)


def samples(settings: Settings) -> dict[tuple[str, str], float]:
    """Values by metric and label values."""
    text = exposition(*look(settings)).decode()
    return {
        (
            sample.name,
            ",".join(value for _, value in sorted(sample.labels.items(), key=_le_last)),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _le_last(label: tuple[str, str]) -> bool:
    return label[0] == "le"


def test_a_fresh_text_counts_from_its_publish_time(live: Settings, world: World) -> None:
    world.text(published=9 * MINUTE)
    world.text(published=45 * MINUTE)

    told = samples(live)

    assert told["earshot_lag_stored_seconds_bucket", "shop,300"] == 0
    assert told["earshot_lag_stored_seconds_bucket", "shop,600"] == 1
    assert told["earshot_lag_stored_seconds_bucket", "shop,3600"] == 2
    assert told["earshot_lag_stored_seconds_sum", "shop"] == 54 * 60


def test_history_and_days_say_nothing_of_speed(live: Settings, world: World) -> None:
    world.text(published=timedelta(days=30))
    world.text(published=9 * MINUTE, precision="day")

    assert not [name for name, _ in samples(live) if name.startswith("earshot_lag_stored")]


def test_tagging_and_telling_count_from_the_publish_time_too(live: Settings, world: World) -> None:
    version = world.text(published=20 * MINUTE, seen=10 * MINUTE)
    world.run(
        "insert into earshot.tagging (feedback_version_id, model_id, feedback_id, language,"
        " sentiment, p_negative, p_neutral, p_positive, tagged_at) select %s, 'm', feedback.id,"
        " 'en', 'negative', 1, 0, 0, feedback.published_at + interval '14 minutes'"
        " from earshot.feedback",
        version,
    )
    world.run(
        "insert into earshot.incident (key, brand_id, rule, kind, direction, state, severity,"
        " started_at, opened_at, updated_at, last_anomalous_at, items, baseline, reason) select"
        " 'k', brand.id, 'default', 'spike', 'negative', 'open', 'high', published_at,"
        " published_at, published_at, published_at, 9, 1, 'r' from earshot.brand, earshot.feedback"
    )
    world.message(due=MINUTE)
    world.run(
        "update earshot.outbox set key = 'incident:' || incident.id, state = 'sent', sent_at ="
        " incident.started_at + interval '28 minutes' from earshot.incident"
    )

    told = samples(live)

    assert told["earshot_lag_tagged_seconds_bucket", "shop,900"] == 1
    assert told["earshot_lag_tagged_seconds_sum", "shop"] == 14 * 60
    assert told["earshot_lag_alerted_seconds_bucket", "northwind,1800"] == 1
    assert told["earshot_lag_alerted_seconds_sum", "northwind"] == 28 * 60


@pytest.mark.parametrize("metric", HISTOGRAMS)
def test_the_database_fills_the_buckets_that_are_told(
    metric: str, live: Settings, world: World
) -> None:
    bounds = HISTOGRAMS[metric][3]
    note(world.conn, metric, "x", [*bounds, bounds[-1] + 1])
    world.conn.commit()

    found = [row["at_most"] for row in snapshot(live).samples]

    assert found == [*bounds, float("inf")]


def test_folding_changes_no_number(live: Settings, world: World) -> None:
    for _ in range(5):
        world.text(published=9 * MINUTE)
    before = samples(live)

    fold(live)

    rows = world.run("select count(*) from earshot.metric_sample")[0][0]
    assert rows == 1
    after = samples(live)
    assert {k: v for k, v in after.items() if "lag" in k[0]} == {
        k: v for k, v in before.items() if "lag" in k[0]
    }


def declared() -> set[str]:
    """Every metric that can be told, whatever the database holds."""
    source = Path(exposition.__code__.co_filename).read_text()
    names = set(re.findall(r"\"((?:earshot_)?[a-z_]+)\",? ?\n?", source))
    histograms = {name for name, *_ in HISTOGRAMS.values()}
    told = {f"earshot_{name.removeprefix('earshot_')}" for name in names} | {
        "earshot_records_total"
    }
    return told | {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}


def test_the_dashboard_and_the_alert_rules_name_metrics_that_exist() -> None:
    board = json.loads((GRAFANA / "earshot.json").read_text())
    rules = yaml.safe_load((GRAFANA / "alerts.yaml").read_text())
    asked = [t["expr"] for panel in board["panels"] for t in panel.get("targets", [])]
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]

    named = {name for expr in asked for name in re.findall(r"earshot_\w+", expr)}

    assert len(named) > 15
    assert named - declared() == set()
    assert all(r["annotations"]["remedy"] for group in rules["groups"] for r in group["rules"])
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_metric_that_exists_is_on_the_dashboard(live: Settings, world: World) -> None:
    world.text(published=9 * MINUTE)
    world.crawl(ended=MINUTE, seen=3)
    board = (GRAFANA / "earshot.json").read_text()
    told = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name, _ in samples(live)}

    assert {name for name in told if name not in board} == set()


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_endpoint_answers_for_scripts_and_prometheus(
    settings_with: Callable[..., Settings], world: World
) -> None:
    port = free_port()
    given = settings_with(clock={"source": "system"}, source=[SHOP], health={"port": port})
    world.message(due=timedelta(hours=3))

    with serving(given) as address:
        status, told = get(f"{address}/health")
        scraped = get(f"{address}/metrics")
        lost = get(f"{address}/secrets")

    assert (status, json.loads(told)["is_well"]) == (503, False)
    assert (scraped[0], lost[0]) == (200, 404)
    assert "earshot_outbox_messages{" in scraped[1]


def test_a_database_that_is_down_is_told_and_no_crash(
    live: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:9/none")
    down = live.model_copy(deep=True)
    down.__dict__.pop("secrets", None)

    taken, found = look(down)

    assert taken is None
    assert [(f.name, f.is_well) for f in found] == [("database", False)]
    assert "earshot_database_up 0.0" in exposition(taken, found).decode()


def test_the_command_says_what_is_unwell_and_fails(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "earshot.toml"
    file.write_text('contact = "a@b.io"\n[[brand]]\nkey = "northwind"\nname = "N"\n')

    assert main(["health", "--settings", str(file)]) == 0
    world.message(due=timedelta(hours=3))
    capfd.readouterr()
    assert main(["health", "--json", "--settings", str(file)]) == 1

    lines: list[dict[str, Any]] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["name"] for line in lines if not line["is_well"]] == ["outbox"]
