"""Text becomes toponyms: a linear-chain CRF where it knows the language, the gazetteer's own names elsewhere."""

import hashlib
import json
import re
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import pycrfsuite

from map_app.errors import ModelError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.exact import exact_names
from map_app.geoparse.features import FeatureMaker, Sentence
from map_app.geoparse.membership import Membership
from map_app.geoparse.not_places import not_places
from map_app.geoparse.roles import DATELINE_REACH, dateline_end
from map_app.model import Field, Kind, Toponym

#: Changes with the features and labels: a model made for others would find nonsense.
FEATURES_VERSION = 1

MODEL_NAME = "model.crfsuite"
_PACKAGE = "map_app.geoparse"

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

#: A country, sea or city of this kind is taken as one where the model doubts it less than this. On kept-back documents
#: that gives 0.6 to 1.0 points of F1: the model has not met most of the world's names.
WELL_KNOWN = frozenset({"country", "continent", "region", "water", "admin1", "city5", "city4"})
MAX_DOUBT = 0.95
#: Most of those are right, whatever the model thinks.
MIN_CONFIDENCE = 0.5
#: The name at the head of a dateline in capitals ("APIA, Samoa -") hardly ever means anything else.
DATELINE_CONFIDENCE = 0.9

_DATELINE_HEAD = re.compile(r"\s*([^\n,(–—―-]{2,40}?)\s*[,(–—―-]")
_LATIN_WORD = re.compile(r"[a-zA-Z\u00c0-\u024f]+")

_KINDS = {"T": Kind.TOPONYM, "D": Kind.DEMONYM}


def model_path() -> Path:
    """The model that comes with the package."""
    return Path(str(files(_PACKAGE) / MODEL_NAME))


def metadata_path(model: Path) -> Path:
    """What is known of a model stands beside it."""
    return model.with_suffix(".json")


