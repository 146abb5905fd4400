"""What is asked of the store, as SQL made from an ArticleFilter. Words are constants here, values are always bound."""

import json
import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from map_app.geo import Point
from map_app.model import ArticleFilter, Feature, Pin, Place, Role, Story
from map_app.store.roles import packed, strongest, unpacked, with_any
from map_app.store.snippets import snippet
from map_app.store.text import storable

#: A place is read from these columns.
_PLACE = "p.id, p.name, p.latitude, p.longitude, p.feature, p.country_code, p.admin1, p.population, p.geonameid"
_PLACE += ", p.radius_km"

#: An article may be dated so far ahead: a day that has begun in Kiribati, UTC+14, and whose zone the source left out.
#: What lies further ahead is no date to be believed, and is never shown on top.
AHEAD = timedelta(hours=14)

#: Phrases stand between straight quotes, or those that keyboards make of them.
_WORDS = re.compile('["“”„«»]([^"“”„«»]*)["“”„«»]|(\\S+)')

#: Scripts that put no space between words (Thai, Lao, Burmese, Khmer, kana, Han): there a word is looked for in all
#: of the text, since what the word index holds is whole clauses.
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")

#: More words than this are not looked for.
MAX_WORDS = 20

#: The largest number that SQLite counts to.
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures over the map."""

    #: Articles that pass, and how many there are.
    articles: int
    all_articles: int
    #: Places pinned.
    places: int
    #: Articles that pass and are on no place at all.
    unplaced_articles: int
    oldest: datetime | None
    #: Not of articles that are dated in the future.
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Facets:
    """Articles by choice, most first: (value, articles)."""

    countries: tuple[tuple[str, int], ...]
    features: tuple[tuple[Feature, int], ...]
    publishers: tuple[tuple[str, int], ...]
    roles: tuple[tuple[Role, int], ...]


@dataclass(frozen=True, slots=True)
class UnplacedName:
    """A name that could not be placed."""

    name: str
    reason: str
    articles: int


def moment(seconds: int | None) -> datetime | None:
    """An aware UTC datetime from seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class _Where:
    """Conditions and the values that are bound in them, made once for articles and once for their mentions."""

    def __init__(self, f: ArticleFilter) -> None:
        #: On the day, of `{t}.published`, which articles and mentions both have.
        self.dates: list[str] = []
        #: On `article a`.
        self.articles: list[str] = []
        #: On `mention m`.
        self.mentions: list[str] = []
        self.date_values: list[int | str] = []
        self.article_values: list[int | str] = []
        self.mention_values: list[int | str] = []
        if f.since:
            self.dates.append("{t}.published >= ?")
            self.date_values.append(_midnight(f.since))
        if f.until:
            self.dates.append("{t}.published < ?")
            self.date_values.append(_midnight(f.until) + DAY_S)
        match, inside = _looked_for(f.words)
        if match:
            self._article("a.number IN (SELECT rowid FROM words WHERE words MATCH ?)", match)
        for word in inside:
            self._article("(instr(a.title, ?) OR instr(a.text, ?))", word, word)
        if f.publishers:
            self._article(f"a.publisher IN ({_marks(f.publishers)})", *_sorted(f.publishers))
        if f.countries:
            self._mention(f"m.country_code IN ({_marks(f.countries)})", *_sorted(f.countries))
        if f.features:
            self._mention(f"m.feature IN ({_marks(f.features)})", *_sorted(f.features))
        if f.roles:
            numbers = with_any(f.roles)
            self._mention(f"m.roles IN ({_marks(numbers)})", *numbers)
        if f.place:
            self._mention("m.place = (SELECT number FROM place WHERE id = ?)", storable(f.place))

    def _article(self, condition: str, *values: int | str) -> None:
        self.articles.append(condition)
        self.article_values += values

    def _mention(self, condition: str, *values: int | str) -> None:
        self.mentions.append(condition)
        self.mention_values += values

    def of_articles(self) -> tuple[str, list[int | str]]:
        """The condition on `article a` alone, mentions included where the filter chooses them."""
        conditions = [date.format(t="a") for date in self.dates] + self.articles
        values = self.date_values + self.article_values
        if self.mentions:
            inner = " AND ".join(self.mentions)
            conditions.append(f"a.number IN (SELECT m.article FROM mention m WHERE {inner})")
            values += self.mention_values
        return " AND ".join(conditions) or "1", values

    def of_mentions(self) -> tuple[str, list[int | str]]:
        """The condition on `mention m` alone: no row of an article is read where only dates choose articles."""
        conditions = [date.format(t="m") for date in self.dates] + self.mentions
        values = self.date_values + self.mention_values
        if self.articles:
            inner = " AND ".join(self.articles)
            conditions.append(f"m.article IN (SELECT a.number FROM article a WHERE {inner})")
            values += self.article_values
        return " AND ".join(conditions) or "1", values

    def passing(self) -> tuple[str, list[int | str]]:
        """The condition on one `mention m` of an article that has been chosen."""
        return " AND ".join(self.mentions) or "1", self.mention_values


