"""How fast the geoparser is and what it holds in memory: `python -m benchmarks.geoparser [ARTICLES.jsonl ...]`.

Without a file it geoparses the sample digests, joined to texts of about 2,000 characters. In the same run it measures,
where spaCy is installed, a pipeline of the shape of its small English one: the same layers of the same size cost the
same whatever their weights are, so they are left at random.
"""

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from map_app.gazetteer.lookup import open_gazetteer
from map_app.geoparse.pipeline import Geoparser
from map_app.model import Article, Toponym
from map_app.settings import DATA_DIR, Settings

CHARACTERS = 2000
ROUNDS = 3
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


def seconds_of(work: Callable[[], object]) -> float:
    """The processor's time that the work takes: other work on the machine does not count."""
    start = time.process_time()
    work()
    return time.process_time() - start


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
    seconds = seconds_of(lambda: list(pipeline.pipe(pieces)))
    rate = len(pieces) / seconds
    print(f"spaCy {spacy.__version__}, the name recogniser of its small English pipeline alone: {rate:.0f} a second")


def main() -> None:
    """Measure and print."""
    paths = [Path(argument) for argument in sys.argv[1:]] or [DATA_DIR / "sample_articles.jsonl"]
    articles = [Article(id=str(i), title="", text=text) for i, text in enumerate(texts(paths))]
    before = peak_mb()
    start = time.perf_counter()
    gazetteer = open_gazetteer(Settings().cache)
    opened = time.perf_counter()
    geoparser = Geoparser.load(gazetteer)
    loaded = time.perf_counter()
    print(f"gazetteer opened in {opened - start:.2f} s, model loaded in {loaded - opened:.2f} s")
    print(f"{len(articles)} texts of {CHARACTERS} characters")
    for number in range(ROUNDS):
        found: list[list[Toponym]] = []

        def recognise(into: list[list[Toponym]] = found) -> None:
            into.extend(map(geoparser.recognise, articles))

        def resolve(names: list[list[Toponym]] = found) -> None:
            for article, toponyms in zip(articles, names, strict=True):
                geoparser.resolve(article, toponyms)

        recognising, resolving = seconds_of(recognise), seconds_of(resolve)
        print(
            f"round {number + 1}: {len(articles) / (recognising + resolving):.0f} a second "
            f"({1000 * recognising / len(articles):.1f} ms to recognise, {1000 * resolving / len(articles):.1f} ms to "
            f"resolve, {sum(len(toponyms) for toponyms in found)} names)"
        )
    print(f"memory: {before:.0f} MB before, {peak_mb():.0f} MB at most")
    measure_spacy([article.text for article in articles[:SPACY_TEXTS]])


if __name__ == "__main__":
    main()
