"""Text becomes toponyms: a linear-chain CRF where it knows the language, the gazetteer's own names elsewhere."""

import copy
import hashlib
import re
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from map_app.errors import ModelError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.confidence import DOUBTED
from map_app.geoparse.crf import Layout, label_probabilities
from map_app.geoparse.document import DASHES
from map_app.geoparse.exact import exact_names
from map_app.geoparse.features import FeatureMaker, Name
from map_app.geoparse.languages import is_plain
from map_app.geoparse.lexicon import open_lexicon
from map_app.geoparse.membership import Membership
from map_app.geoparse.model_file import model_path, read_metadata
from map_app.geoparse.not_places import is_never_a_place, not_places
from map_app.geoparse.roles import DATELINE_REACH, dateline_end
from map_app.geoparse.sums import UnitSums
from map_app.geoparse.tokens import Words, read_words
from map_app.geoparse.weights import (
    FIRST_OF_DEMONYM,
    LATER_OF_DEMONYM,
    LATER_OF_TOPONYM,
    OUTSIDE,
    Weights,
)
from map_app.geoparse.whole_names import Seats, always_places, made_whole
from map_app.model import Field, Kind, Toponym

#: Changes with the features and labels: a model made for others would find nonsense.
FEATURES_VERSION = 3

#: The languages that the model was trained on.
MODEL_LANGUAGES = frozenset({"en"})

#: Function words that make up over a fifth of English prose and hardly any of another language's.
_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "that",
        "for",
        "is",
        "was",
        "on",
        "with",
        "by",
        "as",
        "at",
        "from",
        "has",
        "have",
        "be",
        "are",
        "it",
        "were",
        "said",
    ]
)
#: Under this share of them a text of some length is not English; articles of the corpora have 20 to 40 %.
ENGLISH_SHARE = 0.08
#: Too short to tell: taken as English.
MIN_WORDS_TO_TELL = 25
#: Enough of a text to tell its language by.
LANGUAGE_SAMPLE = 4000

#: A name of several words that is nothing but these is hardly anything else ("Bashi Channel", "Antonivsky Bridge").
KNOWN_OF_SEVERAL = frozenset({"region", "region~", "water", "water~", "other", "other~"})
#: Of these, what is nothing else behind "the" or in several words, whatever the model thinks: "the Mekong", "Gulf of
#: America".
NATURE = frozenset({"region", "region~", "water", "water~"})
#: What most people know for a place by its name alone.
WELL_KNOWN = frozenset({"country", "country.", "continent", "region", "water", "admin1", "city5", "city4"})
#: A name of several words that is well known ("The Hague") is hardly ever anything else: it may be doubted so much.
MAX_DOUBT_OF_SEVERAL = 0.97
#: `Limits.outside` in titles, where capitals say little: a name there has to be clearly likelier than none.
OUTSIDE_IN_TITLE = 0.4
#: The same for names in small letters, which other words are as well.
OUTSIDE_IN_SMALL_LETTERS = 0.6
#: Most of those are right, whatever the model thinks.
MIN_CONFIDENCE = 0.5
#: The name at the head of a dateline in capitals ("APIA, Samoa -") hardly ever means anything else.
DATELINE_CONFIDENCE = 0.9

#: Texts are looked at together that have so many characters: some twenty articles, after which there is little to gain.
TOGETHER = 40_000

_DATELINE_HEAD = re.compile(r"\s*([^\n,(–—―-]{2,40}?)\s*[,(–—―-]")
_LATIN_WORD = re.compile(r"[a-zA-Z\u00c0-\u024f]+")
_OTHER_LETTERS = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f]+")

#: With these no name ends.
_NO_LAST = DASHES | set(",;:/()\"'’“”")

_OWNS = frozenset(["'s", "’s"])

_LATER = {Kind.TOPONYM: LATER_OF_TOPONYM, Kind.DEMONYM: LATER_OF_DEMONYM}


