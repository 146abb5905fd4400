"""The tables, and how a store of an older version becomes one of this version."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from pathlib import Path

from map_app.errors import StoreVersionError
from map_app.store.copies import group_of
from map_app.store.feeds import feed_entries, feed_tables
from map_app.store.packed import create_tables, pack_all
from map_app.store.progress import Progress, silent

#: Takes a store one version further and says how far that is.
Migration = Callable[[sqlite3.Connection, Progress], None]

#: Articles between two words on how far a migration is.
TOLD_EVERY = 500


def _first_tables(connection: sqlite3.Connection) -> None:
    for statement in (
        """
        CREATE TABLE article (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            fingerprint TEXT NOT NULL,
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            url TEXT NOT NULL,
            publisher TEXT NOT NULL,
            published INTEGER,  -- seconds since 1970, UTC
            language TEXT NOT NULL,
            domain TEXT NOT NULL,
            source TEXT NOT NULL,
            places INTEGER NOT NULL  -- how many it is pinned to
        )
        """,
        "CREATE INDEX article_by_date ON article (published)",
        "CREATE INDEX article_by_publisher ON article (publisher)",
        """
        CREATE TABLE place (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            latitude REAL NOT NULL,
            longitude REAL NOT NULL,
            feature TEXT NOT NULL,
            country_code TEXT NOT NULL,
            admin1 TEXT NOT NULL,
            population INTEGER NOT NULL,
            geonameid INTEGER,
            radius_km REAL
        )
        """,
        # One row a place and article, with what filters ask for, so that no filter reads the resolutions.
        """
        CREATE TABLE mention (
            place INTEGER NOT NULL REFERENCES place,
            article INTEGER NOT NULL REFERENCES article ON DELETE CASCADE,
            role INTEGER NOT NULL,  -- 0 focus, 1 mention, 2 dateline
            times INTEGER NOT NULL,
            feature TEXT NOT NULL,
            country_code TEXT NOT NULL,
            spans TEXT NOT NULL,  -- JSON: [[start, end], ...] in the text
            PRIMARY KEY (place, article)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX mention_by_article ON mention (article)",
        "CREATE INDEX mention_by_country ON mention (country_code, article)",
        # Everything the geoparser said of an article, runners-up and reasons included, read one article at a time.
        """
        CREATE TABLE resolutions (
            article INTEGER PRIMARY KEY REFERENCES article ON DELETE CASCADE,
            json TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE unplaced (
            article INTEGER NOT NULL REFERENCES article ON DELETE CASCADE,
            name TEXT NOT NULL,
            reason TEXT NOT NULL,
            times INTEGER NOT NULL,
            PRIMARY KEY (article, name, reason)
        ) WITHOUT ROWID
        """,
        """
        CREATE VIRTUAL TABLE words USING fts5 (
            title, text, content='article', content_rowid='number', tokenize='unicode61 remove_diacritics 2'
        )
        """,
        """
        CREATE TRIGGER words_in AFTER INSERT ON article BEGIN
            INSERT INTO words (rowid, title, text) VALUES (new.number, new.title, new.text);
        END
        """,
        """
        CREATE TRIGGER words_out AFTER DELETE ON article BEGIN
            INSERT INTO words (words, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);
        END
        """,
        """
        CREATE TRIGGER words_changed AFTER UPDATE ON article BEGIN
            INSERT INTO words (words, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);
            INSERT INTO words (rowid, title, text) VALUES (new.number, new.title, new.text);
        END
        """,
        """
        CREATE TABLE geocoder_answer (
            provider TEXT NOT NULL,
            query TEXT NOT NULL,
            answer TEXT NOT NULL,  -- JSON
            asked INTEGER NOT NULL,
            PRIMARY KEY (provider, query)
        ) WITHOUT ROWID
        """,
    ):
        connection.execute(statement)