class Recogniser:
    """Finds names of places and peoples; safe to share between threads, one of which works at a time."""

    def __init__(self, model: bytes, gazetteer: Gazetteer) -> None:
        self.version = f"crf{FEATURES_VERSION}-{hashlib.sha256(model).hexdigest()[:10]}"
        self._model = model  # crfsuite reads from this memory as long as it works
        self._tagger = pycrfsuite.Tagger()
        try:
            self._tagger.open_inmemory(model)
        except ValueError as e:
            raise ModelError(f"the recogniser's model cannot be opened: {e}. Install the program again.") from e
        self._membership = Membership(gazetteer)
        self._features = FeatureMaker(self._membership)
        self._gazetteer = gazetteer
        self._lock = threading.Lock()

    @classmethod
    def load(cls, gazetteer: Gazetteer, path: Path | None = None) -> "Recogniser":
        """Open a model file and check it against its metadata; raises ModelError where they do not fit."""
        path = path or model_path()
        try:
            model = path.read_bytes()
            metadata = json.loads(metadata_path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as e:
            raise ModelError(
                f"the recogniser's model {path} cannot be read: {e}. Install the program again, or train a model."
            ) from e
        if not isinstance(metadata, dict) or metadata.get("sha256") != hashlib.sha256(model).hexdigest():
            raise ModelError(f"the recogniser's model {path} is not the one that its metadata describe: train it again")
        if metadata.get("features_version") != FEATURES_VERSION:
            raise ModelError(
                f"the recogniser's model {path} was trained for other features "
                f"(version {metadata.get('features_version')}, this is {FEATURES_VERSION}): train it again"
            )
        return cls(model, gazetteer)

    def recognise(self, text: str, field: Field, language: str = "") -> list[Toponym]:
        """All names in reading order; they do not overlap. An empty language is guessed from the words."""
        with self._lock:
            english = is_english(text, language)
            found = sorted(self._by_model(text, field), key=lambda toponym: toponym.start) if english else []
            found = [*self._dateline_head(text, field, found), *found]
            # A name in another script inside an English text is as good as in its own.
            starts = [toponym.start for toponym in found]
            ends = [toponym.end for toponym in found]
            found += [
                toponym
                for toponym in exact_names(text, field, self._gazetteer, self._membership, latin=not english)
                if not _overlaps(toponym, starts, ends)
            ]
        others = not_places(text)
        starts, ends = [start for start, _ in others], [end for _, end in others]
        return sorted(
            (toponym for toponym in found if not _overlaps(toponym, starts, ends)), key=lambda toponym: toponym.start
        )

    def _dateline_head(self, text: str, field: Field, found: Sequence[Toponym]) -> list[Toponym]:
        head = _DATELINE_HEAD.match(text[:DATELINE_REACH]) if field is Field.TEXT and dateline_end(text) else None
        if head is None or not head[1].isupper() or not self._membership.kinds(head[1]):
            return []
        start, end = head.span(1)
        if any(toponym.start < end for toponym in found[:1]):
            return []
        return [Toponym(head[1], start, end, field, confidence=DATELINE_CONFIDENCE)]

    def _by_model(self, text: str, field: Field) -> Iterator[Toponym]:
        for sentence in self._features.document(text, field):
            self._tagger.set(sentence.features)
            labels = self._tagger.tag()
            for first, last, kinds in sentence.names:
                if not WELL_KNOWN.isdisjoint(kinds) and _stands_alone(sentence, labels, first, last):
                    outside = max(self._tagger.marginal("O", t) for t in range(first, last + 1))
                    if outside < MAX_DOUBT:
                        yield _toponym(text, field, sentence, (first, last, "T"), max(1 - outside, MIN_CONFIDENCE))
            for span in spans_of(labels):
                first, last, _ = span
                confidence = min(self._tagger.marginal(labels[t], t) for t in range(first, last + 1))
                yield _toponym(text, field, sentence, span, confidence)


def _stands_alone(sentence: Sentence, labels: Sequence[str], first: int, last: int) -> bool:
    """Whether the model took none of these words, and no capitalised word stands next to them."""
    tokens = sentence.tokens
    return (
        all(labels[t] == "O" for t in range(first, last + 1))
        and not (first > 0 and tokens[first - 1].text[0].isupper())
        and not (last + 1 < len(tokens) and tokens[last + 1].text[0].isupper())
    )


def spans_of(labels: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """First word, last word and kind letter of each name that BIO labels mark."""
    first = -1
    for i, label in enumerate([*labels, "O"]):
        if first >= 0 and (not label.startswith("I-") or label[2:] != labels[first][2:]):
            yield first, i - 1, labels[first][2:]
            first = -1
        if label != "O" and first < 0:
            first = i


def _toponym(text: str, field: Field, sentence: Sentence, span: tuple[int, int, str], confidence: float) -> Toponym:
    first, last, kind = span
    start, end = sentence.tokens[first].start, sentence.tokens[last].end
    return Toponym(text[start:end], start, end, field, _KINDS[kind], round(confidence, 4))


def _overlaps(toponym: Toponym, starts: Sequence[int], ends: Sequence[int]) -> bool:
    """Whether it shares a character with one of the spans, which are in order and apart."""
    before = bisect_left(starts, toponym.end)
    return before > 0 and ends[before - 1] > toponym.start


def is_english(text: str, language: str = "") -> bool:
    """Whether the model's language is the text's: as stated, or by the share of its commonest words."""
    if language:
        return language.partition("-")[0].casefold() in MODEL_LANGUAGES
    sample = text[:LANGUAGE_SAMPLE]
    words = _LATIN_WORD.findall(sample)
    letters = sum(character.isalpha() for character in sample)
    if letters and sum(map(len, words)) * 2 < letters:
        return False
    if len(words) < MIN_WORDS_TO_TELL:
        return True
    lower = [word for word in words if not word.isupper()]
    # A list of names or a wall of capitals says nothing of its language.
    if sum(word[0].isupper() for word in words) > len(words) / 2 or not lower:
        return True
    return sum(word.casefold() in _ENGLISH for word in lower) >= ENGLISH_SHARE * len(lower)
