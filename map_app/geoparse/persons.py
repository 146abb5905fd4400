"""Names that an article uses for a person are no places: "Jordan Tyler, 34, was arrested. Tyler said"."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from map_app.geoparse.exact import EXACT_CONFIDENCE
from map_app.geoparse.lexicon import CASES, Lexicon
from map_app.model import Article, Field, Kind, Toponym

#: Only the commonest few thousand first names say that the next word is a surname.
COMMON_FIRST_NAME = 6
#: Of words that are written small as well, only common surnames are any: Walker and Baker, but not Herald.
COMMON_SURNAME = 6

#: Before a person's name, or a storm's, which is called like one.
_TITLE = r"(?:Mr|Mrs|Ms|Dr|Prof|Sir|Dame|Sen|Rep|Judge|Rev|Sgt|Capt|Hurricane|Typhoon|Cyclone|Storm)"
#: The last two words of a run of capitals, an initial between them or not: "Jordan Tyler", "Mr. Lincoln".
_FULL_NAME = re.compile(
    rf"(?<![\w’'.-])(?:(?P<title>{_TITLE})\.?|(?P<first>[A-Z][\w-]{{1,30}})) (?:[A-Z]\. )?"
    r"(?P<last>[A-Z][\w-]{1,30})(?![\w-]|[’'](?!s\b)\w| [A-Z])"
)
#: Behind a name stands how old its bearer is: "Harrison, 8, held".
_AGED = re.compile(r"(?<![\w’'.-])(?P<last>[A-Z][\w-]{1,30}), \d{1,2}(?=[,.;)])")
_AGE = re.compile(r", \d{1,2}[,.;)]")

#: A place stands behind these, what is named after it behind the others too ("the Augusta Herald", "in Lincoln Park").
_AT = re.compile(r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Ff]rom|[Oo]utside|[Aa]cross|[Aa]round) $|, of $")
_AT_OR_THE = re.compile(r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Ff]rom|[Oo]utside|[Aa]cross|[Aa]round|[Tt]he|[Tt]o|[Oo]f|[Oo]n) $")
#: And before these: "Houston police", "Houston-based".
_OF_A_PLACE = re.compile(
    r"(?:-based|(?:['’]s)? (?:authorities|city|council|councill?ors|county|mayor|officials|police|residents|schools))\b"
)
_REACH = 9
_OWNS = ("'", "’")

_DATES = frozenset(
    [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
)  # fmt: skip
#: Surnames that are rather the second word of a place's name.
_OF_PLACES = frozenset(
    ["Hill", "Hills", "Park", "Lake", "Mills", "Grove", "Hall", "Castle", "Fort", "Parish", "North", "South", "West"]
)


class _Spot(NamedTuple):
    """Where a person's name stands."""

    field: Field
    start: int


class Persons:
    """Tells them by first names, titles and ages; safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._entry = lexicon.entry

    def without(self, article: Article, toponyms: Sequence[Toponym]) -> list[Toponym]:
        """The toponyms but for those that are a person's first name or surname, or both.

        A name that the article uses for a place as well ("in Houston", "Houston, Texas") is only left out within the
        person's full name.
        """
        names = {t.name for t in toponyms if _may_be_of_a_person(t)}
        if not names:
            return list(toponyms)
        spots: set[_Spot] = set()
        persons: set[str] = set()
        for field, text in ((Field.TITLE, article.title), (Field.TEXT, article.text)):
            for name, start in self._persons(text, names):
                spots.add(_Spot(field, start))
                persons.add(name)
        for toponym, following in zip(toponyms, [*toponyms[1:], None], strict=True) if persons else ():
            if toponym.name in persons and (toponym.field, toponym.start) not in spots:
                text = article.title if toponym.field is Field.TITLE else article.text
                if _is_at_a_place(text, toponym, following):
                    persons.discard(toponym.name)
        return [
            toponym
            for toponym in toponyms
            if toponym.name not in persons
            and (toponym.field, toponym.start) not in spots
            and not (toponym.kind is Kind.TOPONYM and _has_an_age(article, toponym))
        ]

    def _persons(self, text: str, names: set[str]) -> Iterator[tuple[str, int]]:
        """The names that are surely a person's somewhere, and where they start."""
        for match in _FULL_NAME.finditer(text):
            title, first, last = match.groups()
            if last not in names and first not in names:
                continue
            if title is not None:
                yield last, match.start("last")
            elif self._is_full_name(first, last) and not _AT_OR_THE.search(
                text, max(0, match.start() - _REACH), match.start()
            ):
                yield first, match.start("first")
                yield last, match.start("last")
        for match in _AGED.finditer(text):
            if match["last"] in names:
                yield match["last"], match.start()

    def _is_full_name(self, first: str, last: str) -> bool:
        """Whether a common first name is followed by what may well be a surname."""
        if first in _DATES or last in _DATES or last in _OF_PLACES:
            return False
        entry = self._entry(first.casefold())
        if not 0 < entry.first_name <= COMMON_FIRST_NAME or CASES[entry.case] == "l":
            return False
        entry = self._entry(last.casefold())
        if CASES[entry.case] == "x":
            return 0 < entry.surname <= COMMON_SURNAME
        return CASES[entry.case] != "l" and (entry.surname > 0 or entry.rarity == 0)


def _may_be_of_a_person(toponym: Toponym) -> bool:
    is_single_word = toponym.kind is Kind.TOPONYM and " " not in toponym.name
    return is_single_word and not toponym.known and toponym.confidence != EXACT_CONFIDENCE


def _is_at_a_place(text: str, toponym: Toponym, following: Toponym | None) -> bool:
    """Whether a name stands as only a place does: "in Houston", "Houston, Texas"."""
    start, end = toponym.start, toponym.end
    if _AT.search(text, max(0, start - _REACH), start) and not text.startswith(_OWNS, end):
        return True
    if _OF_A_PLACE.match(text, end):
        return True
    return (
        following is not None
        and following.field is toponym.field
        and following.start == end + 2
        and text.startswith(", ", end)
    )


def _has_an_age(article: Article, toponym: Toponym) -> bool:
    text = article.title if toponym.field is Field.TITLE else article.text
    return _AGE.match(text, toponym.end) is not None
