"""What is known of one word in some writing, whatever text it stands in."""

import functools
from collections.abc import Callable
from typing import NamedTuple

from map_app.geoparse.lexicon import CASES, Entry

#: A word's text is cut to this many characters in features: no name's word is longer.
MAX_WORD = 24

#: The few hundred words that make up half of all text; "The" and "He" begin most sentences.
EVERYDAY_RARITY = 7

#: Coarser and coarser word clusters, as masks of the cluster's number.
_CLUSTER_MASKS = (0xF, 0x3F, 0x3FF, 0xFFFF)

#: The longest pattern of capitals and letters.
MAX_SHAPE = 8


class Form(NamedTuple):
    """A word as it is written."""

    short: str
    low: str
    shape: str
    cluster: int
    entry: Entry


def describe(word: str, entry_of: Callable[[str], Entry]) -> Form:
    """What is known of a word; `entry_of` looks up its folded form."""
    short = clean(word)
    low = short.casefold()
    entry = entry_of(low)
    cluster = entry.capital_cluster if short[:1].isupper() else entry.lower_cluster
    return Form(short, low, shape(short), cluster, entry)


def clean(word: str) -> str:
    """A word as tries take it: not endless, without NUL and halves of characters."""
    if word.isalpha():  # nearly all; what is to be replaced is no letter
        return word[:MAX_WORD]
    return word[:MAX_WORD].replace("\0", " ").encode("utf-8", "replace").decode()


def shape(word: str) -> str:
    """The pattern of capitals, letters and digits: "Kyiv" is "Xx", "U.S." is "X.X."."""
    return _shortened(word.translate(_SIGNS))


class _Signs(dict[int, str]):
    """The sign of each character, by its code."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isupper():
            sign = "X"
        elif character.isalpha():
            sign = "x"
        elif character.isdigit():
            sign = "d"
        else:
            sign = character if character.isascii() else "?"
        self[code] = sign
        return sign


_SIGNS = _Signs()


@functools.lru_cache(maxsize=10_000)
def _shortened(signs: str) -> str:
    """Runs of small letters and digits become one sign, runs of capitals two at most."""
    out: list[str] = []
    for sign in signs:
        goes_on = (sign in "xd" and out[-1:] == [sign]) or (sign == "X" and out[-2:] == ["X", "X"])
        if not goes_on:
            out.append(sign)
        if len(out) == MAX_SHAPE:
            break
    return "".join(out)


def attributes_of(form: Form) -> tuple[list[str], list[str]]:
    """Those of a word that its neighbours see too, and those that only it has."""
    low, entry, cluster = form.low, form.entry, form.cluster
    around = [f"w={low}", f"s={form.shape}"]
    if cluster:
        around += [f"c{number}={cluster & mask}" for number, mask in enumerate(_CLUSTER_MASKS)]
    own = ["b"]
    if form.short[:1].isalpha():
        case = CASES[entry.case]
        around += [f"k={case}", f"sn={entry.surname}", f"fn={entry.first_name}", f"x3={low[-3:]}"]
        own.append(f"r={entry.rarity // 2}")
        own += [f"p{n}={low[:n]}" for n in (1, 2, 3, 4) if len(low) >= n]
        own += [f"x{n}={low[-n:]}" for n in (1, 2, 4) if len(low) >= n]
        if form.short[:1].isupper():
            own += [f"K={case}|{form.shape}", f"sf={entry.surname}|{entry.first_name}"]
    return around, own


def may_start_name(word: str) -> bool:
    """Whether a name may begin or end here: a capital, or a letter of a script that has none."""
    first = word[0]
    if first.isupper():
        return True
    if first.isascii():
        return len(word) > 2 and word[1] in "'’" and word[2].isupper()  # d'Ivoire
    return first.isalpha() and not first.islower()


def is_everyday(word: str, entry_of: Callable[[str], Entry]) -> bool:
    """Whether it is one of the most frequent words with a capital, as every sentence begins with one."""
    if not word.isascii() or not (len(word) == 1 or word[1:].islower()):
        return False
    entry = entry_of(clean(word).casefold())
    return 0 < entry.rarity <= EVERYDAY_RARITY and CASES[entry.case] == "l"
