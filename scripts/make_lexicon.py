"""Makes map_app/geoparse/lexicon.marisa and lexicon.npz, what the recogniser knows of English words.

    python -m scripts.make_lexicon

It needs two packages that nothing else does: `pip install spacy-lookups-data names`. The first holds Brown clusters
and frequencies of English words (MIT licence, Explosion), the second the first and last names of the US census of
1990 (public domain).
"""

import argparse
import gzip
import json
import math
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

from map_app.geoparse.lexicon import ENTRIES_NAME, WORDS_NAME, Entry, save

OUTPUT = Path(__file__).parent.parent / "map_app" / "geoparse"

#: Rarer words than this (natural log of their share) are kept only for their cluster or as names.
LEAST_LOG_SHARE = -17.0
LONGEST_WORD = 24
#: So much more frequent (natural log) is the usual writing of a word than its others.
CLEARLY = 1.0
#: The topmost sixteen branches tell almost all clusters apart.
CLUSTER_BITS = 0xFFFF
#: A name's rank in the census has at most so many halvings.
MOST_FREQUENT_NAMES = 32


def table(name: str) -> dict[str, float]:
    """One of spaCy's lookup tables."""
    with gzip.open(str(files("spacy_lookups_data") / "data" / f"en_lexeme_{name}.json.gz"), "rt") as file:
        loaded: dict[str, float] = json.load(file)
    return loaded


def ranks(name: str) -> dict[str, int]:
    """Bucket of each census name: 1 for the most frequent, one more for each doubling of the rank."""
    lines = (files("names") / name).read_text(encoding="ascii").split("\n")
    names = [line.split()[0].casefold() for line in lines if line.strip()]
    return {n: 1 + max(0, math.ceil(math.log2((rank + 1) / MOST_FREQUENT_NAMES))) for rank, n in enumerate(names)}


def case_of(lower: float, capital: float, upper: float) -> int:
    """Index into CASES of how a word is mostly written, from the logs of its shares."""
    best = max(lower, capital, upper)
    if best == -math.inf:
        return 0
    if best == lower:
        return 1 if lower > capital + CLEARLY else 2
    if best == capital:
        return 3 if capital > lower + CLEARLY else 2
    return 4 if upper > lower + CLEARLY else 2


def main() -> None:
    """Read the packages' tables and write the files."""
    argparse.ArgumentParser(
        prog="python -m scripts.make_lexicon",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    clusters, shares = table("cluster"), table("prob")
    surnames = ranks("dist.all.last")
    first_names = ranks("dist.male.first")
    for name, bucket in ranks("dist.female.first").items():
        first_names[name] = min(bucket, first_names.get(name, bucket))
    writings = defaultdict(set)
    for word in clusters.keys() | shares.keys():
        if word.isascii() and word[:1].isalpha() and len(word) <= LONGEST_WORD:
            writings[word.casefold()].add(word)
    entries = {}
    for folded in writings.keys() | surnames.keys() | first_names.keys():
        log_shares = [shares.get(word, -math.inf) for word in (folded, folded.capitalize(), folded.upper())]
        if len(folded) == 1:
            log_shares[2] = -math.inf
        lower_cluster, capital_cluster = (int(clusters.get(w, 0)) & CLUSTER_BITS for w in (folded, folded.capitalize()))
        known = max(log_shares)
        is_name = folded in surnames or folded in first_names
        if known < LEAST_LOG_SHARE and not is_name and not lower_cluster and not capital_cluster:
            continue
        entries[folded] = Entry(
            lower_cluster,
            capital_cluster,
            case_of(*log_shares),
            round(-known) if known > -math.inf else 0,
            surnames.get(folded, 0),
            first_names.get(folded, 0),
        )
    save(entries, OUTPUT)
    size = sum((OUTPUT / name).stat().st_size for name in (WORDS_NAME, ENTRIES_NAME))
    print(f"{WORDS_NAME}, {ENTRIES_NAME}: {len(entries):,} words, {size:,} bytes")


if __name__ == "__main__":
    main()
