"""What is known of English words besides the places that they name: how they are used, and who is called so.

Made by scripts/make_lexicon.py from word clusters and frequencies (spaCy's lookup tables) and the names of the US
census of 1990; the files come with the package.
"""

import functools
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import marisa_trie
import numpy as np

from map_app.errors import ModelError

#: The words, and by their numbers there what is known of them.
WORDS_NAME, ENTRIES_NAME = "lexicon.marisa", "lexicon.npz"
_PACKAGE = "map_app.geoparse"

#: Distinct words kept once looked up.
MAX_CACHED = 50_000


class Entry(NamedTuple):
    """One word, however it is written."""

    #: Brown cluster of the word in small letters and with a capital, 0 where it has none. The lowest bits are the
    #: topmost branches of the tree of clusters, so that `cluster & 0x3f` is a coarser cluster.
    lower_cluster: int
    capital_cluster: int
    #: How it is written when nothing forces a capital: a letter of CASES.
    case: int
    #: Minus the natural log of its share among all words: 4 for "the", 20 for a word hardly ever met.
    rarity: int
    #: One more than the number of times that its rank must be halved to be among the 32 most frequent; 0: no such name.
    surname: int
    first_name: int


#: No evidence, small letters, now so now so, a capital, capitals.
CASES = "?lxCU"
UNKNOWN = Entry(0, 0, 0, 0, 0, 0)


class Lexicon:
    """The opened files; read-only, safe to share between threads."""

    def __init__(self, directory: Path | None = None) -> None:
        directory = directory or Path(str(files(_PACKAGE)))
        try:
            self._words = marisa_trie.Trie().mmap(str(directory / WORDS_NAME))
            with np.load(directory / ENTRIES_NAME, allow_pickle=False) as arrays:
                self._numbers, self._entries = arrays["numbers"], arrays["entries"]
            if len(self._numbers) != len(self._words):
                raise ValueError(f"{len(self._words)} words and {len(self._numbers)} entries")
        except (OSError, EOFError, RuntimeError, ValueError, KeyError, BadZipFile) as e:
            raise ModelError(
                f"the recogniser's words in {directory} cannot be read: {e}. Install the program again."
            ) from e
        self.entry = functools.lru_cache(maxsize=MAX_CACHED)(self._entry)
        # Many words share an entry.
        self._made = functools.lru_cache(maxsize=MAX_CACHED)(self._make)

    def _entry(self, folded: str) -> Entry:
        word = self._words.get(folded)
        return UNKNOWN if word is None else self._made(self._numbers.item(word))

    def _make(self, number: int) -> Entry:
        return Entry(*self._entries[number].tolist())


@functools.cache
def open_lexicon() -> Lexicon:
    """The one that comes with the package; what was looked up is kept for all who ask."""
    return Lexicon()


def save(entries: Mapping[str, Entry], directory: Path) -> None:
    """Write the files: the words in a trie, and beside it each distinct entry once."""
    words = marisa_trie.Trie(sorted(entries))
    distinct = sorted(set(entries.values()))
    number_of = {entry: number for number, entry in enumerate(distinct)}
    numbers = [0] * len(words)
    for word, entry in entries.items():
        numbers[words[word]] = number_of[entry]
    words.save(str(directory / WORDS_NAME))
    np.savez_compressed(
        directory / ENTRIES_NAME,
        numbers=np.array(numbers, dtype=np.uint16),
        entries=np.array(distinct, dtype=np.uint16),
    )
