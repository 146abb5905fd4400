"""Makes the recogniser's model from annotated articles; the articles themselves go nowhere."""

import hashlib
import json
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack

from map_app.errors import GeoparseError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.calibrate import Outcome, end_to_end, fit_calibration, outcomes
from map_app.geoparse.confidence import Calibration
from map_app.geoparse.evaluate import Evaluation, Figures, reliability_lines, together
from map_app.geoparse.exchange import SHARE, Exchange
from map_app.geoparse.features import MAX_NAME_TOKENS, FeatureMaker
from map_app.geoparse.fit import fit
from map_app.geoparse.gold import GoldDocument, read_gold
from map_app.geoparse.homes import Home
from map_app.geoparse.lexicon import open_lexicon
from map_app.geoparse.membership import Membership
from map_app.geoparse.mistakes import mistake_lines
from map_app.geoparse.model_file import metadata_path
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.recognise import FEATURES_VERSION, Limits, Recogniser
from map_app.geoparse.resolve import Resolver
from map_app.geoparse.tokens import Words, read_words
from map_app.geoparse.unit_names import UnitNames
from map_app.geoparse.weights import (
    FIRST_OF_DEMONYM,
    FIRST_OF_TOPONYM,
    LABELS,
    LATER_OF_DEMONYM,
    LATER_OF_TOPONYM,
    OUTSIDE,
    Weights,
)
from map_app.model import Field, Toponym

logger = logging.getLogger(__name__)

#: L2 regularisation alone, for the material used thrice. With a quarter of it the model was much too sure of itself on
#: articles it had not seen; with twice as much, end to end F1 is the same and recognition half a point worse.
C2 = 6.0
#: Twice as many give the same figures.
MAX_ITERATIONS = 60
#: Parts of the articles: each is measured by what was fitted to the others.
FOLDS = 5
#: What may be chosen for how much the recogniser may doubt a name.
OUTSIDE_LIMITS = (0.7, 0.8)
#: The material is used thrice, the second time with this share of words known by their kind alone: that teaches what to
#: make of names never met, and is worth 0.1 to 0.4 points of end-to-end F1 on each corpus. The third time other names
#: stand in it (`exchange.py`).
HIDDEN_SHARE = 0.5
SEED = 1
#: Of all attributes of all words this share, drawn likewise, is left out while training: the model comes to rest on
#: many of them rather than on the surest, which is what a text of another kind may lack. Twice as much is worth no
#: more on the corpora, and takes headlines for rows of names.
BLURRED_SHARE = 0.1
#: Attributes seen with fewer words than this are left out: they only make the model larger.
MIN_FREQUENCY = 2

#: Passes a number from 0 to 1 and a phrase.
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a model was made from."""

    documents: int
    words: int
    toponyms: int
    demonyms: int
    attributes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Example:
    """A document as training takes it."""

    #: Number of words in each stretch around capitals.
    lengths: list[int]
    #: Of all those words, in order.
    labels: list[int]
    #: Numbers of the attributes of each word.
    attributes: list[list[int]]


def _silent(_fraction: float, _phrase: str) -> None:
    pass


def read_corpora(directory: Path) -> dict[str, list[GoldDocument]]:
    """The annotated documents of every .jsonl file of a folder, by the file's name."""
    corpora = {path.stem: list(read_gold(path)) for path in sorted(directory.glob("*.jsonl"))}
    if not any(corpora.values()):
        raise GeoparseError(f"{directory} holds no annotated documents: corpora are .jsonl files, one document a line")
    return corpora


def train(
    corpora_dir: Path,
    model_path: Path,
    gazetteer: Gazetteer,
    *,
    command: str = "",
    progress: Progress = _silent,
) -> TrainingReport:
    """Train on all corpora of a folder; writes the model and, beside it, what is known of it as JSON."""
    corpora = read_corpora(corpora_dir)
    trainer = Trainer(corpora, gazetteer, progress=progress)
    made = trainer.make(range(len(trainer.articles)))
    progress(1.0, "Done")
    content = made.weights.to_bytes()
    model_path.write_bytes(content)
    labels = [label for example in trainer.material.examples for label in example.labels]
    report = TrainingReport(
        documents=len(trainer.articles),
        words=len(labels),
        toponyms=labels.count(FIRST_OF_TOPONYM),
        demonyms=labels.count(FIRST_OF_DEMONYM),
        attributes=len(made.weights),
        bytes=len(content),
    )
    metadata = {
        "features_version": FEATURES_VERSION,
        "sha256": hashlib.sha256(content).hexdigest(),
        "corpora": {name: len(corpus) for name, corpus in corpora.items()},
        "command": command,
        "c2": C2,
        "hidden_share": HIDDEN_SHARE,
        "exchanged_share": SHARE,
        "blurred_share": BLURRED_SHARE,
        "seed": SEED,
        "max_iterations": MAX_ITERATIONS,
        "min_frequency": MIN_FREQUENCY,
        "words": report.words,
        "toponyms": report.toponyms,
        "demonyms": report.demonyms,
        "attributes": report.attributes,
        "bytes": report.bytes,
        "limits": asdict(made.limits),
        "confidence": made.calibration.coefficients,
    }
    metadata_path(model_path).write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
    return report


