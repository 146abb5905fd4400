"""The feeds that somebody follows, and what is remembered of each between two refreshes."""

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from map_app.store.connections import Connections
from map_app.store.text import storable


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed that is followed. Datetimes are aware UTC, kept to the second."""

    url: str
    #: The address that it was first known by: its entries' ids count within that, wherever it moves.
    scope: str
    #: What it calls itself, or empty.
    title: str = ""
    #: The outlet's name that was given for it, or empty: then it is the title.
    publisher: str = ""
    #: The address of the site that it is of, or empty.
    site: str = ""
    #: How often it was chosen to be read, in seconds, or None.
    every_s: int | None = None
    #: How often the feed itself asks to be read, in seconds, or None.
    asked_s: int | None = None
    #: Whether the links of teasers are followed for the whole text.
    full_text: bool = True
    #: Its entries have repeated ids, so that links tell them apart.
    ids_by_link: bool = False
    #: What the server wants back to tell whether anything is new.
    etag: str = ""
    last_modified: str = ""
    #: Of the bytes that were last read to the end, or empty; and the version of the geoparser that mapped them.
    digest: str = ""
    version: str = ""
    added: datetime | None = None
    #: When it was last asked for.
    tried: datetime | None = None
    #: When it last answered with something that could be read.
    good: datetime | None = None
    #: When it is to be asked for next; None is at once.
    due: datetime | None = None
    #: How often in a row it failed, and why the last time.
    failures: int = 0
    error: str = ""
    #: It is not asked for any more, for the reason in `error`.
    gone: bool = False


@dataclass(frozen=True, slots=True)
class HostWait:
    """A server that is left alone for a while."""

    host: str
    until: datetime
    failures: int
    #: Whether the server asked for it, rather than gave no answer.
    asked: bool
    why: str


@dataclass(frozen=True, slots=True)
class EntryState:
    """An entry that a feed held when it was last read."""

    article_id: str
    #: Of what the feed said; where it says something else, the entry is taken anew.
    digest: str
    #: How often its page was asked for and gave no answer.
    tries: int
    #: Nothing is left to do for it: it has its whole text, or never will.
    is_done: bool


_DATES = frozenset(("added", "tried", "good", "due"))
_FLAGS = frozenset(("full_text", "ids_by_link", "gone"))
_COLUMNS = tuple(field.name for field in fields(Subscription))


def feed_tables(connection: sqlite3.Connection) -> None:
    """The migration that makes them."""
    for statement in (
        """
        CREATE TABLE feed (
            number INTEGER PRIMARY KEY,
            url TEXT NOT NULL UNIQUE,
            scope TEXT NOT NULL,
            title TEXT NOT NULL,
            publisher TEXT NOT NULL,
            site TEXT NOT NULL,
            every_s INTEGER,
            asked_s INTEGER,
            full_text INTEGER NOT NULL,
            ids_by_link INTEGER NOT NULL,
            etag TEXT NOT NULL,
            last_modified TEXT NOT NULL,
            digest TEXT NOT NULL,
            added INTEGER,  -- this and the next three: seconds since 1970, UTC
            tried INTEGER,
            good INTEGER,
            due INTEGER,
            failures INTEGER NOT NULL,
            error TEXT NOT NULL,
            gone INTEGER NOT NULL
        )
        """,
        """
        CREATE TABLE feed_host (
            host TEXT PRIMARY KEY,
            until INTEGER NOT NULL,
            failures INTEGER NOT NULL,
            asked INTEGER NOT NULL,
            why TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        # Only of entries that the feed held when it was last read.
        """
        CREATE TABLE feed_page (
            feed INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
            article_id TEXT NOT NULL,
            digest TEXT NOT NULL,
            tries INTEGER NOT NULL,
            is_whole INTEGER NOT NULL,
            PRIMARY KEY (feed, article_id)
        ) WITHOUT ROWID
        """,
    ):
        connection.execute(statement)


def feed_entries(connection: sqlite3.Connection) -> None:
    """The migration that remembers every entry, where only teasers were remembered before."""
    for statement in (
        "ALTER TABLE feed ADD COLUMN version TEXT NOT NULL DEFAULT ''",
        "DROP TABLE feed_page",
        # Only of entries that the feed held when it was last read.
        """
        CREATE TABLE feed_entry (
            feed INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
            article_id TEXT NOT NULL,
            digest TEXT NOT NULL,
            tries INTEGER NOT NULL,
            is_done INTEGER NOT NULL,
            PRIMARY KEY (feed, article_id)
        ) WITHOUT ROWID
        """,
    ):
        connection.execute(statement)


