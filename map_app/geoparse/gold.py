"""Annotated articles: what people marked, read from JSON lines."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from map_app.errors import GeoparseError
from map_app.geoparse.jsonl import read_document
from map_app.model import Article


@dataclass(frozen=True, slots=True)
class GoldToponym:
    """A place name that a person marked."""

    start: int
    end: int
    name: str
    #: Decimal degrees, or None where it was marked but not placed.
    latitude: float | None
    longitude: float | None
    geonameid: int | None
    #: The name in the gazetteer that the annotators used, or empty.
    gazetteer_name: str
    #: "country", "admin1", "admin2", "place", "continent" or "other".
    level: str
    country_code: str
    #: Whether it counts; demonyms, languages and homonyms do not.
    scored: bool


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """An article with what people marked in its text."""

    article: Article
    toponyms: tuple[GoldToponym, ...]
    #: What the story is about, one toponym for each such place; None where nobody marked that.
    focus: tuple[GoldToponym, ...] | None = None
    #: Where it was filed, likewise; an article without a dateline has none.
    dateline: tuple[GoldToponym, ...] | None = None


def read_gold(path: Path) -> Iterator[GoldDocument]:
    """All documents of a file of JSON lines; raises GeoparseError naming the line that is not one."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    document = json.loads(line)
                    yield _document(document)
                except (ValueError, KeyError, TypeError, GeoparseError) as e:
                    raise GeoparseError(f"{path} line {number} is not an annotated document: {e!r}") from e
    except (OSError, UnicodeDecodeError) as e:
        raise GeoparseError(f"{path} cannot be read: {e}") from e


def _document(row: dict[str, Any]) -> GoldDocument:
    toponyms = tuple(map(_toponym, row["toponyms"]))
    return GoldDocument(
        read_document(row), toponyms, _named(row.get("focus"), toponyms), _named(row.get("dateline"), toponyms)
    )


def _named(names: Sequence[str] | None, toponyms: Sequence[GoldToponym]) -> tuple[GoldToponym, ...] | None:
    """The toponyms that places listed by the gazetteer's name stand for; raises ValueError where none does."""
    if names is None:
        return None
    by_name = {t.gazetteer_name: t for t in reversed(toponyms) if t.scored}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not the gazname of any scored toponym")
    return tuple(by_name[name] for name in names)


def _toponym(row: dict[str, Any]) -> GoldToponym:
    latitude, longitude = row.get("lat"), row.get("lon")
    return GoldToponym(
        start=int(row["start"]),
        end=int(row["end"]),
        name=str(row["text"]),
        latitude=None if latitude is None else float(latitude),
        longitude=None if longitude is None else float(longitude),
        geonameid=row.get("geonameid") or None,
        gazetteer_name=str(row.get("gazname") or ""),
        level=str(row.get("level") or "place"),
        country_code=str(row.get("country_code") or ""),
        scored=bool(row.get("scored", True)),
    )
