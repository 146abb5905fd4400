"""Names found by looking them up as they stand: for scripts and languages that the model has not learned.

Only what can hardly be anything else is taken: countries by their names in the article's language, continents, and
big cities that no other city of note shares a name with. In scripts with capitals a name begins with one, and does not
occur in the article as a common word in lower case. How languages inflect names and write small words together with
them: `languages.py`.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from map_app.gazetteer.lookup import Gazetteer, Match, NameKind
from map_app.gazetteer.names import fold
from map_app.geoparse.capitals import capitals, countries_speaking, zone_cities
from map_app.geoparse.languages import (
    MIN_BASE,
    CountryNames,
    base_forms,
    common_words,
    country_names,
    country_names_in_script,
    is_preposition_of_place,
    locales_of_script,
    script_of,
)
from map_app.geoparse.lexicon import open_lexicon
from map_app.geoparse.membership import may_be_known
from map_app.model import Feature, Field, Place, Toponym

#: How sure an exact match of an unambiguous name is: its surroundings are not understood.
EXACT_CONFIDENCE = 0.6
#: An inflected form might be one of another word.
INFLECTED_CONFIDENCE = 0.5

#: A city counts when it has at least this many people, and this many times those of its next namesake.
MIN_CITY_POPULATION = 300_000
MIN_POPULATION_RATIO = 5
#: At the start of a sentence, where capitals say nothing, and under a name of two signs of a script without spaces,
#: which many common words and family names share, only cities of this size.
MIN_CITY_AT_START = 1_000_000
MIN_CITY_SHORT_NAME = 2_500_000

#: Distinct names kept for a language; the cache starts anew when it is full.
MAX_CACHED = 50_000

#: Longest name tried, in words, and in characters where a script puts no spaces between words.
MAX_WORDS = 4
MAX_UNSPACED = 16
#: No word that is longer is looked up.
MAX_WORD_LENGTH = 40

#: Shorter names are too often common words of some language.
MIN_LATIN_LENGTH = 4
MIN_HAN_LENGTH = 2
#: The gazetteer's other names do not say of which language they are: shorter ones are too often words of the article's.
MIN_OTHER_CITY_NAME = 6
MIN_OTHER_COUNTRY_NAME = 7
#: A name that is another's usual one counts for that, if it has at least this share of the people.
MIN_SHARE_OF_USUAL = 0.05
MIN_UNSPACED_LENGTH = 3

#: Scripts written without spaces between words: Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
#: Vowel signs and the like belong to words, though Python counts them as no letters.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0970-\u0dff\u135d-\u135f\u200c\u200d"
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W\d_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{_MARKS}]|[\"״׳](?=[\u05d0-\u05ea]))*")
_UNSPACED_START = re.compile(f"[{_UNSPACED}]")
_KATAKANA = re.compile("[\u30a0-\u30ff\u31f0-\u31ff]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
#: Vowels and tones that stand on or after a consonant: no name begins with one or ends before one.
_DEPENDENT = re.compile("[\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3]")
_WITHIN_NAME = re.compile(r"[ \u00a0'’ʼ-]{1,2}|\. ")
_APOSTROPHE = re.compile("['’ʼ]")
_WORD_BEFORE = re.compile(r"([^\W\d_]+) $")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:«\"“„(\n]|- |– |— )\s*$")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The one place that words name, and the half-open span of its name in them."""

    place: Place
    low: int
    high: int
    confidence: float


def exact_names(
    text: str, field: Field, gazetteer: Gazetteer, *, language: str = "", latin: bool = False
) -> Iterator[Toponym]:
    """Toponyms that are known to be one place, in order; names in Latin letters only if `latin` says so.

    `language` is a BCP 47 code, or empty where unknown: then countries are looked for in the languages of the script.
    """
    if not latin and text.isascii():
        return
    search = _search(gazetteer, language)
    words = [_Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]
    lower = {word.text for word in words if _is_lower(word.text[0])}
    i = 0
    while i < len(words):
        word = words[i]
        i += 1
        if _UNSPACED_START.match(word.text):
            yield from _unspaced(text, word, field, search)
        elif (latin or not _is_latin(word.text[0])) and not _is_lower(word.text[0]):
            found = _spaced(text, words[i - 1 : i - 1 + MAX_WORDS], lower, field, search)
            if found:
                toponym, taken = found
                yield toponym
                i += taken - 1


