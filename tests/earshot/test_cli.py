from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg2
import pytest

from earshot.cli import main
from earshot.cli.check import check_language_model
from earshot.errors import EarshotError
from earshot.local import postgres
from tests.model_standin import KEY, ModelStandIn

FILE = """
contact = "ops@northwind.example"
[clock]
source = "database"
[[brand]]
key = "northwind"
name = "Northwind Home"
"""
LLM = '[replies.language_model]\nmodel = "some-model"\nbase_url = "{}"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch, database):
    """A folder with settings, in which commands find the test's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EARSHOT_SETTINGS", raising=False)
    (tmp_path / "earshot.toml").write_text(FILE)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Runs a command; gives status, standard output and standard error."""

    def run_command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(words)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run_command


def refused(result: tuple[int, str, str], *words: str, status: int = 2) -> None:
    """One line on standard error with all the words, nothing on standard output."""
    code, out, err = result
    assert code == status
    assert out == ""
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_an_error_of_the_database_is_told_without_the_rows_it_quotes(folder, run, monkeypatch):
    def refuse(_settings):
        raise psycopg2.errors.CheckViolation("check\nDETAIL:  Failing row contains (canaryword).")

    monkeypatch.setattr("alerts.watch.watch", refuse)

    refused(
        run("watch"), "The database refused", "CheckViolation", "run the same command", status=1
    )
    assert "canaryword" not in run("watch")[2]


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from earshot.cli import main; main(['--help']);"
        "heavy = {'torch', 'transformers', 'airflow', 'matplotlib', 'scrapy', 'pandas',"
        " 'psycopg2', 'sklearn', 'scipy', 'numpy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_init_writes_settings_that_load_and_keys_that_are_private(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)

    assert run("init", "--brand", 'Bäcker "Nord"', "--contact", "ops@nord.example")[0] == 0

    secrets = tmp_path / ".earshot" / "secrets.env"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert "EARSHOT_AUTHOR_KEY=" in secrets.read_text()
    text = (tmp_path / "earshot.toml").read_text()
    assert 'contact = "ops@nord.example"' in text
    assert 'key = "b-cker-nord"' in text


def test_init_never_overwrites_settings_or_keys(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "earshot.toml").write_text(FILE)
    run("init")
    keys = (tmp_path / ".earshot" / "secrets.env").read_text()

    assert run("init", "--brand", "Another")[0] == 0

    assert (tmp_path / "earshot.toml").read_text() == FILE
    assert (tmp_path / ".earshot" / "secrets.env").read_text() == keys


def test_every_line_of_the_template_that_is_commented_out_is_a_known_key(
    tmp_path, monkeypatch, run
):
    monkeypatch.chdir(tmp_path)
    run("init")
    lines = (tmp_path / "earshot.toml").read_text().splitlines()
    opened = [line[2:] if line.startswith("# ") and _is_toml(line[2:]) else line for line in lines]
    (tmp_path / "earshot.toml").write_text("\n".join(opened))

    from earshot.settings import load

    settings = load(tmp_path / "earshot.toml")

    assert [source.name for source in settings.source] == ["shop", "export"]
    assert settings.planned_event[0].expected_factor == 3.0
    assert settings.database.port == 5433


def test_the_template_shows_every_table_of_the_settings():
    from earshot.cli.setup import TEMPLATE
    from earshot.settings import Settings

    text = TEMPLATE.read_text()
    shown = set(re.findall(r"^(?:# )?\[+(\w+)[\].]|^(\w+) = ", text, re.MULTILINE))

    assert {name for pair in shown for name in pair if name} >= {
        name for name, field in Settings.model_fields.items() if not field.exclude
    }


def _is_toml(line: str) -> bool:
    return re.match(r"\[|\w+ = ", line) is not None


def test_pools_are_printed_as_airflow_imports_them(folder, run):
    source = '[[source]]\nname = "{}"\nkind = "schemaorg"\nbrand = "northwind"\nurls = ["{}"]\n'
    shops = {"one": "https://shop.example/a", "two": "https://shop.example/b"}
    text = FILE + "".join(source.format(name, url) for name, url in shops.items())
    (folder / "earshot.toml").write_text(text)

    status, out, _ = run("pools")

    assert status == 0
    assert json.loads(out)["host__shop.example"]["slots"] == 1
    assert len(json.loads(out)) == 1


