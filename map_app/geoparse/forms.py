"""What is known of one word in some writing, whatever text it stands in."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Single:
    """A group of one attribute, "kind=key"."""

    kind: str
    #: How many characters the key has; with others there is no attribute. 0: any number.
    length: int = 0

    def __call__(self, key: str | None) -> list[str]:
        """The name of the attribute, if there is one."""
        is_there = key is not None and self.length in (0, len(key))
        return [f"{self.kind}={key}"] if is_there else []


#: What each of several groups of attributes depends on; None where a word has nothing of a group.
Keys = tuple[Any, ...]
#: The names of the attributes of a group, by what it depends on.
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
    if word.isascii() and word.isalpha():  # nearly all
        if word.islower():
            return "x"
        if word[1:].islower():
            return "Xx"
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


def _of_cluster(cluster: int | None) -> list[str]:
    return [f"c{number}={cluster & mask}" for number, mask in enumerate(_CLUSTER_MASKS)] if cluster else []


def _of_use(use: tuple[str, int, int] | None) -> list[str]:
    return [f"k={use[0]}", f"sn={use[1]}", f"fn={use[2]}"] if use else []


def _of_rarity(rarity: int | None) -> list[str]:
    return ["b"] if rarity is None else ["b", f"r={rarity}"]


def _of_two(kind: str) -> Callable[[tuple[Any, Any] | None], list[str]]:
    return lambda both: [f"{kind}={both[0]}|{both[1]}"] if both else []


#: Groups of attributes that depend on the same thing. What is seen of a word by its neighbours too:
AROUND: Groups = (Single("w"), Single("s"), _of_cluster, _of_use, Single("x3"))
#: What is seen of the word itself alone.
OWN: Groups = (
    _of_rarity,
    *(Single(f"p{n}", n) for n in (1, 2, 3, 4)),
    *(Single(f"x{n}", n) for n in (1, 2, 4)),
    _of_two("K"),
    _of_two("sf"),
)
_NONE_OF_OWN = (None,) * len(OWN)


def keys_of(form: Form) -> tuple[Keys, Keys]:
    """What each of the groups AROUND and OWN depends on."""
    short, low, shape, cluster, entry = form
    first = short[:1]
    if not first.isalpha():
        return (low, shape, cluster, None, None), _NONE_OF_OWN
    _, _, case, rarity, surname, first_name = entry
    around = (low, shape, cluster, (CASES[case], surname, first_name), low[-3:])
    ends = (low[:1], low[:2], low[:3], low[:4], low[-1:], low[-2:], low[-4:])
    if first.isupper():
        return around, (rarity // 2, *ends, (CASES[case], shape), (surname, first_name))
    return around, (rarity // 2, *ends, None, None)


def names_of(groups: Groups, keys: Keys) -> list[str]:
    """The names of the attributes."""
    return [name for group, key in zip(groups, keys, strict=True) for name in group(key)]


def may_start_name(word: str) -> bool:
    """Whether a name may begin or end here: a capital, or a letter of a script that has none."""
    first = word[0]
    if first.isupper():
        return True
    if first.isascii():
        return len(word) > 2 and word[1] in "'’" and word[2].isupper()  # d'Ivoire
    return first.isalpha() and not first.islower()


def is_usually_small(word: str, entry_of: Callable[[str], Entry]) -> bool:
    """Whether it is a word with a capital that it has only where a sentence begins."""
    if not word.isascii() or not (len(word) == 1 or word[1:].islower()):
        return False
    return CASES[entry_of(clean(word).casefold()).case] == "l"


def is_everyday(word: str, entry_of: Callable[[str], Entry]) -> bool:
    """Whether it is one of the most frequent words."""
    return 0 < entry_of(clean(word).casefold()).rarity <= EVERYDAY_RARITY
