"""What is shown of what passes a filter: pins and stories. Words of SQL are constants, values are always bound."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from map_app.geo import Point
from map_app.model import ArticleFilter, Feature, Pin, Place, Role, Story
from map_app.store.bound import bound
from map_app.store.figures import at_places, moment
from map_app.store.roles import packed, strongest, unpacked
from map_app.store.select import Selection, newest_first
from map_app.store.snippets import snippet
from map_app.store.text import storable

#: A place is read from these columns.
_PLACE = "p.id, p.name, p.latitude, p.longitude, p.feature, p.country_code, p.admin1, p.population, p.geonameid"
_PLACE += ", p.radius_km"

#: The largest number that SQLite counts to.
_MOST = 2**63 - 1


def pins(connection: sqlite3.Connection, selection: Selection, numbers_up_to: int) -> list[Pin]:
    """See Store.pins."""
    counted = at_places(selection)
    places = _places(connection, list(counted))
    few = sum(articles for articles, _ in counted.values()) <= numbers_up_to
    numbers = _article_numbers(selection) if few else {}
    found = [
        Pin(places[number], articles, article_numbers=tuple(numbers.get(number, ())), role=unpacked(roles)[0])
        for number, (articles, roles) in counted.items()
    ]
    return sorted(found, key=lambda pin: (-pin.article_count, pin.place.name))


def _article_numbers(selection: Selection) -> dict[int, list[int]]:
    """By the place's number, those of the articles that pass there."""
    columns = selection.columns
    mentions = selection.mentions()
    numbers: dict[int, list[int]] = defaultdict(list)
    at = columns.spot_place[columns.spot[mentions]].tolist()
    for place, number in zip(at, columns.number[columns.article[mentions]].tolist(), strict=True):
        numbers[place].append(number)
    return numbers


def _places(connection: sqlite3.Connection, numbers: list[int]) -> dict[int, Place]:
    found: dict[int, Place] = {}
    for some, marks in bound(numbers):
        for row in connection.execute(f"SELECT p.number, {_PLACE} FROM place p WHERE p.number IN ({marks})", some):
            found[row["number"]] = _place(row)
    return found


def _also_in(connection: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> dict[int, int]:
    """By the article's number, how many other outlets carry its story, for those that any does."""
    outlets: dict[int, set[str]] = defaultdict(set)
    rows = [row for row in rows if row["story_group"] is not None]
    groups = sorted({row["story_group"] for row in rows})
    for some, marks in bound(groups):
        for row in connection.execute(
            f"SELECT DISTINCT story_group, publisher, domain FROM article WHERE story_group IN ({marks})", some
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
    connection: sqlite3.Connection, selection: Selection, offset: int, limit: int, now: datetime
) -> list[Story]:
    """See Store.stories."""
    offset, limit = min(max(offset, 0), _MOST), min(max(limit, 0), _MOST)
    columns, f = selection.columns, selection.filter
    page = columns.number[newest_first(columns, selection.articles(), offset, limit, now)].tolist()
    found: dict[int, sqlite3.Row] = {}
    for some, marks in bound(page):
        for row in connection.execute(f"SELECT * FROM article WHERE number IN ({marks})", some):
            found[row["number"]] = row
    rows = [found[number] for number in page]
    also_in = _also_in(connection, rows)
    places: dict[int, list[tuple[str, str]]] = defaultdict(list)
    roles: dict[int, list[tuple[Role, ...]]] = defaultdict(list)
    cut_at: dict[int, sqlite3.Row] = {}
    for some, marks in bound(page):
        for row in connection.execute(
            f"""
            SELECT m.article, m.spans, m.roles, {strongest("m.roles")} AS strongest, m.times, m.feature,
                m.country_code, p.id, p.name
            FROM mention m JOIN place p ON p.number = m.place
            WHERE m.article IN ({marks}) ORDER BY m.times DESC, strongest, p.name
            """,
            some,
        ):
            places[row["article"]].append((row["id"], row["name"]))
            roles[row["article"]].append(unpacked(row["roles"]))
            best = cut_at.get(row["article"])
            if best is None or _cut_first(row, f) < _cut_first(best, f):
                cut_at[row["article"]] = row
    return [
        _story(
            row,
            cut_at[row["number"]]["spans"] if row["number"] in cut_at else "[]",
            unpacked(cut_at[row["number"]]["roles"])
            if selection.filter.place and row["number"] in cut_at
            else (Role.MENTION,),
            tuple(places[row["number"]]),
            place_roles=tuple(roles[row["number"]]),
            also_in=also_in.get(row["number"], 0),
        )
        for row in rows
    ]


def _cut_first(row: sqlite3.Row, f: ArticleFilter) -> tuple[bool, bool, int, int]:
    """Smallest for the mention to cut the snippet at: one that was asked for, in the text, with the strongest role."""
    return not _passes(row, f), row["spans"] == "[]", row["strongest"], -row["times"]


def _passes(mention: sqlite3.Row, f: ArticleFilter) -> bool:
    return (
        (not f.countries or mention["country_code"] in {storable(code) for code in f.countries})
        and (not f.features or mention["feature"] in f.features)
        and (not f.roles or mention["roles"] & packed(f.roles) > 0)
        and (not f.place or mention["id"] == storable(f.place))
    )


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
