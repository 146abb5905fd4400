"""A feed as it is written, before anything is believed: what its readers, of XML and of JSON, give."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from map_app.errors import UnreadableError
from map_app.model import GivenPlace
from map_app.sources.markup import html_to_text, looks_like_html

#: How much of a document is looked at to tell what it is.
START_CHARS = 2000

#: What an identifier that names something everywhere starts with.
URI = re.compile(r"(?:https?://|tag:|urn:|info:|doi:)", re.IGNORECASE)
_CHAR_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry as the feed has it, before anything is believed."""

    id: str
    title: str
    text: str
    links: tuple[str, ...]
    date: object
    language: str
    publisher: str
    publisher_url: str
    #: Whether it has an element for its whole text.
    has_content: bool
    #: Where it says that it is, by GeoRSS or the W3C's geo.
    given: tuple[GivenPlace, ...] = ()
    #: What is wrong with where it says that it is, or nothing.
    given_note: str = ""
    #: Names with semicolons between them.
    author: str = ""


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed as it is written, before anything is believed."""

    title: str
    links: tuple[str, ...]
    language: str
    interval_s: int | None
    entries: tuple[RawEntry, ...]
    warning: str


def string(thing: Mapping[str, Any], name: str) -> str:
    """A field as it stands: feedparser's own look-up would answer with another where it is absent."""
    value = dict.get(thing, name) if isinstance(thing, dict) else None
    return value if isinstance(value, str) else ""


def mapping(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that is an object, or an empty one."""
    value = dict.get(thing, name) if isinstance(thing, dict) else None
    return value if isinstance(value, dict) else {}


def items(thing: Mapping[str, Any], name: str) -> Sequence[Any]:
    """A field that is a list, or an empty one."""
    value = dict.get(thing, name) if isinstance(thing, dict) else None
    return value if isinstance(value, list) else []


def type_of(thing: Mapping[str, Any], name: str) -> str:
    """The media type that feedparser gives for a field."""
    return string(mapping(thing, f"{name}_detail"), "type")


def names(people: Sequence[Any]) -> list[str]:
    """The names of a list of {"name": ...}; where only an address for mail stands there, nobody is named."""
    names = [one_line(plain(string(person, "name"), "")) for person in people if isinstance(person, dict)]
    return [name for name in names if name and "@" not in name]


def plain(value: str, kind: str) -> str:
    """The words of a field that may be markup, whatever it is declared to be; never nothing out of something."""
    if not value.strip():
        return ""
    if "html" in kind or looks_like_html(value):
        marked = "<" in value or "&" in value
        return (_without_markup(value) if marked else value.strip()) or value.strip()
    return (html.unescape(value) if _CHAR_REFERENCE.search(value) else value).strip()


def _without_markup(value: str) -> str:
    try:
        return html_to_text(value)
    except UnreadableError:
        return ""


def one_line(text: str) -> str:
    """The text with single spaces for whatever white space it has."""
    return " ".join(text.split())
