"""The store of articles: one SQLite file in WAL mode, shared by threads and processes."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from sqlite3 import Row
from types import TracebackType
from typing import Any, Self

from map_app.errors import StoreError
from map_app.geo import Point
from map_app.model import (
    Article,
    ArticleFilter,
    Candidate,
    Evidence,
    Feature,
    Field,
    GivenPlace,
    Kind,
    Pin,
    Place,
    Resolution,
    Role,
    Story,
    Toponym,
)
from map_app.store import clusters, figures, query
from map_app.store.connections import Connection, Connections, damaged, translated
from map_app.store.feeds import FeedTables
from map_app.store.packed import Reader, pack
from map_app.store.progress import Progress, silent
from map_app.store.schema import check_version, migrate
from map_app.store.select import Selection
from map_app.store.text import storable
from map_app.store.write import write_article

#: Articles a transaction: others wait while one is written, and each costs a wait for the disk.
BATCH_SIZE = 200


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PutReport:
    """What became of the articles put in."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0


def fingerprint_of(article: Article, version: str) -> str:
    """A short word that changes when the article or the version of the geoparser does; not with where it came from."""
    content = [article.id, article.title, article.text, article.url, article.publisher, article.language]
    # To the second, as it is kept: what is read from the store has the fingerprint that it came in with.
    moment = article.published.replace(microsecond=0).isoformat() if article.published else ""
    content += [article.domain, moment, version]
    content += [f"by {article.author}"] if article.author else []
    for given in article.given:
        content.append(f"{given.name} {given.point.latitude} {given.point.longitude}")
        content += [f"area {given.radius_km}"] if given.is_area else []
    return hashlib.sha256(json.dumps([storable(part) for part in content]).encode()).hexdigest()[:32]


