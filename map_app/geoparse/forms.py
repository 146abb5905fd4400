"""What is known of one word in some writing, whatever text it stands in."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from map_app.geoparse.lexicon import CASES, Entry

#: A word's text is cut to this many characters in features: no name's word is longer.
MAX_WORD = 24

#: The few hundred words that make up half of all text; "The" and "He" begin most sentences.
EVERYDAY_RARITY = 7

#: Coarser and coarser word clusters, as masks of the cluster's number.
_CLUSTER_MASKS = (0xF, 0x3F, 0x3FF, 0xFFFF)

#: The longest pattern of capitals and letters.
MAX_SHAPE = 8


#: What a group of attributes depends on, one for each of the groups or of the first of them.
Keys = tuple[Any, ...]
Groups = tuple[Callable[[Any], list[str]], ...]


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


def _of_clusters(cluster: int) -> list[str]:
    return [f"c{number}={cluster & mask}" for number, mask in enumerate(_CLUSTER_MASKS)] if cluster else []


def _of_use(use: tuple[str, int, int]) -> list[str]:
    case, surname, first_name = use
    return [f"k={case}", f"sn={surname}", f"fn={first_name}"]


def _of_start(start: str) -> list[str]:
    return [f"p{n}={start[:n]}" for n in (1, 2, 3, 4) if len(start) >= n]


def _of_end(end: str) -> list[str]:
    return [f"x{n}={end[-n:]}" for n in (1, 2, 4) if len(end) >= n]


#: Groups of attributes that depend on the same thing, as functions of it. What is seen of a word by its neighbours too:
AROUND: Groups = (
    lambda low: [f"w={low}"],
    lambda shape: [f"s={shape}"],
    _of_clusters,
    _of_use,
    lambda end: [f"x3={end}"],
)
#: What is seen of the word itself alone.
OWN: Groups = (
    lambda rarity: ["b"] if rarity is None else ["b", f"r={rarity}"],
    _of_start,
    _of_end,
    lambda written: [f"K={written}"],
    lambda called: [f"sf={called}"],
)


def keys_of(form: Form) -> tuple[Keys, Keys]:
    """What each of the groups AROUND and OWN depends on; signs lack the last groups."""
    short, low, shape, cluster, entry = form
    first = short[:1]
    if not first.isalpha():
        return (low, shape, cluster), (None,)
    case, surname, first_name = CASES[entry.case], entry.surname, entry.first_name
    around = (low, shape, cluster, (case, surname, first_name), low[-3:])
    own = (entry.rarity // 2, low[:4], low[-4:])
    return around, (*own, f"{case}|{shape}", f"{surname}|{first_name}") if first.isupper() else own


def names_of(groups: Groups, keys: Keys) -> list[str]:
    """The names of the attributes."""
    return [name for group, key in zip(groups, keys, strict=False) for name in group(key)]


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
