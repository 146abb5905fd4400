import errno
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from map_app.app import RETRY_S, SAMPLES_KEPT_S, App, is_ready, open_app, read_samples
from map_app.errors import StoreDamagedError, StoreError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.accuracy import measure
from map_app.model import Article
from map_app.settings import GOLD_SET, Settings
from map_app.store import Store
from map_app.store.progress import silent
from map_app.store.schema import MIGRATIONS


@pytest.fixture
def settings(tmp_path: Path, gazetteer: Gazetteer) -> Settings:
    """A store of its own, and the cache in which the session's gazetteer has been built."""
    del gazetteer
    return Settings(store=tmp_path / "articles.sqlite", cache=Settings().cache)


@pytest.fixture
def app(settings: Settings) -> App:
    return open_app(settings)


def test_the_samples_show_until_the_owner_has_articles(app: App) -> None:
    assert app.is_sample
    assert app.store.summary().all_articles == len(read_samples())
    assert app.own_store is None, "looking at the page makes no file"

    article = Article("mine", "Flood in Valencia, Spain", "VALENCIA, Spain - A flood hit the city of Valencia.")
    with Store.open(app.settings.store) as own:
        own.put([(article, app.geoparser.geoparse(article))])

    assert not app.is_sample
    assert [story.article_id for story in app.store.stories()] == ["mine"]


def test_the_samples_are_never_written_to_by_the_owner(app: App) -> None:
    with Store.open(app.settings.store) as own:
        assert own.is_empty()
        assert app.is_sample, "an empty store is not worth showing"


def test_how_accurate_it_is_was_measured_by_this_very_geoparser(app: App) -> None:
    assert app.accuracy == measure(GOLD_SET, app.geoparser)
    assert app.accuracy is not None
    assert app.accuracy.articles == len(read_samples())
    assert 0 < app.accuracy.right <= min(app.accuracy.places, app.accuracy.given)


def test_a_hand_checked_set_that_cannot_be_read_leaves_the_map_as_it_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("map_app.app.GOLD_SET", tmp_path / "absent.jsonl")
    assert open_app(settings).accuracy is None


def test_what_was_built_once_is_ready_the_next_time(settings: Settings, app: App) -> None:
    del app
    assert is_ready(settings)


def test_samples_that_other_versions_mapped_are_kept_for_some_days_and_then_removed(
    gazetteer: Gazetteer, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(gazetteer.directory, cache / gazetteer.directory.name)
    old, recent = cache / "samples-old.sqlite", cache / "samples-recent.sqlite"
    for path, age_s in ((old, SAMPLES_KEPT_S + 60), (old.with_name("samples-old.sqlite-wal"), 60), (recent, 60)):
        path.write_bytes(b"")
        os.utime(path, (time.time() - age_s,) * 2)
    open_app(Settings(store=tmp_path / "articles.sqlite", cache=cache))
    assert recent.exists()
    assert [path.name for path in cache.glob("samples-old*")] == []


def test_a_cache_that_cannot_be_written_serves_once_it_is_complete(
    settings: Settings, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("map_app.app.FileLock", refused)
    monkeypatch.setattr("map_app.geoparse.accuracy.FileLock", refused)
    again = open_app(settings)
    assert again.accuracy == app.accuracy
    assert again.is_sample


def test_a_store_of_an_older_version_is_brought_to_this_one_before_anybody_asks_for_it(
    settings: Settings, app: App
) -> None:
    del app
    with closing(sqlite3.connect(settings.store, isolation_level=None)) as database:
        MIGRATIONS[0](database, silent)
        database.execute("PRAGMA user_version = 1")
    assert not is_ready(settings)
    told: list[tuple[float, str]] = []
    again = open_app(settings, lambda done, what: told.append((done, what)))
    assert any("bringing the store to this version" in what for _, what in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert is_ready(settings)
    assert again.own_store is not None


def test_a_store_that_cannot_be_brought_to_this_version_leaves_the_app_to_say_so(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.store, isolation_level=None)) as database:
        database.execute("CREATE TABLE article (number)")
        database.execute("PRAGMA user_version = 2")
    app = open_app(settings)
    with pytest.raises(StoreError):
        app.store  # noqa: B018 opening it is what fails


def test_nothing_is_ready_in_an_empty_cache(tmp_path: Path) -> None:
    assert not is_ready(Settings(cache=tmp_path / "cache"))


def test_a_pasted_text_is_mapped_and_not_stored(app: App) -> None:
    article, resolutions = app.geoparse_text("", "KYIV, Ukraine - Ministers from Poland came to the city on Monday.")
    assert {r.place.id for r in resolutions if r.place} >= {"country:UA", "country:PL"}
    assert all(article.text[r.toponym.start : r.toponym.end] == r.toponym.name for r in resolutions)
    assert app.own_store is None


def test_a_damaged_store_is_named_and_not_hidden_by_the_samples(settings: Settings, app: App) -> None:
    settings.store.write_bytes(b"This is no database. " * 500)
    with pytest.raises(StoreDamagedError):
        app.store  # noqa: B018 opening it is what fails


def test_a_store_that_could_only_be_read_is_written_to_once_it_can_be(
    settings: Settings, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(settings.store).close()
    now = 0.0
    again = App(settings, app.gazetteer, app.geoparser, app.store, clock=lambda: now)
    monkeypatch.setattr("map_app.app.may_write", lambda _path: False)
    store = again.own_store
    assert store is not None
    assert store.read_only
    assert again.store_to_write().read_only
    monkeypatch.undo()
    now = RETRY_S / 2
    assert again.own_store is store
    now = 2 * RETRY_S
    again.own_store  # noqa: B018 looking is what tries
    assert not store.read_only
    store.put([(Article("mine", "Rain", "It rained."), [])])
    assert store.counts().articles == 1


def test_who_wants_to_write_need_not_wait_for_the_next_try(
    settings: Settings, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(settings.store).close()
    with monkeypatch.context() as patched:
        patched.setattr("map_app.app.may_write", lambda _path: False)
        assert app.own_store is not None
        assert app.own_store.read_only
    assert not app.store_to_write().read_only