class Material:
    """Annotated documents made ready for training, all or some of them."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._names = UnitNames()
        self._maker = FeatureMaker(Membership(gazetteer), open_lexicon(), self._names)
        self._exchange = Exchange(gazetteer)
        self.examples: list[Example] = []
        #: The same documents with other names in them.
        self.exchanged: list[Example] = []

    def add(self, document: GoldDocument) -> None:
        """Take one document."""
        self.examples.append(self._make_example(document))
        self.exchanged.append(self._make_example(self._exchange.exchanged(document, SEED)))

    def fit(self, chosen: Sequence[int], *, progress: Callable[[int], None] = lambda _: None) -> Weights:
        """Train on the documents with these numbers; nothing of the others enters the model."""
        known = [self.examples[i] for i in chosen]
        exchanged = [self.exchanged[i] for i in chosen]
        matrix = self._matrix(known)
        kept = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]) >= MIN_FREQUENCY)
        matrix = matrix[:, kept]
        identifying = np.array([self._names.identifies(number) for number in kept.tolist()])
        hidden = _without_identity(matrix, identifying)
        matrix = _blurred(vstack([matrix, hidden, self._matrix(exchanged)[:, kept]]).tocsr())
        used = [*known, *known, *exchanged]
        labels = np.array([label for example in used for label in example.labels])
        lengths = np.array([length for example in used for length in example.lengths])
        vectors, transitions = fit(
            matrix, labels, lengths, len(LABELS), c2=C2, max_iterations=MAX_ITERATIONS, progress=progress
        )
        return self._names.weights(kept.tolist(), vectors, transitions)

    def _matrix(self, examples: Sequence[Example]) -> csr_matrix:
        """A row for each word and a column for each attribute."""
        rows = [row for example in examples for row in example.attributes]
        ends = np.cumsum([0, *map(len, rows)])
        columns = np.fromiter((number for row in rows for number in row), dtype=np.int64, count=int(ends[-1]))
        shape = (len(rows), len(self._names.names))
        return csr_matrix((np.ones(len(columns)), columns, ends), shape=shape)

    def _make_example(self, document: GoldDocument) -> Example:
        text = document.article.text
        words = read_words(text)
        labels = label_words(document, words, self._gazetteer)
        example = Example([], [], [])
        for batch in self._maker.batches([(text, words, Field.TEXT)]):
            attributes = [[n for unit in row for n in self._names.units[unit]] for row in batch.units.tolist()]
            for row, unit in zip(batch.more_rows.tolist(), batch.more_units.tolist(), strict=True):
                attributes[row] += self._names.units[unit]
            example.attributes.extend(attributes)
            for _, first, length in batch.stretches:
                example.lengths.append(length)
                example.labels.extend(labels[first : first + length])
        return example


def _without_identity(matrix: csr_matrix, identifying: npt.NDArray[np.bool_]) -> csr_matrix:
    """A copy in which some words, drawn with a fixed seed, have none of the attributes that identify them."""
    hidden = np.random.default_rng(SEED).random(matrix.shape[0]) < HIDDEN_SHARE
    copy = matrix.copy()
    copy.data[identifying[copy.indices] & np.repeat(hidden, np.diff(copy.indptr))] = 0
    copy.eliminate_zeros()
    return copy


def _blurred(matrix: csr_matrix) -> csr_matrix:
    """A copy without some of all attributes of all words, drawn with a fixed seed."""
    copy = matrix.copy()
    copy.data[np.random.default_rng(SEED).random(copy.nnz) < BLURRED_SHARE] = 0
    copy.eliminate_zeros()
    return copy


def label_words(document: GoldDocument, words: Words, gazetteer: Gazetteer) -> list[int]:
    """The label of each word of a document's text.

    A corpus may leave demonyms unmarked, so all that the demonym list knows are labelled, except inside a toponym.
    """
    labels = [OUTSIDE] * len(words.texts)
    for toponym in document.toponyms:
        if not toponym.scored:
            continue
        inside = False
        for i in range(len(labels)):  # the words are few and this is done once
            if words.starts[i] < toponym.end and toponym.start < words.ends[i] and words.texts[i] != "\n":
                labels[i] = LATER_OF_TOPONYM if inside else FIRST_OF_TOPONYM
                inside = True
    text = document.article.text
    i = 0
    while i < len(labels):
        length = 1
        if words.texts[i][0].isupper():
            for n in range(min(MAX_NAME_TOKENS, len(labels) - i), 0, -1):
                if any(label != OUTSIDE for label in labels[i : i + n]):
                    continue
                if gazetteer.demonym(text[words.starts[i] : words.ends[i + n - 1]]) is not None:
                    labels[i : i + n] = [FIRST_OF_DEMONYM, *[LATER_OF_DEMONYM] * (n - 1)]
                    length = n
                    break
        i += length
    return labels


@dataclass(frozen=True, slots=True)
class Made:
    """All that is fitted to annotated articles."""

    weights: Weights
    limits: Limits
    calibration: Calibration


class Trainer:
    """Fits everything to some of the articles, so that the others can measure it."""

    def __init__(
        self,
        corpora: Mapping[str, Sequence[GoldDocument]],
        gazetteer: Gazetteer,
        *,
        folds: int = FOLDS,
        progress: Progress = _silent,
    ) -> None:
        """Documents of one outlet stay in one fold where a corpus has at least as many outlets as there are folds."""
        self._gazetteer = gazetteer
        self._progress = progress
        #: Guesses; how sure they are is what is to be learned.
        self._resolver = Resolver(gazetteer, calibration=Calibration({}))
        #: Every article with the name of its corpus.
        self.articles = [(name, document) for name, documents in corpora.items() for document in documents]
        #: The fold of each.
        self.fold_of = [fold for documents in corpora.values() for fold in _folds(documents, folds, SEED)]
        self.material = Material(gazetteer)
        for number, (_, document) in enumerate(self.articles):
            progress(number / len(self.articles), "Reading the annotated articles")
            self.material.add(document)
        self._fitted: dict[frozenset[int], Weights] = {}

    def make(self, chosen: Collection[int]) -> Made:
        """From the articles with these numbers alone.

        The limits and the confidence are fitted to what models make of folds of the articles that they have not seen.
        """
        parts = []
        for fold in sorted({self.fold_of[i] for i in chosen}):
            held_out = [i for i in chosen if self.fold_of[i] == fold]
            weights = self._fit([i for i in chosen if self.fold_of[i] != fold])
            parts.append((held_out, Recogniser(weights.to_bytes(), self._gazetteer)))
        limits, calibration = self._choose(parts)
        return Made(self._fit(chosen), limits, calibration)

    def measure(self, held_out: Iterable[Collection[int]]) -> dict[str, Figures]:
        """Figures per corpus, each part of the articles geoparsed by what was made from all others."""
        evaluations: dict[str, Evaluation] = defaultdict(Evaluation)
        for part in held_out:
            hidden = set(part)
            made = self.make([i for i in range(len(self.articles)) if i not in hidden])
            recogniser = Recogniser(made.weights.to_bytes(), self._gazetteer, made.limits)
            resolver = Resolver(self._gazetteer, calibration=made.calibration)
            for name, document, toponyms, home in self._recognise(recogniser, resolver, part):
                evaluations[name].add(document, resolver.resolve(document.article, toponyms, home))
        return {name: evaluation.figures() for name, evaluation in evaluations.items()}

    def _fit(self, chosen: Iterable[int]) -> Weights:
        key = frozenset(chosen)
        if key not in self._fitted:
            phrase = f"Model {len(self._fitted) + 1}"
            self._fitted[key] = self.material.fit(
                sorted(key), progress=lambda step: self._progress(step / MAX_ITERATIONS, phrase)
            )
        return self._fitted[key]

    def _choose(self, parts: Sequence[tuple[Sequence[int], Recogniser]]) -> tuple[Limits, Calibration]:
        """The best of the limits by the mean of the corpora's end to end F1."""
        choices = [Limits(outside=value) for value in OUTSIDE_LIMITS]
        worth = [self._try(parts, limits) for limits in choices]
        best = max(range(len(choices)), key=lambda i: worth[i][0])
        return choices[best], worth[best][1]

    def _try(self, parts: Sequence[tuple[Sequence[int], Recogniser]], limits: Limits) -> tuple[float, Calibration]:
        """What these limits are worth, and the confidence fitted to what they let through."""
        found: dict[str, list[Outcome]] = defaultdict(list)
        owed: dict[str, int] = defaultdict(int)
        for part, recogniser in parts:
            limited = recogniser.with_limits(limits)
            for name, document, toponyms, home in self._recognise(limited, self._resolver, part):
                found[name] += outcomes(self._resolver, document, toponyms, home)
                owed[name] += sum(t.scored and t.latitude is not None for t in document.toponyms)
        calibration = fit_calibration(chain.from_iterable(found.values()))
        return fmean(end_to_end(calibration, found[name], owed[name]) for name in owed), calibration

    def _recognise(
        self, recogniser: Recogniser, resolver: Resolver, numbers: Iterable[int]
    ) -> Iterator[tuple[str, GoldDocument, Sequence[Toponym], Home | None]]:
        """Articles with the names of their corpora, the toponyms found and the outlets' homes, learned from these."""
        geoparser = Geoparser(recogniser, resolver)
        found = [(*self.articles[i], geoparser.recognise(self.articles[i][1].article)) for i in numbers]
        homes = resolver.learn_homes((document.article, toponyms) for _, document, toponyms in found)
        for name, document, toponyms in found:
            yield name, document, toponyms, homes.get(document.article.domain)


