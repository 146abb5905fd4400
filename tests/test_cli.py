import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from map_app.cli import build_parser
from map_app.gazetteer.lookup import Gazetteer
from map_app.settings import Settings
from tests.webserver import WebServer, answering

ROOT = Path(__file__).resolve().parent.parent

DOCUMENT = {"id": "a", "title": "", "text": "KYIV, Ukraine - Trains left for Lviv on Monday.", "url": "https://e.org/a"}


@pytest.fixture(autouse=True)
def built(gazetteer: Gazetteer) -> None:
    """The commands find the gazetteer built."""
    del gazetteer


def run(
    *arguments: str | Path, store: Path | None = None, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAP_APP_")}
    kept["MAP_APP_CACHE"] = str(Settings().cache)
    if store is not None:
        kept["MAP_APP_STORE"] = str(store)
    return subprocess.run(
        [sys.executable, "-m", "map_app", *map(str, arguments)],
        cwd=ROOT,
        env={**kept, **environment, "PYTHONUTF8": "1"},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["ingest", "--help"],
        ["geoparse", "--help"],
        ["evaluate", "--help"],
        ["train", "--help"],
        ["geocode", "--help"],
        ["gazetteer", "--help"],
        ["gazetteer", "search", "--help"],
        ["store", "info", "--help"],
        ["settings", "--help"],
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        build_parser().parse_args(words)
    assert stopped.value.code == 0
    assert "usage: python -m map_app" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["fly"], ["ingest"], ["gazetteer"], ["geoparse", "one"]], ids=" ".join)
def test_what_is_not_understood_exits_with_2(words: list[str]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


@pytest.mark.parametrize(
    ("words", "commands"),
    [([], "ingest feeds store settings"), (["feeds"], "add watch"), (["gazetteer"], "build"), (["store"], "backup")],
    ids=["none", "feeds", "gazetteer", "store"],
)
def test_a_word_that_needs_another_lists_them(words: list[str], commands: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert set(commands.split()) <= set(done.stderr.split())


def test_help_is_there_at_once_because_nothing_heavy_is_loaded() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, map_app.cli; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"numpy", "sqlite3", "lxml", "geopy", "folium", "streamlit", "map_app.store"} & set(loaded)


def test_a_setting_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    done = run("settings", MAP_APP_MAX_FILE_BYTES="many")
    assert done.returncode == 1
    assert done.stderr.startswith("map_app: MAP_APP_MAX_FILE_BYTES is 'many'")
    assert done.stderr.count("\n") == 1


def test_settings_prints_all_that_is_in_force(tmp_path: Path) -> None:
    done = run("settings", "--store", tmp_path / "here.sqlite", MAP_APP_LOG_LEVEL="INFO")
    assert f"MAP_APP_STORE={tmp_path / 'here.sqlite'}\n" in done.stdout
    assert "MAP_APP_LOG_LEVEL=INFO\n" in done.stdout
    assert done.returncode == 0


def test_gazetteer_search_lists_the_most_important_first() -> None:
    done = run("gazetteer", "search", "Paris", "--limit", "3")
    assert done.returncode == 0
    assert "FR" in done.stdout.split("\n")[0]
    assert run("gazetteer", "search", "Paris", "--country", "us").stdout.split("\n")[0].count("US") >= 1
    nothing = run("gazetteer", "search", "Xqzzvw")
    assert (nothing.returncode, nothing.stdout) == (1, "")


def test_gazetteer_build_and_info_say_where_it_is() -> None:
    built = run("gazetteer", "build")
    assert (built.returncode, built.stderr) == (0, "")
    info = run("gazetteer", "info")
    assert info.returncode == 0
    assert "places city\t" in info.stdout


def test_a_reader_that_has_had_enough_is_no_error() -> None:
    listing = f"{sys.executable} -m map_app gazetteer search San --limit 100000"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {listing} | head -1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_geoparse_reads_and_writes_files_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps(DOCUMENT) + "\n", "utf-8")
    done = run("geoparse", tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    piped = run("geoparse", "-", "-", stdin=json.dumps(DOCUMENT))
    assert piped.stdout == (tmp_path / "out.jsonl").read_text("utf-8")
    [line] = piped.stdout.splitlines()
    answer = json.loads(line)
    assert answer["id"] == "a"
    for toponym in answer["toponyms"]:
        assert DOCUMENT["text"][toponym["start"] : toponym["end"]] == toponym["text"]


def test_geoparse_explains_when_asked_to() -> None:
    done = run("geoparse", "--explain", "-", "-", stdin=json.dumps(DOCUMENT))
    [toponyms] = [json.loads(line)["toponyms"] for line in done.stdout.splitlines()]
    assert toponyms
    assert all(toponym["evidence"] for toponym in toponyms)


def test_geoparse_that_fails_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps(DOCUMENT) + "\nnot JSON\n", "utf-8")
    done = run("geoparse", tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert done.returncode == 1
    assert done.stderr.startswith("map_app: line 2")
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_file_that_is_not_there_is_one_line() -> None:
    done = run("geoparse", "absent.jsonl", "-")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "map_app: absent.jsonl: No such file or directory\n"


def test_evaluate_prints_measures_for_people_and_for_programs(tmp_path: Path) -> None:
    truth = {"start": 6, "end": 13, "text": "Ukraine", "lat": 49.0, "lon": 32.0, "geonameid": 690791,
             "gazname": "Ukraine", "level": "country", "country_code": "UA", "scored": True}  # fmt: skip
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({**DOCUMENT, "toponyms": [truth]}) + "\n", "utf-8")
    assert "documents: 1" in run("evaluate", gold).stdout
    measures = json.loads(run("evaluate", gold, "--json").stdout)
    assert measures["documents"] == 1
    assert 0 <= measures["end_to_end"]["f1"] <= 1


