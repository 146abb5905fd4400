"""What the owner of a store is told when it is killed, full, damaged, not to be written or of another version."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from map_app.app import open_store
from map_app.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreVersionError,
)
from map_app.geo import Point
from map_app.model import Article, ArticleFilter, Feature, Place, Resolution, Toponym
from map_app.settings import Settings
from map_app.store import Store, set_aside
from map_app.store.packed import pack
from map_app.store.progress import silent
from map_app.store.schema import MIGRATIONS
from map_app.store.store import BATCH_SIZE

KYIV = Place("city:703448", "Kyiv", Point(50.45, 30.52), Feature.CITY, "UA", "Kyiv City", 2_952_301, 703448)


def on_kyiv(number: int) -> tuple[Article, list[Resolution]]:
    published = datetime(2025, 1, 1 + number % 28, tzinfo=UTC)
    article = Article(f"k{number}", f"Story {number}", "In Kyiv it rained. " * 20, published=published)
    return article, [Resolution(Toponym("Kyiv", 3, 7), KYIV, 0.9)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of 40 articles, closed."""
    path = tmp_path / "articles.sqlite"
    with Store.open(path) as store:
        store.put(on_kyiv(number) for number in range(40))
    return path


def ask_everything(store: Store) -> None:
    f = ArticleFilter(words="rained", countries=frozenset({"UA"}))
    for answer in (store.pins, store.stories, store.summary, store.facets, store.unplaced, store.country_counts):
        answer()
        answer(f)
    store.unplaced()
    store.counts()
    for number in range(40):
        store.article(f"k{number}")
        store.resolutions(f"k{number}")


