"""Which articles and which of their mentions pass a filter, as masks over the packed columns."""

import re
import sqlite3
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce

import numpy as np

from map_app.model import ArticleFilter
from map_app.store.packed import FEATURES, UNDATED, Columns, Ints, Mask
from map_app.store.roles import packed
from map_app.store.text import storable

#: An article may be dated so far ahead: a day that has begun in Kiribati, UTC+14, and whose zone the source left out.
#: What lies further ahead is no date to be believed, and is never shown on top.
AHEAD = timedelta(hours=14)

#: Phrases stand between straight quotes, or those that keyboards make of them.
_WORDS = re.compile('["“”„«»]([^"“”„«»]*)["“”„«»]|(\\S+)')

#: Scripts that put no space between words (Thai, Lao, Burmese, Khmer, kana, Han): there a word is looked for in all
#: of the text, since what the word index holds is whole clauses.
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")

#: More words than this are not looked for.
MAX_WORDS = 20


DAY_S = 86_400

#: Answers to questions for words that are kept until something is written.
WORDS_KEPT = 8

#: Dates this much lower come after all that are believed, and before UNDATED.
_LATER = 2**61

#: The parts of a filter that choose articles and, each apart, what a list of choices lifts.
DATES_AND_WORDS, PUBLISHERS, PLACE, COUNTRIES, KINDS, ROLES = (
    "dates",
    "publishers",
    "place",
    "countries",
    "kinds",
    "roles",
)


class Selection:
    """What passes a filter, at the moment of the columns; each question may lift one part of it."""

    def __init__(self, connection: sqlite3.Connection, columns: Columns, f: ArticleFilter) -> None:
        """Ask of the tables what the columns do not hold: words, and which place an id is of."""
        self.columns = columns
        self.filter = f
        #: Over articles, and over mentions, by part of the filter; what is not chosen by is not there.
        self._article_parts: dict[str, Mask] = {}
        self._mention_parts: dict[str, Mask] = {}
        chosen = []
        if f.since:
            chosen.append(columns.published >= _midnight(f.since))
        if f.until:
            chosen.append((columns.published < _midnight(f.until) + DAY_S) & (columns.published != UNDATED))
        if f.words:
            chosen.append(_with_words(connection, columns, f.words))
        if chosen:
            self._article_parts[DATES_AND_WORDS] = reduce(np.logical_and, chosen)
        if f.publishers:
            self._article_parts[PUBLISHERS] = _one_of(columns.publishers, f.publishers)[columns.publisher]
        if f.place:
            row = connection.execute("SELECT number FROM place WHERE id = ?", (storable(f.place),)).fetchone()
            self._mention_parts[PLACE] = (columns.spot_place == (row[0] if row else -1))[columns.spot]
        if f.countries:
            self._mention_parts[COUNTRIES] = _one_of(columns.countries, f.countries)[columns.spot_country][columns.spot]
        if f.features:
            kinds = np.array([feature in f.features for feature in FEATURES])
            self._mention_parts[KINDS] = kinds[columns.spot_feature][columns.spot]
        if f.roles:
            self._mention_parts[ROLES] = columns.roles & packed(f.roles) > 0

    def articles(self, lifted: str = "") -> Ints:
        """Indices of the articles that pass, ascending."""
        mentions = _all_of(self._mention_parts, lifted)
        if mentions is None:
            articles = _all_of(self._article_parts, lifted)
            return np.arange(len(self.columns.number)) if articles is None else np.flatnonzero(articles)
        named = np.zeros(len(self.columns.number), np.bool_)
        named[self.columns.article[self.mentions(lifted)]] = True
        return np.flatnonzero(named)

    def mentions(self, lifted: str = "") -> Ints | slice:
        """Indices of the mentions that pass, ascending, or a slice of them all."""
        articles = _all_of(self._article_parts, lifted)
        mentions = _all_of(self._mention_parts, lifted)
        if articles is not None:
            of_those = articles[self.columns.article]
            mentions = of_those if mentions is None else mentions & of_those
        return slice(None) if mentions is None else np.flatnonzero(mentions)


