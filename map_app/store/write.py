"""One article and its resolutions into the tables, inside a transaction that the store holds."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

from map_app.model import Article, Field, GivenPlace, Kind, Place, Resolution
from map_app.store.copies import forget_if_empty, group_of
from map_app.store.roles import packed
from map_app.store.text import storable


def write_article(
    connection: sqlite3.Connection,
    number: int | None,
    fingerprint: str,
    article: Article,
    resolutions: Sequence[Resolution],
) -> int:
    """Add an article, or replace all there is of article `number`; returns its number.

    The number and the id stay, so that what people say of an article, such as corrections of its places, has something
    to hold on to when its words change: a table of that kind refers to the number and is not emptied here.
    """
    mentions = _mentions(resolutions)
    values = {
        "id": article.id, "fingerprint": fingerprint, "title": article.title, "text": article.text,
        "url": article.url, "publisher": article.publisher, "language": article.language,
        "domain": article.domain, "source": article.source, "author": article.author,
        "given": json.dumps([_given(given) for given in article.given]),
    }  # fmt: skip
    row: dict[str, object] = {name: storable(value) for name, value in values.items()}
    row["published"] = published = (
        int(article.published.replace(microsecond=0).timestamp()) if article.published else None
    )
    row["places"] = len(mentions)
    before = (
        connection.execute("SELECT story_group, title, text FROM article WHERE number = ?", (number,)).fetchone()
        if number is not None
        else None
    )
    if before is not None and (before["title"], before["text"]) == (row["title"], row["text"]):
        group = before["story_group"]
    else:
        group = group_of(connection, storable(article.title), storable(article.text))
    row["story_group"] = group
    if number is None:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        number = connection.execute(f"INSERT INTO article ({names}) VALUES ({marks}) RETURNING number", row).fetchone()[
            0
        ]
    else:
        changes = ", ".join(f"{name} = :{name}" for name in row)
        connection.execute(f"UPDATE article SET {changes} WHERE number = :number", row | {"number": number})
        for table in ("mention", "resolutions", "unplaced"):
            connection.execute(f"DELETE FROM {table} WHERE article = ?", (number,))
        if before is not None and before["story_group"] not in (None, group):
            forget_if_empty(connection, before["story_group"])
    for place, found in mentions.values():
        connection.execute(
            "INSERT INTO mention (place, article, roles, times, feature, country_code, spans, published)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                _place_number(connection, place),
                number,
                packed(r.role for r in found),
                len(found),
                place.feature,
                storable(place.country_code),
                json.dumps([[r.toponym.start, r.toponym.end] for r in found if r.toponym.field is Field.TEXT]),
                published,
            ),
        )
    everything = _ENCODER.encode(list(resolutions))
    connection.execute("INSERT INTO resolutions VALUES (?, ?)", (number, storable(everything)))
    unplaced = Counter(
        (storable(r.toponym.name), storable(r.unplaced_because))
        for r in resolutions
        if r.place is None and r.toponym.kind is Kind.TOPONYM
    )
    connection.executemany(
        "INSERT INTO unplaced VALUES (?, ?, ?, ?)",
        [(number, name, reason, times) for (name, reason), times in unplaced.items()],
    )
    return number


def _given(given: GivenPlace) -> list[object]:
    """As `_article` in store.py reads it; shorter for spots, as stores from before areas have it."""
    spot: list[object] = [given.name, given.point.latitude, given.point.longitude]
    return [*spot, True, given.radius_km] if given.is_area else spot


def _mentions(resolutions: Sequence[Resolution]) -> dict[str, tuple[Place, list[Resolution]]]:
    """Placed toponyms by the place's id; peoples are no pins."""
    mentions: dict[str, tuple[Place, list[Resolution]]] = {}
    for resolution in resolutions:
        if resolution.place is not None and resolution.toponym.kind is Kind.TOPONYM:
            mentions.setdefault(storable(resolution.place.id), (resolution.place, []))[1].append(resolution)
    return mentions


def _fields_of(value: Any) -> dict[str, Any]:
    """The fields of one of our frozen values, which have slots; `dataclasses.asdict` takes many times as long."""
    return {name: getattr(value, name) for name in value.__slots__}


_ENCODER = json.JSONEncoder(default=_fields_of, ensure_ascii=False)


def _place_number(connection: sqlite3.Connection, place: Place) -> int:
    row: dict[str, object] = {
        name: storable(value) if isinstance(value, str) else value for name, value in _fields_of(place).items()
    }
    del row["point"]
    row |= {"latitude": place.point.latitude, "longitude": place.point.longitude}
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    changes = ", ".join(f"{name} = excluded.{name}" for name in row if name != "id")
    number: int = connection.execute(
        f"INSERT INTO place ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changes} RETURNING number", row
    ).fetchone()[0]
    return number
