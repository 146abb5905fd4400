"""What there is of everything that passes a filter, counted in the packed columns."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import TypeVar

import numpy as np

from map_app.model import Feature, Role
from map_app.store.packed import FEATURES, UNDATED, Columns, Ints, Mask
from map_app.store.roles import packed
from map_app.store.select import COUNTRIES, KINDS, PUBLISHERS, ROLES, Selection, end_of_present

T = TypeVar("T", str, Feature)

#: Publishers in the list of choices.
MAX_PUBLISHERS = 500

#: Names that are as many articles' and in so many are sorted in memory; of more the first are asked for in order.
_MAX_TIED = 2000


@dataclass(frozen=True, slots=True)
class Counts:
    """What a store holds."""

    articles: int
    #: Articles that are pinned to at least one place.
    placed: int
    places: int
    #: Names that could not be placed, each counted once.
    unplaced_names: int


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


def counts(connection: sqlite3.Connection, columns: Columns) -> Counts:
    """See Store.counts."""
    in_use = np.zeros(1 + int(columns.name.max(initial=0)), np.bool_)
    in_use[columns.name] = True
    # By an index, in which a name that several reasons keep off the map stands side by side.
    rows = connection.execute("SELECT number, name FROM unplaced_name ORDER BY name, reason")
    names = (name for number, name in rows if number < len(in_use) and in_use[number])
    return Counts(
        articles=len(columns.number),
        placed=int(np.count_nonzero(columns.mentions)),
        places=len(np.unique(columns.spot_place[columns.spot])),
        unplaced_names=sum(1 for _ in groupby(names)),
    )


def summary(selection: Selection, now: datetime) -> Summary:
    """See Store.summary."""
    columns = selection.columns
    articles = selection.articles()
    dated = columns.published[articles]
    dated = dated[dated != UNDATED]
    present = dated[dated <= end_of_present(now)]
    return Summary(
        articles=len(articles),
        all_articles=len(columns.number),
        places=len(at_places(selection)),
        unplaced_articles=int(np.count_nonzero(columns.mentions[articles] == 0)),
        oldest=moment(int(dated.min())) if len(dated) else None,
        newest=moment(int(present.max())) if len(present) else None,
    )


def at_places(selection: Selection) -> dict[int, tuple[int, int]]:
    """By the place's number: how many articles pass there, and all the roles, as one number, that it has in them."""
    columns = selection.columns
    mentions = selection.mentions()
    # How often each spot has each set of roles, in one pass.
    sets = 1 + packed(Role)
    counted = np.bincount(
        columns.spot[mentions].astype(np.int64) * sets + columns.roles[mentions] % sets,
        minlength=len(columns.spot_place) * sets,
    ).reshape(-1, sets)
    found: dict[int, tuple[int, int]] = {}
    for spot in np.flatnonzero(counted.any(axis=1)).tolist():
        # A place that has become of another kind is two spots.
        place = int(columns.spot_place[spot])
        articles, roles = found.get(place, (0, 0))
        with_roles = np.flatnonzero(counted[spot])
        found[place] = articles + int(counted[spot].sum()), roles | int(np.bitwise_or.reduce(with_roles))
    return found


def facets(selection: Selection) -> Facets:
    """See Store.facets."""
    columns = selection.columns
    publishers = np.bincount(columns.publisher[selection.articles(PUBLISHERS)]).tolist()
    named = [(columns.publishers[number], count) for number, count in enumerate(publishers) if count]
    return Facets(
        countries=_countries(columns, selection.mentions(COUNTRIES)),
        features=_features(columns, selection.mentions(KINDS)),
        publishers=_most_first((name, count) for name, count in named if name)[:MAX_PUBLISHERS],
        roles=_roles(columns, selection.mentions(ROLES)),
    )


def country_counts(selection: Selection) -> dict[str, int]:
    """See Store.country_counts."""
    columns = selection.columns
    mentions = np.arange(len(columns.spot))[selection.mentions()]
    themselves = mentions[columns.feature[mentions] == FEATURES.index(Feature.COUNTRY)]
    return dict(_countries(columns, themselves))


def _most_first(counted: Iterable[tuple[T, int]]) -> tuple[tuple[T, int], ...]:
    return tuple(sorted(counted, key=lambda value: (-value[1], value[0])))


def _countries(columns: Columns, mentions: Ints | slice) -> tuple[tuple[str, int], ...]:
    """Articles by country: mentions of one article in one country lie together."""
    article, country = columns.article[mentions], columns.country[mentions]
    counts = np.bincount(country[_changes(article) | _changes(country)]).tolist()
    return _most_first((code, count) for code, count in zip(columns.countries, counts, strict=False) if code and count)


def _features(columns: Columns, mentions: Ints | slice) -> tuple[tuple[Feature, int], ...]:
    bits = np.left_shift(1, columns.feature[mentions], dtype=np.uint8)
    counts = _with_bit(bits, columns.article[mentions], [1 << code for code in range(len(FEATURES))])
    return _most_first((feature, count) for feature, count in zip(FEATURES, counts, strict=True) if count)


def _roles(columns: Columns, mentions: Ints | slice) -> tuple[tuple[Role, int], ...]:
    """Articles in which a place has the role: an article counts for each role that it gives."""
    counts = _with_bit(columns.roles[mentions], columns.article[mentions], [packed([role]) for role in Role])
    counted = [(role, count) for role, count in zip(Role, counts, strict=True) if count]
    return tuple(sorted(counted, key=lambda value: -value[1]))


def _with_bit(bits: Ints, article: Ints, wanted: list[int]) -> list[int]:
    """For each bit how many articles have it in one mention at least; mentions of one article lie together."""
    starts = np.flatnonzero(_changes(article))
    of_articles = np.bitwise_or.reduceat(bits, starts) if len(starts) else bits
    return [int(np.count_nonzero(of_articles & bit)) for bit in wanted]


def _changes(values: Ints) -> Mask:
    """Whether each is another than the one before."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes


def unplaced(connection: sqlite3.Connection, selection: Selection, limit: int) -> list[UnplacedName]:
    """See Store.unplaced."""
    columns = selection.columns
    passing = np.zeros(len(columns.number), np.bool_)
    passing[selection.articles()] = True
    counts = np.bincount(columns.name[passing[columns.name_article]])
    there = int(np.count_nonzero(counts))
    limit = min(max(limit, 0), there)
    if not limit:
        return []
    least = int(np.partition(counts, len(counts) - limit)[len(counts) - limit])
    numbers = np.flatnonzero(counts > least).tolist()
    tied = counts == least
    if np.count_nonzero(tied) <= _MAX_TIED:
        numbers += np.flatnonzero(tied).tolist()
    else:
        numbers += _first_by_name(connection, tied, limit - len(numbers))
    found = []
    for number in numbers:
        row = connection.execute("SELECT name, reason FROM unplaced_name WHERE number = ?", (number,)).fetchone()
        found.append(UnplacedName(row["name"], row["reason"], int(counts[number])))
    return sorted(found, key=lambda name: (-name.articles, name.name, name.reason))[:limit]


def _first_by_name(connection: sqlite3.Connection, wanted: Mask, count: int) -> list[int]:
    """Of very many the first in the order of an index, of which no more is read than it takes."""
    rows = connection.execute("SELECT number FROM unplaced_name ORDER BY name, reason")
    return list(islice((row[0] for row in rows if row[0] < len(wanted) and wanted[row[0]]), count))
