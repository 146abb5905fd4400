"""Names that an article uses for a person are no places: "Jordan Tyler, 34, was arrested. Tyler said"."""

import re
from collections.abc import Callable, Iterator, Sequence

from map_app.geoparse.exact import EXACT_CONFIDENCE
from map_app.geoparse.lexicon import CASES, Lexicon
from map_app.model import Article, Field, Kind, Toponym

#: Only the commonest few thousand first names say that the next word is a surname.
COMMON_FIRST_NAME = 6
#: Of words that are written small as well, only common surnames are any: Walker and Baker, but not Herald.
COMMON_SURNAME = 6

#: Before a person's name, or a storm's, which is called like one.
_TITLES = frozenset(
    [
        "Mr", "Mrs", "Ms", "Dr", "Prof", "Sir", "Dame", "Sen", "Rep", "Judge", "Rev", "Sgt", "Capt",
        "Hurricane", "Typhoon", "Cyclone", "Storm",
    ]
)  # fmt: skip
#: The last two words of a run of capitals, an initial between them or not: "Jordan Tyler", "Mr. Lincoln". A pattern
#: that begins with a capital and nothing else is told many times faster.
_TWO_WORDS = re.compile(
    r"(?P<first>[A-Z][\w-]{1,30})(?P<stop>\.?) (?:[A-Z]\. )?(?P<last>[A-Z][\w-]{1,30})(?![\w-]|[’'](?!s\b)\w| [A-Z])"
)
#: How old somebody is: "Harrison, 8, held".
_AGE = re.compile(r", \d{1,2}[,.;)]")
#: The name before that.
_LAST_WORD = re.compile(r"[A-Z][\w-]{1,30}$")

#: A place stands behind these, what is named after it behind the others too ("the Augusta Herald", "in Lincoln Park").
_AT = re.compile(r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Ff]rom|[Oo]utside|[Aa]cross|[Aa]round) $|, of $")
_AT_OR_THE = re.compile(r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Ff]rom|[Oo]utside|[Aa]cross|[Aa]round|[Tt]he|[Tt]o|[Oo]f|[Oo]n) $")
#: And before these: "Houston police", "Houston-based", "Houston (AP) -".
_OF_A_PLACE = re.compile(
    r"-based\b| \(| ?[–—]| - |"
    r"(?:['’]s)? (?:authorities|city|council|councill?ors|county|mayor|officials|police|residents|schools)\b"
)
_REACH = 9
_LONGEST = 32
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


class Persons:
    """Tells them by first names, titles and ages; safe to share between threads."""

    def __init__(self, lexicon: Lexicon, is_country_or_state: Callable[[str], bool]) -> None:
        """A country or state that somebody has for a first name ("Israel Katz") is one in the rest of the article."""
        self._entry = lexicon.entry
        self._is_country_or_state = is_country_or_state

    def without(self, article: Article, toponyms: Sequence[Toponym]) -> list[Toponym]:
        """The toponyms but for those that are a person's first name or surname, or both.

        A name that the article uses for a place as well ("in Houston", "Houston, Texas") is only left out within the
        person's full name.
        """
        names = {t.name for t in toponyms if _is_by_model(t) and " " not in t.name}
        texts = {Field.TITLE: article.title, Field.TEXT: article.text}
        #: Fields and ends of persons' names.
        ends: set[tuple[Field, int]] = set()
        persons: set[str] = set()
        for field, text in texts.items() if toponyms else ():
            for name, end, is_first in self._persons(text, names):
                ends.add((field, end))
                if not (is_first and self._is_country_or_state(name)):
                    persons.add(name)
        if not ends:
            return list(toponyms)
        for toponym, following in zip(toponyms, [*toponyms[1:], None], strict=True):
            is_asked = toponym.name in persons and (toponym.field, toponym.end) not in ends
            if is_asked and _is_at_a_place(texts[toponym.field], toponym, following):
                persons.discard(toponym.name)

        def is_left(toponym: Toponym) -> bool:
            if not _is_by_model(toponym):
                return True
            if (toponym.field, toponym.end) in ends:
                return _is_behind(_AT, texts[toponym.field], toponym.start)  # "a man from Leeds, 34,"
            return toponym.name not in persons

        return list(filter(is_left, toponyms))

    def _persons(self, text: str, names: set[str]) -> Iterator[tuple[str, int, bool]]:
        """Names that are surely a person's, where they end, and whether they are first names.

        None but those names have to be told.
        """
        for match in _TWO_WORDS.finditer(text):
            first, stop, last = match.groups()
            if last not in names and first not in names:
                continue
            if first in _TITLES:
                yield last, match.end(), False
            elif not stop and self._is_full_name(first, last) and not _is_behind(_AT_OR_THE, text, match.start()):
                yield first, match.end("first"), True
                yield last, match.end(), False
        for match in _AGE.finditer(text):
            end = match.start()
            if word := _LAST_WORD.search(text, max(0, end - _LONGEST), end):
                yield word[0], end, False

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


def _is_by_model(toponym: Toponym) -> bool:
    """Whether it is a place's name that was found by the words around; peoples are asked of no list of first names."""
    return toponym.kind is Kind.TOPONYM and not toponym.known and toponym.confidence != EXACT_CONFIDENCE


def _is_at_a_place(text: str, toponym: Toponym, following: Toponym | None) -> bool:
    """Whether a name stands as only a place does: "in Houston", "Houston, Texas"."""
    end = toponym.end
    if _is_behind(_AT, text, toponym.start) and not text.startswith(_OWNS, end):
        return True
    if _OF_A_PLACE.match(text, end):
        return True
    is_next = following is not None and following.field is toponym.field and following.start == end + 2
    return is_next and text.startswith(", ", end)


def _is_behind(words: re.Pattern[str], text: str, start: int) -> bool:
    return words.search(text, max(0, start - _REACH), start) is not None
