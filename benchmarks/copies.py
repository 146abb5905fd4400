"""How many copies of a story are recognised, by what was done to them, and how many different stories are joined.

    python -m benchmarks.copies [TEXTS.jsonl ...]

Each line of a file is an object with "text"; without files, the sample digests. Every text is put beside copies of
itself that were cut or added to, and beside all other texts, through the store's own grouping: its bands and its rule.
"""

import argparse
import json
import random
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from map_app.settings import DATA_DIR
from map_app.store.copies import group_of
from map_app.store.progress import silent
from map_app.store.schema import MIGRATIONS

#: Shorter texts have too few words left when they are cut.
FEWEST_WORDS = 60

#: Of two reports, and of the background that both end with.
BACKGROUND_WORDS = 150

Edit = Callable[[str, str, random.Random], str]


def sentences(text: str) -> list[str]:
    """A text's sentences, roughly."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def beginning(text: str, share: float) -> str:
    """The first sentences of a text, about that share of its characters."""
    kept: list[str] = []
    for sentence in sentences(text):
        if sum(map(len, kept)) >= share * len(text):
            break
        kept.append(sentence)
    return " ".join(kept)


def words(text: str, count: int) -> str:
    """The first words of a text."""
    return " ".join(text.split()[:count])


def extra(text: str, other: str, share: float) -> str:
    """Words of another text, as many as that share of this one's."""
    return words(other, int(share * len(text.split())))


def thinned(text: str, share: float, chance: random.Random) -> str:
    """A text with about that share of its sentences left out, anywhere."""
    kept = [sentence for sentence in sentences(text) if chance.random() > share]
    return " ".join(kept or sentences(text)[:1])


#: What outlets do to an agency's story: the text, another text to take words from, chance.
EDITS: dict[str, Edit] = {
    "first two thirds": lambda text, _other, _chance: beginning(text, 0.66),
    "first half": lambda text, _other, _chance: beginning(text, 0.5),
    "first half, own dateline and last line": lambda text, other, _chance: (
        f"OSLO (AP) - {beginning(text, 0.5)} {sentences(other)[-1]}"
    ),
    "first 40 %": lambda text, _other, _chance: beginning(text, 0.4),
    "first third": lambda text, _other, _chance: beginning(text, 0.33),
    "a fifth of the sentences left out": lambda text, _other, chance: thinned(text, 0.2, chance),
    "a third of the sentences left out": lambda text, _other, chance: thinned(text, 0.33, chance),
    "a third added at the end": lambda text, other, _chance: f"{text} {extra(text, other, 0.33)}",
    "a third added in front": lambda text, other, _chance: f"{extra(text, other, 0.33)} {text}",
    "half added at the end": lambda text, other, _chance: f"{text} {extra(text, other, 0.5)}",
    "last third cut, a fifth added": lambda text, other, _chance: f"{beginning(text, 0.67)} {extra(text, other, 0.2)}",
}


def grouped(texts: Sequence[str]) -> list[int | None]:
    """The group of each text, in a store that holds nothing else."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for migration in MIGRATIONS:
            migration(database, silent)
        return [group_of(database, "", text) for text in texts]


def read(paths: Sequence[Path]) -> Iterator[str]:
    """The texts that are long enough, each once."""
    seen: set[str] = set()
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                text = json.loads(line)["text"]
                if len(text.split()) >= FEWEST_WORDS and text not in seen:
                    seen.add(text)
                    yield text


def found(texts: Sequence[str], edit: Edit, chance: random.Random) -> float:
    """The share of texts that are grouped with an edited copy of theirs."""
    pairs = [[text, edit(text, texts[(7 * n + 3) % len(texts)], chance)] for n, text in enumerate(texts)]
    return sum(one == other for one, other in map(grouped, pairs)) / len(pairs)


def joined(texts: Sequence[str]) -> int:
    """How many texts are in a group with one before them."""
    groups = sorted(group for group in grouped(texts) if group is not None)
    return sum(one == other for one, other in pairwise(groups))


def reports_with_background(texts: Sequence[str], count: int) -> Iterator[list[str]]:
    """Pairs of reports of so many words each that go on with the same words, as many again."""
    long = [text for text in texts if len(text.split()) >= count]
    for n, text in enumerate(long):
        other, common = long[(5 * n + 11) % len(long)], long[(7 * n + 3) % len(long)]
        if len({text, other, common}) == 3:
            yield [f"{words(report, count)} {words(common, count)}" for report in (text, other)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.copies", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="TEXTS.jsonl", help="files to take texts from (default: the samples)"
    )
    texts = list(read(parser.parse_args().paths or [DATA_DIR / "sample_articles.jsonl"]))
    print(f"{len(texts)} texts\n\n| copy | grouped |\n|---|---|")
    for name, edit in EDITS.items():
        print(f"| {name} | {100 * found(texts, edit, random.Random(1)):.0f} % |", flush=True)
    print(f"\ndifferent texts joined: {joined(texts)} of {len(texts)}")
    pairs = [grouped(pair) for pair in reports_with_background(texts, BACKGROUND_WORDS)]
    wrong = sum(one == other for one, other in pairs)
    print(f"reports with half of their words in common, of {BACKGROUND_WORDS} each, joined: {wrong} of {len(pairs)}")


if __name__ == "__main__":
    main()
