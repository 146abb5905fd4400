"""Names found by looking them up as they stand: for scripts and languages that the model has not learned."""

from collections.abc import Iterator

from map_app.gazetteer.lookup import Gazetteer, NameKind
from map_app.geoparse.membership import Membership
from map_app.geoparse.tokens import Token, tokens
from map_app.model import Feature, Field, Toponym

#: How sure an exact match of an unambiguous name is: its surroundings are not understood.
EXACT_CONFIDENCE = 0.6

#: A city counts when it has at least this many people, and this many times those of its next namesake.
MIN_CITY_POPULATION = 300_000
MIN_POPULATION_RATIO = 5

#: Longest name tried, in words, and in characters where a script puts no spaces between words.
MAX_WORDS = 4
MAX_UNSPACED = 8

#: Shorter Latin-script names are too often common words of some language.
MIN_LATIN_LENGTH = 4

#: Scripts written without spaces between words: kana, Han, Thai, Lao, Khmer, Burmese.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF))


def exact_names(
    text: str, field: Field, gazetteer: Gazetteer, membership: Membership, *, latin: bool
) -> Iterator[Toponym]:
    """Countries, continents, and big cities under a name that no other place of note has, longest first.

    Names in Latin letters are looked for only if `latin` says so.
    """
    if not latin and text.isascii():
        return
    words = [token for token in tokens(text) if token.text[0].isalpha()]
    i = 0
    while i < len(words):
        word = words[i]
        if _is_unspaced(word.text[0]):
            yield from _unspaced(text, word, field, gazetteer, membership)
            i += 1
            continue
        taken = 1
        if (latin or not _is_latin(word.text[0])) and not word.text[0].islower():
            for n in range(min(MAX_WORDS, len(words) - i), 0, -1):
                start, end = word.start, words[i + n - 1].end
                name = text[start:end]
                if "\n" not in name and _is_unambiguous(name, gazetteer, membership):
                    yield Toponym(name, start, end, field, confidence=EXACT_CONFIDENCE)
                    taken = n
                    break
        i += taken


def _unspaced(text: str, word: Token, field: Field, gazetteer: Gazetteer, membership: Membership) -> Iterator[Toponym]:
    start = word.start
    while start < word.end:
        for end in range(min(start + MAX_UNSPACED, word.end), start + 1, -1):
            if _is_unambiguous(text[start:end], gazetteer, membership):
                yield Toponym(text[start:end], start, end, field, confidence=EXACT_CONFIDENCE)
                start = end
                break
        else:
            start += 1


def _is_unspaced(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _UNSPACED)


def _is_latin(character: str) -> bool:
    return character < "\u0250" or "\u1e00" <= character <= "\u1eff"


def _is_unambiguous(name: str, gazetteer: Gazetteer, membership: Membership) -> bool:
    kinds = membership.kinds(name)
    if not kinds or (
        _is_latin(name[0]) and (len(name) < MIN_LATIN_LENGTH or any(kind.endswith(".") for kind in kinds))
    ):
        return False
    if any(kind.startswith(("country", "continent")) for kind in kinds):
        return True
    cities = sorted(
        (
            match.place.population
            for match in gazetteer.candidates(name)
            if match.place.feature is Feature.CITY and match.name_kind is not NameKind.ABBREVIATION
        ),
        reverse=True,
    )
    if not cities or cities[0] < MIN_CITY_POPULATION:
        return False
    return len(cities) == 1 or cities[0] >= MIN_POPULATION_RATIO * cities[1]