@pytest.mark.parametrize("harm", ["header", "truncated", "empty pages", "not a database"])
def test_a_damaged_store_is_named_and_can_be_set_aside(path: Path, harm: str) -> None:
    sound = path.read_bytes()
    harmed = {
        "header": b"\xff" * 100 + sound[100:],
        "truncated": sound[: len(sound) // 2],
        "empty pages": sound[:4096] + b"\xff" * (len(sound) - 4096),
        "not a database": b"Dear diary, " * 100,
    }[harm]
    path.write_bytes(harmed)
    with pytest.raises(StoreDamagedError, match=r"articles\.sqlite is damaged"), Store.open(path) as store:
        ask_everything(store)
    kept = set_aside(path)
    assert kept.read_bytes() == harmed
    with Store.open(path) as store:
        assert store.is_empty()


def test_two_damaged_stores_are_both_kept(path: Path) -> None:
    first = set_aside(path)
    path.write_bytes(b"another")
    second = set_aside(path)
    assert first != second
    assert second.read_bytes() == b"another"
    assert first.stat().st_size > 100


def test_whatever_page_is_overwritten_nothing_worse_than_a_store_error_comes_out(path: Path) -> None:
    sound = path.read_bytes()
    chance = random.Random(4)
    for _ in range(40):
        harmed = bytearray(sound)
        position = chance.randrange(len(sound) - 600)
        harmed[position : position + 600] = chance.randbytes(600)
        path.write_bytes(harmed)
        try:
            with Store.open(path) as store:
                ask_everything(store)
                store.put([on_kyiv(100)])
        except StoreError:
            pass
        finally:
            for ending in ("-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)


def test_a_check_finds_damage_that_no_question_has_met(path: Path) -> None:
    with Store.open(path, read_only=True) as store:
        store.check()
    sound = path.read_bytes()
    path.write_bytes(sound[:-4096] + b"\x00\xff" * 2048)
    with pytest.raises(StoreDamagedError), Store.open(path, read_only=True) as store:
        store.check()


def test_a_read_only_store_answers_and_refuses_to_be_written(path: Path) -> None:
    with Store.open(path, read_only=True) as reader:
        ask_everything(reader)
        with pytest.raises(StoreReadOnlyError, match="only be read"):
            reader.put([on_kyiv(99)])
        with pytest.raises(StoreReadOnlyError, match="only be read"):
            reader.remember_answer("provider", "Kyiv", "{}")


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A file system of its own at `folder`, or a skipped test where only an administrator may mount."""
    folder.mkdir(exist_ok=True)
    command = ["mount", *options, str(folder)]
    if os.name != "posix" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_store_on_a_disk_that_cannot_be_written_answers(tmp_path: Path, path: Path) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "tmpfs") as disk:
        there = disk / "articles.sqlite"
        there.write_bytes(path.read_bytes())
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with Store.open(there, read_only=True) as reader:
            ask_everything(reader)
            assert reader.counts().articles == 40
        with pytest.raises(StoreReadOnlyError, match="only be read"):
            Store.open(there)


def test_a_store_left_open_on_a_disk_that_cannot_be_written_says_what_to_do(tmp_path: Path, path: Path) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "tmpfs") as disk:
        with Store.open(path) as writer:
            writer.put([on_kyiv(50)])
            for ending in ("", "-wal"):
                (disk / f"articles.sqlite{ending}").write_bytes(path.with_name(path.name + ending).read_bytes())
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(StoreReadOnlyError, match="make the folder writable"):
            Store.open(disk / "articles.sqlite", read_only=True)


def test_a_full_disk_is_said_plainly_and_the_store_still_reads(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as disk:
        there = disk / "articles.sqlite"
        with Store.open(there) as store:
            store.put(on_kyiv(number) for number in range(40))
            with pytest.raises(StoreFullError, match="storage full"):
                store.put(on_kyiv(number) for number in range(1000, 100_000))
            kept = store.counts().articles
            assert kept % BATCH_SIZE == 40
            ask_everything(store)
        with Store.open(there, read_only=True) as store:
            ask_everything(store)
            store.check()
            assert store.counts().articles == kept


def test_on_a_disk_without_a_byte_left_the_store_still_answers_and_goes_on_when_there_is_room(
    tmp_path: Path, path: Path
) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as disk:
        there = disk / "articles.sqlite"
        there.write_bytes(path.read_bytes())
        filler = b"x" * shutil.disk_usage(disk).free
        (disk / "filler").write_bytes(filler)
        assert shutil.disk_usage(disk).free == 0
        with pytest.raises(StoreFullError, match="storage full"):
            Store.open(there)
        with open_store(Settings(store=there)) as store:
            ask_everything(store)
            with pytest.raises(StoreError, match="only be read"):
                store.put([on_kyiv(100)])
            (disk / "filler").unlink()
            with Store.open(there) as writer:
                writer.put([on_kyiv(100)])
            assert store.counts().articles == 41
            store.become_writable()
            store.put([on_kyiv(101)])
            ask_everything(store)
            assert store.counts().articles == 42


def test_a_store_that_still_cannot_be_written_says_why_and_is_read_on(tmp_path: Path, path: Path) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as disk:
        there = disk / "articles.sqlite"
        there.write_bytes(path.read_bytes())
        (disk / "filler").write_bytes(b"x" * shutil.disk_usage(disk).free)
        with open_store(Settings(store=there)) as store:
            with pytest.raises(StoreFullError):
                store.become_writable()
            assert store.read_only
            ask_everything(store)


def test_sqlite_that_may_not_grow_is_a_full_store(path: Path) -> None:
    with Store.open(path) as store:
        with store._connections.lent() as connection:  # the one that is lent next
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 5}")
        with pytest.raises(StoreFullError, match="storage full") as raised:
            store.put([(Article("big", "Big", "word " * 1_000_000), [])])
        assert isinstance(raised.value.__cause__, sqlite3.OperationalError)
        assert store.counts().articles == 40
        ask_everything(store)


def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(StoreVersionError, match="newer version"):
            Store.open(path, read_only=read_only)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_store_of_an_older_version_is_migrated_or_says_how(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for migration in MIGRATIONS[:version]:
            migration(connection, silent)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("VACUUM")
        if version:
            connection.execute(
                "INSERT INTO article (number, id, fingerprint, title, text, url, publisher, published, language,"
                " domain, source, places)"
                " VALUES (1, 'k1', 'old', 'Story', 'In Kyiv it rained.', '', '', 0, '', '', '', 1)"
            )
            connection.execute(
                "INSERT INTO place VALUES (1, 'city:703448', 'Kyiv', 50.45, 30.52, 'city', 'UA', '', 1, 703448, NULL)"
            )
            columns = {column[1] for column in connection.execute("PRAGMA table_info(mention)")}
            role, focus = ("role", 0) if "role" in columns else ("roles", 1)
            connection.execute(
                f"INSERT INTO mention (place, article, {role}, times, feature, country_code, spans)"
                f" VALUES (1, 1, {focus}, 1, 'city', 'UA', '[[3, 7]]')"
            )
            if version > 1:
                connection.execute("UPDATE mention SET published = 0")
            if version > 10:
                pack(connection, [1])
    with pytest.raises(StoreVersionError, match="store info"):
        Store.open(path, read_only=True)
    with Store.open(path) as store:
        assert store.counts().articles == (1 if version else 0)
        [*pins] = store.pins(ArticleFilter(until=date(1970, 1, 1)))
        assert [pin.place.name for pin in pins] == ["Kyiv"] * (1 if version else 0)
        assert store.put([on_kyiv(1)]).updated == (1 if version else 0)
    with Store.open(path, read_only=True) as store:
        store.check()


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "articles.sqlite"
    with Store.open(path) as store:
        store.put([on_kyiv(1)])

    def half_way(connection: sqlite3.Connection, _progress: object) -> None:
        connection.execute("DELETE FROM article")
        connection.execute("CREATE TABLE article (number)")  # is there already

    monkeypatch.setattr("map_app.store.schema.MIGRATIONS", (*MIGRATIONS, half_way))
    with pytest.raises(StoreError, match="already exists"):
        Store.open(path)
    monkeypatch.undo()
    with Store.open(path) as store:
        assert store.counts().articles == 1


WRITER = """
import sys
from pathlib import Path
from map_app.geo import Point
from map_app.model import Article, Feature, Place, Resolution, Toponym
from map_app.store import Store
KYIV = Place("city:703448", "Kyiv", Point(50.45, 30.52), Feature.CITY, "UA")
print("ready", flush=True)
sys.stdin.readline()
store = Store.open(Path(sys.argv[1]))
for n in range(int(sys.argv[2])):
    store.put(
        (Article(f"w{n}-{k}", "Title", "In Kyiv. " * 200), [Resolution(Toponym("Kyiv", 3, 7), KYIV)]) for k in range(10)
    )
"""


def writer(path: Path, batches: int) -> subprocess.Popen[bytes]:
    """A process that has its imports behind it and writes once it is sent a line."""
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(batches)],
        env=os.environ | {"PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def start(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    process.stdin.flush()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seed", range(6))
def test_a_killed_writer_leaves_whole_batches_and_no_damage(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "killed.sqlite"
    with writer(path, 100_000) as process:
        start(process)
        time.sleep(random.Random(seed).uniform(0.0, 0.3))  # the moment of the kill is the point
        process.send_signal(signal.SIGKILL)
    with Store.open(path) as store:
        store.check()
        articles = store.counts().articles
        assert articles % 10 == 0
        assert store.counts().placed == articles
        assert store.summary(ArticleFilter(words="kyiv")).articles == articles
        assert sum(pin.article_count for pin in store.pins()) == articles
    with writer(path, articles // 10 + 1) as again:  # running it again completes it
        start(again)
    with Store.open(path) as store:
        assert store.counts().articles == articles + 10


def test_writers_at_once_wait_for_each_other_and_make_no_duplicates(tmp_path: Path) -> None:
    path = tmp_path / "two.sqlite"
    processes = [writer(path, 20) for _ in range(3)]
    for process in processes:
        start(process)
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    with Store.open(path, read_only=True) as store:
        store.check()
        assert store.counts().articles == 200
        assert [pin.article_count for pin in store.pins()] == [200]


def test_many_threads_leave_few_connections_open_and_all_get_answers(path: Path) -> None:
    at_once = 20
    with Store.open(path) as store:
        answers: list[int] = []
        for _ in range(5):
            threads = [
                threading.Thread(target=lambda: answers.append(store.summary().articles)) for _ in range(at_once)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert answers == [40] * 5 * at_once
        if Path("/proc/self/fd").exists():
            # SQLite keeps the descriptor of a closed connection for the next one, while another holds a lock on the
            # file: there can be as many as were in use at once, but no more however many threads come and go.
            opened = [f for f in Path("/proc/self/fd").iterdir() if f.exists() and f.resolve() == path.resolve()]
            assert len(opened) <= at_once


def test_a_closed_store_says_so(path: Path) -> None:
    store = Store.open(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.counts()


def test_a_store_that_is_not_there_is_no_empty_one_to_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        Store.open(tmp_path / "none.sqlite", read_only=True)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path)
