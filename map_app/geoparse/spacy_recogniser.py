"""Text becomes toponyms by a spaCy pipeline, for those who have one: an optional extra, imported here alone.

Of spaCy's entity labels, GPE (countries, states, cities), LOC (mountains, regions, waters) and FAC (airports, bridges)
become toponyms; NORP (nationalities, religions, parties) becomes a demonym where the gazetteer knows the people, and is
left out otherwise. PLACE and LOCATION, which some pipelines use, count as LOC. All others are no places.
"""

import hashlib
import re
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from map_app.errors import ModelError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.exact import exact_names
from map_app.geoparse.not_places import is_never_a_place, not_places
from map_app.geoparse.recognise import Piece
from map_app.model import Field, Kind, Toponym

if TYPE_CHECKING:
    from spacy.language import Language

TOPONYM_LABELS = frozenset({"GPE", "LOC", "FAC", "PLACE", "LOCATION"})
DEMONYM_LABELS = frozenset({"NORP"})

#: spaCy gives no probability with its names; its English pipelines' precision on news is about this.
SPACY_CONFIDENCE = 0.85

#: Longer texts are read in pieces that end at a line's end or a space: spaCy refuses more than a million characters.
MAX_PIECE = 50_000

#: A pipeline that is for every language.
MULTILINGUAL = "xx"

#: What finding names does not need, if the pipeline has it: most of the time goes there.
_UNNEEDED = ("parser", "tagger", "lemmatizer", "morphologizer", "senter", "textcat", "textcat_multilabel")

INSTALL_SPACY = 'pip install "spacy>=3.8"'

_ARTICLE = re.compile(r"(?i:the)\s+")
_TRAILING = re.compile(r"(?:['’]s?|[\s.,;:])+$")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class SpacyRecogniser:
    """Finds names with a loaded pipeline; safe to share between threads, one of which works at a time."""

    def __init__(self, pipeline: "Language", gazetteer: Gazetteer) -> None:
        self._pipeline = pipeline
        self._gazetteer = gazetteer
        self._lock = threading.Lock()
        # People train their own under one name again and again.
        digest = hashlib.sha256(pipeline.to_bytes(exclude=["vocab"])).hexdigest()[:10]
        self.version = f"spacy-{pipeline.lang}-{pipeline.meta['name']}-{digest}"

    @classmethod
    def load(cls, gazetteer: Gazetteer, model: str) -> "SpacyRecogniser":
        """Load a pipeline by its package's name, or by its folder; raises ModelError that says what to install."""
        try:
            import spacy  # noqa: PLC0415  an optional extra
        except ImportError as e:
            raise ModelError(
                f"the recogniser spacy:{model} needs spaCy, which is not installed: {INSTALL_SPACY}"
            ) from e
        try:
            pipeline = spacy.load(model, exclude=_UNNEEDED)
        except OSError as e:
            raise ModelError(
                f"spaCy has no pipeline {model!r}: python -m spacy download {model}, or name the folder that holds one"
            ) from e
        except (ValueError, ImportError) as e:
            raise ModelError(f"spaCy cannot load the pipeline {model!r}: {e}") from e
        if not any("doc.ents" in pipeline.get_pipe_meta(name).assigns for name in pipeline.pipe_names):
            parts = ", ".join(pipeline.pipe_names) or "none"
            raise ModelError(
                f"the spaCy pipeline {model!r} finds no names (its parts: {parts}); choose one with ner or entity_ruler"
            )
        return cls(pipeline, gazetteer)

    def recognise_all(self, pieces: Sequence[Piece]) -> list[list[Toponym]]:
        """The names of several texts, one after the other."""
        return [self.recognise(*piece) for piece in pieces]

    def recognise(self, text: str, field: Field, language: str = "") -> list[Toponym]:
        """All names in reading order; they do not overlap. A text in another language than the pipeline's gets none."""
        understood = self._understands(language)
        found = list(self._names(text, field)) if understood else []
        starts, ends = [t.start for t in found], [t.end for t in found]
        found += [
            toponym
            for toponym in exact_names(text, field, self._gazetteer, language=language, latin=not understood)
            if not _overlaps(toponym, starts, ends)
        ]
        others = not_places(text)
        starts, ends = [start for start, _ in others], [end for _, end in others]
        kept = [t for t in found if not _overlaps(t, starts, ends) and not is_never_a_place(text, t)]
        return sorted(kept, key=lambda t: t.start)

    def _understands(self, language: str) -> bool:
        own = self._pipeline.lang
        return not language or own in (MULTILINGUAL, language.partition("-")[0].casefold())

    def _names(self, text: str, field: Field) -> Iterator[Toponym]:
        for offset, piece in pieces(text):
            # Half a character is one that spaCy cannot encode; another of the same length keeps the offsets.
            with self._lock:
                document = self._pipeline(_LONE_SURROGATE.sub("\ufffd", piece))
            for entity in document.ents:
                kind = _kind(entity.label_)
                start, end = _trimmed(piece, entity.start_char, entity.end_char)
                name = piece[start:end]
                if kind is None or not name or (kind is Kind.DEMONYM and self._gazetteer.demonym(name) is None):
                    continue
                yield Toponym(name, offset + start, offset + end, field, kind, SPACY_CONFIDENCE)


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text in pieces of at most MAX_PIECE characters, each with where it starts; cut between words if possible."""
    start = 0
    while start < len(text):
        end = min(start + MAX_PIECE, len(text))
        if end < len(text):
            cut = max(text.rfind("\n", start, end), text.rfind(" ", start, end))
            end = cut + 1 if cut > start else end
        yield start, text[start:end]
        start = end


def _kind(label: str) -> Kind | None:
    if label in TOPONYM_LABELS:
        return Kind.TOPONYM
    return Kind.DEMONYM if label in DEMONYM_LABELS else None


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the article before ("the United States") and what hangs on after ("Russia's")."""
    if article := _ARTICLE.match(text, start, end):
        start = article.end()
    trailing = _TRAILING.search(text, start, end)
    # "U.S." and "Ill." end in a full stop of their own.
    if trailing and not (trailing.group() == "." and "." in text[start : trailing.start()]):
        end = trailing.start()
    return start, end


def _overlaps(toponym: Toponym, starts: list[int], ends: list[int]) -> bool:
    """Whether it shares a character with one of the spans, which are in order and apart."""
    before = bisect_left(starts, toponym.end)
    return before > 0 and ends[before - 1] > toponym.start
