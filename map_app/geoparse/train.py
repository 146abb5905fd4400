"""Makes the recogniser's model from annotated articles; the articles themselves go nowhere."""

import hashlib
import json
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack

from map_app.errors import GeoparseError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.crf import Floats
from map_app.geoparse.evaluate import Evaluation, Figures
from map_app.geoparse.features import MAX_NAME_TOKENS, REACH, SPREAD, FeatureMaker, Sides, joint_names
from map_app.geoparse.fit import fit
from map_app.geoparse.forms import AROUND, OWN, Keys, names_of
from map_app.geoparse.gold import GoldDocument, read_gold
from map_app.geoparse.lexicon import Lexicon
from map_app.geoparse.membership import Membership
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.recognise import FEATURES_VERSION, Recogniser, metadata_path
from map_app.geoparse.resolve import Resolver
from map_app.geoparse.tokens import Words, read_words
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

#: L2 regularisation alone; half of it moved no end-to-end F1 by more than 0.2 points.
C2 = 1.0
MAX_ITERATIONS = 150
#: The material is used twice, the second time with this share of words known by their kind alone: that teaches what to
#: make of names never met, and is worth 0.1 to 0.4 points of end-to-end F1 on each corpus.
HIDDEN_SHARE = 0.5
SEED = 1
#: What identifies a word: how many words the attribute acts on, which of them is meant, what its name begins with.
IDENTIFYING = frozenset(
    [
        *((5, 2, name) for name in ("w", "x3", "c2", "c3")),
        *((1, 0, name) for name in ("p1", "p2", "p3", "p4", "x1", "x2", "x4")),
        *((2, place, "ww") for place in (0, 1)),
        (2, 0, "wc"),
        (2, 1, "cw"),
    ]
)
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


class UnitNames:
    """Keeps the attributes of units, by name."""

    def __init__(self) -> None:
        #: For each number, how many words the attribute acts on, which of them this is, and its name.
        self.names: list[tuple[int, int, str]] = []
        self._numbers: dict[tuple[int, int, str], int] = {}
        #: Numbers of the attributes of each unit.
        self.units: list[list[int]] = []
        #: The sides of joint attributes, by number.
        self._values: dict[str, int] = {}

    @property
    def count(self) -> int:
        """How many units are kept."""
        return len(self.units)

    def add(self, width: int, attributes: Sequence[str]) -> int:
        """Keep units for `width` words and return the number of the first."""
        first = len(self.units)
        for place in range(width):
            self.units.append([self._number((width, place, name)) for name in attributes])
        return first

    def add_word(self, around: Keys, own: Keys) -> int:
        """Keep units for a word and its neighbours, by the keys of AROUND and of OWN."""
        first = self.add(SPREAD, names_of(AROUND, around))
        self.units[first + REACH] += [self._number((1, 0, name)) for name in names_of(OWN, own)]
        return first

    def value(self, text: str) -> int:
        """The number of one side of a joint attribute."""
        return self._values.setdefault(text, len(self._values))

    def join(self, pairs: Sides, names: Sides) -> tuple[int, int]:
        """Keep units of joint attributes, and return the number of the first of each sort."""
        first = self.count
        of_pairs, of_names = joint_names(pairs, names, list(self._values))
        for attributes in of_pairs:
            self.add(2, attributes)
        middle = self.count
        for attributes in of_names:
            self.add(1, attributes)
        return first, middle

    def _number(self, name: tuple[int, int, str]) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def identifies(self, number: int) -> bool:
        """Whether the attribute tells a word from others that are used and written as it is."""
        width, place, name = self.names[number]
        return (width, place, name.partition("=")[0]) in IDENTIFYING

    def clear(self) -> None:
        """Forget the units; attributes keep their numbers."""
        self.units.clear()

    def weights(self, numbers: Sequence[int], vectors: Floats, transitions: Floats) -> Weights:
        """Those of the attributes with these numbers, a row each."""
        named: dict[tuple[int, str], Floats] = {}
        for number, vector in zip(numbers, vectors, strict=True):
            width, place, name = self.names[number]
            if (width, name) not in named:
                named[width, name] = np.zeros((width, len(LABELS)))
            named[width, name][place] = vector
        return Weights.of(named, transitions)


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
    documents = [document for corpus in corpora.values() for document in corpus]
    material = Material(gazetteer)
    for number, document in enumerate(documents):
        progress(0.3 * number / len(documents), "Reading the annotated articles")
        material.add(document)
    weights = material.fit(
        range(len(documents)), progress=lambda n: progress(0.3 + 0.7 * n / MAX_ITERATIONS, "Estimating the weights")
    )
    progress(1.0, "Done")
    content = weights.to_bytes()
    model_path.write_bytes(content)
    labels = [label for example in material.examples for label in example.labels]
    report = TrainingReport(
        documents=len(documents),
        words=len(labels),
        toponyms=labels.count(FIRST_OF_TOPONYM),
        demonyms=labels.count(FIRST_OF_DEMONYM),
        attributes=len(weights),
        bytes=len(content),
    )
    metadata = {
        "features_version": FEATURES_VERSION,
        "sha256": hashlib.sha256(content).hexdigest(),
        "corpora": {name: len(corpus) for name, corpus in corpora.items()},
        "command": command,
        "c2": C2,
        "hidden_share": HIDDEN_SHARE,
        "seed": SEED,
        "max_iterations": MAX_ITERATIONS,
        "min_frequency": MIN_FREQUENCY,
        "words": report.words,
        "toponyms": report.toponyms,
        "demonyms": report.demonyms,
        "attributes": report.attributes,
        "bytes": report.bytes,
    }
    metadata_path(model_path).write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
    return report