class _Search:
    """What names mean in one language; each is looked up once. Safe to share: what is written is written whole."""

    def __init__(self, gazetteer: Gazetteer, language: str) -> None:
        self.language = language
        self._gazetteer = gazetteer
        self._own_countries = country_names(language)
        self._common = common_words(language)
        self._capitals = capitals(gazetteer)
        self._speaking = countries_speaking(language)
        self._found: dict[str, Place | None] = {}
        self._meanings: dict[str, _Meaning | None] = {}
        self._goes_on: dict[str, bool] = {}

    def meaning(self, name: str) -> _Meaning | None:
        """What one or several words mean as they stand, or in an inflected form; None where nothing is certain."""
        try:
            return self._meanings[name]
        except KeyError:
            meaning = self._read(name)
        if len(self._meanings) >= MAX_CACHED:
            self._meanings.clear()
        self._meanings[name] = meaning
        return meaning

    def _read(self, name: str) -> _Meaning | None:
        if place := self.place(name):
            return _Meaning(place, 0, len(name), EXACT_CONFIDENCE)
        if fold(name) in self._common:
            return None
        for base, low, high in base_forms(name, self.language):
            # Names of several words are prefixed at the first of them, and inflected in ways that are left alone.
            is_short = not low and len(base) < MIN_BASE and script_of(name[0]) != "hangul"
            if is_short and not self._zone_city(fold(base)):
                continue
            if (low or " " not in name) and (place := self.place(base)):
                return _Meaning(place, low, high, INFLECTED_CONFIDENCE)
        return None

    def place(self, name: str) -> Place | None:
        """The one place that the name can mean, or None."""
        try:
            return self._found[name]
        except KeyError:
            place = self._look_up(name) if may_be_known(name) else None
        if len(self._found) >= MAX_CACHED:
            self._found.clear()
        self._found[name] = place
        return place

    def may_go_on(self, word: str) -> bool:
        """Whether names of several words begin with the word, prefixes taken off."""
        try:
            return self._goes_on[word]
        except KeyError:
            pass
        # The prefixes of the first of several words, which alone might be too short to have one.
        bases = (base.partition(" ")[0] for base, low, _ in base_forms(f"{word} {word}", self.language) if low)
        firsts = {fold(form) for form in (word, *bases)}
        found = any(
            any(first in names.first_words for names in self._countries(first)) or self._gazetteer.goes_on(first)
            for first in firsts
        )
        if len(self._goes_on) >= MAX_CACHED:
            self._goes_on.clear()
        self._goes_on[word] = found
        return found

    def _countries(self, key: str) -> Iterator[CountryNames]:
        """Where a country is looked for by a folded name: in the language, and in those written with its letters."""
        yield self._own_countries
        if key and not _is_latin(key[0]):
            yield country_names_in_script(key[0])

    def _look_up(self, name: str) -> Place | None:
        key = fold(name)
        if not key or key in self._common:
            return None
        code = next((names.codes[key] for names in self._countries(key) if key in names.codes), "")
        if code and (country := self._gazetteer.country(code)):
            return country
        matches = [m for m in self._gazetteer.candidates(name) if m.name_kind is not NameKind.ABBREVIATION]
        areas = {m.place.id: m for m in matches if m.place.feature in (Feature.COUNTRY, Feature.CONTINENT)}
        if areas:
            return self._area(key, next(iter(areas.values())), matches) if len(areas) == 1 else None
        cities = [m for m in matches if m.place.feature is Feature.CITY]
        divisions = {m.place.id: m.place for m in matches if m.place.feature is Feature.ADMIN1}
        if capital := self._capital(key, cities):
            return capital
        if not cities and len(divisions) == 1:
            cities = [Match(place, NameKind.ALTERNATE) for place in self._namesakes(next(iter(divisions.values())))]
        cities.sort(key=lambda match: -match.place.population)
        if not cities or cities[0].place.population < MIN_CITY_POPULATION:
            return None
        if len(cities) > 1 and cities[0].place.population < MIN_POPULATION_RATIO * cities[1].place.population:
            return None
        return cities[0].place if self._is_usual(key, cities[0], matches) else None

    def _area(self, key: str, match: Match, others: Sequence[Match]) -> Place | None:
        """The country or continent of a name that the language does not have for it, if nothing else is as likely."""
        if match.place.feature is Feature.CONTINENT:
            return match.place
        for other, kind in others:
            # Salvador is a city to who speaks Portuguese, and either to others.
            if kind is NameKind.PRIMARY and other.feature is Feature.CITY and other.population >= MIN_CITY_POPULATION:
                return other if other.country_code in self._speaking else None
        if _is_latin(key[0]) and len(key) < MIN_OTHER_COUNTRY_NAME:
            is_known = not self._own_countries.codes and match.name_kind is NameKind.PRIMARY
            return match.place if is_known else None
        return match.place

    def _capital(self, key: str, cities: Sequence[Match]) -> Place | None:
        """The capital that is called so in the language, or that has no greater namesake."""
        match = max(cities, key=lambda match: match.place.population, default=None)
        place = self._capitals.by_name.get(self._zone_city(key))
        # CLDR writes Dili in Hindi as all others write Delhi.
        if place and (match is None or match.place.population <= MIN_POPULATION_RATIO * place.population):
            return place
        if match is None:
            return None
        # A small town that is written like the capital in English is so in other scripts.
        place = self._capitals.by_name.get(fold(match.place.name))
        if place and not _is_latin(key[0]):
            return place
        is_sure = not _is_latin(key[0]) or match.name_kind is NameKind.PRIMARY or len(key) > MIN_LATIN_LENGTH
        is_capital = match.place.id in self._capitals.by_id
        return match.place if is_capital and is_sure and self._is_unshared(match, cities) else None

    def _zone_city(self, key: str) -> str:
        """The English name, folded, of a city that has its name in the language from CLDR; or empty."""
        return next((zones[key] for zones in self._zones(key) if key in zones), "")

    def is_zone_city(self, name: str) -> bool:
        """Whether CLDR has the name in the language: "Rom" is short, but no doubt Rome."""
        return fold(name) in zone_cities(self.language)

    def _zones(self, key: str) -> Iterator[Mapping[str, str]]:
        yield zone_cities(self.language)
        if key and not _is_latin(key[0]):
            yield from map(zone_cities, locales_of_script(key[0]))

    def _is_usual(self, key: str, match: Match, others: Sequence[Match]) -> bool:
        """Whether a name in Latin letters is one that the language may have for the city."""
        if match.name_kind is NameKind.PRIMARY or not _is_latin(key[0]):
            return True
        if self._zone_city(key) == fold(match.place.name):
            return True
        is_own = match.place.country_code in self._speaking
        return (is_own or len(key) >= MIN_OTHER_CITY_NAME) and self._is_unshared(match, others)

    @staticmethod
    def _is_unshared(match: Match, others: Sequence[Match]) -> bool:
        """Whether the name is not rather the usual one of something else."""
        least = match.place.population * MIN_SHARE_OF_USUAL
        return match.name_kind is NameKind.PRIMARY or not any(
            kind is NameKind.PRIMARY and (place.feature is Feature.ADMIN1 or place.population >= least)
            for place, kind in others
            if place.id != match.place.id and place.feature in (Feature.ADMIN1, Feature.CITY)
        )

    def _namesakes(self, division: Place) -> list[Place]:
        """Cities with the English name of their division: some names are listed with the division alone."""
        named = [match.place for match in self._gazetteer.candidates(division.name)]
        return [p for p in named if p.feature is Feature.CITY and self._gazetteer.admin1_of(p) == division]

    def longest_at_start(self, window: str, key: str) -> tuple[Place, int] | None:
        """The longest name that a text without spaces begins with, and its length; `key` is the folded text."""
        names = set(self._gazetteer.beginnings(key))
        names.update(key[:k] for zones in self._zones(key) for k in range(2, len(key) + 1) if key[:k] in zones)
        for countries in self._countries(key):
            if key[:2] in countries.beginnings:
                names.update(key[:k] for k in range(2, len(key) + 1) if key[:k] in countries.codes)
        for name in sorted(names, key=len, reverse=True):
            length = _length_of(name, window, key)
            place = self.place(window[:length]) if length else None
            is_capital = place is not None and place.id in self._capitals.by_id
            if place is not None and _may_end(window, length, place, is_capital=is_capital):
                return place, length
        return None