DAY_S = 86_400


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)


def _sorted(values: Iterable[str]) -> list[str]:
    return [storable(value) for value in sorted(values)]


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _looked_for(words: str) -> tuple[str, list[str]]:
    """A full-text query of quoted words, so that nothing typed is read as syntax, and what to look for as it is."""
    terms: list[str] = []
    inside: list[str] = []
    for phrase, word in _WORDS.findall(storable(words).replace("\0", " "))[:MAX_WORDS]:
        term = (phrase or word.replace('"', " ")).strip()
        if _WITHOUT_SPACES.search(term) or _is_symbol(term):
            inside.append(term)
        elif any(character.isalnum() for character in term):
            terms.append(f'"{term}"' if phrase else f'"{term}"*')
    return " AND ".join(terms), inside


def _is_symbol(term: str) -> bool:
    """Whether it is of emoji or signs of currencies, which the word index does not hold."""
    categories = {unicodedata.category(character) for character in term}
    return bool(categories & {"So", "Sc"}) and not any(character.isalnum() for character in term)


def _end_of_present(now: datetime) -> int:
    return int((now + AHEAD).timestamp())


def pins(connection: sqlite3.Connection, f: ArticleFilter, stories_per_pin: int, now: datetime) -> list[Pin]:
    """See Store.pins."""
    condition, values = _Where(f).of_mentions()
    rows = connection.execute(
        f"""
        WITH shown AS (
            SELECT m.place, m.article, m.roles, row_number() OVER (
                PARTITION BY m.place ORDER BY ifnull(m.published > ?, 1), m.published DESC NULLS LAST, m.article DESC
            ) AS rank
            FROM mention m WHERE {condition}
        )
        SELECT {_PLACE}, p.number, count(*) AS articles, min({strongest("s.roles")}) AS role,
            group_concat(s.article) AS numbers,
            group_concat(CASE WHEN s.rank <= ? THEN s.rank || ':' || s.article END) AS newest
        FROM shown s JOIN place p ON p.number = s.place GROUP BY s.place ORDER BY articles DESC, p.name
        """,
        [_end_of_present(now), *values, stories_per_pin],
    ).fetchall()
    newest = {
        row["number"]: [int(n) for _, n in sorted(_ranked(item) for item in (row["newest"] or "").split(",") if item)]
        for row in rows
    }
    stories = _stories_at(connection, newest)
    return [
        Pin(
            place=_place(row),
            article_count=row["articles"],
            stories=tuple(stories[row["number"], number] for number in newest[row["number"]]),
            article_numbers=tuple(sorted(int(n) for n in row["numbers"].split(","))),
            role=unpacked(row["role"])[0],
        )
        for row in rows
    ]


def _ranked(item: str) -> tuple[int, int]:
    rank, number = item.split(":")
    return int(rank), int(number)


#: SQLite takes only so many bound values at once.
_CHUNK = 500


def _stories_at(connection: sqlite3.Connection, wanted: dict[int, list[int]]) -> dict[tuple[int, int], Story]:
    """The story of each wanted article at each place, with a snippet around that place's name."""
    pairs = {(place, number) for place, some in wanted.items() for number in some}
    numbers = sorted({number for _, number in pairs})
    found: dict[tuple[int, int], Story] = {}
    # Only the texts of one chunk are held at a time: those of all the stories can be a great deal of memory.
    for start in range(0, len(numbers), _CHUNK):
        some = numbers[start : start + _CHUNK]
        marks = _marks(some)
        articles = {
            row["number"]: row for row in connection.execute(f"SELECT * FROM article WHERE number IN ({marks})", some)
        }
        also_in = _also_in(connection, articles.values())
        for place, number, roles, spans in connection.execute(
            f"SELECT place, article, roles, spans FROM mention WHERE article IN ({marks})", some
        ):
            if (place, number) in pairs:
                found[place, number] = _story(articles[number], spans, unpacked(roles), also_in=also_in.get(number, 0))
    return found