def cross_validate(
    corpora: Mapping[str, Sequence[GoldDocument]],
    gazetteer: Gazetteer,
    *,
    folds: int = FOLDS,
    progress: Progress = _silent,
) -> dict[str, Figures]:
    """Figures per corpus, nested: all that is fitted saw neither the article that is measured nor its outlet."""
    trainer = Trainer(corpora, gazetteer, folds=folds, progress=progress)
    return trainer.measure([[i for i, fold in enumerate(trainer.fold_of) if fold == number] for number in range(folds)])


def leave_one_out(
    corpora: Mapping[str, Sequence[GoldDocument]],
    gazetteer: Gazetteer,
    *,
    folds: int = FOLDS,
    progress: Progress = _silent,
) -> dict[str, Figures]:
    """Figures per corpus, geoparsed by what was fitted to the other corpora only."""
    trainer = Trainer(corpora, gazetteer, folds=folds, progress=progress)
    return trainer.measure([[i for i, (name, _) in enumerate(trainer.articles) if name == c] for c in corpora])


def table(figures: Mapping[str, Figures]) -> str:
    """The figures of each corpus, a line each, in per cent; then those of the confidence, and the mistakes, of all."""
    lines = [f"{'':12} {'recognised P / R / F1':24} {'end to end P / R / F1':24} right place of recognised"]
    for name, found in sorted(figures.items()):
        parts = [
            " / ".join(f"{100 * value:.1f}" for value in (score.precision, score.recall, score.f1))
            for score in (found.strict, found.end_to_end)
        ]
        lines.append(f"{name:12} {parts[0]:24} {parts[1]:24} {100 * found.right_of_recognised:.1f}")
    lines += reliability_lines(together(found.reliability for found in figures.values()))
    return "\n".join([*lines, *mistake_lines(found.mistakes for found in figures.values())])


def _folds(documents: Sequence[GoldDocument], folds: int, seed: int) -> list[int]:
    """The fold of each document: whole outlets together, the folds about equally large."""
    outlets: dict[str, list[int]] = defaultdict(list)
    for i, document in enumerate(documents):
        outlets[document.article.domain].append(i)
    groups = list(outlets.values())
    if len(groups) < folds:
        groups = [[i] for i in range(len(documents))]
    random.Random(seed).shuffle(groups)  # noqa: S311 (an order, not a secret)
    groups.sort(key=len, reverse=True)
    sizes = [0] * folds
    out = [0] * len(documents)
    for group in groups:
        smallest = sizes.index(min(sizes))
        sizes[smallest] += len(group)
        for i in group:
            out[i] = smallest
    return out