@functools.lru_cache(maxsize=64)
def _search(gazetteer: Gazetteer, language: str) -> _Search:
    return _Search(gazetteer, language)


def _length_of(name: str, window: str, key: str) -> int:
    """How many characters of the window fold to the name; 0 where none do."""
    if len(key) == len(window):
        return len(name)
    return next((k for k in range(1, len(window) + 1) if fold(window[:k]) == name), 0)


def _may_end(window: str, length: int, place: Place, *, is_capital: bool) -> bool:
    """Whether a name of this length is long enough, and does not end within a syllable or a word in katakana."""
    name, after = window[:length], window[length : length + 1]
    if _HAN.match(name[0]):
        is_short = length <= MIN_HAN_LENGTH
        return length >= MIN_HAN_LENGTH and not (
            is_short and not is_capital and place.feature is Feature.CITY and place.population < MIN_CITY_SHORT_NAME
        )
    if _KATAKANA.match(name[0]):
        return length >= MIN_HAN_LENGTH and not (after and _KATAKANA.match(after))
    return length >= MIN_UNSPACED_LENGTH and not (after and _DEPENDENT.match(after))


def _unspaced(text: str, word: _Word, field: Field, search: _Search) -> Iterator[Toponym]:
    start = word.start
    whole = fold(word.text)
    while start < word.end:
        before = text[start - 1] if start > word.start else ""
        begins = not _DEPENDENT.match(text[start]) and not (
            before and _KATAKANA.match(before) and _KATAKANA.match(text[start])
        )
        # One character more than the longest name, so that it can be seen how it goes on.
        window = text[start : min(start + MAX_UNSPACED + 1, word.end)]
        # Folding changes the length of few texts in these scripts.
        at = start - word.start
        key = whole[at : at + len(window)] if len(whole) == len(word.text) else fold(window)
        found = search.longest_at_start(window, key) if begins else None
        if found is None:
            start += 1
            continue
        place, length = found
        end = start + length
        yield Toponym(text[start:end], start, end, field, confidence=EXACT_CONFIDENCE, known=place.id)
        start = end