def _dates_at_mentions(connection: sqlite3.Connection) -> None:
    """So that pins and counts by date read one table; and a count of writes, by which caches know that they are old."""
    for statement in (
        "ALTER TABLE mention ADD COLUMN published INTEGER",
        "UPDATE mention SET published = (SELECT published FROM article WHERE number = article)",
        # Each holds all that a filter asks of a mention, so that no count reads the table itself.
        "DROP INDEX mention_by_article",
        "DROP INDEX mention_by_country",
        "CREATE INDEX mention_by_article ON mention (article, published, role, feature, country_code)",
        "CREATE INDEX mention_by_country ON mention (country_code, article, published, role, feature)",
        "CREATE INDEX mention_by_feature ON mention (feature, article, published, role, country_code)",
        "CREATE INDEX mention_by_role ON mention (role, article, published, feature, country_code)",
        "CREATE TABLE writes (revision INTEGER NOT NULL)",
        "INSERT INTO writes VALUES (0)",
    ):
        connection.execute(statement)


def _story_groups(connection: sqlite3.Connection, progress: Progress) -> None:
    """Which articles carry the same text; see map_app.store.copies."""
    for statement in (
        "CREATE TABLE story_group (number INTEGER PRIMARY KEY, signature BLOB NOT NULL)",
        """
        CREATE TABLE story_band (
            band INTEGER NOT NULL,
            story_group INTEGER NOT NULL REFERENCES story_group,
            PRIMARY KEY (band, story_group)
        ) WITHOUT ROWID
        """,
        "ALTER TABLE article ADD COLUMN story_group INTEGER REFERENCES story_group",
        "CREATE INDEX article_by_story ON article (story_group, publisher, domain) WHERE story_group IS NOT NULL",
        # Numbers, dates and groups change no words: only these are worth writing the word index anew.
        "DROP TRIGGER words_changed",
        """
        CREATE TRIGGER words_changed AFTER UPDATE OF title, text ON article BEGIN
            INSERT INTO words (words, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);
            INSERT INTO words (rowid, title, text) VALUES (new.number, new.title, new.text);
        END
        """,
    ):
        connection.execute(statement)
    _group_all(connection, progress)


def _group_all(connection: sqlite3.Connection, progress: Progress) -> None:
    numbers = connection.execute("SELECT number FROM article ORDER BY number").fetchall()
    for done, (number,) in enumerate(numbers):
        if done % TOLD_EVERY == 0:
            progress(done / len(numbers), f"copies among {len(numbers):,} articles")
        title, text = connection.execute("SELECT title, text FROM article WHERE number = ?", (number,)).fetchone()
        group = group_of(connection, title, text)
        connection.execute("UPDATE article SET story_group = ? WHERE number = ?", (group, number))


def _articles_by_outlet(connection: sqlite3.Connection) -> None:
    """So that where an outlet lives is learned from its newest articles without reading all others."""
    connection.execute("CREATE INDEX IF NOT EXISTS article_by_outlet ON article (domain, published) WHERE domain != ''")


def _given_places(connection: sqlite3.Connection) -> None:
    """Coordinates that came with an article: JSON, [[name, latitude, longitude], ...]."""
    connection.execute("ALTER TABLE article ADD COLUMN given TEXT NOT NULL DEFAULT '[]'")


def _authors(connection: sqlite3.Connection) -> None:
    """Who wrote an article, as its source names them."""
    connection.execute("ALTER TABLE article ADD COLUMN author TEXT NOT NULL DEFAULT ''")


def _all_roles(connection: sqlite3.Connection) -> None:
    """Every role that a place has in an article, where there was its strongest alone; see map_app.store.roles."""
    for statement in (
        "DROP INDEX mention_by_article",
        "DROP INDEX mention_by_country",
        "DROP INDEX mention_by_feature",
        "DROP INDEX mention_by_role",
        # An article whose resolutions cannot be read keeps the one that is known.
        "ALTER TABLE mention ADD COLUMN roles INTEGER NOT NULL DEFAULT 0",  # sum of 1 focus, 2 mention, 4 dateline
        "UPDATE mention SET roles = 1 << role",
        """
        WITH said AS (
            SELECT p.number AS place, r.article AS article, sum(DISTINCT
                CASE json_extract(one.value, '$.role') WHEN 'focus' THEN 1 WHEN 'mention' THEN 2 ELSE 4 END
            ) AS roles
            FROM resolutions r
            JOIN json_each(CASE WHEN json_valid(r.json) THEN r.json ELSE '[]' END) one
            JOIN place p ON p.id = json_extract(one.value, '$.place.id')
            WHERE json_extract(one.value, '$.toponym.kind') = 'toponym'
            GROUP BY p.number, r.article
        )
        UPDATE mention SET roles = said.roles FROM said
        WHERE mention.place = said.place AND mention.article = said.article AND mention.roles <> said.roles
        """,
        "ALTER TABLE mention DROP COLUMN role",
        "CREATE INDEX mention_by_article ON mention (article, published, roles, feature, country_code)",
        "CREATE INDEX mention_by_country ON mention (country_code, article, published, roles, feature)",
        "CREATE INDEX mention_by_feature ON mention (feature, article, published, roles, country_code)",
        "CREATE INDEX mention_by_roles ON mention (roles, article, published, feature, country_code)",
    ):
        connection.execute(statement)