def set_aside(path: Path, why: str = "damaged") -> Path:
    """Rename a store, and what SQLite keeps beside it, so that another can take its place; returns the new path."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{path.name}.{why}-{stamp}"
    kept = path.with_name(name)
    for again in count(2):
        if not kept.exists():
            break
        kept = path.with_name(f"{name}-{again}")
    for ending in ("-wal", "-shm", ""):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + ending))
    return kept


class Store:
    """An open store, for any number of threads."""

    def __init__(self, path: Path, *, read_only: bool, now: Callable[[], datetime] = _utc_now) -> None:
        """Use `open`, which checks and migrates."""
        self.path = path
        self.read_only = read_only
        self._now = now
        self._connections = Connections(path, read_only=read_only)
        self._reader = Reader()
        #: The feeds that are followed.
        self.feeds = FeedTables(self._connections)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        now: Callable[[], datetime] = _utc_now,
        progress: Progress = silent,
    ) -> Self:
        """Open a store, making or migrating it unless `read_only`; `now` tells which articles are from the future.

        Only bringing one of an older version to this one takes long enough to be told of by `progress`.

        Raises StoreDamagedError, StoreVersionError, StoreReadOnlyError, StoreFullError or StoreError.
        """
        if read_only and not path.exists():
            raise StoreError(f"there is no store at {path}: it is made when you first ingest an article")
        store = cls(path, read_only=read_only, now=now)
        if not read_only:
            with translated(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        with store._connections.lent() as connection:
            if read_only:
                check_version(connection, str(path))
            else:
                migrate(connection, str(path), progress)
        return store

    def become_writable(self) -> None:
        """Write from now on, where it was opened for reading alone; raises StoreError where it still cannot be.

        A full disk has room again, or a folder may be written: whoever has the store need not open it anew.
        """
        if self.read_only:
            type(self).open(self.path).close()
            self._connections.allow_writing()
            self.read_only = False

    def close(self) -> None:
        """Close its connections; it cannot be asked any more."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # Writing

    def put(self, mapped: Iterable[tuple[Article, Sequence[Resolution]]], *, version: str = "") -> PutReport:
        """Add or update articles with what `version` of the geoparser made of them, in batches.

        Each batch is one transaction; an article is never there in part. What was put before under the same version
        is left alone. Dates are kept to the second, and lone surrogates become U+FFFD.
        """
        added = updated = unchanged = 0
        articles = iter(mapped)
        # A batch is collected before its transaction begins: whatever makes the articles may take its time.
        while batch := list(islice(articles, BATCH_SIZE)):
            with self._connections.writing() as connection:
                written = []
                for article, resolutions in batch:
                    fingerprint = fingerprint_of(article, version)
                    known = connection.execute(
                        "SELECT number, fingerprint FROM article WHERE id = ?", (storable(article.id),)
                    ).fetchone()
                    if known is not None and known["fingerprint"] == fingerprint:
                        unchanged += 1
                        continue
                    number = known["number"] if known else None
                    written.append(write_article(connection, number, fingerprint, article, resolutions))
                    added += known is None
                    updated += known is not None
                _note_written(connection, written)
        return PutReport(added, updated, unchanged)

    def place_anew(self, mapped: Iterable[tuple[Article, Sequence[Resolution]]], *, version: str) -> int:
        """Give articles, as they are read from here, other places of that version; how many those are.

        One that has been put otherwise meanwhile, or is gone, is left alone.
        """
        placed = 0
        articles = iter(mapped)
        while batch := list(islice(articles, BATCH_SIZE)):
            with self._connections.writing() as connection:
                written = []
                for article, resolutions in batch:
                    row = connection.execute("SELECT * FROM article WHERE id = ?", (storable(article.id),)).fetchone()
                    if row is not None and _article(row) == article:
                        fingerprint = fingerprint_of(article, version)
                        written.append(write_article(connection, row["number"], fingerprint, article, resolutions))
                _note_written(connection, written)
                placed += len(written)
        return placed

    # Asking

    def known(self, article_id: str) -> str | None:
        """The fingerprint that an article was last put with, or None."""
        row = self._one("SELECT fingerprint FROM article WHERE id = ?", article_id)
        return row["fingerprint"] if row else None

    def is_empty(self) -> bool:
        """Whether it holds no article."""
        return self._one("SELECT 1 FROM article LIMIT 1") is None

    def revision(self) -> int:
        """A number that grows whenever any process has put articles: what was cached before is stale."""
        row = self._one("SELECT revision FROM writes")
        return row["revision"] if row else 0

    def counts(self) -> figures.Counts:
        """How much it holds."""
        with self._selecting(ArticleFilter()) as (connection, selection):
            return figures.counts(connection, selection.columns)

    def check(self) -> None:
        """Read all of it; raises StoreDamagedError where it is not sound."""
        row = self._one("PRAGMA integrity_check")
        if row is None or row[0] != "ok":
            raise damaged(self.path)

    def article(self, article_id: str) -> Article | None:
        """An article as it was put, or None."""
        with self._asking() as connection:
            row = connection.execute("SELECT * FROM article WHERE id = ?", (storable(article_id),)).fetchone()
            return _article(row) if row else None

    def resolutions(self, article_id: str) -> list[Resolution]:
        """What the geoparser made of an article: toponyms and demonyms, placed or not, in reading order."""
        with self._asking() as connection:
            row = connection.execute(
                "SELECT json FROM resolutions JOIN article ON article = number WHERE id = ?", (storable(article_id),)
            ).fetchone()
            return [_resolution(value) for value in json.loads(row["json"])] if row else []

    def place(self, place_id: str) -> Place | None:
        """A place that an article is or was on, or None."""
        with self._asking() as connection:
            return query.place(connection, place_id)

    def of_outlet(self, domain: str, *, limit: int) -> list[tuple[Article, list[Resolution]]]:
        """The newest articles of the outlet at a domain, each with what the geoparser made of it."""
        with self._asking() as connection:
            rows = connection.execute(
                "SELECT article.*, json FROM article JOIN resolutions ON article = number "
                "WHERE domain = ? AND domain != '' ORDER BY published DESC, number DESC LIMIT ?",
                (storable(domain), limit),
            ).fetchall()
            return [(_article(row), [_resolution(value) for value in json.loads(row["json"])]) for row in rows]

    def pins(self, f: ArticleFilter = ArticleFilter(), *, numbers_up_to: int = 0) -> list[Pin]:
        """Every place that passes, most articles first, without stories: `stories` of a place gives them.

        The pins have the numbers of their articles where all the pins together have no more than that many.
        """
        with self._selecting(f) as (connection, selection):
            return query.pins(connection, selection, numbers_up_to)

    def cluster_counts(self, f: ArticleFilter, cluster: clusters.Cluster) -> list[int]:
        """The distinct articles of a cluster and of each within it, in the order in which they begin.

        A cluster is a sequence of ids of places and of clusters; raises ValueError where it is not.
        """
        outline = clusters.outlined(cluster)
        with self._selecting(f) as (connection, selection):
            return clusters.counts(connection, selection, outline)

    def stories(self, f: ArticleFilter = ArticleFilter(), *, offset: int = 0, limit: int = 50) -> list[Story]:
        """Articles that pass, newest first; those without a date, or with one in the future, last."""
        with self._selecting(f) as (connection, selection):
            return query.stories(connection, selection, offset, limit, self._now())

    def summary(self, f: ArticleFilter = ArticleFilter()) -> figures.Summary:
        """How many articles and places pass, of how many."""
        with self._selecting(f) as (_, selection):
            return figures.summary(selection, self._now())

    def facets(self, f: ArticleFilter = ArticleFilter()) -> figures.Facets:
        """What each choice of a filter would show, that filter's own choice lifted."""
        with self._selecting(f) as (_, selection):
            return figures.facets(selection)

    def country_counts(self, f: ArticleFilter = ArticleFilter()) -> dict[str, int]:
        """Articles by the code of the country, of those that name the country itself."""
        with self._selecting(f) as (_, selection):
            return figures.country_counts(selection)

    def unplaced(self, f: ArticleFilter = ArticleFilter(), *, limit: int = 100) -> list[figures.UnplacedName]:
        """Names of the articles that pass which could not be placed, in most articles first."""
        with self._selecting(f) as (connection, selection):
            return figures.unplaced(connection, selection, limit)

    # What the online geocoder said

    def cached_answer(self, provider: str, name: str) -> str | None:
        """What the provider answered for the name, as the JSON that was remembered, or None if never asked."""
        row = self._one("SELECT answer FROM geocoder_answer WHERE provider = ? AND query = ?", provider, name)
        return row["answer"] if row else None

    def remember_answer(self, provider: str, name: str, answer: str) -> None:
        """Keep an answer, also that there is none, so that it is asked for once."""
        with self._connections.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO geocoder_answer VALUES (?, ?, ?, ?)",
                (storable(provider), storable(name), storable(answer), int(self._now().timestamp())),
            )

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        """A connection to read from; rows that hold what no store wrote are damage too."""
        with self._connections.lent() as connection:
            try:
                yield connection
            except (ValueError, TypeError, LookupError) as e:
                raise damaged(self.path) from e

    @contextmanager
    def _selecting(self, f: ArticleFilter) -> Iterator[tuple[Connection, Selection]]:
        """What passes a filter, and the connection to ask for more of it at the same moment."""
        with self._asking() as connection:
            columns = self._reader.begin(connection, connection.file)
            yield connection, Selection(connection, columns, f)
            connection.execute("COMMIT")

    def _one(self, sql: str, *values: str) -> Row | None:
        with self._connections.lent() as connection:
            row: Row | None = connection.execute(sql, [storable(value) for value in values]).fetchone()
            return row