def test_check_names_each_part_and_fails_where_one_does(folder, run, monkeypatch, httpserver):
    monkeypatch.setenv("EARSHOT_AUTHOR_KEY", "k" * 32)
    monkeypatch.setenv("EARSHOT_LLM_API_KEY", KEY)
    url = ModelStandIn(httpserver).url
    source = '[[source]]\nname = "odd"\nkind = "no-such"\nbrand = "northwind"\n'
    (folder / "earshot.toml").write_text(FILE + source + LLM.format(url))

    status, out, _ = run("check", "--json")

    parts = {line["part"]: line for line in map(json.loads, out.splitlines())}
    assert status == 1
    assert parts["settings"]["is_ok"]
    assert parts["database"]["is_ok"]
    assert not parts["source"]["is_ok"]
    assert "no-such" in parts["source"]["detail"]
    assert parts["replies"]["is_ok"]
    assert parts["replies"]["detail"] == f"drafts replies at {url}, with EARSHOT_LLM_API_KEY"
    assert KEY not in out


@pytest.mark.parametrize(
    ("key", "answer", "told"),
    [
        (None, 200, "EARSHOT_LLM_API_KEY: .* wants a key"),
        ("another-key", 200, "EARSHOT_LLM_API_KEY: .* refuses the key"),
        (KEY, 404, "does not take the model .some-model. .status 404.; correct base_url or model"),
        (KEY, 503, "status 503; until it answers the built-in engine drafts"),
    ],
)
def test_check_says_what_is_wrong_with_the_language_model(
    settings_with, monkeypatch, httpserver, key, answer, told
):
    monkeypatch.delenv("EARSHOT_LLM_API_KEY", raising=False)
    if key:
        monkeypatch.setenv("EARSHOT_LLM_API_KEY", key)
    model = ModelStandIn(httpserver)
    model.answer = answer if answer != 200 else "ready"

    with pytest.raises(EarshotError, match=told) as failure:
        check_language_model(settings_with(replies=model.table))

    assert "another-key" not in str(failure.value)


def test_check_says_that_the_author_key_is_missing(folder, run, monkeypatch):
    monkeypatch.delenv("EARSHOT_AUTHOR_KEY", raising=False)

    _, out, _ = run("check", "--json")

    assert "earshot init" in json.loads(out.splitlines()[0])["detail"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('contact = "a@b.example"', ["brand", "missing"]),
        (FILE.replace("northwind", "North Wind"), ["brand[0].key", "North Wind"]),
        (FILE + 'time_zone = "CEST"', ["brand[0].time_zone", '"CEST"', "Europe/Berlin"]),
        (FILE + "[airflow]\nport = 80", ["airflow.port", "80"]),
        (FILE + "[airflow]\nports = 8080", ["airflow.ports", "no such key"]),
        (FILE + "[airflow", ["not valid TOML"]),
        (
            FILE + LLM.format("http://models.example/v1"),
            ["replies.language_model", '"http://models.example/v1"', "unencrypted", "write https"],
        ),
        (
            FILE + LLM.format("models.example/v1"),
            ["replies.language_model", '"models.example/v1"', "is not an http address"],
        ),
        (
            FILE + LLM.format("https://models.example/v1") + "timeout_seconds = 0",
            ["replies.language_model.timeout_seconds", "0", "greater than 0"],
        ),
        (
            FILE + LLM.partition("base_url")[0],
            ["replies.language_model.base_url", "is missing; add it"],
        ),
    ],
    ids=["no brand", "bad key", "bad zone", "bad port", "unknown key", "no toml", "plain http",
         "no address", "no time", "no base_url"],
)  # fmt: skip
def test_a_wrong_setting_is_one_line_with_file_key_value_and_remedy(folder, run, content, words):
    (folder / "earshot.toml").write_text(content)

    refused(run("watch"), "earshot.toml", *words)


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@models.example", "https://m.example?k=hunter2"]
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(folder, run, url):
    (folder / "earshot.toml").write_text(FILE + LLM.format(url))

    result = run("watch")

    refused(result, "replies.language_model", "base_url", "EARSHOT_LLM_API_KEY")
    assert "hunter2" not in result[2]


