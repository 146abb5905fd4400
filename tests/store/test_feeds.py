from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from map_app.errors import StoreReadOnlyError
from map_app.store import EntryState, HostWait, Store, Subscription

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
FULL = Subscription(
    "https://e.org/feed", "https://e.org/old", "Título", "Outlet", "https://e.org/", 900, 3600, False, True, '"v"',
    "Tue", "d1", "v2", NOON, NOON, NOON, NOON, 3, "503", True,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "s.sqlite")


def test_a_feed_comes_back_as_it_was_kept(store: Store) -> None:
    bare = Subscription("https://e.org/b", "https://e.org/b")
    assert store.feeds.add([FULL, bare]) == 2
    assert store.feeds.all() == [FULL, bare]
    assert store.feeds.get(FULL.url) == FULL
    assert store.feeds.get("https://e.org/none") is None


def test_following_twice_changes_nothing(store: Store) -> None:
    store.feeds.add([FULL])
    assert store.feeds.add([replace(FULL, title="Other"), replace(FULL, url="https://e.org/c")]) == 1
    assert store.feeds.get(FULL.url) == FULL


def test_a_feed_moves_unless_another_is_there(store: Store) -> None:
    other = replace(FULL, url="https://e.org/c")
    store.feeds.add([FULL, other])
    assert not store.feeds.change(FULL.url, replace(FULL, url=other.url))
    assert store.feeds.change(FULL.url, replace(FULL, url="https://e.org/new", title="T"))
    assert [feed.url for feed in store.feeds.all()] == ["https://e.org/new", "https://e.org/c"]
    assert not store.feeds.change("https://e.org/none", FULL)


def test_removing_a_feed_removes_what_is_remembered_of_its_entries(store: Store) -> None:
    store.feeds.add([FULL])
    store.feeds.keep_entries(FULL.url, [EntryState("a", "d", 1, True)])
    assert store.feeds.remove(FULL.url)
    assert not store.feeds.remove(FULL.url)
    store.feeds.add([FULL])
    assert store.feeds.entries(FULL.url) == {}


def test_only_the_last_entries_are_remembered(store: Store) -> None:
    store.feeds.add([FULL])
    store.feeds.keep_entries(FULL.url, [EntryState("a", "d", 1, True), EntryState("b", "e", 2, False)])
    store.feeds.keep_entries(FULL.url, [EntryState("b", "e", 3, False)])
    assert store.feeds.entries(FULL.url) == {"b": EntryState("b", "e", 3, False)}
    store.feeds.keep_entries("https://e.org/none", [EntryState("a", "d", 1, True)])


def test_a_server_is_left_alone_until_it_answers(store: Store) -> None:
    wait = HostWait("e.org", NOON, 2, True, "503")
    store.feeds.wait_for(replace(wait, failures=1))
    store.feeds.wait_for(wait)
    assert store.feeds.waits() == {"e.org": wait}
    store.feeds.answered("e.org")
    assert store.feeds.waits() == {}
    store.feeds.wait_for(wait)
    store.feeds.forget_waits(NOON)
    assert store.feeds.waits() == {"e.org": wait}
    store.feeds.forget_waits(NOON + timedelta(seconds=1))
    assert store.feeds.waits() == {}


def test_a_store_that_may_only_be_read_lists_and_refuses_to_follow(store: Store) -> None:
    store.feeds.add([FULL])
    with Store.open(store.path, read_only=True) as reading:
        assert reading.feeds.all() == [FULL]
        with pytest.raises(StoreReadOnlyError):
            reading.feeds.add([FULL])


def test_text_that_no_database_holds_does_not_stop_it(store: Store) -> None:
    store.feeds.add([replace(FULL, title="a\ud800b")])
    assert store.feeds.all()[0].title == "a\ufffdb"
