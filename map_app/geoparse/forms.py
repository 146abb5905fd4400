"""What is known of one word in some writing, whatever text it stands in."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from map_app.geoparse.lexicon import CASES, Entry

#: A word's text is cut to this many characters in features: no name's word is longer.
MAX_WORD = 24

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


#: What each of several groups of attributes depends on: a column for each group with a row for each word, None where a
#: word has nothing of the group.
Columns = tuple[list[Any], ...]
#: The names of the attributes of a group, by what it depends on.
Groups = tuple[Callable[[Any], list[str]], ...]


class Forms(NamedTuple):
    """Words as they are written: a column for each thing that is known of them."""

    short: list[str]
    low: list[str]
    shape: list[str]
    cluster: list[int]
    entry: list[Entry]


def describe(words: Sequence[str], entry_of: Callable[[str], Entry]) -> Forms:
    """What is known of words; `entry_of` looks up their folded form."""
    # Column by column, which takes half the time of word by word.
    short = [word[:MAX_WORD] if word.isalpha() else clean(word) for word in words]
    low = [word.casefold() for word in short]
    entry = [entry_of(word) for word in low]
    cluster = [
        known.capital_cluster if word[:1].isupper() else known.lower_cluster
        for word, known in zip(short, entry, strict=True)
    ]
    return Forms(short, low, [shape(word) for word in short], cluster, entry)


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


def keys_of(forms: Forms) -> tuple[Columns, Columns]:
    """What each of the groups AROUND and OWN depends on."""
    short, low, shape, cluster, entry = forms
    # Signs and numbers are no words, and have none of what follows.
    word = [folded if written[:1].isalpha() else None for written, folded in zip(short, low, strict=True)]
    use = [
        (CASES[known.case], known.surname, known.first_name) if folded else None
        for folded, known in zip(word, entry, strict=True)
    ]
    capital = [used if written[:1].isupper() else None for written, used in zip(short, use, strict=True)]
    around = (low, shape, cluster, use, [folded and folded[-3:] for folded in word])
    own: Columns = (
        [known.rarity // 2 if folded else None for folded, known in zip(word, entry, strict=True)],
        *([folded and folded[:length] for folded in word] for length in (1, 2, 3, 4)),
        *([folded and folded[-length:] for folded in word] for length in (1, 2, 4)),
        [(used[0], pattern) if used else None for used, pattern in zip(capital, shape, strict=True)],
        [used[1:] if used else None for used in capital],
    )
    return around, own


def names_of(groups: Groups, columns: Columns) -> list[list[str]]:
    """The names of the attributes of each word."""
    return [
        [name for group, key in zip(groups, keys, strict=True) for name in group(key)]
        for keys in zip(*columns, strict=True)
    ]


def may_start_name(word: str) -> bool:
    """Whether a name may begin or end here: a capital, or a letter of a script that has none."""
    first = word[0]
    if first.isupper():
        return True
    if first.isascii():
        return len(word) > 2 and word[1] in "'’" and word[2].isupper()  # d'Ivoire
    return first.isalpha() and not first.islower()


def usually_small(word: str, entry_of: Callable[[str], Entry]) -> Entry | None:
    """What is known of a word that has a capital only where a sentence begins; None for any other."""
    if not word.isascii() or not (len(word) == 1 or word[1:].islower()):
        return None
    entry = entry_of(clean(word).casefold())
    return entry if CASES[entry.case] == "l" else None
