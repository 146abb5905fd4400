"""What is known of English words besides the places that they name: how they are used, and who is called so.

Made by scripts/make_lexicon.py from word clusters and frequencies (spaCy's lookup tables) and the names of the US
census of 1990; the file comes with the package.
"""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import marisa_trie

from map_app.errors import ModelError

LEXICON_NAME = "lexicon.marisa"
_PACKAGE = "map_app.geoparse"

#: How one record is packed: clusters of the word in small letters and with a capital, then a byte for each of the rest.
RECORD = "<HHBBBB"

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
    """The opened file; read-only, safe to share between threads."""

    def __init__(self, path: Path | None = None) -> None:
        path = path or Path(str(files(_PACKAGE) / LEXICON_NAME))
        try:
            self._trie = marisa_trie.RecordTrie(RECORD).mmap(str(path))
        except (OSError, RuntimeError) as e:
            raise ModelError(f"the recogniser's words {path} cannot be read: {e}. Install the program again.") from e
        self.entry = lru_cache(maxsize=MAX_CACHED)(self._entry)

    def _entry(self, folded: str) -> Entry:
        found = self._trie.get(folded)
        return Entry(*found[0]) if found else UNKNOWN