def _article(row: Row) -> Article:
    return Article(
        id=row["id"], title=row["title"], text=row["text"], url=row["url"], publisher=row["publisher"],
        published=figures.moment(row["published"]), language=row["language"], domain=row["domain"],
        source=row["source"], author=row["author"],
        given=tuple(
            GivenPlace(name, Point(north, east), *area) for name, north, east, *area in json.loads(row["given"])
        ),
    )  # fmt: skip


def _place(value: dict[str, Any]) -> Place:
    return Place(**value | {"point": Point(**value["point"]), "feature": Feature(value["feature"])})


def _note_written(connection: Connection, articles: Sequence[int]) -> None:
    """Within their transaction: what is cached or packed of these articles is stale."""
    if articles:
        connection.execute("UPDATE writes SET revision = revision + 1")
        pack(connection, articles)


def _resolution(value: dict[str, Any]) -> Resolution:
    toponym = value["toponym"]
    return Resolution(
        toponym=Toponym(**toponym | {"field": Field(toponym["field"]), "kind": Kind(toponym["kind"])}),
        place=_place(value["place"]) if value["place"] else None,
        confidence=value["confidence"],
        role=Role(value["role"]),
        candidates=tuple(Candidate(_place(c["place"]), c["score"]) for c in value["candidates"]),
        evidence=tuple(Evidence(**e) for e in value["evidence"]),
        unplaced_because=value["unplaced_because"],
    )