class Material:
    """Annotated documents made ready for training, all or some of them."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._names = UnitNames()
        self._maker = FeatureMaker(Membership(gazetteer), Lexicon(), self._names)
        self.examples: list[Example] = []

    def add(self, document: GoldDocument) -> None:
        """Take one document."""
        self.examples.append(self._make_example(document))

    def fit(self, chosen: Sequence[int], *, progress: Callable[[int], None] = lambda _: None) -> Weights:
        """Train on the documents with these numbers; nothing of the others enters the model."""
        rows = [row for i in chosen for row in self.examples[i].attributes]
        ends = np.cumsum([0, *map(len, rows)])
        columns = np.fromiter((number for row in rows for number in row), dtype=np.int64, count=int(ends[-1]))
        kept = np.flatnonzero(np.bincount(columns) >= MIN_FREQUENCY)
        shape = (len(rows), len(self._names.names))
        matrix = csr_matrix((np.ones(len(columns)), columns, ends), shape=shape)[:, kept]
        identifying = np.array([self._names.identifies(number) for number in kept.tolist()])
        matrix = vstack([matrix, _without_identity(matrix, identifying)]).tocsr()
        labels = np.array([label for i in chosen for label in self.examples[i].labels] * 2)
        lengths = np.array([length for i in chosen for length in self.examples[i].lengths] * 2)
        vectors, transitions = fit(
            matrix, labels, lengths, len(LABELS), c2=C2, max_iterations=MAX_ITERATIONS, progress=progress
        )
        return self._names.weights(kept.tolist(), vectors, transitions)

    def _make_example(self, document: GoldDocument) -> Example:
        text = document.article.text
        words = read_words(text)
        labels = label_words(document, words, self._gazetteer)
        example = Example([], [], [])
        for batch in self._maker.batches(text, words, Field.TEXT):
            attributes = [[n for unit in row for n in self._names.units[unit]] for row in batch.units.tolist()]
            for row, unit in zip(batch.more_rows.tolist(), batch.more_units.tolist(), strict=True):
                attributes[row] += self._names.units[unit]
            example.attributes.extend(attributes)
            for first, length in batch.stretches:
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


def cross_validate(
    corpora: Mapping[str, Sequence[GoldDocument]],
    gazetteer: Gazetteer,
    *,
    folds: int = 5,
    seed: int = 1,
    progress: Progress = _silent,
) -> dict[str, Figures]:
    """Figures per corpus, each document geoparsed by a model that saw neither it nor its outlet.

    Documents of one outlet stay in one fold where a corpus has at least as many outlets as there are folds.
    """
    return _measure(recognise_held_out(corpora, gazetteer, folds=folds, seed=seed, progress=progress), gazetteer)


#: Articles, with the names of their corpora, and the toponyms found in them.
Recognised = list[tuple[str, GoldDocument, list[Toponym]]]


def recognise_held_out(
    corpora: Mapping[str, Sequence[GoldDocument]],
    gazetteer: Gazetteer,
    *,
    folds: int = 5,
    seed: int = 1,
    progress: Progress = _silent,
) -> Iterator[Recognised]:
    """The articles of each fold, with what a model found in them that saw neither them nor their outlets."""
    everything = [(name, document) for name, documents in corpora.items() for document in documents]
    fold_of = [fold for documents in corpora.values() for fold in _folds(documents, folds, seed)]
    held_out = [[i for i, fold in enumerate(fold_of) if fold == number] for number in range(folds)]
    return _recognise(everything, held_out, gazetteer, progress)


def leave_one_out(
    corpora: Mapping[str, Sequence[GoldDocument]], gazetteer: Gazetteer, *, progress: Progress = _silent
) -> dict[str, Figures]:
    """Figures per corpus, geoparsed by a model that was trained on the other corpora only."""
    everything = [(name, document) for name, documents in corpora.items() for document in documents]
    held_out = [[i for i, (name, _) in enumerate(everything) if name == corpus] for corpus in corpora]
    return _measure(_recognise(everything, held_out, gazetteer, progress), gazetteer)


def table(figures: Mapping[str, Figures]) -> str:
    """The figures of each corpus, one a line, in per cent."""
    lines = [f"{'':12} {'recognised P / R / F1':24} {'end to end P / R / F1':24} right place of recognised"]
    for name, found in sorted(figures.items()):
        parts = [
            " / ".join(f"{100 * value:.1f}" for value in (score.precision, score.recall, score.f1))
            for score in (found.strict, found.end_to_end)
        ]
        lines.append(f"{name:12} {parts[0]:24} {parts[1]:24} {100 * found.right_of_recognised:.1f}")
    return "\n".join(lines)


def _recognise(
    everything: Sequence[tuple[str, GoldDocument]],
    held_out: Sequence[Sequence[int]],
    gazetteer: Gazetteer,
    progress: Progress,
) -> Iterator[Recognised]:
    material = Material(gazetteer)
    for _, document in everything:
        material.add(document)
    for number, tested in enumerate(held_out):
        progress(number / len(held_out), f"Part {number + 1} of {len(held_out)}")
        hidden = set(tested)
        weights = material.fit([i for i in range(len(everything)) if i not in hidden])
        geoparser = Geoparser(Recogniser(weights.to_bytes(), gazetteer), Resolver(gazetteer))
        yield [(name, d, geoparser.recognise(d.article)) for name, d in map(everything.__getitem__, tested)]


def _measure(parts: Iterable[Recognised], gazetteer: Gazetteer) -> dict[str, Figures]:
    evaluations: dict[str, Evaluation] = defaultdict(Evaluation)
    resolver = Resolver(gazetteer)
    for found in parts:
        homes = resolver.learn_homes((d.article, toponyms) for _, d, toponyms in found)
        for name, d, toponyms in found:
            evaluations[name].add(d, resolver.resolve(d.article, toponyms, homes.get(d.article.domain)))
    return {name: evaluation.figures() for name, evaluation in evaluations.items()}


def _folds(documents: Sequence[GoldDocument], folds: int, seed: int) -> list[int]:
    """The fold of each document: whole outlets together, the folds about equally large."""
    outlets: dict[str, list[int]] = defaultdict(list)
    for i, document in enumerate(documents):
        outlets[document.article.domain or urlsplit(document.article.url).netloc].append(i)
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