def _also_in(connection: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> dict[int, int]:
    """By the article's number, how many other outlets carry its story, for those that any does."""
    outlets: dict[int, set[str]] = defaultdict(set)
    rows = [row for row in rows if row["story_group"] is not None]
    groups = sorted({row["story_group"] for row in rows})
    for start in range(0, len(groups), _CHUNK):
        some = groups[start : start + _CHUNK]
        for row in connection.execute(
            f"SELECT DISTINCT story_group, publisher, domain FROM article WHERE story_group IN ({_marks(some)})", some
        ):
            outlets[row["story_group"]].add(_outlet(row))
    others = {row["number"]: len(outlets[row["story_group"]] - {"", _outlet(row)}) for row in rows}
    return {number: count for number, count in others.items() if count}


def _outlet(row: sqlite3.Row) -> str:
    name: str = row["publisher"] or row["domain"]
    return name.casefold()


def _story(
    row: sqlite3.Row,
    spans: str,
    roles: tuple[Role, ...],
    places: tuple[tuple[str, str], ...] = (),
    *,
    place_roles: tuple[tuple[Role, ...], ...] = (),
    also_in: int = 0,
) -> Story:
    return Story(
        number=row["number"],
        article_id=row["id"],
        title=row["title"],
        url=row["url"],
        publisher=row["publisher"],
        published=moment(row["published"]),
        snippet=snippet(row["text"], [(start, end) for start, end in json.loads(spans)]),
        roles=roles,
        places=places,
        place_roles=place_roles,
        also_in=also_in,
    )


def stories(
    connection: sqlite3.Connection,
    f: ArticleFilter,
    offset: int,
    limit: int,
    now: datetime,
    *,
    without_place: bool = False,
) -> list[Story]:
    """See Store.stories and Store.stories_without_place."""
    offset, limit = min(max(offset, 0), _MOST), min(max(limit, 0), _MOST)
    where = _Where(f)
    condition, values = where.of_articles()
    if without_place:
        condition += " AND a.places = 0"
    present = _end_of_present(now)
    # Two questions, each in an index's order, so that a page of a long list costs a page.
    rows = connection.execute(
        f"SELECT a.* FROM article a WHERE a.published <= ? AND {condition}"
        " ORDER BY a.published DESC, a.number DESC LIMIT ? OFFSET ?",
        [present, *values, limit, offset],
    ).fetchall()
    if len(rows) < limit:
        dated = connection.execute(
            f"SELECT count(*) FROM article a WHERE a.published <= ? AND {condition}", [present, *values]
        ).fetchone()[0]
        rows += connection.execute(
            f"SELECT a.* FROM article a WHERE (a.published > ? OR a.published IS NULL) AND {condition}"
            " ORDER BY a.published DESC NULLS LAST, a.number DESC LIMIT ? OFFSET ?",
            [present, *values, limit - len(rows), max(0, offset - dated)],
        ).fetchall()
    also_in = _also_in(connection, rows)
    passing, passing_values = where.passing()
    numbers = [row["number"] for row in rows]
    places: dict[int, list[tuple[str, str]]] = defaultdict(list)
    roles: dict[int, list[tuple[Role, ...]]] = defaultdict(list)
    cut_at: dict[int, sqlite3.Row] = {}
    for start in range(0, len(numbers), _CHUNK):
        some = numbers[start : start + _CHUNK]
        for row in connection.execute(
            f"""
            SELECT m.article, m.spans, m.roles, {strongest("m.roles")} AS strongest, m.times, p.id, p.name,
                {passing} AS passes
            FROM mention m JOIN place p ON p.number = m.place
            WHERE m.article IN ({_marks(some)}) ORDER BY m.times DESC, strongest, p.name
            """,
            [*passing_values, *some],
        ):
            places[row["article"]].append((row["id"], row["name"]))
            roles[row["article"]].append(unpacked(row["roles"]))
            best = cut_at.get(row["article"])
            if best is None or _cut_first(row) < _cut_first(best):
                cut_at[row["article"]] = row
    return [
        _story(
            row,
            cut_at[row["number"]]["spans"] if row["number"] in cut_at else "[]",
            unpacked(cut_at[row["number"]]["roles"]) if f.place and row["number"] in cut_at else (Role.MENTION,),
            tuple(places[row["number"]]),
            place_roles=tuple(roles[row["number"]]),
            also_in=also_in.get(row["number"], 0),
        )
        for row in rows
    ]


def _cut_first(row: sqlite3.Row) -> tuple[bool, bool, int, int]:
    """Smallest for the mention to cut the snippet at: one that was asked for, in the text, with the strongest role."""
    return not row["passes"], row["spans"] == "[]", row["strongest"], -row["times"]


def summary(connection: sqlite3.Connection, f: ArticleFilter, now: datetime) -> Summary:
    """See Store.summary."""
    condition, values = _Where(f).of_articles()
    row = connection.execute(
        f"""
        SELECT count(*) AS articles, ifnull(sum(a.places = 0), 0) AS unplaced, min(a.published) AS oldest,
            max(CASE WHEN a.published <= ? THEN a.published END) AS newest,
            (SELECT count(*) FROM article) AS everything
        FROM article a WHERE {condition}
        """,
        [_end_of_present(now), *values],
    ).fetchone()
    condition, values = _Where(f).of_mentions()
    places = connection.execute(f"SELECT count(DISTINCT m.place) FROM mention m WHERE {condition}", values).fetchone()[
        0
    ]
    return Summary(
        row["articles"], row["everything"], places, row["unplaced"], moment(row["oldest"]), moment(row["newest"])
    )


def _counted(connection: sqlite3.Connection, f: ArticleFilter, column: str) -> list[tuple[str, int]]:
    condition, values = _Where(f).of_mentions()
    rows = connection.execute(
        f"""
        SELECT {column} AS value, count(DISTINCT m.article) AS articles FROM mention m
        WHERE {condition} GROUP BY value ORDER BY articles DESC, value
        """,
        values,
    )
    return [(row["value"], row["articles"]) for row in rows]


def facets(connection: sqlite3.Connection, f: ArticleFilter) -> Facets:
    """See Store.facets."""
    condition, values = _Where(replace(f, publishers=frozenset())).of_articles()
    publishers = connection.execute(
        f"""
        SELECT a.publisher, count(*) AS articles FROM article a WHERE {condition} AND a.publisher <> ''
        GROUP BY a.publisher ORDER BY articles DESC, a.publisher LIMIT 500
        """,
        values,
    ).fetchall()
    countries = _counted(connection, replace(f, countries=frozenset()), "m.country_code")
    features = _counted(connection, replace(f, features=frozenset()), "m.feature")
    return Facets(
        countries=tuple((code, count) for code, count in countries if code),
        features=tuple((Feature(value), count) for value, count in features),
        publishers=tuple((row[0], row[1]) for row in publishers),
        roles=_role_counts(connection, replace(f, roles=frozenset())),
    )


def _role_counts(connection: sqlite3.Connection, f: ArticleFilter) -> tuple[tuple[Role, int], ...]:
    """Articles in which a place has the role, most first: an article counts for each role that it gives."""
    condition, values = _Where(f).of_mentions()
    given = ", ".join(f"max(m.roles & {packed([role])} > 0) AS {role}" for role in Role)
    counted = ", ".join(f"sum({role})" for role in Role)
    # Grouped in the order of an index, which is two thirds of the time that counting distinct articles thrice takes.
    row = connection.execute(
        f"SELECT {counted} FROM (SELECT {given} FROM mention m WHERE {condition} GROUP BY m.article)", values
    ).fetchone()
    counts = [(role, count) for role, count in zip(Role, row, strict=True) if count]
    return tuple(sorted(counts, key=lambda counted: -counted[1]))


def days(connection: sqlite3.Connection, f: ArticleFilter) -> list[tuple[date, int]]:
    """See Store.days."""
    condition, values = _Where(replace(f, since=None, until=None)).of_articles()
    rows = connection.execute(
        f"""
        SELECT date(a.published, 'unixepoch') AS day, count(*) AS articles FROM article a
        WHERE {condition} AND a.published IS NOT NULL GROUP BY day ORDER BY day
        """,
        values,
    )
    return [(date.fromisoformat(row["day"]), row["articles"]) for row in rows]


def country_counts(connection: sqlite3.Connection, f: ArticleFilter, *, within: bool) -> dict[str, int]:
    """See Store.country_counts."""
    condition, values = _Where(f).of_mentions()
    if not within:
        condition, values = f"m.feature = ? AND {condition}", [Feature.COUNTRY, *values]
    rows = connection.execute(
        f"""
        SELECT m.country_code AS code, count(DISTINCT m.article) AS articles FROM mention m
        WHERE {condition} AND m.country_code <> '' GROUP BY code
        """,
        values,
    )
    return {row["code"]: row["articles"] for row in rows}


def unplaced(connection: sqlite3.Connection, f: ArticleFilter, limit: int) -> list[UnplacedName]:
    """See Store.unplaced."""
    condition, values = _Where(f).of_articles()
    rows = connection.execute(
        f"""
        SELECT u.name, u.reason, count(*) AS articles FROM unplaced u JOIN article a ON a.number = u.article
        WHERE {condition} GROUP BY u.name, u.reason ORDER BY articles DESC, u.name LIMIT ?
        """,
        [*values, min(max(limit, 0), _MOST)],
    )
    return [UnplacedName(row["name"], row["reason"], row["articles"]) for row in rows]


def place(connection: sqlite3.Connection, place_id: str) -> Place | None:
    """See Store.place."""
    row = connection.execute(f"SELECT {_PLACE} FROM place p WHERE p.id = ?", (storable(place_id),)).fetchone()
    return _place(row) if row else None


def _place(row: sqlite3.Row) -> Place:
    return Place(
        id=row["id"],
        name=row["name"],
        point=Point(row["latitude"], row["longitude"]),
        feature=Feature(row["feature"]),
        country_code=row["country_code"],
        admin1=row["admin1"],
        population=row["population"],
        geonameid=row["geonameid"],
        radius_km=row["radius_km"],
    )