class FeedTables:
    """What a store remembers of feeds; safe for threads as the store is, and raising what it raises."""

    def __init__(self, connections: Connections) -> None:
        """Use `Store.feeds`."""
        self._connections = connections

    def all(self) -> list[Subscription]:
        """Every feed, in the order in which they were added."""
        with self._connections.lent() as connection:
            return [_subscription(row) for row in connection.execute("SELECT * FROM feed ORDER BY number")]

    def get(self, url: str) -> Subscription | None:
        """The feed of that address, or None."""
        with self._connections.lent() as connection:
            row = connection.execute("SELECT * FROM feed WHERE url = ?", (storable(url),)).fetchone()
            return _subscription(row) if row else None

    def add(self, feeds: Iterable[Subscription]) -> int:
        """Follow feeds, all or none; those whose address is followed already stay as they are. How many are new."""
        marks = ", ".join(f":{name}" for name in _COLUMNS)
        sql = f"INSERT INTO feed ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT (url) DO NOTHING"
        with self._connections.writing() as connection:
            return sum(connection.execute(sql, _row(feed)).rowcount for feed in feeds)

    def change(self, url: str, to: Subscription) -> bool:
        """Put `to` in the place of the feed of an address; False where that is gone, or `to` has another's address."""
        changes = ", ".join(f"{name} = :{name}" for name in _COLUMNS)
        with self._connections.writing() as connection:
            taken = connection.execute("SELECT 1 FROM feed WHERE url = ?", (storable(to.url),)).fetchone()
            if taken and to.url != url:
                return False
            row = _row(to) | {"before": storable(url)}
            return connection.execute(f"UPDATE feed SET {changes} WHERE url = :before", row).rowcount > 0

    def remove(self, url: str) -> bool:
        """Follow it no more; its articles stay. Whether it was followed."""
        with self._connections.writing() as connection:
            return connection.execute("DELETE FROM feed WHERE url = ?", (storable(url),)).rowcount > 0

    def waits(self) -> dict[str, HostWait]:
        """The servers that are or were left alone, by host."""
        with self._connections.lent() as connection:
            rows = connection.execute("SELECT * FROM feed_host").fetchall()
        return {
            row["host"]: HostWait(row["host"], _moment(row["until"]), row["failures"], bool(row["asked"]), row["why"])
            for row in rows
        }

    def wait_for(self, wait: HostWait) -> None:
        """Leave a server alone."""
        values = (storable(wait.host), _seconds(wait.until), wait.failures, int(wait.asked), storable(wait.why))
        with self._connections.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO feed_host VALUES (?, ?, ?, ?, ?)", values)

    def answered(self, host: str) -> None:
        """A server is well again."""
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM feed_host WHERE host = ?", (storable(host),))

    def forget_waits(self, before: datetime) -> None:
        """Forget the servers that might be asked again since then: they are as good as any other."""
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM feed_host WHERE until < ?", (_seconds(before),))

    def entries(self, url: str) -> dict[str, EntryState]:
        """The entries that the feed of an address held when it was last read, by the article's id."""
        sql = "SELECT feed_entry.* FROM feed_entry JOIN feed ON feed = number WHERE url = ?"
        with self._connections.lent() as connection:
            rows = connection.execute(sql, (storable(url),)).fetchall()
        return {
            row["article_id"]: EntryState(row["article_id"], row["digest"], row["tries"], bool(row["is_done"]))
            for row in rows
        }

    def keep_entries(self, url: str, entries: Iterable[EntryState]) -> None:
        """Remember these of the feed of an address, and no others."""
        with self._connections.writing() as connection:
            row = connection.execute("SELECT number FROM feed WHERE url = ?", (storable(url),)).fetchone()
            if row is None:
                return  # removed meanwhile
            connection.execute("DELETE FROM feed_entry WHERE feed = ?", (row["number"],))
            connection.executemany(
                "INSERT OR REPLACE INTO feed_entry VALUES (?, ?, ?, ?, ?)",
                [
                    (row["number"], storable(entry.article_id), entry.digest, entry.tries, int(entry.is_done))
                    for entry in entries
                ],
            )


def _row(feed: Subscription) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in asdict(feed).items():
        if isinstance(value, str):
            row[name] = storable(value)
        elif isinstance(value, datetime):
            row[name] = _seconds(value)
        else:
            row[name] = int(value) if isinstance(value, bool) else value
    return row


def _subscription(row: sqlite3.Row) -> Subscription:
    values = {name: row[name] for name in _COLUMNS}
    for name in _DATES:
        values[name] = None if values[name] is None else _moment(values[name])
    for name in _FLAGS:
        values[name] = bool(values[name])
    return Subscription(**values)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
