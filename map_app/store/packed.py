"""What filters ask of articles, packed by column, so that a question about a million reads a few bytes of each.

The tables `article`, `mention` and `unplaced` are what is true. Beside them a row of `packed` holds what filters ask of
BLOCK articles, written in the transaction that changes these: dates, publishers, places, roles and names as numbers,
named by the tables `publisher`, `pinned` and `unplaced_name`, whose rows are never changed or removed. A reader keeps
all the blocks in memory, 100 MB for a million articles, reads those that have changed anew, and counts with NumPy.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from map_app.model import Feature
from map_app.store.progress import Progress, silent

Ints = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

#: Articles a block: a block is written whole where one article of it changes, and each costs a row.
BLOCK = 256

#: Articles of one block that lie no further apart are read together with those between them.
NEAR = 16

#: The date of an article without one, before all dates.
UNDATED = -(2**62)

_ARTICLE = np.dtype(
    [("offset", "u1"), ("published", "<i8"), ("publisher", "<u4"), ("mentions", "<u4"), ("unplaced", "<u4")]
)
_MENTION = np.dtype([("pinned", "<u4"), ("roles", "u1")])
_UNPLACED = np.dtype("<u4")

#: A kind of place is told by its index here.
FEATURES = tuple(Feature)

#: The tables of names, and where what they name stands: its columns, its table, and the article's number there.
_NAMES = (
    ("publisher (name)", "publisher", "article", "number"),
    ("pinned (place, feature, country_code)", "place, feature, country_code", "mention", "article"),
    ("unplaced_name (name, reason)", "name, reason", "unplaced", "article"),
)

_KNOWN = "SELECT articles, mentions, unplaced FROM packed WHERE block = ?"


def create_tables(connection: sqlite3.Connection) -> None:
    """The tables of the blocks and of the names in them."""
    for statement in (
        "CREATE TABLE publisher (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        # A place as a mention has it: the place's own row may be of a newer gazetteer.
        """
        CREATE TABLE pinned (
            number INTEGER PRIMARY KEY,
            place INTEGER NOT NULL REFERENCES place,
            feature TEXT NOT NULL,
            country_code TEXT NOT NULL,
            UNIQUE (place, feature, country_code)
        )
        """,
        """
        CREATE TABLE unplaced_name (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            reason TEXT NOT NULL,
            UNIQUE (name, reason)
        )
        """,
        """
        CREATE TABLE packed (
            block INTEGER PRIMARY KEY,
            revision INTEGER NOT NULL,  -- of `writes`, when it was written
            articles BLOB NOT NULL,
            mentions BLOB NOT NULL,
            unplaced BLOB NOT NULL
        )
        """,
        "CREATE INDEX packed_by_revision ON packed (revision)",
    ):
        connection.execute(statement)


def pack(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Bring the blocks of these articles up to date, in the transaction that has changed or removed them."""
    revision = connection.execute("SELECT revision FROM writes").fetchone()[0]
    touched: dict[int, list[int]] = {}
    for number in numbers:
        touched.setdefault(number // BLOCK, []).append(number)
    for block, some in sorted(touched.items()):
        known = connection.execute(_KNOWN, (block,)).fetchone()
        whole = Part.of(known) if known else Part()
        for first, last in _stretches(some):
            for names, columns, table, numbered in _NAMES:
                connection.execute(
                    f"INSERT INTO {names} SELECT DISTINCT {columns} FROM {table} WHERE {numbered} BETWEEN ? AND ?"
                    " ON CONFLICT DO NOTHING",
                    (first, last),
                )
            whole = _put_in(whole, _read_tables(connection, first, last), first % BLOCK, last % BLOCK)
        connection.execute(
            "INSERT INTO packed VALUES (?, ?, ?, ?, ?) ON CONFLICT (block) DO UPDATE SET revision = excluded.revision,"
            " articles = excluded.articles, mentions = excluded.mentions, unplaced = excluded.unplaced",
            (block, revision, *whole.blobs),
        )


def _stretches(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of the numbers, again and again where they lie far apart."""
    ordered = sorted(numbers)
    first = ordered[0]
    for number, after in zip(ordered, [*ordered[1:], None], strict=True):
        if after is None or after - number > NEAR:
            yield first, number
            first = after or 0


def pack_all(connection: sqlite3.Connection, progress: Progress = silent) -> None:
    """Make all the blocks."""
    blocks = connection.execute(f"SELECT DISTINCT number / {BLOCK} FROM article ORDER BY 1").fetchall()
    for done, (block,) in enumerate(blocks):
        progress(done / len(blocks), f"packing {len(blocks) * BLOCK:,} articles")
        pack(connection, range(block * BLOCK, (block + 1) * BLOCK))


def outdated_blocks(connection: sqlite3.Connection) -> Iterator[int]:
    """The first article's number of each block that is not what the tables say."""
    blocks = f"SELECT DISTINCT number / {BLOCK} FROM article UNION SELECT block FROM packed ORDER BY 1"
    for (block,) in connection.execute(blocks).fetchall():
        row = connection.execute(_KNOWN, (block,)).fetchone()
        if row is None or tuple(row) != _read_tables(connection, *_ends(block)).blobs:
            yield block * BLOCK


def _ends(block: int) -> tuple[int, int]:
    """The first and the last number that an article of it can have."""
    return block * BLOCK, block * BLOCK + BLOCK - 1


@dataclass(frozen=True, slots=True)
class Part:
    """What is packed of some articles, ascending."""

    articles: Ints = field(default_factory=lambda: np.zeros(0, _ARTICLE))
    mentions: Ints = field(default_factory=lambda: np.zeros(0, _MENTION))
    unplaced: Ints = field(default_factory=lambda: np.zeros(0, _UNPLACED))

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """From a row of `packed`; raises ValueError where it is none."""
        return cls(
            np.frombuffer(row["articles"], _ARTICLE),
            np.frombuffer(row["mentions"], _MENTION),
            np.frombuffer(row["unplaced"], _UNPLACED),
        )

    @property
    def blobs(self) -> tuple[bytes, bytes, bytes]:
        """As they stand in `packed`."""
        return self.articles.tobytes(), self.mentions.tobytes(), self.unplaced.tobytes()

    def cut(self, start: int, end: int | None = None) -> "Part":
        """Of the articles from one index to another."""
        mentions = np.concatenate(([0], np.cumsum(self.articles["mentions"], dtype=np.int64)))
        unplaced = np.concatenate(([0], np.cumsum(self.articles["unplaced"], dtype=np.int64)))
        end = len(self.articles) if end is None else end
        return Part(
            self.articles[start:end],
            self.mentions[mentions[start] : mentions[end]],
            self.unplaced[unplaced[start] : unplaced[end]],
        )


def _put_in(block: Part, stretch: Part, first: int, last: int) -> Part:
    """The block with a stretch in the place of its articles between two offsets, both included."""
    start, end = np.searchsorted(block.articles["offset"], [first, last + 1])
    parts = (block.cut(0, start), stretch, block.cut(end))
    return Part(
        np.concatenate([part.articles for part in parts]),
        np.concatenate([part.mentions for part in parts]),
        np.concatenate([part.unplaced for part in parts]),
    )


def _read_tables(connection: sqlite3.Connection, first: int, last: int) -> Part:
    """What the tables say of the articles between two numbers, both included, of one block."""
    rows = connection.execute(
        "SELECT a.number, ifnull(a.published, ?), p.number FROM article a JOIN publisher p ON p.name = a.publisher"
        " WHERE a.number BETWEEN ? AND ? ORDER BY a.number",
        (UNDATED, first, last),
    ).fetchall()
    articles = np.zeros(len(rows), _ARTICLE)
    number, articles["published"], articles["publisher"] = _table(rows, 3)
    articles["offset"] = number % BLOCK
    # By country within an article, so that its countries are counted without sorting.
    rows = connection.execute(
        "SELECT m.article, p.number, m.roles FROM mention m"
        " JOIN pinned p ON p.place = m.place AND p.feature = m.feature AND p.country_code = m.country_code"
        " WHERE m.article BETWEEN ? AND ? ORDER BY m.article, m.country_code, p.number",
        (first, last),
    ).fetchall()
    article, pinned, roles = _table(rows, 3)
    articles["mentions"] = np.searchsorted(article, number, "right") - np.searchsorted(article, number)
    mentions = np.zeros(len(rows), _MENTION)
    mentions["pinned"], mentions["roles"] = pinned, roles
    rows = connection.execute(
        "SELECT u.article, n.number FROM unplaced u JOIN unplaced_name n ON n.name = u.name AND n.reason = u.reason"
        " WHERE u.article BETWEEN ? AND ? ORDER BY u.article, n.number",
        (first, last),
    ).fetchall()
    article, name = _table(rows, 2)
    articles["unplaced"] = np.searchsorted(article, number, "right") - np.searchsorted(article, number)
    return Part(articles, mentions, name.astype(_UNPLACED))


def _table(rows: list[sqlite3.Row], columns: int) -> Ints:
    return np.array([tuple(row) for row in rows], np.int64).reshape(len(rows), columns).T


@dataclass(frozen=True)
class Columns:
    """All the blocks at one moment, articles by ascending number; nothing of it is ever changed."""

    number: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    #: Seconds since 1970, UNDATED where there are none.
    published: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    #: Index of `publishers`.
    publisher: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    #: How many mentions and unplaced names each article has; those of the first article come first.
    mentions: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    unplaced: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    #: Of each mention: index of the arrays `spot_...`, and roles as map_app.store.roles packs them.
    spot: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    roles: Ints = field(default_factory=lambda: np.zeros(0, np.uint8))
    #: Of each unplaced name of an article: its number in the table of them.
    name: Ints = field(default_factory=lambda: np.zeros(0, np.int32))

    #: By number in `publisher`; nothing has the number 0.
    publishers: tuple[str, ...] = ("",)
    #: By number in `pinned`: the place's number there, and indices of FEATURES and `countries`.
    spot_place: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    spot_feature: Ints = field(default_factory=lambda: np.zeros(1, np.uint8))
    spot_country: Ints = field(default_factory=lambda: np.zeros(1, np.int32))
    #: Codes, the empty one first.
    countries: tuple[str, ...] = ("",)

    #: Which articles have words that were asked for: the page asks for the same several times.
    found: dict[str, Mask] = field(default_factory=dict, compare=False)

    @cached_property
    def article(self) -> Ints:
        """Of each mention: the index of its article."""
        return np.repeat(np.arange(len(self.number), dtype=np.int32), self.mentions)

    @cached_property
    def name_article(self) -> Ints:
        """Of each unplaced name: the index of its article."""
        return np.repeat(np.arange(len(self.number), dtype=np.int32), self.unplaced)

    @cached_property
    def country(self) -> Ints:
        """Of each mention: index of `countries`; the mentions of one article in one country lie together."""
        return self.spot_country[self.spot]

    @cached_property
    def feature(self) -> Ints:
        """Of each mention: index of FEATURES."""
        return self.spot_feature[self.spot]


class Reader:
    """Keeps the columns of one store from question to question, reading only what has changed."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._lock = threading.Lock()
        self._columns = Columns()
        self._revision = -1
        self._file: object = None

    def begin(self, connection: sqlite3.Connection, file: object) -> Columns:
        """Begin a transaction and return the columns as they are in it; `file` tells which the connection is to."""
        # Under the lock, so that no earlier moment than the kept one is asked for.
        with self._lock:
            connection.execute("BEGIN")
            revision = connection.execute("SELECT revision FROM writes").fetchone()[0]
            if file != self._file or revision < self._revision:
                self._columns, self._revision, self._file = Columns(), -1, file
            if revision != self._revision:
                self._columns = _read(connection, self._columns, self._revision)
                self._revision = revision
            return self._columns


def _read(connection: sqlite3.Connection, before: Columns, revision: int) -> Columns:
    """The columns with the blocks that were written after a revision in the place of what there was of them."""
    rows = connection.execute(
        "SELECT block, articles, mentions, unplaced FROM packed WHERE revision > ? ORDER BY block", (revision,)
    ).fetchall()
    blocks = np.array([row["block"] for row in rows], np.int64)
    articles, of_articles = _joined([row["articles"] for row in rows], _ARTICLE)
    mentions, of_mentions = _joined([row["mentions"] for row in rows], _MENTION)
    names, of_names = _joined([row["unplaced"] for row in rows], _UNPLACED)
    if articles["mentions"].sum() != len(mentions) or articles["unplaced"].sum() != len(names):
        raise ValueError("a block does not hold as many mentions as its articles have")
    starts = np.searchsorted(before.number, blocks * BLOCK)
    ends = np.searchsorted(before.number, (blocks + 1) * BLOCK)
    mention_ends = np.concatenate(([0], np.cumsum(before.mentions)))
    name_ends = np.concatenate(([0], np.cumsum(before.unplaced)))

    def of_article(old: Ints, new: Ints) -> Ints:
        return _spliced(old, starts, ends, new.astype(old.dtype), of_articles)

    def of_mention(old: Ints, new: Ints) -> Ints:
        return _spliced(old, mention_ends[starts], mention_ends[ends], new.astype(old.dtype), of_mentions)

    number = np.repeat(blocks * BLOCK, np.diff(of_articles)) + articles["offset"]
    return Columns(
        number=of_article(before.number, number),
        published=of_article(before.published, articles["published"]),
        publisher=of_article(before.publisher, articles["publisher"]),
        mentions=of_article(before.mentions, articles["mentions"]),
        unplaced=of_article(before.unplaced, articles["unplaced"]),
        spot=of_mention(before.spot, mentions["pinned"]),
        roles=of_mention(before.roles, mentions["roles"]),
        name=_spliced(before.name, name_ends[starts], name_ends[ends], names.astype(before.name.dtype), of_names),
        **_names(connection, before),
    )


def _joined(blobs: Sequence[bytes], kind: np.dtype[Any]) -> tuple[Ints, Ints]:
    """All of them as one array, and where in it each begins and the last ends."""
    ends = np.cumsum([0, *(len(blob) // kind.itemsize for blob in blobs)])
    return np.frombuffer(b"".join(blobs), kind), ends


def _spliced(old: Ints, starts: Ints, ends: Ints, new: Ints, bounds: Ints) -> Ints:
    """The old with each old[start:end] replaced by what is new between two bounds."""
    pieces = []
    position = 0
    for start, end, first, last in zip(starts, ends, bounds, bounds[1:], strict=False):
        pieces += [old[position:start], new[first:last]]
        position = end
    return np.concatenate([*pieces, old[position:]])


def _names(connection: sqlite3.Connection, before: Columns) -> dict[str, Any]:
    """What the numbers mean, with what has been added since."""
    publishers = list(before.publishers)
    for number, name in connection.execute(
        "SELECT number, name FROM publisher WHERE number >= ? ORDER BY number", (len(publishers),)
    ):
        _expect(number, len(publishers))
        publishers.append(name)
    known = len(before.spot_place)
    rows = connection.execute(
        "SELECT number, place, feature, country_code FROM pinned WHERE number >= ? ORDER BY number", (known,)
    ).fetchall()
    code_of = {code: index for index, code in enumerate(before.countries)}
    place, feature, country = (
        np.append(old, np.zeros(len(rows), old.dtype))
        for old in (before.spot_place, before.spot_feature, before.spot_country)
    )
    for expected, (number, at, kind, code) in enumerate(rows, known):
        _expect(number, expected)
        place[number], feature[number] = at, FEATURES.index(Feature(kind))
        country[number] = code_of.setdefault(code, len(code_of))
    return {
        "publishers": tuple(publishers),
        "spot_place": place,
        "spot_feature": feature,
        "spot_country": country,
        "countries": tuple(code_of),
    }


def _expect(number: int, expected: int) -> None:
    if number != expected:
        raise ValueError(f"names are numbered from 1 without a gap: {number} where {expected} is expected")
