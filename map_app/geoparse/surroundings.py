"""What the words right around a name say about which place it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from map_app.model import Article, Field, Kind, Toponym

#: Between a place and what holds it: "Paris, Texas", "Paris (Texas)", "Aleppo, in northern Syria".
_CONTAINER_LINK = re.compile(
    r",?\s*\(?|,?\s+in\s+(?:the\s+)?(?:(?:north|south|east|west|central)[a-z-]*\s+)?(?:state\s+of\s+|province\s+of\s+)?",
    re.IGNORECASE,
)
_MAX_LINK = 40

#: How far around a name is looked.
_REACH = 40

_DIVISION_AFTER = re.compile(
    r"(?:[\s-]+(?:border|frontier))?\s+"
    r"(?:region|oblast|province|state|governorate|prefecture|territory|krai|republic|county)(?![\w-])",
    re.IGNORECASE,
)
_DIVISION_BEFORE = re.compile(r"(?:region|oblast|province|state|governorate|prefecture|county)\s+of\s+$", re.IGNORECASE)
_TOWN_BEFORE = re.compile(r"(?:city|town|village|port|capital)(?:\s+of|,)?\s+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around one occurrence of a name."""

    #: The name of what it is said to lie in, or empty.
    container: str = ""
    #: "division", "town" or empty.
    stated_kind: str = ""


def read_surroundings(article: Article, toponyms: Sequence[Toponym]) -> list[Surroundings]:
    """One for each toponym, in the same order."""
    order = sorted(range(len(toponyms)), key=lambda i: (toponyms[i].field, toponyms[i].start))
    following = dict(zip(order, [*order[1:], -1], strict=True)) if order else {}
    out = []
    for i, toponym in enumerate(toponyms):
        if toponym.kind is Kind.DEMONYM:
            out.append(Surroundings())
            continue
        text = article.title if toponym.field is Field.TITLE else article.text
        out.append(Surroundings(_container(text, toponyms, i, following[i]), _stated_kind(text, toponym)))
    return out


def _container(text: str, toponyms: Sequence[Toponym], i: int, following: int) -> str:
    if following < 0:
        return ""
    inner, outer = toponyms[i], toponyms[following]
    if outer.field is not inner.field or outer.kind is Kind.DEMONYM or not 0 < outer.start - inner.end <= _MAX_LINK:
        return ""
    link = text[inner.end : outer.start]
    if link.isspace() or "\n" in link or not _CONTAINER_LINK.fullmatch(link):
        return ""
    return outer.name


def _stated_kind(text: str, toponym: Toponym) -> str:
    if _DIVISION_AFTER.match(text[toponym.end : toponym.end + _REACH]):
        return "division"
    before = text[max(0, toponym.start - _REACH) : toponym.start]
    if _DIVISION_BEFORE.search(before):
        return "division"
    return "town" if _TOWN_BEFORE.search(before) else ""