def _spaced(
    text: str, words: Sequence[_Word], lower: set[str], field: Field, search: _Search
) -> tuple[Toponym, int] | None:
    """The longest name that these words begin with, and how many of them it takes."""
    first = words[0]
    if len(first.text) > MAX_WORD_LENGTH:
        return None
    most = _reach(text, words)
    if most > 1 and not _APOSTROPHE.match(text, first.end) and not search.may_go_on(first.text):
        most = 1
    for n in range(most, 0, -1):
        name = text[first.start : words[n - 1].end]
        meaning = search.meaning(name)
        if (
            meaning
            and _may_be_meant(text, name, first.start, meaning.place, search, lower=lower)
            # Names of persons are seldom of two words that are a place's, and stand there uninflected.
            and (
                n > 1
                or meaning.confidence < EXACT_CONFIDENCE
                or not _is_a_persons(text, name, first.start, meaning.place, search.language)
            )
        ):
            start, end = first.start + meaning.low, first.start + meaning.high
            known = meaning.place.id
            return Toponym(text[start:end], start, end, field, confidence=meaning.confidence, known=known), n
    return None


def _reach(text: str, words: Sequence[_Word]) -> int:
    """How many of the words may be one name: nothing but a space, a hyphen or an apostrophe stands between them."""
    n = 1
    while (
        n < len(words)
        and not _UNSPACED_START.match(words[n].text)
        and _WITHIN_NAME.fullmatch(text[words[n - 1].end : words[n].start])
    ):
        n += 1
    return n


def _may_be_meant(text: str, name: str, start: int, place: Place, search: _Search, *, lower: set[str]) -> bool:
    if not name[0].isupper():
        return True  # a script without capitals
    if _is_latin(name[0]) and len(name) < MIN_LATIN_LENGTH and not search.is_zone_city(name):
        return False
    # "El salvador de la fiesta" is no country.
    if name.lower() in lower or _starts_small(name):
        return False
    at_start = (
        place.feature is Feature.CITY and " " not in name and _SENTENCE_START.search(text[max(0, start - 3) : start])
    )
    return not at_start or place.population >= MIN_CITY_AT_START


def _is_a_persons(text: str, name: str, start: int, place: Place, language: str) -> bool:
    """Whether one word is rather a part of a person's name: "Jordan Peterson", "Jack London"."""
    if not name[0].isupper():
        return False
    if place.feature is not Feature.CITY and not open_lexicon().entry(name.casefold()).first_name:
        return False  # few countries are first names, and those in their English form: Jordan, Israel, Chad
    before = _WORD_BEFORE.search(text[max(0, start - MAX_WORD_LENGTH) : start])
    if before and is_preposition_of_place(before[1]):
        return False
    if before and place.feature is Feature.CITY and before[1][0].isupper() and language[:2] != "de":
        # German writes all nouns with a capital: "die Hauptstadt Berlin".
        at = start - len(before[0])
        if not _SENTENCE_START.search(text[max(0, at - 3) : at]):
            return True
    after = text[start + len(name) : start + len(name) + 3]
    return len(after) == 3 and after[0] == " " and after[1].isupper() and after[2].islower()


def _starts_small(name: str) -> bool:
    """Whether the last of its words is written small; the "d'" of "Côte d'Ivoire" is no word."""
    return re.split("[ '’ʼ]", name)[-1][:1].islower()


def _is_lower(character: str) -> bool:
    """Whether it is small where names begin with a capital: Georgian has capitals, but not for that."""
    return character.islower() and script_of(character) != "georgian"


def _is_latin(character: str) -> bool:
    return character < "\u0250" or "\u1e00" <= character <= "\u1eff"
