"""Keeping a store sound over the years: checking, copying while it is in use, putting a copy back, compacting."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from map_app.errors import StoreDamagedError, StoreError, StoreFullError
from map_app.store.connections import Connections, translated
from map_app.store.packed import outdated_blocks
from map_app.store.progress import Progress, silent
from map_app.store.schema import MIGRATIONS, check_version, version_of
from map_app.store.store import Store, set_aside

logger = logging.getLogger(__name__)

#: Pages copied between two words on how far it is: 16 MB.
PAGES_A_STEP = 4096

#: Where compacting begins and ends in the progress of a vacuum: ordering the word index takes about a tenth of the
#: time, what follows a twentieth.
COMPACTING_FROM, COMPACTED_AT = 0.1, 0.95

#: What the log holds beside each page, and how often it is looked at.
FRAME_BYTES = 24
LOOK_EVERY_S = 0.2

#: Findings of one kind that are listed.
MOST_FINDINGS = 20

#: What every SQLite file begins with.
_HEADER = b"SQLite format 3\0"

#: What SQLite itself does not know must hold: what is wrong, and a query for the articles or places of which it is.
_INVARIANTS = (
    (
        "article {}: the count of its places is not that of its mentions",
        "SELECT id FROM article WHERE places <> (SELECT count(*) FROM mention WHERE article = number)",
    ),
    (
        "article {}: its mentions have another date",
        "SELECT DISTINCT id FROM article a JOIN mention m ON m.article = a.number WHERE m.published IS NOT a.published",
    ),
    (
        "article {}: what the geoparser said of it is missing or unreadable",
        "SELECT id FROM article LEFT JOIN resolutions ON article = number WHERE NOT ifnull(json_valid(json), 0)",
    ),
    (
        "article {}: a mention has no role",
        "SELECT DISTINCT id FROM article JOIN mention ON article = number WHERE roles NOT BETWEEN 1 AND 7",
    ),
    (
        "article {}: the spans of a mention are unreadable",
        "SELECT DISTINCT id FROM article JOIN mention ON article = number WHERE NOT json_valid(spans)",
    ),
    (
        "place {}: it lies nowhere",
        "SELECT id FROM place WHERE NOT (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180)",
    ),
    (
        "story group {}: no article is in it",
        "SELECT number FROM story_group g WHERE NOT EXISTS (SELECT 1 FROM article WHERE story_group = g.number)",
    ),
)


def check(path: Path, *, progress: Progress = silent) -> list[str]:
    """Everything that is wrong with a store, in words; empty where it is sound. Changes nothing.

    Raises StoreError where it cannot be opened at all: it is absent, of another version or no database.
    """
    if not path.exists():
        raise StoreError(f"there is no store at {path}: it is made when you first ingest an article")
    findings: list[str] = []
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    try:
        with _one_connection(path, read_only=not writable) as connection:
            check_version(connection, str(path))
            progress(0.1, "pages and indexes")
            rows = connection.execute(f"PRAGMA integrity_check({MOST_FINDINGS})").fetchall()
            findings += [f"damage: {row[0]}" for row in rows if row[0] != "ok"]
            if findings:
                return findings  # what else is asked would stumble over the same
            progress(0.5, "references")
            rows = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_FINDINGS)
            findings += [f"{row[0]} row {row[1]}: it refers to a row of {row[2]} that is not there" for row in rows]
            progress(0.6, "word index")
            findings += _word_index(connection, writable)
            for number, (what, query) in enumerate(_INVARIANTS):
                progress(0.7 + 0.3 * number / len(_INVARIANTS), "articles and places")
                findings += [what.format(row[0]) for row in connection.execute(query).fetchmany(MOST_FINDINGS)]
            findings += [
                f"articles from number {number} on: what filters ask of them is not what they say"
                for number in islice(outdated_blocks(connection), MOST_FINDINGS)
            ]
    except StoreDamagedError as e:
        findings.append(str(e))
    return findings


def _word_index(connection: sqlite3.Connection, writable: bool) -> list[str]:
    counts = connection.execute(
        "SELECT (SELECT count(*) FROM article), (SELECT count(*) FROM words_docsize)"
    ).fetchone()
    if counts[0] != counts[1]:
        return [f"the word index holds {counts[1]} articles where there are {counts[0]}"]
    if not writable:
        return []  # FTS5 compares its index with the articles only where it might write
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as e:
        if e.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return ["the word index does not hold the words of the articles"]
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return []


def backup(path: Path, to: Path, *, force: bool = False, progress: Progress = silent) -> int:
    """Copy a store, which may be in use, to a file that is then verified; returns its size in bytes.

    The copy is of one moment, and there as a whole or not at all. Raises StoreError where `to` exists, unless `force`.
    """
    if not path.exists():
        raise StoreError(f"there is no store at {path}: it is made when you first ingest an article")
    _refuse_existing(path, to, force=force)
    with _part_of(to) as part:
        _copy(path, part, progress)
        _refuse_existing(path, to, force=force)  # somebody may have made it in the meantime
        part.replace(to)
    return to.stat().st_size


def restore(copy: Path, path: Path, *, progress: Progress = silent) -> Path | None:
    """Put a verified copy in the place of the store; returns where the old one is kept, or None if there was none.

    The copy itself stays as it is. Raises StoreError, and changes nothing, where it is not a sound store that this
    version can read. Programs that have the old store open go over to this one with the next that they ask or write.
    """
    if not copy.is_file():
        raise StoreError(f"there is no file {copy} to restore")
    if path.exists() and copy.samefile(path):
        raise StoreError(f"{copy} is the store itself")
    with translated(copy), copy.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise StoreError(f"{copy} is not a store of articles")
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _part_of(path) as part:
        _copy(copy, part, progress)
        # Brings one of an older version to this one.
        Store.open(part, progress=lambda done, what: progress(0.8 + 0.2 * done, what)).close()
        _alone(part)
        kept = _set_aside(path) if path.exists() else None
        part.replace(path)
    return kept


def _set_aside(path: Path) -> Path:
    try:
        with _one_connection(path, read_only=False) as connection:
            # What was committed goes into the file itself, so that a kill between two renames cannot part them.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except StoreError:
        logger.info("%s cannot be opened; it is kept aside as it is", path)
    return set_aside(path, "replaced")


def vacuum(path: Path, *, progress: Progress = silent) -> tuple[int, int]:
    """Give back the room that updated articles left and order the word index; returns the sizes before and after.

    Of the first steps only what they are is told: SQLite does not say how far they are. Most of the time is then taken
    by writing the compacted store, of which as much is done as there is of it in the log beside the file.
    """
    with Store.open(path) as store:
        store.counts()
    with _one_connection(path, read_only=False) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.stat().st_size
        progress(0.0, f"ordering the word index of {before / 1e6:,.1f} MB")
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, free, page_bytes = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        expected = (pages - free) * (page_bytes + FRAME_BYTES)
        progress(COMPACTING_FROM, f"compacting {before / 1e6:,.1f} MB")

        def written(share: float) -> None:
            done = COMPACTING_FROM + (COMPACTED_AT - COMPACTING_FROM) * share
            progress(done, f"writing {(pages - free) * page_bytes / 1e6:,.1f} MB")

        with _growth_told(path.with_name(f"{path.name}-wal"), expected, written):
            connection.execute("VACUUM")
        progress(COMPACTED_AT, "putting it in place")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, path.stat().st_size


@contextmanager
def _growth_told(file: Path, expected: int, told: Callable[[float], None]) -> Iterator[None]:
    """Tell, while the block runs, what share of the expected bytes a file has grown by."""
    ended = threading.Event()
    start = _size(file)

    def look() -> None:
        last = 0
        while not ended.wait(LOOK_EVERY_S):
            grown = _size(file) - start
            if grown > last:
                last = grown
                told(min(grown / expected, 1.0))

    watcher = threading.Thread(target=look, name="vacuum progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class Version:
    """Of which version a store was, and of which it is."""

    before: int
    after: int


def migrate(path: Path, *, progress: Progress = silent) -> Version:
    """Bring a store to this version, each step a transaction; raises StoreError where it cannot be."""
    if not path.exists():
        raise StoreError(f"there is no store at {path}: it is made when you first ingest an article")
    with _one_connection(path, read_only=True) as connection:
        before = version_of(connection)
    Store.open(path, progress=progress).close()
    return Version(before, len(MIGRATIONS))


@contextmanager
def _one_connection(path: Path, *, read_only: bool) -> Iterator[sqlite3.Connection]:
    connections = Connections(path, read_only=read_only)
    try:
        with connections.lent() as connection:
            yield connection
    finally:
        connections.close()


def _copy(source: Path, part: Path, progress: Progress) -> None:
    """A verified copy of a store at one moment, whoever writes to it."""

    def step(_status: int, remaining: int, total: int) -> None:
        progress(0.8 * (1 - remaining / total) if total else 0.8, f"copying {source.name}")

    with _one_connection(source, read_only=True) as connection:
        # The transaction holds the moment: without it every write by somebody else would begin the copy anew.
        connection.execute("BEGIN")
        if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'article'").fetchone()[0] != 1:
            raise StoreError(f"{source} is not a store of articles")
        version = version_of(connection)
        if version > len(MIGRATIONS):
            check_version(connection, str(source))
        with translated(part), closing(sqlite3.connect(part)) as copy:
            connection.backup(copy, pages=PAGES_A_STEP, progress=step)
    progress(0.8, "verifying the copy")
    with translated(part), closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # so that the file is complete by itself
        found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreDamagedError(f"{source} is damaged, so that no copy was made: {found}")
    _to_disk(part)


def _alone(part: Path) -> None:
    """Fold what SQLite keeps beside the file into it."""
    with translated(part), closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    _to_disk(part)


def _to_disk(part: Path) -> None:
    with translated(part), part.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """A name beside the target for what is not complete yet; nothing of it is left behind."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with translated(target):
            yield part
    except StoreFullError as e:
        raise StoreFullError(f"storage full: no room for {target}; what was there before is as it was") from e
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _refuse_existing(path: Path, to: Path, *, force: bool) -> None:
    if not to.exists():
        return
    if to.is_dir() or to.samefile(path):
        raise StoreError(f"{to} is no file to write a backup to")
    if not force:
        raise StoreError(f"{to} is there already: give another name, or --force to replace it")