class Piece(NamedTuple):
    """A text to find names in, and whether it is an article's title or its text."""

    text: str
    field: Field
    #: A BCP 47 code, or empty where it is unknown.
    language: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the model may doubt a name that is given all the same."""

    #: A word is part of a name where the probability that it is not is at most this: a name missed costs more than one
    #: too many, most of which no gazetteer places.
    outside: float = 0.6
    #: The same for a name that is well known: the model has not met most of the world's names. Set by hand, since news
    #: that names such places is too rare in the corpora: there 0.75 and 0.95 are as good.
    well_known: float = 0.85

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> "Limits":
        """Those noted beside a model; raises ModelError where there are none."""
        noted = metadata.get("limits")
        names = {field.name for field in fields(cls)}
        if not isinstance(noted, dict) or set(noted) != names or not all(isinstance(v, float) for v in noted.values()):
            raise ModelError("the recogniser's model lacks its limits: train it again")
        return cls(**noted)


class Recogniser:
    """Finds names of places and peoples; safe to share between threads, one of which works at a time."""

    def __init__(self, model: bytes, gazetteer: Gazetteer, limits: Limits | None = None) -> None:
        self._model = hashlib.sha256(model).hexdigest()
        self.limits = limits or Limits()
        self._weights = Weights.from_bytes(model)
        self._membership = Membership(gazetteer)
        self._sums = UnitSums(self._weights)
        self._features = FeatureMaker(self._membership, open_lexicon(), self._sums)
        self._gazetteer = gazetteer
        self._seats = Seats(gazetteer.seats_of_government)
        self._lock = threading.Lock()

    @classmethod
    def load(cls, gazetteer: Gazetteer, path: Path | None = None) -> "Recogniser":
        """Open a model file and check it against its metadata; raises ModelError where they do not fit."""
        path = path or model_path()
        metadata = read_metadata(path)
        try:
            model = path.read_bytes()
        except OSError as e:
            raise ModelError(
                f"the recogniser's model {path} cannot be read: {e}. Install the program again, or train a model."
            ) from e
        if metadata.get("sha256") != hashlib.sha256(model).hexdigest():
            raise ModelError(f"the recogniser's model {path} is not the one that its metadata describe: train it again")
        if metadata.get("features_version") != FEATURES_VERSION:
            raise ModelError(
                f"the recogniser's model {path} was trained for other features "
                f"(version {metadata.get('features_version')}, this is {FEATURES_VERSION}): train it again"
            )
        return cls(model, gazetteer, Limits.from_metadata(metadata))

    @property
    def version(self) -> str:
        """Changes whenever the same text may give other names."""
        digest = hashlib.sha256(f"{self._model} {self.limits}".encode()).hexdigest()
        return f"crf{FEATURES_VERSION}-{digest[:10]}"

    def with_limits(self, limits: Limits) -> "Recogniser":
        """The same model with other limits."""
        other = copy.copy(self)
        other.limits = limits
        return other

    def recognise(self, text: str, field: Field, language: str = "") -> list[Toponym]:
        """All names in reading order; they do not overlap. An empty language is guessed from the words."""
        return self.recognise_all([Piece(text, field, language)])[0]

    def recognise_all(self, pieces: Sequence[Piece]) -> list[list[Toponym]]:
        """The same of several texts, which together take less time."""
        found: list[list[Toponym]] = []
        with self._lock:
            start = characters = 0
            for end, piece in enumerate(pieces, start=1):
                characters += len(piece.text)
                if characters >= TOGETHER or end == len(pieces):
                    found += self._recognise(pieces[start:end])
                    start, characters = end, 0
        return found

    def _recognise(self, pieces: Sequence[Piece]) -> Iterator[list[Toponym]]:
        english = [piece.text != "" and is_english(piece.text, piece.language) for piece in pieces]
        by_model = self._by_model([p for p, is_known in zip(pieces, english, strict=True) if is_known])
        for (text, field, language), is_known in zip(pieces, english, strict=True):
            if not text:
                yield []
                continue
            found = next(by_model) if is_known else []
            found = self._dateline_head(text, field, found) + found
            if is_known:
                found = made_whole(text, found, self._is_a_name)
                sure = [toponym for toponym in found if toponym.confidence >= DOUBTED]
                more = _apart(always_places(text, field, self._is_a_name), _spans(sure))
                # What is surely a place goes before what is doubted: "P.E.I." before "P.E.I. last".
                found = [*sure, *more, *_apart((t for t in found if t.confidence < DOUBTED), _spans(more))]
                if seats := self._seats.find(text, field):
                    found = _apart(found, _spans(seats)) + seats
                found.sort(key=lambda toponym: toponym.start)
            if not is_known or (not is_plain(text) and _OTHER_LETTERS.search(text)):
                # A name in another script inside an English text is as good as in its own.
                others = exact_names(text, field, self._gazetteer, language=language, latin=not is_known)
                found += _apart(others, _spans(found))
            if found:
                found = _apart(found, not_places(text, in_small_letters=any(map(_is_in_small_letters, found))))
                found = [toponym for toponym in found if not is_never_a_place(text, toponym)]
            yield sorted(found, key=lambda toponym: toponym.start)

    def _dateline_head(self, text: str, field: Field, found: Sequence[Toponym]) -> list[Toponym]:
        head = _DATELINE_HEAD.match(text[:DATELINE_REACH]) if field is Field.TEXT and dateline_end(text) else None
        if head is None or not head[1].isupper() or not self._membership.kinds(head[1]):
            return []
        start, end = head.span(1)
        if any(toponym.start < end for toponym in found[:1]):
            return []
        return [Toponym(head[1], start, end, field, confidence=DATELINE_CONFIDENCE)]

    def _by_model(self, pieces: Sequence[Piece]) -> Iterator[list[Toponym]]:
        """What the model takes for names, in order, of each piece."""
        read = [(text, read_words(text), field) for text, field, _ in pieces]
        found: list[list[Toponym]] = [[] for _ in read]
        title_limit = min(self.limits.outside, OUTSIDE_IN_TITLE)
        limits = [title_limit if field is Field.TITLE else self.limits.outside for _, _, field in read]
        for batch in self._features.batches(read):
            numbers, _, lengths = np.array(batch.stretches).T
            scores = self._sums.scores(batch)
            marginals = label_probabilities(scores, self._weights.transitions, Layout(lengths))
            best = 1 + marginals[:, 1:].argmax(axis=1)
            best[marginals[:, OUTSIDE] > np.repeat(np.array(limits)[numbers], lengths)] = OUTSIDE
            labels, doubts = best.tolist(), marginals[:, OUTSIDE].tolist()
            row = 0
            for number, first, length in batch.stretches:
                text, words, field = read[number]
                here = labels[row : row + length]
                # Most stretches hold no name.
                spans = _cut_at_signs(words, first, spans_of(here)) if any(here) else ()
                for low, high, kind in self._without_owners(text, words, first, spans):
                    doubt = max(doubts[row + low : row + high + 1])
                    if doubt > OUTSIDE_IN_SMALL_LETTERS and text[words.starts[first + low]].islower():
                        continue
                    found[number].append(_toponym(text, field, words, (first + low, first + high, kind), 1 - doubt))
                row += length
            for name in batch.names:
                if name.as_person:
                    continue
                rows = slice(name.row, name.row + name.last - name.first + 1)
                text, words, field = read[name.of]
                most_doubt = self._most_doubt(words, name)
                if not most_doubt or any(labels[rows]) or not _stands_alone(words, name):
                    continue
                outside = float(marginals[rows, OUTSIDE].mean())
                if outside < most_doubt:
                    span = (name.first, name.last, Kind.TOPONYM)
                    found[name.of].append(_toponym(text, field, words, span, max(1 - outside, MIN_CONFIDENCE)))
        for toponyms in found:
            yield sorted(toponyms, key=lambda toponym: toponym.start)

    def _most_doubt(self, words: Words, name: Name) -> float:
        """How much the model may doubt a name that is well known; 0 for any other name."""
        is_several = name.first < name.last
        in_small_letters = words.texts[name.first][0].islower()
        if KNOWN_OF_SEVERAL.issuperset(name.kinds) and (is_several or _is_behind_the(words, name)):
            return 1.0 if NATURE.issuperset(name.kinds) and not in_small_letters else MAX_DOUBT_OF_SEVERAL
        if WELL_KNOWN.isdisjoint(name.kinds):
            return 0.0
        if is_several:
            return MAX_DOUBT_OF_SEVERAL
        return OUTSIDE_IN_SMALL_LETTERS if in_small_letters else self.limits.well_known

    def _without_owners(
        self, text: str, words: Words, first: int, spans: Iterable[tuple[int, int, Kind]]
    ) -> Iterator[tuple[int, int, Kind]]:
        """The spans, with "Russia's Kursk" taken apart: each half is known, and both together are not."""
        for low, high, kind in spans:
            middle = next((i for i in range(low + 1, high) if words.texts[first + i] in _OWNS), 0)
            parts = [(low, middle - 1), (middle + 1, high)] if middle else []
            halves = [self._is_known(text, words, first + start, first + end) for start, end in parts]
            if middle and all(halves) and not self._is_known(text, words, first + low, first + high):
                yield from ((start, end, kind) for start, end in parts)
            else:
                yield low, high, kind

    def _is_a_name(self, name: str) -> bool:
        return bool(self._membership.kinds(name))

    def _is_known(self, text: str, words: Words, first: int, last: int) -> bool:
        return bool(self._membership.kinds(text[words.starts[first] : words.ends[last]]))


def _is_behind_the(words: Words, name: Name) -> bool:
    return name.first > 0 and words.texts[name.first - 1] in ("the", "The") and words.texts[name.first][0].isupper()


def _stands_alone(words: Words, name: Name) -> bool:
    """Whether no capitalised word stands next to it."""
    texts = words.texts
    return not (name.first > 0 and texts[name.first - 1][0].isupper()) and not (
        name.last + 1 < len(texts) and texts[name.last + 1][0].isupper()
    )


def spans_of(labels: Sequence[int]) -> Iterator[tuple[int, int, Kind]]:
    """First word, last word and kind of each name that the labels mark."""
    first = -1
    kind = Kind.TOPONYM
    for i, label in enumerate([*labels, OUTSIDE]):
        if first >= 0 and label != _LATER[kind]:
            yield first, i - 1, kind
            first = -1
        if label != OUTSIDE and first < 0:
            first = i
            kind = Kind.DEMONYM if label in (FIRST_OF_DEMONYM, LATER_OF_DEMONYM) else Kind.TOPONYM


def _cut_at_signs(words: Words, first: int, spans: Iterable[tuple[int, int, Kind]]) -> Iterator[tuple[int, int, Kind]]:
    """The spans without signs at their end, taken apart at a dash between blanks: "LIMA, Peru - People said"."""
    for low, high, kind in spans:
        start = low
        while high > low and words.texts[first + high] in _NO_LAST:
            high -= 1  # noqa: PLW2901 (of "Aix-en-Provence" the model may know "Aix-" alone)
        for i in range(low + 1, high + 1):
            at = first + i
            if words.texts[at] in DASHES and words.starts[at] > words.ends[at - 1]:
                yield start, i - 1, kind
                start = i + 1
        if start <= high:
            yield start, high, kind


def _toponym(text: str, field: Field, words: Words, span: tuple[int, int, Kind], confidence: float) -> Toponym:
    first, last, kind = span
    start, end = words.starts[first], words.ends[last]
    return Toponym(text[start:end], start, end, field, kind, round(confidence, 4))


def _is_in_small_letters(toponym: Toponym) -> bool:
    name = toponym.name
    return name[0].islower() or name[name.rfind(" ") + 1].islower()


def _spans(toponyms: Iterable[Toponym]) -> list[tuple[int, int]]:
    return [(toponym.start, toponym.end) for toponym in toponyms]


def _apart(toponyms: Iterable[Toponym], spans: Sequence[tuple[int, int]]) -> list[Toponym]:
    """Those that share no character with one of the spans, which are in order and do not overlap."""
    starts, ends = [start for start, _ in spans], [end for _, end in spans]

    def is_apart(toponym: Toponym) -> bool:
        before = bisect_left(starts, toponym.end)
        return before == 0 or ends[before - 1] <= toponym.start

    return [toponym for toponym in toponyms if is_apart(toponym)]


def is_english(text: str, language: str = "") -> bool:
    """Whether the model's language is the text's: as stated, or by the share of its commonest words."""
    if language:
        return language.partition("-")[0].casefold() in MODEL_LANGUAGES
    sample = text[:LANGUAGE_SAMPLE]
    words = _LATIN_WORD.findall(sample)
    if not is_plain(sample) and sum(map(len, words)) < sum(map(len, _OTHER_LETTERS.findall(sample))):
        return False
    if len(words) < MIN_WORDS_TO_TELL:
        return True
    if sum(map(_ENGLISH.__contains__, words)) >= ENGLISH_SHARE * len(words):
        return True
    lower = [word for word in words if not word.isupper()]
    # A list of names or a wall of capitals says nothing of its language.
    if sum(word[0].isupper() for word in words) > len(words) / 2 or not lower:
        return True
    return sum(word.casefold() in _ENGLISH for word in lower) >= ENGLISH_SHARE * len(lower)
