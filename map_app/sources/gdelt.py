"""GDELT's tables: tab-separated rows without a first row of names. Its events and its Global Knowledge Graph are read.

Columns after the codebooks: http://data.gdeltproject.org/documentation/GDELT-Event_Codebook-V2.0.pdf (61 columns),
http://data.gdeltproject.org/documentation/GDELT-Data_Format_Codebook.pdf (1.0: 58, and 57 before April 2013) and
http://data.gdeltproject.org/documentation/GDELT-Global_Knowledge_Graph_Codebook-V2.1.pdf (27).
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from map_app.errors import UnreadableError
from map_app.geo import Point
from map_app.model import GivenPlace
from map_app.sources.coordinates import MAX_GIVEN, gdelt_place, gkg_places
from map_app.sources.dates import published_of
from map_app.sources.fields import Draft, title_in_address, web_url
from map_app.sources.reading import Failure, Item, Note, Reading

#: Articles whose events are collected before they are handed on: as many as a whole day of 1.0 has.
MAX_OPEN = 100_000

GKG_COLUMNS = 27
_RECORD, _DATE, _COLLECTION, _OUTLET, _DOCUMENT, _LOCATIONS, _EXTRAS = 0, 1, 2, 3, 4, 9, 26
_RECORD_ID = re.compile(r"\d{14}-T?\d+")
_PAGE_TITLE = re.compile(r"<PAGE_TITLE>(.{1,2000}?)</PAGE_TITLE>")

#: V2SOURCECOLLECTIONIDENTIFIER of documents that are on the web, so that their identifier is an address.
_WEB = "1"


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a version of the event table has what is read of it: of its three places that of the action itself."""

    geo_type: int
    name: int
    latitude: int
    longitude: int
    added: int
    address: int


#: By the number of columns. 2.0 has ADM2Code in each of the three places, which 1.0 has not.
_EVENTS: Mapping[int, _Columns] = {61: _Columns(51, 52, 56, 57, 59, 60), 58: _Columns(49, 50, 53, 54, 56, 57)}

#: The columns of 1.0's tables up to March 2013, which name no article.
_WITHOUT_ADDRESS = 57


def is_gdelt(line: str) -> bool:
    """Whether a line is a row of a table of GDELT's."""
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) == GKG_COLUMNS:
        return _RECORD_ID.fullmatch(cells[_RECORD]) is not None
    is_as_long = len(cells) in _EVENTS or len(cells) == _WITHOUT_ADDRESS
    return is_as_long and cells[0].isdecimal() and re.fullmatch(r"\d{8}", cells[1]) is not None


def read_gdelt(reading: Reading, lines: Iterable[str]) -> Iterator[Item]:
    """The articles that a table of GDELT's is about; raises UnreadableError where it names none."""
    rows = (line.replace("\0", "").rstrip("\r\n").split("\t") for line in lines)
    first = next(rows, [])
    numbered = enumerate(chain([first], rows), start=1)
    if len(first) == GKG_COLUMNS:
        yield from _gkg(reading, numbered)
    elif columns := _EVENTS.get(len(first)):
        yield from _events(reading, numbered, len(first), columns)
    else:
        raise UnreadableError("GDELT's events from before April 2013 name no articles: take a later file")


def _gkg(reading: Reading, rows: Iterable[tuple[int, list[str]]]) -> Iterator[Item]:
    for number, cells in rows:
        where = f"{reading.name}, row {number}"
        if len(cells) != GKG_COLUMNS:
            yield Failure(where, "it has not the columns of GDELT's knowledge graph")
            continue
        title = _PAGE_TITLE.search(cells[_EXTRAS])
        published, note = published_of(cells[_DATE], now=reading.now)
        url = cells[_DOCUMENT] if cells[_COLLECTION] == _WEB else ""
        draft = Draft(
            title=html.unescape(title[1]).strip() if title else title_in_address(url),
            text="",
            url=url,
            publisher=cells[_OUTLET],
            published=published,
            given=gkg_places(cells[_LOCATIONS]),
        )
        yield from _article(reading, draft, where, note)


@dataclass(slots=True)
class _Told:
    """What the events of one article say of it."""

    #: The first of them.
    where: str
    added: str
    places: dict[Point, GivenPlace] = field(default_factory=dict)


def _events(reading: Reading, rows: Iterable[tuple[int, list[str]]], width: int, columns: _Columns) -> Iterator[Item]:
    """One article for all events that name its address, in the order in which the addresses come first."""
    articles: dict[str, _Told] = {}
    unaddressed = 0
    for number, cells in rows:
        where = f"{reading.name}, row {number}"
        if len(cells) != width:
            yield Failure(where, f"it has {len(cells)} columns where GDELT's events have {width}")
            continue
        address = web_url(cells[columns.address])
        if not address:
            unaddressed += 1
            continue
        if address not in articles and len(articles) >= MAX_OPEN:
            yield from _handed_on(reading, articles)
            articles.clear()
        told = articles.setdefault(address, _Told(where, cells[columns.added]))
        place = gdelt_place(
            cells[columns.geo_type], cells[columns.name], cells[columns.latitude], cells[columns.longitude]
        )
        if place is not None and len(told.places) < MAX_GIVEN:
            told.places.setdefault(place.point, place)
    yield from _handed_on(reading, articles)
    if unaddressed:
        yield Note(reading.name, f"passed over {unaddressed:,} events whose source has no web address")


def _handed_on(reading: Reading, articles: Mapping[str, _Told]) -> Iterator[Item]:
    for url, told in articles.items():
        published, note = published_of(told.added, now=reading.now)
        given = tuple(told.places.values())
        draft = Draft(title=title_in_address(url), text="", url=url, published=published, given=given)
        yield from _article(reading, draft, told.where, note)


def _article(reading: Reading, draft: Draft, where: str, note: str) -> Iterator[Item]:
    try:
        yield from reading.one(draft, where)
    except UnreadableError as e:
        yield Failure(where, str(e))
        return
    if note:
        yield Note(where, note)
