"""How fast the geoparser is and what it holds in memory: `python -m benchmarks.geoparser [ARTICLES.jsonl]`.

Without a file it geoparses the sample digests, joined to texts of about 2,000 characters.
"""

import itertools
import json
import resource
import sys
import time
from pathlib import Path

from map_app.gazetteer.lookup import open_gazetteer
from map_app.geoparse.pipeline import Geoparser
from map_app.model import Article
from map_app.settings import DATA_DIR, Settings

CHARACTERS = 2000
ROUNDS = 3


def texts(path: Path) -> list[str]:
    """The file's texts in pieces of CHARACTERS."""
    lines = path.read_text(encoding="utf-8").splitlines()
    whole = "\n".join(json.loads(line)["text"] for line in lines if line.strip())
    return [whole[i : i + CHARACTERS] for i in range(0, len(whole), CHARACTERS)]


def peak_mb() -> float:
    """The most memory that this process has held, in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA_DIR / "sample_articles.jsonl"
    articles = [Article(id=str(i), title="", text=text) for i, text in enumerate(texts(path))]
    before = peak_mb()
    start = time.perf_counter()
    gazetteer = open_gazetteer(Settings().cache)
    opened = time.perf_counter()
    geoparser = Geoparser.load(gazetteer)
    loaded = time.perf_counter()
    print(f"gazetteer opened in {opened - start:.2f} s, model loaded in {loaded - opened:.2f} s")
    for number in range(ROUNDS):
        start = time.process_time()  # the processor's time: other work on the machine does not count
        found = list(itertools.chain.from_iterable(map(geoparser.geoparse, articles)))
        seconds = time.process_time() - start
        print(
            f"round {number + 1}: {len(articles)} texts of {CHARACTERS} characters, {seconds:.2f} s of processor: "
            f"{len(articles) / seconds:.0f} a second, {len(found)} names"
        )
    print(f"memory: {before:.0f} MB before, {peak_mb():.0f} MB at most")


if __name__ == "__main__":
    main()