def test_missing_settings_say_which_command_writes_them(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)

    refused(run("watch"), "no such settings file", "earshot init")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["watch", "--nonsense"],
        ["crawl"],
        ["replies", "approve", "seven"],
        ["evaluate", "sentiment", "no-such-file.jsonl"],
        ["replay", "--from", "yesterday"],
        ["sql", "select 1", "--role", "king"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_that_names_the_help(folder, run, words):
    refused(run(*words), "--help")


def test_a_source_that_is_not_there_is_named_with_those_that_are(folder, run):
    refused(run("crawl", "shop"), '"shop"')


def test_an_import_of_a_missing_file_stores_nothing(folder, run, database):
    (folder / "earshot.toml").write_text(
        FILE.replace("database", "system")
        + '[[source]]\nname = "export"\nkind = "file"\nbrand = "northwind"\n'
        + '[source.columns]\nbody = "text"\n'
    )

    status, _, err = run("import", "no-such.csv")

    assert status == 2
    assert "no-such.csv" in err
    with database.connect("pipeline") as conn, conn.cursor() as cursor:
        cursor.execute("select count(*) from earshot.feedback")
        assert cursor.fetchone()[0] == 0


def test_a_draft_that_is_not_there_is_named(folder, run, database):
    with database.connect("pipeline") as conn, conn, conn.cursor() as cursor:
        cursor.execute("insert into earshot.clock (stands_at) values (now())")

    refused(run("replies", "drop", "77"), "no draft 77", "earshot replies list")


def test_sql_reads_as_the_analyst_and_nothing_else(folder, run):
    status, out, _ = run("sql", "select 1 as one, 'a' as two", "--json")
    assert (status, json.loads(out)) == (0, {"one": 1, "two": "a"})

    refused(run("sql", "select * from earshot.feedback"), "permission denied")
    refused(run("sql", "create table analytics.mine (id int)"), "refused")


def test_an_unreachable_database_is_a_failure_and_not_wrong_usage(folder, run, monkeypatch):
    monkeypatch.setenv("EARSHOT_DATABASE_URL", "postgresql://u:hidden@127.0.0.1:1/d")

    result = run("watch")

    refused(result, "does not answer", status=1)
    assert "hidden" not in result[2]


def test_an_unexpected_error_shows_its_trace_with_debug_only(folder, run, monkeypatch):
    monkeypatch.setattr("earshot.cli.steps.settings_of", lambda file: {}["no"])

    refused(run("watch"), "Unexpected KeyError", "--debug", status=1)
    assert "Traceback" in run("watch", "--debug")[2]


def test_down_ends_the_embedded_server_and_is_safe_to_repeat(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EARSHOT_DATABASE_URL", raising=False)
    run("init")
    assert run("sql", "select 1", "--json")[:2] == (0, '{"?column?": 1}\n')
    home = tmp_path / ".earshot"
    assert postgres.running(home) is not None

    assert "stopped" in run("down")[1]
    assert postgres.running(home) is None
    assert "nothing ran" in run("down")[1]
    assert "deleted" in run("down", "--delete")[1]
    assert not home.exists()


def test_down_deletes_the_demo_that_stands_inside_the_home_folder(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    demo = tmp_path / ".earshot" / "demo"
    pid = postgres.ensure(demo, options={"fsync": "off"}).pid

    assert run("down", "--delete")[0] == 0

    assert not (tmp_path / ".earshot").exists()
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert run("down", "--delete")[0] == 0


def test_output_that_nobody_reads_on_is_no_failure_with_a_trace(folder):
    command = f"{sys.executable} -m earshot sql 'select generate_series(1, 200000) as n' --json"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | head -1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert done.stdout == '{"n": 1}\n'
    assert "Traceback" not in done.stderr
