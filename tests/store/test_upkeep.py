import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from map_app.cli import main
from map_app.errors import StoreDamagedError, StoreError, StoreFullError, StoreVersionError
from map_app.geo import Point
from map_app.model import Article, ArticleFilter, Feature, Place, Resolution, Toponym
from map_app.store import Store, upkeep
from map_app.store.progress import silent
from map_app.store.schema import MIGRATIONS

ROOT = Path(__file__).resolve().parents[2]
KYIV = Place("city:703448", "Kyiv", Point(50.45, 30.52), Feature.CITY, "UA", "Kyiv City", 2_952_301, 703448)


def on_kyiv(number: int, more: str = "") -> tuple[Article, list[Resolution]]:
    published = datetime(2025, 1, 1 + number % 28, tzinfo=UTC)
    text = f"In Kyiv it rained for the {number}th time this year, and nobody minded. {more}" * 8
    return Article(f"k{number}", f"Story {number}", text, published=published), [
        Resolution(Toponym("Kyiv", 3, 7), KYIV, 0.9)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "articles.sqlite"
    with Store.open(path) as store:
        store.put(on_kyiv(number) for number in range(60))
    return path


def run(path: Path, *words: str) -> int:
    return main(["store", *words, "--store", str(path)])


def old_store(path: Path, *, articles: int = 0) -> Path:
    """A store of the first version."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        MIGRATIONS[0](database, silent)
        database.executemany(
            "INSERT INTO article (id, fingerprint, title, text, url, publisher, published, language, domain, source,"
            " places) VALUES (?, '', ?, '', '', '', 0, '', '', '', 0)",
            ((f"a{number}", f"Title {number}") for number in range(articles)),
        )
        database.execute("PRAGMA user_version = 1")
    return path


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(sql)


def beside(path: Path) -> set[str]:
    """The files in the store's folder, but for those that SQLite leaves for the next to open it."""
    return {p.name for p in path.parent.iterdir() if not p.name.endswith(("-wal", "-shm"))}


# Check


def test_a_sound_store_is_said_to_be_sound(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = path.read_bytes()
    assert run(path, "check") == 0
    assert capsys.readouterr().out == f"{path}: sound\n"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        ("UPDATE article SET places = 7 WHERE id = 'k3'", "article k3: the count of its places"),
        ("UPDATE mention SET published = 1 WHERE article = 3", "article k2: its mentions have another date"),
        ("DELETE FROM resolutions WHERE article = 1", "article k0: what the geoparser said"),
        ("UPDATE resolutions SET json = '[{' WHERE article = 1", "article k0: what the geoparser said"),
        ("UPDATE mention SET spans = '[[' WHERE article = 1", "article k0: the spans"),
        ("UPDATE mention SET roles = 0 WHERE article = 1", "article k0: a mention has no role"),
        ("UPDATE place SET latitude = 99", "place city:703448: it lies nowhere"),
        ("UPDATE article SET story_group = NULL", "story group 1: no article is in it"),
        ("DELETE FROM place", "mention row None: it refers to a row of place that is not there"),
        ("INSERT INTO words (words) VALUES ('delete-all')", "the word index holds 0 articles where there are 60"),
        (
            "INSERT INTO words (words, rowid, title, text) VALUES ('delete', 5, 'Story 4', '')",
            "the word index",
        ),
    ],
)
def test_a_check_names_what_does_not_hold(
    path: Path, harm: str, finding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change(path, harm)
    assert run(path, "check") == 1
    assert finding in capsys.readouterr().out


@pytest.mark.parametrize("harm", ["header", "middle", "cut", "no database"])
def test_a_check_finds_damage_and_does_not_fail_on_it(
    path: Path, harm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = path.read_bytes()
    half = len(sound) // 2
    harmed = {
        "header": b"\xff" * 100 + sound[100:],
        "middle": sound[:half] + b"\xff" * 8192 + sound[half + 8192 :],
        "cut": sound[:half],
        "no database": b"Dear diary, " * 1000,
    }
    path.write_bytes(harmed[harm])
    assert run(path, "check") == 1
    said = capsys.readouterr().out
    assert "damage" in said
    assert "Traceback" not in said


def test_a_store_that_is_not_there_is_said_so_by_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["check"], ["backup", str(tmp_path / "b")], ["migrate"]):
        assert run(tmp_path / "none.sqlite", *words) == 1
        assert "there is no store at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# Backup

WRITER = """
import sys
from pathlib import Path
from map_app.model import Article
from map_app.store import Store
print("ready", flush=True)
store = Store.open(Path(sys.argv[1]))
n = 0
while True:
    store.put((Article(f"w{n}-{k}", f"Title {n} {k}", f"In Kyiv {n} {k}. " * 200), []) for k in range(10))
    n += 1
"""


def test_a_backup_while_others_write_is_sound_and_of_one_moment(path: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with Store.open(path, read_only=True) as store:
            while store.counts().articles < 90:
                assert process.poll() is None
                time.sleep(0.01)
            done: list[float] = []
            for number in range(3):
                to = tmp_path / f"copy{number}.sqlite"
                size = upkeep.backup(path, to, progress=lambda part, _what: done.append(part))
                assert size == to.stat().st_size
                assert upkeep.check(to) == []
                with Store.open(to, read_only=True) as copy:
                    assert copy.counts().articles % 10 == 0
                    assert copy.counts().articles >= 90
            before = store.counts().articles
            while store.counts().articles == before:
                assert process.poll() is None, "the writer goes on"
                time.sleep(0.01)
    finally:
        process.kill()
        process.communicate()
    assert not [name for name in beside(path) if name.endswith(".part")]


def test_a_backup_replaces_no_file_unless_it_is_told_to(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = path.with_name("copy.sqlite")
    to.write_text("precious")
    assert run(path, "backup", str(to)) == 1
    assert "is there already" in capsys.readouterr().err
    assert to.read_text() == "precious"
    assert run(path, "backup", str(to), "--force") == 0
    assert upkeep.check(to) == []
    assert run(path, "backup", str(path), "--force") == 1
    assert run(path, "backup", str(path.parent), "--force") == 1
    assert upkeep.check(path) == []


def test_a_damaged_store_gives_no_backup_and_leaves_the_last_one_alone(path: Path) -> None:
    to = path.with_name("copy.sqlite")
    upkeep.backup(path, to)
    good = to.read_bytes()
    sound = path.read_bytes()
    path.write_bytes(sound[:-8192] + b"\x00\xff" * 4096)
    with pytest.raises(StoreDamagedError, match="damaged"):
        upkeep.backup(path, to, force=True)
    assert to.read_bytes() == good
    assert not [name for name in beside(path) if name.endswith(".part")]


def test_a_full_disk_leaves_no_half_a_backup(path: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("may not mount a file system here")
    try:
        with pytest.raises(StoreFullError, match="storage full: no room for"):
            upkeep.backup(path, disk / "copy.sqlite")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_killed_backup_leaves_the_last_one_as_it_was(path: Path) -> None:
    to = path.with_name("copy.sqlite")
    upkeep.backup(path, to)
    good = to.read_bytes()
    with Store.open(path) as store:
        store.put(on_kyiv(number, "More of it. " * 50) for number in range(60, 600))
    chance = random.Random(1)
    command = [sys.executable, "-m", "map_app", "store", "backup", str(to), "--force", "--store", str(path)]
    for _ in range(3):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.05, 0.5))
        process.kill()
        process.communicate()
        assert to.read_bytes() == good or upkeep.check(to) == []
    assert upkeep.check(path) == []


# Restore


def test_a_restored_copy_is_the_store_and_the_old_one_is_kept_aside(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = path.with_name("copy.sqlite")
    upkeep.backup(path, to)
    with Store.open(path) as store:
        store.put([on_kyiv(99)])
    assert run(path, "restore", str(to)) == 0
    [kept] = path.parent.glob("articles.sqlite.replaced-*")
    assert str(kept) in capsys.readouterr().out
    for file, articles in ((path, 60), (kept, 61)):
        assert upkeep.check(file) == []
        with Store.open(file, read_only=True) as store:
            assert store.counts().articles == articles
            assert store.summary(ArticleFilter(words="rained")).articles == articles
    assert to.exists()


def test_a_program_that_has_the_old_store_open_goes_over_to_the_restored_one(path: Path) -> None:
    to = path.with_name("copy.sqlite")
    upkeep.backup(path, to)
    with Store.open(path) as program, Store.open(path, read_only=True) as page:
        program.put([on_kyiv(99)])
        assert page.counts().articles == 61
        upkeep.restore(to, path)
        assert page.counts().articles == program.counts().articles == 60
        assert program.put([on_kyiv(100)]).added == 1
        assert page.article("k100") is not None
    assert upkeep.check(path) == []
    with Store.open(path, read_only=True) as store:
        assert store.counts().articles == 61
    [kept] = path.parent.glob("articles.sqlite.replaced-*[!lm]")
    with Store.open(kept, read_only=True) as store:
        assert store.article("k99") is not None
        assert store.article("k100") is None


def test_a_store_that_was_moved_away_is_not_made_anew_by_who_has_it_open(path: Path) -> None:
    with Store.open(path) as store:
        assert store.counts().articles == 60
        with store._connections.lent():  # the one that is idle
            path.rename(path.with_name("away.sqlite"))
            with pytest.raises(StoreError, match="cannot be opened"):
                store.counts()
    assert not path.exists()


def test_a_copy_is_restored_over_a_damaged_store_and_where_there_is_none(path: Path) -> None:
    to = path.with_name("copy.sqlite")
    upkeep.backup(path, to)
    path.write_bytes(b"nonsense" * 1000)
    kept = upkeep.restore(to, path)
    assert kept is not None
    assert kept.read_bytes() == b"nonsense" * 1000
    assert upkeep.check(path) == []
    elsewhere = path.parent / "new" / "articles.sqlite"
    assert upkeep.restore(to, elsewhere) is None
    assert upkeep.check(elsewhere) == []


@pytest.mark.parametrize("harm", ["text", "other database", "empty", "damaged", "newer", "absent"])
def test_what_is_no_sound_store_is_not_restored_and_nothing_changes(path: Path, harm: str) -> None:
    to = path.with_name("copy.sqlite")
    upkeep.backup(path, to)
    sound = to.read_bytes()
    if harm == "text":
        to.write_text("Dear diary, " * 1000)
    elif harm == "other database":
        to.unlink()
        change(to, "CREATE TABLE recipe (name)")
    elif harm == "empty":
        to.write_bytes(b"")
    elif harm == "damaged":
        to.write_bytes(sound[: len(sound) // 2] + b"\xff" * 8192 + sound[len(sound) // 2 + 8192 :])
    elif harm == "newer":
        change(to, "PRAGMA user_version = 99")
    else:
        to.unlink()
    before, files = path.read_bytes(), beside(path)
    with pytest.raises(StoreError) as raised:
        upkeep.restore(to, path)
    assert isinstance(raised.value, StoreVersionError) == (harm == "newer")
    assert "copy.sqlite" in str(raised.value)
    assert path.read_bytes() == before
    assert beside(path) == files


def test_a_copy_of_an_older_version_is_restored_as_one_of_this(path: Path) -> None:
    old = old_store(path.with_name("old.sqlite"))
    before = old.read_bytes()
    upkeep.restore(old, path)
    assert upkeep.check(path) == []
    assert old.read_bytes() == before


# Vacuum and migrate


def test_vacuum_gives_room_back_and_loses_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(path) as store:
        store.put(on_kyiv(number, "A long addition. " * 100) for number in range(60))
        store.put(on_kyiv(number) for number in range(60))
    assert run(path, "vacuum") == 0
    before, after = (int(word.replace(",", "")) for word in capsys.readouterr().out.split() if word[0].isdigit())
    assert after < before
    assert after == path.stat().st_size
    assert upkeep.check(path) == []
    with Store.open(path, read_only=True) as store:
        assert store.counts().articles == 60
        assert store.summary(ArticleFilter(words="rained")).articles == 60


def test_vacuum_says_how_much_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "LOOK_EVERY_S", 0.002)
    with Store.open(path) as store:
        store.put(on_kyiv(number, f"A long addition {number}. " * 1_000) for number in range(200))
    told: list[tuple[float, str]] = []
    upkeep.vacuum(path, progress=lambda done, what: told.append((done, what)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    writing = [done for done, what in told if what.startswith("writing")]
    assert any(upkeep.COMPACTING_FROM < done < upkeep.COMPACTED_AT for done in writing)
    # What the log held at the end is about what was expected of it.
    assert upkeep.COMPACTED_AT - 0.1 < writing[-1] <= upkeep.COMPACTED_AT


def test_migrate_says_from_which_version_to_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = old_store(tmp_path / "old.sqlite")
    assert run(path, "migrate") == 0
    assert f"from store version 1 to {len(MIGRATIONS)}" in capsys.readouterr().out
    assert run(path, "migrate") == 0
    assert f"is of store version {len(MIGRATIONS)} already" in capsys.readouterr().out
    change(path, "PRAGMA user_version = 99")
    assert run(path, "migrate") == 1
    assert "newer version" in capsys.readouterr().err


def test_migrating_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("map_app.store.schema.TOLD_EVERY", 10)
    path = old_store(tmp_path / "old.sqlite", articles=600)
    told: list[tuple[float, str]] = []
    upkeep.migrate(path, progress=lambda done, what: told.append((done, what)))
    shares = [done for done, _ in told]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] < 1.0
    steps = len(MIGRATIONS) - 1
    grouping = [what for _, what in told if what.endswith(f"of {steps}: copies among 600 articles")]
    assert len(grouping) == 2 * 60, "twice in the history of the store all articles are compared"
    assert sum("packing" in what for _, what in told) == 3, "a word for each block"
    assert told[-1][1] == f"bringing the store to this version, step {steps} of {steps}: beginning"

    assert run(old_store(tmp_path / "older.sqlite"), "migrate", "--verbose") == 0
    assert f"step 1 of {steps}" in capsys.readouterr().err


def test_a_new_store_and_one_of_this_version_have_nothing_told_of_them(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    for _ in range(2):
        Store.open(tmp_path / "new.sqlite", progress=lambda done, what: told.append((done, what))).close()
    assert told == []


def test_no_index_is_kept_that_no_question_uses(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        indexes = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {name for name in indexes if name.startswith("article_by")} == {"article_by_outlet", "article_by_story"}