def test_ingest_reports_and_doing_it_twice_changes_nothing(tmp_path: Path) -> None:
    news = tmp_path / "news"
    news.mkdir()
    (news / "a.txt").write_text(DOCUMENT["text"], "utf-8")
    (news / "b.csv").write_text("title,text\nFlood in Valencia,Rain fell.\nShort\n", "utf-8")
    store = tmp_path / "deep" / "articles.sqlite"
    first = run("ingest", news, store=store)
    assert first.stdout == "2 added, 0 updated, 0 unchanged, 1 failed\n"
    assert first.stderr == "b.csv, row 3: failed: it has 1 cells where the first row names 2 columns\n"
    assert first.returncode == 1
    (news / "b.csv").write_text("title,text\nFlood in Valencia,Rain fell.\n", "utf-8")
    again = run("ingest", news, "--store", store)
    assert (again.returncode, again.stdout) == (0, "0 added, 0 updated, 2 unchanged, 0 failed\n")
    piped = run("ingest", "-", "--store", store, stdin=json.dumps(DOCUMENT))
    assert piped.stdout == "1 added, 0 updated, 0 unchanged, 0 failed\n"
    assert "3" in run("store", "info", "--store", store).stdout


def test_ingest_of_nothing_that_is_there_fails(tmp_path: Path) -> None:
    done = run("ingest", tmp_path / "absent", store=tmp_path / "s.sqlite")
    assert done.returncode == 1
    assert "there is no such file or folder" in done.stderr


def test_store_info_before_the_first_article_makes_no_file(tmp_path: Path) -> None:
    done = run("store", "info", store=tmp_path / "s.sqlite")
    assert done.returncode == 0
    assert "nothing yet" in done.stdout
    assert not (tmp_path / "s.sqlite").exists()


def test_geocode_says_that_no_service_is_on(tmp_path: Path) -> None:
    done = run("geocode", store=tmp_path / "s.sqlite")
    assert done.returncode == 1
    assert "MAP_APP_GEOCODER" in done.stderr


def test_an_address_is_ingested_and_one_that_leads_inside_is_refused(server: WebServer, tmp_path: Path) -> None:
    text = "Rain fell on Valencia for three days, and the river rose. Schools stayed closed on Tuesday. " * 5
    html = f"<html><head><title>Floods in Valencia</title></head><body><article><p>{text}</p></article></body></html>"
    server.routes["/a"] = answering(html.encode(), content_type="text/html")
    store = tmp_path / "s.sqlite"
    refused = run("ingest", f"{server.url}/a", store=store)
    assert refused.returncode == 1
    assert "loopback" in refused.stderr
    assert server.requests == []
    server.routes["/b"] = answering(html.replace("Valencia", "Murcia").encode(), content_type="text/html")
    for counted in ("2 added", "2 unchanged"):
        server.clients.clear()
        done = run("ingest", f"{server.url}/a", f"{server.url}/b", store=store, MAP_APP_ALLOW_PRIVATE_ADDRESSES="yes")
        assert len(set(server.clients)) == 1, "one client asks in turns"
        assert done.returncode == 0, done.stderr
        assert counted in done.stdout


def test_what_is_no_web_address_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Rain fell on Valencia for three days.")
    addresses = ("file:///etc/passwd", "ftp://e.example/a.txt", "http://u:p@e.example/")
    done = run("ingest", *addresses, tmp_path / "a.txt", store=tmp_path / "s.sqlite")
    assert done.returncode == 1
    assert done.stdout.startswith("1 added")
    assert [line.partition(": failed: ")[0] for line in done.stderr.splitlines()] == list(addresses)
