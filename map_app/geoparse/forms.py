"""What is known of one word in some writing, whatever text it stands in."""

import functools
from collections.abc import Callable, Sequence
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


#: The kinds of attributes, each named "kind=value", that are seen of a word by its neighbours too.
AROUND = ("w", "s", "c0", "c1", "c2", "c3", "k", "sn", "fn", "x3")
#: Those that are seen of the word itself alone.
OWN = ("b", "r", "p1", "p2", "p3", "p4", "x1", "x2", "x4", "K", "sf")
#: Those whose values are numbers.
NUMBERS = frozenset(("c0", "c1", "c2", "c3", "sn", "fn", "r"))

#: One for each kind; None where a word has none of it.
Values = tuple[str | int | None, ...]

#: What only words have, of a sign.
_NONE_AROUND: Values = (None,) * 4
_NONE_OWN: Values = ("", *(None,) * 10)


def values_of(form: Form) -> tuple[Values, Values]:
    """The values of AROUND and of OWN."""
    short, low, shape, cluster, entry = form
    clusters: Values = tuple(cluster & mask for mask in _CLUSTER_MASKS) if cluster else _NONE_AROUND
    first = short[:1]
    if not first.isalpha():
        return (low, shape, *clusters, *_NONE_AROUND), _NONE_OWN
    case, surname, first_name = CASES[entry.case], entry.surname, entry.first_name
    has_capital = first.isupper()
    length = len(low)
    own = (
        "",
        entry.rarity // 2,
        low[:1],
        low[:2] if length > 1 else None,
        low[:3] if length > 2 else None,
        low[:4] if length > 3 else None,
        low[-1:],
        low[-2:] if length > 1 else None,
        low[-4:] if length > 3 else None,
        f"{case}|{shape}" if has_capital else None,
        f"{surname}|{first_name}" if has_capital else None,
    )
    return (low, shape, *clusters, case, surname, first_name, low[-3:]), own


def attribute_names(kinds: Sequence[str], values: Values) -> list[str]:
    """How the attributes are called that have a value."""
    pairs = zip(kinds, values, strict=True)
    return [f"{kind}={value}" if value != "" else kind for kind, value in pairs if value is not None]


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