def _cut_copies(connection: sqlite3.Connection, progress: Progress) -> None:
    """Signatures that tell cut copies too."""
    for statement in (
        "UPDATE article SET story_group = NULL",
        "DELETE FROM story_band",
        "DELETE FROM story_group",
    ):
        connection.execute(statement)
    _group_all(connection, progress)


def _packed_columns(connection: sqlite3.Connection, progress: Progress) -> None:
    """What filters ask, packed by column; see map_app.store.packed. Nobody asks these indexes any more."""
    for index in ("mention_by_country", "mention_by_feature", "mention_by_roles", "article_by_publisher"):
        connection.execute(f"DROP INDEX {index}")
    create_tables(connection)
    pack_all(connection, progress)


def _no_index_by_date(connection: sqlite3.Connection) -> None:
    """Dates are asked for in the packed columns, and an outlet's newest by an index of its own."""
    connection.execute("DROP INDEX IF EXISTS article_by_date")


def _at_once(statements: Callable[[sqlite3.Connection], None]) -> Migration:
    """A migration of a few statements, which do not say how far they are."""

    @wraps(statements)
    def migration(connection: sqlite3.Connection, _progress: Progress) -> None:
        statements(connection)

    return migration


#: Each takes a store from the version before to its own, its place in the list counted from 1.
MIGRATIONS: tuple[Migration, ...] = (
    _at_once(_first_tables),
    _at_once(_dates_at_mentions),
    _story_groups,
    _at_once(feed_tables),
    _at_once(_articles_by_outlet),
    _at_once(feed_entries),
    _at_once(_given_places),
    _at_once(_authors),
    _at_once(_all_roles),
    _cut_copies,
    _packed_columns,
    _at_once(_no_index_by_date),
)

#: The version of a store that this program writes.
STORE_VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """The version that the file was last written with; 0 is an empty file."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection, where: str, progress: Progress = silent) -> None:
    """Bring the store to this version, each step in one transaction with its record."""
    before = version_of(connection)
    steps = len(MIGRATIONS) - before
    for number, migration in enumerate(MIGRATIONS, start=1):
        if version_of(connection) >= number:
            continue
        step = number - before

        def told(done: float, what: str, step: int = step) -> None:
            progress((step - 1 + done) / steps, f"bringing the store to this version, step {step} of {steps}: {what}")

        if before:
            told(0.0, "beginning")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection) < number:  # another process may have been first
                migration(connection, told if before else silent)
                connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled it back already
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    check_version(connection, where)


def is_older(path: Path) -> bool:
    """Whether there is a store of an older version at a path; False where that cannot be told."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return 0 < version_of(connection) < len(MIGRATIONS)
    except sqlite3.Error:
        return False


def check_version(connection: sqlite3.Connection, where: str) -> None:
    """Raise StoreVersionError where the store is not of this version."""
    version = version_of(connection)
    if version > len(MIGRATIONS):
        raise StoreVersionError(
            f"{where} was written by a newer version of this program (store version {version}, here "
            f"{len(MIGRATIONS)}): update the program"
        )
    if version < len(MIGRATIONS):
        raise StoreVersionError(
            f"{where} was written by an older version of this program and cannot be changed here: make it writable "
            "and open it once, for instance with `python -m map_app store info`"
        )
