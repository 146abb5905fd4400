import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from map_app.app import open_geoparser
from map_app.errors import GeoparseError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geo import Point
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.resolve import Recognised
from map_app.ingest import IngestReport, ingest, watch_folder
from map_app.model import Article, Resolution, Toponym
from map_app.settings import Settings
from map_app.store import Store

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def geoparser(gazetteer: Gazetteer) -> Geoparser:
    return Geoparser.load(gazetteer)


def write_news(
    folder: Path, count: int, *, text: str = "Officials in Kyiv, Ukraine, met those of Warsaw, Poland."
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "news.jsonl"
    rows = ({"id": f"story-{i}", "title": f"Story {i} from Lviv", "text": f"{text} Part {i}."} for i in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.failed)


def write_json(path: Path, row: dict[str, str]) -> None:
    path.write_text(json.dumps([row]), "utf-8")


def run(path: Path, store: Store, geoparser: Geoparser) -> IngestReport:
    return ingest([path], geoparser=geoparser, store=store, limits=Settings())


def test_the_same_articles_twice_change_nothing_and_a_changed_one_is_replaced(
    tmp_path: Path, geoparser: Geoparser
) -> None:
    news = write_news(tmp_path, 120)
    with Store.open(tmp_path / "s.sqlite") as store:
        assert counts(run(news, store, geoparser)) == (120, 0, 0, 0)
        assert counts(run(news, store, geoparser)) == (0, 0, 120, 0)
        lines = news.read_text("utf-8").replace("Part 7.", "Now in Riga, Latvia.")
        news.write_text(lines, "utf-8")
        assert counts(run(news, store, geoparser)) == (0, 1, 119, 0)
        assert "Riga" in store.article("story-7").text


class CountingGeoparser(Geoparser):
    """The real one, that counts its work and fails on the article it is told to."""

    def __init__(self, real: Geoparser, fails_on: str = "", interrupted_on: str = "") -> None:
        self._real = real
        self.version = real.version
        self.fails_on = fails_on
        self.interrupted_on = interrupted_on
        self.calls = 0

    def recognise_all(self, articles: Sequence[Article]) -> list[list[Toponym]]:
        self.calls += len(articles)
        return self._real.recognise_all(articles)

    def resolve_all(self, documents: Iterable[Recognised]) -> list[list[Resolution]]:
        read = list(documents)
        if any(document.article.id == self.fails_on for document in read):
            raise GeoparseError("this text defeats it")
        if any(document.article.id == self.interrupted_on for document in read):
            raise KeyboardInterrupt
        return self._real.resolve_all(read)


def test_what_is_unchanged_is_not_geoparsed_again(tmp_path: Path, geoparser: Geoparser) -> None:
    news = write_news(tmp_path, 10)
    counting = CountingGeoparser(geoparser)
    with Store.open(tmp_path / "s.sqlite") as store:
        run(news, store, counting)
        run(news, store, counting)
        assert counting.calls == 10
        counting.version += "+"
        assert counts(run(news, store, counting))[2] == 0, "a newer geoparser maps them anew"
        assert counting.calls == 20


def test_one_article_that_cannot_be_mapped_does_not_stop_the_rest(tmp_path: Path, geoparser: Geoparser) -> None:
    news = write_news(tmp_path, 5)
    with Store.open(tmp_path / "s.sqlite") as store:
        report = run(news, store, CountingGeoparser(geoparser, fails_on="story-2"))
    assert counts(report) == (4, 0, 0, 1)
    assert "Story 2 from Lviv" in report.failed[0].where
    assert report.failed[0].why == "this text defeats it"


def test_interrupted_it_keeps_what_was_committed_and_says_so(tmp_path: Path, geoparser: Geoparser) -> None:
    news = write_news(tmp_path, 120)
    with Store.open(tmp_path / "s.sqlite") as store:
        report = run(news, store, CountingGeoparser(geoparser, interrupted_on="story-110"))
        assert report.interrupted
        assert counts(report) == (100, 0, 0, 0)
        assert counts(run(news, store, geoparser)) == (20, 0, 100, 0)


def test_two_stories_with_one_id_and_two_addresses_are_two(tmp_path: Path, geoparser: Geoparser) -> None:
    news = tmp_path / "a.jsonl"
    rows = [
        {"id": "same-id", "title": "A", "url": "https://e.org/1"},
        {"id": "same-id", "title": "B", "url": "https://e.org/2"},
    ]
    news.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with Store.open(tmp_path / "s.sqlite") as store:
        assert counts(run(news, store, geoparser)) == (2, 0, 0, 0)
        assert counts(run(news, store, geoparser)) == (0, 0, 2, 0)


def ingest_rows(folder: Path, store: Store, geoparser: Geoparser, *rows: dict[str, str]) -> tuple[int, int, int, int]:
    news = folder / "rows.jsonl"
    news.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return counts(run(news, store, geoparser))


def test_the_same_article_by_another_way_in_changes_nothing_and_its_first_address_stays(
    tmp_path: Path, geoparser: Geoparser
) -> None:
    story = {
        "title": "Rain in Riga",
        "text": "It rained in Riga, Latvia.",
        "url": "https://www.e.org/rain?utm_source=rss",
    }
    with Store.open(tmp_path / "s.sqlite") as store:
        assert ingest_rows(tmp_path, store, geoparser, story) == (1, 0, 0, 0)
        for url in ("http://e.org/rain/", "https://www.e.org/rain?fbclid=2#comments", "https://amp.e.org/rain"):
            assert ingest_rows(tmp_path, store, geoparser, story | {"url": url}) == (0, 0, 1, 0)
        [kept] = store.stories()
        assert kept.url == story["url"]
        changed = story | {"title": "Snow in Oslo", "text": "It snowed there.", "url": "http://e.org/rain"}
        assert ingest_rows(tmp_path, store, geoparser, changed | {"published": "2025-01-02"}) == (0, 1, 0, 0)
        [kept] = store.stories()
        assert (kept.published, kept.url) == (datetime(2025, 1, 2, tzinfo=UTC), story["url"])
        assert [name for _, name in kept.places] == ["Oslo"]


def test_a_place_that_the_source_gives_is_on_the_map_and_says_so(tmp_path: Path, geoparser: Geoparser) -> None:
    news = tmp_path / "rows.csv"
    news.write_text("title,text,lat,lon,place\nFire,A fire broke out.,-36.85,174.76,Harbour Bridge\n", "utf-8")
    with Store.open(tmp_path / "s.sqlite") as store:
        assert counts(run(news, store, geoparser)) == (1, 0, 0, 0)
        assert counts(run(news, store, geoparser)) == (0, 0, 1, 0)
        [pin] = store.pins()
        assert (pin.place.name, pin.place.point) == ("Harbour Bridge", Point(-36.85, 174.76))
        [story] = store.stories()
        [resolution] = store.resolutions(story.article_id)
        assert [(e.reason, e.detail) for e in resolution.evidence] == [
            ("given by the source", "Harbour Bridge: -36.8500, 174.7600")
        ]


def test_a_record_without_text_adds_its_places_and_takes_nothing_away(tmp_path: Path, geoparser: Geoparser) -> None:
    url = "https://paper.example/news/a-flood-takes-the-bridge"
    full = {"title": "Flood", "text": "The bridge is gone.", "url": url, "publisher": "Paper"}
    bare = {"title": "A flood takes the bridge", "url": url, "place": "Marlow", "lat": "51.57", "lon": "-0.77"}
    write_json(tmp_path / "full.json", full)
    write_json(tmp_path / "bare.json", bare)
    with Store.open(tmp_path / "store.db") as store:
        for name, expected in (("full", (1, 0, 0)), ("bare", (0, 1, 0)), ("full", (0, 0, 1)), ("bare", (0, 0, 1))):
            report = run(tmp_path / f"{name}.json", store, geoparser)
            assert (report.added, report.updated, report.unchanged) == expected
        [story] = store.stories()
        article = store.article(story.article_id)
    assert article is not None
    assert (article.title, article.text, article.publisher) == ("Flood", "The bridge is gone.", "Paper")
    assert [given.name for given in article.given] == ["Marlow"]


def test_a_title_that_was_only_read_out_of_the_address_gives_way_to_a_real_one(
    tmp_path: Path, geoparser: Geoparser
) -> None:
    url = "https://paper.example/news/a-flood-takes-the-bridge"
    write_json(tmp_path / "made.json", {"title": "A flood takes the bridge", "url": url})
    write_json(tmp_path / "real.json", {"title": "Flood takes bridge, mayor says", "url": url})
    with Store.open(tmp_path / "store.db") as store:
        for name in ("made", "real", "made"):
            run(tmp_path / f"{name}.json", store, geoparser)
        assert [story.title for story in store.stories()] == ["Flood takes bridge, mayor says"]


def test_an_id_that_a_later_run_gives_to_another_story_loses_neither(tmp_path: Path, geoparser: Geoparser) -> None:
    one = {"id": "latest", "title": "Rain", "text": "Rain in Riga.", "url": "https://e.org/1"}
    two = {"id": "latest", "title": "Snow", "text": "Snow in Oslo.", "url": "https://e.org/2"}
    with Store.open(tmp_path / "s.sqlite") as store:
        assert ingest_rows(tmp_path, store, geoparser, one) == (1, 0, 0, 0)
        assert ingest_rows(tmp_path, store, geoparser, two) == (1, 0, 0, 0)
        assert ingest_rows(tmp_path, store, geoparser, two, one) == (0, 0, 2, 0)
        moved = one | {"url": "https://e.org/1-with-a-better-headline", "title": "Rain, again and again"}
        assert ingest_rows(tmp_path, store, geoparser, moved) == (0, 1, 0, 0)


def test_a_watched_folder_is_ingested_as_files_come_and_change(tmp_path: Path, geoparser: Geoparser) -> None:
    folder = tmp_path / "in"
    news = write_news(folder, 3)
    told: list[tuple[int, int, int, int]] = []
    steps = iter(
        [
            lambda: None,
            lambda: (folder / "late.txt").write_text("Rain in Riga", "utf-8"),
            lambda: None,
            lambda: news.write_text(news.read_text("utf-8").replace("Part 1.", "Now in Riga."), "utf-8"),
            lambda: (folder / "bad.json").write_text("{", "utf-8"),
            lambda: None,
            lambda: None,
        ]
    )

    def sleep(seconds: float) -> None:
        assert seconds == 30
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    with Store.open(tmp_path / "s.sqlite") as store:
        with pytest.raises(KeyboardInterrupt):
            watch_folder(
                folder,
                geoparser=geoparser,
                store=store,
                limits=Settings(),
                every_s=30,
                told=lambda report: told.append(counts(report)),
                sleep=sleep,
            )
        assert told == [(3, 0, 0, 0), (1, 0, 0, 0), (0, 1, 2, 0), (0, 0, 0, 1)]
        assert store.counts().articles == 4


def test_a_report_of_very_many_failures_counts_all_and_tells_the_first(
    tmp_path: Path, geoparser: Geoparser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("map_app.ingest.MAX_TOLD", 5)
    news = tmp_path / "a.jsonl"
    news.write_text("broken\n" * 12, "utf-8")
    with Store.open(tmp_path / "s.sqlite") as store:
        report = run(news, store, geoparser)
    assert (len(report.failed), report.more_failed, report.failures) == (5, 7, 12)


@pytest.mark.skipif(not hasattr(signal, "SIGTERM"), reason="Windows stops processes otherwise")
def test_a_watching_process_takes_what_comes_and_ends_well_when_told_to(tmp_path: Path, built: None) -> None:
    folder, path = tmp_path / "in", tmp_path / "s.sqlite"
    folder.mkdir()
    command = [sys.executable, "-m", "map_app", "ingest", "--watch", str(folder), "--every", "1s"]
    environment = {**os.environ, "MAP_APP_STORE": str(path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for number in range(2):
            (folder / f"{number}.txt").write_text(f"Rain {number} in Riga", "utf-8")
            assert process.stdout.readline() == "1 added, 0 updated, 0 unchanged, 0 failed\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert rows_of(path) == 2


def start_ingest(news: Path, store: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MAP_APP_STORE": str(store)}
    command = [sys.executable, "-m", "map_app", "ingest", str(news)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def committed(store: Path) -> int:
    """How many articles another process has kept so far; none where it is still making its tables."""
    database = sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)
    try:
        return int(database.execute("SELECT count(*) FROM article").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()


def rows_of(store: Path) -> int:
    database = sqlite3.connect(store)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        database.close()
    with Store.open(store) as opened:
        return opened.summary().all_articles


def test_killed_at_random_moments_it_loses_nothing_and_running_again_completes_it(tmp_path: Path, built: None) -> None:
    news, path = write_news(tmp_path, 600), tmp_path / "s.sqlite"
    chance = random.Random(1)  # moments, not secrets
    kept = 0
    for _ in range(5):
        process = start_ingest(news, path)
        deadline = time.monotonic() + 60
        while (not path.exists() or committed(path) <= kept) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert rows_of(path) >= kept, "what was committed is there"
        kept = rows_of(path)
    assert start_ingest(news, path).wait(120) == 0
    assert rows_of(path) == 600


def test_two_ingests_at_once_neither_fail_nor_double_anything(tmp_path: Path, built: None) -> None:
    news, path = write_news(tmp_path, 300), tmp_path / "s.sqlite"
    both = [start_ingest(news, path), start_ingest(news, path)]
    assert [process.wait(180) for process in both] == [0, 0]
    assert rows_of(path) == 300


@pytest.fixture
def built(tmp_path: Path, gazetteer: Gazetteer) -> None:
    """All that a first start builds, so that processes get to their work at once."""
    del gazetteer
    news = write_news(tmp_path / "first", 1)
    assert start_ingest(news, tmp_path / "first" / "s.sqlite").wait(120) == 0


def test_huge_and_deeply_nested_files_are_cut_or_refused_and_the_rest_goes_in(
    tmp_path: Path, geoparser: Geoparser
) -> None:
    folder = tmp_path / "news"
    write_news(folder, 3)
    (folder / "huge.txt").write_text("Trains left Kyiv for Lviv again. " * 310_000, "utf-8")
    (folder / "nested.html").write_text("<html><body>" + "<div>" * 100_000 + "Kursk", "utf-8")
    (folder / "rows.csv").write_text("title,text\nOne,Riga\nTwo\nThree,Oslo\n", "utf-8")
    started = time.monotonic()
    with Store.open(tmp_path / "s.sqlite") as store:
        limits = Settings(max_article_chars=50_000)
        report = ingest([folder], geoparser=geoparser, store=store, limits=limits)
        assert store.article("story-0") is not None
    assert time.monotonic() - started < 30
    assert report.added >= 6
    assert [note.what for note in report.notes if note.where == "huge.txt"] == [
        "cut at 50,000 of 10,229,999 characters"
    ]
    assert ("rows.csv, row 3", "it has 1 cells where the first row names 2 columns") in [
        (failure.where, failure.why) for failure in report.failed
    ]


def write_local_news(path: Path, texts: dict[str, str]) -> Path:
    rows = [
        {"id": name, "title": name, "text": text, "url": f"https://example.com/{name}"} for name, text in texts.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def division_of(store: Store, article_id: str, name: str) -> str:
    return next(r.place.admin1 for r in store.resolutions(article_id) if r.toponym.name == name and r.place)


def test_an_outlets_articles_teach_where_it_lives_and_earlier_ones_are_placed_anew(
    tmp_path: Path, geoparser: Geoparser
) -> None:
    first = write_local_news(tmp_path / "a.jsonl", {"fire": "A fire in Portland burned for hours, officials said."})
    more = write_local_news(
        tmp_path / "b.jsonl",
        {
            "council": "The council of Middletown met. Cromwell and Portland sent nobody, East Hampton said.",
            "road": "A man from Durham was hurt near Middlefield on Friday, police in Middletown said.",
        },
    )
    with Store.open(tmp_path / "s.sqlite") as store:
        run(first, store, geoparser)
        assert division_of(store, "fire", "Portland") == "Oregon"
        assert counts(run(more, store, geoparser)) == (2, 0, 0, 0)
        assert division_of(store, "fire", "Portland") == "Connecticut"
        assert counts(run(first, store, geoparser)) == (0, 0, 1, 0)


def test_an_article_that_another_process_updates_while_its_outlet_is_placed_anew_keeps_the_update(
    tmp_path: Path, geoparser: Geoparser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_local_news(tmp_path / "a.jsonl", {"fire": "A fire in Portland burned for hours, officials said."})
    newer = write_local_news(tmp_path / "c.jsonl", {"fire": "The fire in Portland is out, officials of Hartford said."})
    more = write_local_news(
        tmp_path / "b.jsonl",
        {
            "council": "The council of Middletown met. Cromwell and Portland sent nobody, East Hampton said.",
            "road": "A man from Durham was hurt near Middlefield on Friday, police in Middletown said.",
        },
    )
    resolve_all = geoparser.resolve_all

    def slowly(documents: Iterable[Recognised]) -> list[list[Resolution]]:
        read = list(documents)
        if any(document.article.id == "fire" for document in read):
            monkeypatch.undo()
            with Store.open(tmp_path / "s.sqlite") as another:
                run(newer, another, geoparser)
        return resolve_all(read)

    with Store.open(tmp_path / "s.sqlite") as store:
        run(first, store, geoparser)
        monkeypatch.setattr(geoparser, "resolve_all", slowly)
        run(more, store, geoparser)
        kept = store.article("fire")
        assert kept is not None
        assert kept.text.startswith("The fire in Portland is out")


def test_a_stated_home_goes_before_what_is_learned(tmp_path: Path, gazetteer: Gazetteer) -> None:
    stated = tmp_path / "homes.csv"
    stated.write_text("domain,country,division,town\nexample.com,CA,Ontario,London\n", "utf-8")
    news = write_local_news(tmp_path / "a.jsonl", {"fair": "The fair in London, and another in Paris, drew crowds."})
    with Store.open(tmp_path / "s.sqlite") as store:
        run(news, store, open_geoparser(Settings(outlet_homes=str(stated)), gazetteer))
        assert division_of(store, "fair", "London") == "Ontario"


def test_names_that_the_gazetteer_lacks_are_left_to_the_online_geocoder_where_one_is_on(gazetteer: Gazetteer) -> None:
    article = Article(id="a", title="", text="Police in Pittsburgh, Pennsylvania, searched Xyzzyqua Hill.")
    toponyms = [
        Toponym(name, article.text.index(name), article.text.index(name) + len(name))
        for name in ("Pittsburgh", "Xyzzyqua Hill")
    ]
    for geocoder, expected in (("off", "Pittsburgh"), ("nominatim", None)):
        geoparser = open_geoparser(Settings(geocoder=geocoder), gazetteer)
        place = geoparser.resolve(article, toponyms)[1].place
        assert (place.name if place else None) == expected
