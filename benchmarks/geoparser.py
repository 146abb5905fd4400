"""How fast the geoparser is and what it holds in memory: over texts that it has never seen, and over the same again.

    python -m benchmarks.geoparser [ARTICLES.jsonl ...] [--starts 3] [--passes 3]

Without a file it geoparses the sample digests, joined to texts of about 2,000 characters. Every start is a process of
its own; its first pass meets each text and most of its words for the first time. Half take the texts in batches,
as an ingest and the `geoparse` command do, the others one by one, as the page does with a visitor's own. Rates are of
the processor's time, so that other work on the machine counts little, and those of a clock on the wall stand beside
them. In the same run it
measures, where spaCy is installed, a pipeline of the shape of its small English one: the same layers of the same size
cost the same whatever their weights are, so they are left at random.
"""

import argparse
import importlib
import json
import multiprocessing
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from map_app.app import open_geoparser
from map_app.gazetteer.lookup import open_gazetteer
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.resolve import Recognised
from map_app.ingest import BATCH_SIZE
from map_app.model import Article
from map_app.settings import DATA_DIR, Settings

CHARACTERS = 2000
#: spaCy is slower by far: fewer texts tell as much.
SPACY_TEXTS = 40

#: What en_core_web_sm 3.8 is made of, by its own config: a tok2vec of width 96 and depth 4 over hashed norms, prefixes,
#: suffixes and shapes, shared by the tagger and the parser, and one more of that kind within the name recogniser.
TOK2VEC = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 96,
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE", "SPACY", "IS_SPACE"],
        "rows": [5000, 1000, 2500, 2500, 50, 50],
        "include_static_vectors": False,
    },
    "encode": {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": 96,
        "depth": 4,
        "window_size": 1,
        "maxout_pieces": 3,
    },
}
SPACY_LABELS = ("GPE", "LOC", "NORP", "FAC", "ORG", "PERSON")


def texts(paths: Sequence[Path]) -> list[str]:
    """The files' texts in pieces of CHARACTERS."""
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    whole = "\n".join(json.loads(line)["text"] for line in lines)
    return [whole[i : i + CHARACTERS] for i in range(0, len(whole), CHARACTERS)]


def peak_mb() -> float:
    """The most memory that this process has held, in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over all texts: seconds of the processor and of the wall, and the names found."""

    recognising: float
    resolving: float
    wall: float
    names: int

    @property
    def seconds(self) -> float:
        """Of the processor, in all."""
        return self.recognising + self.resolving


@dataclass(frozen=True, slots=True)
class Start:
    """What one process measured of itself."""

    opening: float
    loading: float
    passes: list[Pass]
    mb_before: float
    mb_at_most: float


def measure(pieces: Sequence[str], passes: int, batch: int) -> Start:
    """Open, load, and go over all texts; to be called in a process that did nothing before."""
    articles = [Article(id=str(i), title="", text=text) for i, text in enumerate(pieces)]
    before = peak_mb()
    start = time.perf_counter()
    gazetteer = open_gazetteer(Settings().cache)
    opened = time.perf_counter()
    geoparser = open_geoparser(Settings(), gazetteer)
    loaded = time.perf_counter()
    found = [_measure_pass(geoparser, articles, batch) for _ in range(passes)]
    return Start(opened - start, loaded - opened, found, before, peak_mb())


def _measure_pass(geoparser: Geoparser, articles: Sequence[Article], batch: int) -> Pass:
    wall, start = time.perf_counter(), time.process_time()
    names = []
    for first in range(0, len(articles), batch):
        names += geoparser.recognise_all(articles[first : first + batch])
    recognised = time.process_time()
    read = [Recognised(article, toponyms) for article, toponyms in zip(articles, names, strict=True)]
    for first in range(0, len(articles), batch):
        geoparser.resolve_all(read[first : first + batch])
    end = time.process_time()
    return Pass(recognised - start, end - recognised, time.perf_counter() - wall, sum(map(len, names)))


def report(title: str, passes: Sequence[Pass], texts_each: int) -> None:
    """Print the rates of passes of the same kind, and what the quickest spent its time on."""
    best = min(passes, key=lambda one: one.seconds)
    rates = sorted(texts_each / one.seconds for one in passes)
    walls = sorted(texts_each / one.wall for one in passes)
    print(
        f"{title}: {rates[0]:.0f} to {rates[-1]:.0f} a second of processor, {walls[0]:.0f} to {walls[-1]:.0f} by the "
        f"clock; the quickest took {1000 * best.recognising / texts_each:.1f} ms a text to recognise, "
        f"{1000 * best.resolving / texts_each:.1f} ms to resolve ({best.names} names)"
    )


def measure_spacy(pieces: Sequence[str]) -> None:
    """Print how many texts a second a pipeline like spaCy's small English one takes, its weights at random."""
    try:
        spacy = importlib.import_module("spacy")
        example = importlib.import_module("spacy.training").Example
    except ModuleNotFoundError:
        print("spaCy is not installed: no yardstick (pip install spacy)")
        return
    own = {"model": {"@architectures": "spacy.TransitionBasedParser.v2", "tok2vec": TOK2VEC, "state_type": "ner"}}
    pipeline = spacy.blank("en")
    pipeline.add_pipe("ner", config=own)
    for label in SPACY_LABELS:
        pipeline.get_pipe("ner").add_label(label)
    pipeline.initialize(lambda: [example.from_dict(pipeline.make_doc("Rain fell."), {"entities": []})])
    start = time.process_time()
    list(pipeline.pipe(pieces))
    rate = len(pieces) / (time.process_time() - start)
    print(f"spaCy {spacy.__version__}, the name recogniser of its small English pipeline alone: {rate:.0f} a second")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.geoparser", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "files", metavar="ARTICLES.jsonl", nargs="*", type=Path, help="lines with a text (default: the sample digests)"
    )
    parser.add_argument(
        "--starts", type=int, default=3, help="processes of each sort, one after the other (default: 3)"
    )
    parser.add_argument("--passes", type=int, default=3, help="times that each goes over all texts (default: 3)")
    arguments = parser.parse_args()
    if arguments.starts < 1 or arguments.passes < 1:
        parser.error("--starts and --passes are at least 1")
    pieces = texts(arguments.files or [DATA_DIR / "sample_articles.jsonl"])
    print(f"{len(pieces)} texts of {CHARACTERS} characters, {arguments.starts} starts")
    starts: dict[int, list[Start]] = {BATCH_SIZE: [], 1: []}
    for _ in range(arguments.starts):
        for batch, started in starts.items():
            with multiprocessing.get_context("spawn").Pool(1) as fresh:
                started.append(fresh.apply(measure, (pieces, arguments.passes, batch)))
    every = [start for started in starts.values() for start in started]
    print(
        f"gazetteer opened in {min(start.opening for start in every):.2f} s, "
        f"model loaded in {min(start.loading for start in every):.2f} s"
    )
    for batch, started in starts.items():
        how = "one by one" if batch == 1 else f"{batch} at a time"
        report(f"first pass, all texts new, {how}", [start.passes[0] for start in started], len(pieces))
        later = [one for start in started for one in start.passes[1:]]
        if later:
            report(f"later passes, the same texts, {how}", later, len(pieces))
    print(
        f"memory: {min(start.mb_before for start in every):.0f} MB before, "
        f"{max(start.mb_at_most for start in every):.0f} MB at most"
    )
    measure_spacy(pieces[:SPACY_TEXTS])


if __name__ == "__main__":
    main()