def newest_first(columns: Columns, articles: Ints, offset: int, limit: int, now: datetime) -> Ints:
    """Of these articles a page, newest first; those without a date, or with one in the future, last."""
    end = min(offset + limit, len(articles))
    if end <= offset:
        return articles[:0]
    key = recency(columns.published[articles], now)
    if end < len(articles):
        # The page is sorted, and not what comes after it.
        near = np.flatnonzero(key >= np.partition(key, len(key) - end)[len(key) - end])
        articles, key = articles[near], key[near]
    return articles[np.lexsort((-articles, -key))[offset:end]]


def recency(published: Ints, now: datetime) -> Ints:
    """A number for each date, the greater the earlier it is listed."""
    return np.where(published > end_of_present(now), published - _LATER, published)


def end_of_present(now: datetime) -> int:
    """The last second, since 1970, that an article can be dated and be believed."""
    return int((now + AHEAD).timestamp())


def _all_of(parts: dict[str, Mask], lifted: str) -> Mask | None:
    """The masks combined but for one; None where there is none."""
    chosen = [mask for part, mask in parts.items() if part != lifted]
    return reduce(np.logical_and, chosen) if chosen else None


def _one_of(known: tuple[str, ...], wanted: frozenset[str]) -> Mask:
    values = {storable(value) for value in wanted}
    return np.array([value in values for value in known])


def _with_words(connection: sqlite3.Connection, columns: Columns, words: str) -> Mask:
    found = columns.found.get(words)
    if found is None:
        question = _on_words(words)
        found = _marked(columns, connection.execute(*question).fetchall()) if question else _everything(columns)
        if len(columns.found) >= WORDS_KEPT:
            columns.found.clear()
        columns.found[words] = found
    return found


def _everything(columns: Columns) -> Mask:
    return np.ones(len(columns.number), np.bool_)


def _marked(columns: Columns, numbers: list[sqlite3.Row]) -> Mask:
    """Which articles have one of these numbers."""
    mask = np.zeros(len(columns.number), np.bool_)
    mask[np.searchsorted(columns.number, np.fromiter((row[0] for row in numbers), np.int64, len(numbers)))] = True
    return mask


def _on_words(words: str) -> tuple[str, list[str]] | None:
    """A question for the numbers of the articles with these words, and its values; None where nothing is looked for."""
    match, inside = _looked_for(words)
    conditions, values = [], []
    if match:
        conditions.append("number IN (SELECT rowid FROM words WHERE words MATCH ?)")
        values.append(match)
    for word in inside:
        conditions.append("(instr(title, ?) OR instr(text, ?))")
        values += [word, word]
    if not conditions:
        return None
    if match and not inside:
        return "SELECT rowid FROM words WHERE words MATCH ?", values
    return f"SELECT number FROM article WHERE {' AND '.join(conditions)}", values


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _looked_for(words: str) -> tuple[str, list[str]]:
    """A full-text query of quoted words, so that nothing typed is read as syntax, and what to look for as it is."""
    terms: list[str] = []
    inside: list[str] = []
    for phrase, word in _WORDS.findall(storable(words).replace("\0", " "))[:MAX_WORDS]:
        term = (phrase or word.replace('"', " ")).strip()
        if _WITHOUT_SPACES.search(term) or _is_symbol(term):
            inside.append(term)
        elif any(character.isalnum() for character in term):
            terms.append(f'"{term}"' if phrase else f'"{term}"*')
    return " AND ".join(terms), inside


def _is_symbol(term: str) -> bool:
    """Whether it is of emoji or signs of currencies, which the word index does not hold."""
    categories = {unicodedata.category(character) for character in term}
    return bool(categories & {"So", "Sc"}) and not any(character.isalnum() for character in term)
