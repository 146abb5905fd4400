"""Makes the recogniser's model from annotated articles; the articles themselves go nowhere."""

import hashlib
import json
import logging
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pycrfsuite

from map_app.errors import GeoparseError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.evaluate import Evaluation, Figures
from map_app.geoparse.features import MAX_NAME_TOKENS, FeatureMaker, Sentence
from map_app.geoparse.gold import GoldDocument, read_gold
from map_app.geoparse.membership import Membership
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.recognise import FEATURES_VERSION, Recogniser, metadata_path
from map_app.geoparse.resolve import Resolver
from map_app.model import Field

logger = logging.getLogger(__name__)

#: L2 regularisation alone beat L1 and L2 together by two points of F1 in the trial; 0.5 was about best.
C2 = 0.5
MAX_ITERATIONS = 120
#: Features seen once only make the model three times as large.
MIN_FREQUENCY = 2

#: Passes a number from 0 to 1 and a phrase.
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a model was made from."""

    documents: int
    sentences: int
    toponyms: int
    demonyms: int
    bytes: int


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
    seed: int = 1,
    progress: Progress = _silent,
) -> TrainingReport:
    """Train on all corpora of a folder; writes the model and, beside it, what is known of it as JSON."""
    corpora = read_corpora(corpora_dir)
    documents = [document for corpus in corpora.values() for document in corpus]
    report = train_model(documents, model_path, gazetteer, seed=seed, progress=progress)
    metadata = {
        "features_version": FEATURES_VERSION,
        "sha256": hashlib.sha256(model_path.read_bytes()).hexdigest(),
        "corpora": {name: len(corpus) for name, corpus in corpora.items()},
        "command": command,
        "seed": seed,
        "c2": C2,
        "max_iterations": MAX_ITERATIONS,
        "min_frequency": MIN_FREQUENCY,
        "sentences": report.sentences,
        "toponyms": report.toponyms,
        "demonyms": report.demonyms,
        "bytes": report.bytes,
    }
    metadata_path(model_path).write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
    return report


def train_model(
    documents: Sequence[GoldDocument],
    model_path: Path,
    gazetteer: Gazetteer,
    *,
    seed: int = 1,
    progress: Progress = _silent,
) -> TrainingReport:
    """Train on these documents and write the model alone."""
    maker = FeatureMaker(Membership(gazetteer))
    rows: list[tuple[list[list[str]], list[str]]] = []
    for number, document in enumerate(documents):
        progress(0.5 * number / len(documents), "Reading the annotated articles")
        rows += labelled(document, maker, gazetteer)
    random.Random(seed).shuffle(rows)  # noqa: S311 (an order, not a secret)
    return fit(rows, model_path, documents=len(documents), progress=progress)


def fit(
    rows: Sequence[tuple[list[list[str]], list[str]]],
    model_path: Path,
    *,
    documents: int,
    progress: Progress = _silent,
) -> TrainingReport:
    """Estimate the weights from sentences with their labels."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {
            "c1": 0.0,
            "c2": C2,
            "max_iterations": MAX_ITERATIONS,
            "feature.minfreq": MIN_FREQUENCY,
            "feature.possible_transitions": True,
        }
    )
    counts: Counter[str] = Counter()
    for features, labels in rows:
        trainer.append(features, labels)
        counts.update(labels)
    progress(0.5, "Estimating the weights")
    trainer.train(str(model_path))
    progress(1.0, "Done")
    return TrainingReport(documents, len(rows), counts["B-T"], counts["B-D"], model_path.stat().st_size)


def labelled(
    document: GoldDocument, maker: FeatureMaker, gazetteer: Gazetteer
) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Features and BIO labels of each sentence of a document's text.

    A corpus may leave demonyms unmarked, so all that the demonym list knows are labelled, except inside a toponym.
    """
    text = document.article.text
    scored = [(t.start, t.end) for t in document.toponyms if t.scored]
    for sentence in maker.document(text, Field.TEXT):
        labels = ["O"] * len(sentence.tokens)
        for i, token in enumerate(sentence.tokens):
            for start, end in scored:
                if token.start < end and start < token.end:
                    inside = i > 0 and labels[i - 1] != "O" and sentence.tokens[i - 1].end > start
                    labels[i] = "I-T" if inside else "B-T"
                    break
        _label_demonyms(text, sentence, labels, gazetteer)
        yield sentence.features, labels


def _label_demonyms(text: str, sentence: Sentence, labels: list[str], gazetteer: Gazetteer) -> None:
    i = 0
    while i < len(labels):
        length = 1
        if sentence.tokens[i].text[0].isupper():
            for n in range(min(MAX_NAME_TOKENS, len(labels) - i), 0, -1):
                if any(label != "O" for label in labels[i : i + n]):
                    continue
                name = text[sentence.tokens[i].start : sentence.tokens[i + n - 1].end]
                if gazetteer.demonym(name) is not None:
                    labels[i : i + n] = ["B-D", *["I-D"] * (n - 1)]
                    length = n
                    break
        i += length


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
    maker = FeatureMaker(Membership(gazetteer))
    fold_of = {name: _folds(documents, folds, seed) for name, documents in corpora.items()}
    made = {
        name: [list(labelled(document, maker, gazetteer)) for document in documents]
        for name, documents in corpora.items()
    }
    evaluations = {name: Evaluation() for name in corpora}
    resolver = Resolver(gazetteer)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(folds):
            progress(number / folds, f"Fold {number + 1} of {folds}")
            path = Path(folder) / f"fold{number}.crfsuite"
            rows = [
                row
                for name in corpora
                for fold, document in zip(fold_of[name], made[name], strict=True)
                if fold != number
                for row in document
            ]
            random.Random(seed).shuffle(rows)  # noqa: S311 (an order, not a secret)
            fit(rows, path, documents=0)
            geoparser = Geoparser(Recogniser(path.read_bytes(), gazetteer), resolver)
            for name, documents in corpora.items():
                held_out = [d for fold, d in zip(fold_of[name], documents, strict=True) if fold == number]
                found = [geoparser.recognise(d.article) for d in held_out]
                homes = resolver.learn_homes((d.article, toponyms) for d, toponyms in zip(held_out, found, strict=True))
                for d, toponyms in zip(held_out, found, strict=True):
                    home = homes.get(d.article.domain)
                    evaluations[name].add(d, resolver.resolve(d.article, toponyms, home))
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
