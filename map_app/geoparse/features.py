"""What the recogniser sees of a text, the same in training and in use.

Only words near a capital are looked at. What is seen of each is a handful of units: the word, its neighbours, the pairs
that they make, the gazetteer names and the run of capitals that it stands in. A unit is a few named attributes; in
training their names are kept, in use only the sum of their weights. Units of one word are made once. Those that join
two things, which are seldom met again, are made anew, all of a text at once.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from map_app.geoparse.document import AS_PERSON, SAYINGS, Document, Marks, Stretch
from map_app.geoparse.forms import Columns, Forms, describe, keys_of
from map_app.geoparse.lexicon import CASES, Lexicon
from map_app.geoparse.membership import Membership
from map_app.geoparse.tokens import Words
from map_app.model import Field

#: Longest name looked up in the gazetteer, in words and signs ("Port-au-Prince" has five).
MAX_NAME_TOKENS = 6

#: Words looked at on either side of a word.
REACH = 2
SPREAD = 2 * REACH + 1
_AROUND = np.arange(-REACH, REACH + 1)
#: Of the units of a word and of those of a name, which each of the words around is seen through.
_PLACES = np.tile(np.arange(SPREAD), 2)
#: Where the words are that NAME_KINDS join, seen from a word of a name.
_AROUND_NAME = np.repeat([-1, 1, 0], 3)

#: Words looked at together; bounds what a text of any length takes.
BATCH_WORDS = 4_000
#: Units kept; all are made anew when there are more.
MAX_UNITS = 400_000
#: Distinct things kept that words share.
MAX_SHARED = 10_000

Integers = npt.NDArray[np.int64]
#: The left and the right values of joint attributes: a row for each joint, a column for each kind of attribute.
Sides = tuple[Integers, Integers]

#: The form of what lies beyond a sentence.
_EDGE = 0

#: A title or a text, its words, and which of the two it is.
ReadText = tuple[str, Words, Field]

#: What of a word is joined with something else: with its neighbour, or with the gazetteer name that it is in or beside.
_LOW, _SHAPE, _SHAPE_MARK, _CLUSTER, _CLUSTER_MARK, _CASE, _SURNAME, _FIRST_NAME = _VALUES = range(8)
#: Higher buckets of first names say no more.
_MAX_FIRST_NAME = 7

#: Attributes of two neighbouring words, "kind=left|right": their kinds, and which values of the two they join.
PAIR_KINDS = ("ww", "ss", "cc", "wc", "cw")
_PAIR_LEFT = (_LOW, _SHAPE, _CLUSTER, _LOW, _CLUSTER)
_PAIR_RIGHT = (_LOW, _SHAPE, _CLUSTER, _CLUSTER, _LOW)
#: Attributes of a gazetteer name, "kind=part of it and kind of place|value": with the word before, the word after, and
#: the word itself. Each three make a unit.
NAME_KINDS = ("before name",) * 3 + ("after name",) * 3 + ("name",) * 3
_BESIDE_NAME = (_LOW, _CLUSTER_MARK, _SHAPE_MARK)
_IN_NAME = (_CASE, _SURNAME, _FIRST_NAME)
UNITS_OF_NAME = 3
#: Attributes of a word in a run of capitals, "kind=value": what the run begins and ends with, what stands beside it.
#: Each kind makes a unit of two attributes.
RUN_KINDS = ("run first", "run last", "run before", "run after")
_RUN_FIRST, _RUN_LAST, _RUN_BEFORE, _RUN_AFTER = range(len(RUN_KINDS))
_BESIDE_RUN = (_LOW, _CLUSTER_MARK)


class Name(NamedTuple):
    """A name that the gazetteer knows: its first and last word and the kinds of places that carry it."""

    #: Number of the text that it stands in, and the row of its first word.
    of: int
    row: int
    first: int
    last: int
    kinds: tuple[str, ...]
    #: Whether the text uses its last word as a person's name.
    as_person: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Stretches of words around capitals, as the model takes them."""

    #: Of each stretch the number of its text, its first word and how many there are; the words of all stretches, in
    #: order, are the rows below.
    stretches: list[tuple[int, int, int]]
    #: Units of each word that always apply: a row for each word, 0 where there is none.
    units: Integers
    #: Units that apply to some words: the row, ascending, and the unit.
    more_rows: Integers
    more_units: Integers
    #: Names that the gazetteer knows, in words of their texts.
    names: list[Name]


class UnitKeeper(Protocol):
    """Keeps the units: by their attributes' names in training, by the sum of their weights in use."""

    @property
    def count(self) -> int:
        """How many are kept."""

    def add(self, width: int, attributes: Sequence[str]) -> int:
        """Keep units for `width` words and return the number of the first."""

    def add_words(self, around: Columns, own: Columns) -> int:
        """Keep SPREAD units for each of some words and its neighbours, by the keys of AROUND and of OWN."""

    def value(self, text: str) -> int:
        """The number of one side of a joint attribute; it is kept when the units are forgotten."""

    def join(self, pairs: Sides, names: Sides, runs: Sides) -> tuple[int, int, int]:
        """Make units of joint attributes, and return the number of the first of each sort; good until the next call.

        A row of `pairs` makes two units, for its left and its right word, of PAIR_KINDS; a row of `names` makes
        UNITS_OF_NAME, each of three of NAME_KINDS; a row of `runs`, whose left side is the place of one of RUN_KINDS,
        makes one of that kind.
        """

    def clear(self) -> None:
        """Forget all units."""


class _Forms(dict[str, int]):
    """Every writing of a word that was met, by a number of its own: what is known of it and its units."""

    def __init__(self, lexicon: Lexicon, keeper: UnitKeeper) -> None:
        super().__init__()
        self._entry_of = lexicon.entry
        self._keeper = keeper
        self._value = value = keeper.value
        # Few shapes, clusters and uses are shared by all words.
        self._of_shape = functools.lru_cache(MAX_SHARED)(lambda shape: (value(shape), value(f"s{shape}")))
        self._of_cluster = functools.lru_cache(MAX_SHARED)(lambda c: (value(f"{c}"), value(f"c{c}")))
        self._of_use = functools.lru_cache(MAX_SHARED)(
            lambda case, surname, first_name: (
                value(CASES[case]),
                value(f"sn{surname}"),
                value(f"fn{min(first_name, _MAX_FIRST_NAME)}"),
            )
        )
        #: What is not in the table yet.
        self._new: list[str] = []
        self._table = np.zeros((1024, 1 + len(_VALUES)), dtype=np.int64)

    def __missing__(self, word: str) -> int:
        self._new.append(word)
        number = self[word] = len(self)
        return number

    def table(self) -> Integers:
        """By number, the numbers of the values of each and, last, its first unit."""
        if self._new:
            forms = describe(self._new, self._entry_of)
            self._put(forms, self._keeper.add_words(*keys_of(forms)))
            self._new.clear()
        return self._table

    def _put(self, forms: Forms, unit: int) -> None:
        """Write the last rows of the table; `unit` is the first of the first of them."""
        while len(self._table) < len(self):
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
        rows = self._table[len(self) - len(forms.low) : len(self)]
        value = self._value
        rows[:, _LOW] = [value(low) for low in forms.low]
        rows[:, _SHAPE : _SHAPE_MARK + 1] = [self._of_shape(shape) for shape in forms.shape]
        rows[:, _CLUSTER : _CLUSTER_MARK + 1] = [self._of_cluster(cluster & 0x3FF) for cluster in forms.cluster]
        rows[:, _CASE : _FIRST_NAME + 1] = [self._of_use(e.case, e.surname, e.first_name) for e in forms.entry]
        rows[:, -1] = range(unit, unit + SPREAD * len(rows), SPREAD)

    def start_anew(self) -> None:
        """Forget all but the edge of sentences, which has the values of no word."""
        self.clear()
        self._new.clear()
        self[""] = _EDGE
        self._put(describe([""], self._entry_of), self._keeper.add(SPREAD, ["edge"]))


class _Others(dict[tuple[str | int, ...], int]):
    """The units of single words that depend on their text, by kind and what else they depend on."""

    def __init__(self, lexicon: Lexicon, keeper: UnitKeeper) -> None:
        super().__init__()
        self._entry_of = lexicon.entry
        self._keeper = keeper

    def __missing__(self, key: tuple[str | int, ...]) -> int:
        unit = self[key] = self._keeper.add(1, self._attributes(str(key[0]), key[1:]))
        return unit

    def _attributes(self, kind: str, values: Sequence[str | int]) -> list[str]:
        if kind == "style":
            style = str(values[0])
            if len(values) == 1:
                return [f"style={mark}" for mark in style.split()]
            [entry] = describe([str(values[1])], self._entry_of).entry
            return [f"style={mark}|{CASES[entry.case]}" for mark in style.split()]
        if kind == "said":
            said = [f"said={name}" for bit, name in enumerate(SAYINGS) if int(values[0]) & (1 << bit)]
            return [*said, f"said={values[0]}", f"said={values[0]}|{values[1]}"]
        if kind == "run":
            return [f"run={values[0]}", f"run={values[0]}{values[1]}"]
        return [kind, *(f"{kind}={value}" for value in values)]


class FeatureMaker:
    """Makes units, keeping each distinct one; not for use by two threads at once."""

    def __init__(self, membership: Membership, lexicon: Lexicon, keeper: UnitKeeper) -> None:
        self._membership = membership
        self._entry_of = lexicon.entry
        self._keeper = keeper
        self._marks = Marks(lexicon.entry, membership)
        self._forms = _Forms(lexicon, keeper)
        self._names: dict[tuple[str, tuple[str, ...]], int] = {}
        self._others = _Others(lexicon, keeper)
        self._start_anew()

    def _start_anew(self) -> None:
        """Forget all units; the next number is 0 again."""
        self._keeper.clear()
        self._names.clear()
        self._others.clear()
        self._no_name = self._keeper.add(SPREAD, [])
        self._forms.start_anew()

    def _forget_if_full(self) -> None:
        if self._keeper.count > MAX_UNITS:
            self._start_anew()

    def batches(self, texts: Iterable[ReadText]) -> Iterator[Batch]:
        """What the model has to look at, a bounded part at a time; units are good until the next is asked for.

        Short texts share a batch, since numpy takes hardly longer for many than for one.
        """
        self._forget_if_full()
        gathered = _Gathered(self._no_name)
        for number, (text, words, field) in enumerate(texts):
            document = Document(
                text, words, field, entry_of=self._entry_of, marks=self._marks, membership=self._membership
            )
            for sentence in words.sentences:
                stretches = document.stretches(sentence)
                if stretches:
                    self._gather(document, gathered, number, sentence, stretches)
                    if gathered.is_full:
                        yield self._batch(gathered)
                        self._forget_if_full()
                        gathered = _Gathered(self._no_name)
        if gathered.stretches:
            yield self._batch(gathered)

    def _gather(
        self, document: Document, gathered: "_Gathered", of: int, sentence: Stretch, stretches: Sequence[Stretch]
    ) -> None:
        """Take the stretches of one sentence, with the units that cannot be found for all words at once."""
        first, last = sentence
        forms, hot, style, others = document.forms, document.hot, document.style(first), self._others
        for low, high in stretches:
            near = slice(max(first, low - REACH), min(last, high + REACH))
            numbers = list(map(self._forms.__getitem__, forms[near]))
            gathered.open_stretch(of, low, high, forms=numbers, hot=hot[near], before=max(first - low + REACH, 0))
            names = self._find_names(document, of, (low, high), gathered.row)
            named = self._name_units(gathered, names, low)
            for run in document.runs((low, high)):
                self._run_units(gathered, sentence, run, low)
            for i in range(low, high):
                said = document.said[forms[i]] if hot[i] else 0
                if said:
                    gathered.add(i - low, others["said", said, named.get(i, "")])
                if style:
                    gathered.add(i - low, others["style", style])
                    gathered.add(i - low, others["style", style, forms[i]])
                if i < document.dateline_end:
                    gathered.add(i - low, others["dateline",])
            gathered.names += names

    def _run_units(self, gathered: "_Gathered", sentence: Stretch, run: Stretch, low: int) -> None:
        """How long a run of capitals is, its first and last word, and those around it."""
        (first, last), (start, end), others = sentence, run, self._others
        length = min(end - start, 5)
        for i in range(start, end):
            part = "B" if i == start else "E" if i == end - 1 else "I"
            gathered.add(i - low, others["run", length, part])
            if i > start:
                gathered.add_run(i - low, _RUN_FIRST, start - low)
                if start > first:
                    gathered.add_run(i - low, _RUN_BEFORE, start - 1 - low)
            if i < end - 1:
                gathered.add_run(i - low, _RUN_LAST, end - 1 - low)
                if end < last:
                    gathered.add_run(i - low, _RUN_AFTER, end - low)

    def _find_names(self, document: Document, of: int, stretch: Stretch, row: int) -> list[Name]:
        """Where gazetteer names stand, longest first from the left, and what kinds of places they name."""
        found = []
        hot, membership, text = document.hot, self._membership, document.text
        starts, ends = document.words.starts, document.words.ends
        low, high = stretch
        i = low
        while i < high:
            after = i + 1
            if hot[i]:
                most = min(i + MAX_NAME_TOKENS, high)
                while not hot[most - 1]:  # no name ends there
                    most -= 1
                for more in membership.ends_of_names(text, starts[i], ends[i:most]):
                    j = i + more
                    kinds = membership.kinds(text[starts[i] : ends[j]]) if hot[j] else ()
                    if kinds:
                        as_person = bool(document.said[document.forms[j]] & AS_PERSON)
                        found.append(Name(of, row + i - low, i, j, kinds, as_person))
                        after = j + 1
                        break
            i = after
        return found

    def _name_units(self, gathered: "_Gathered", names: Sequence[Name], low: int) -> dict[int, str]:
        """Take the units for the words of names; of each such word, which part of what kind of name it is."""
        named = {}
        for name in names:
            kinds = name.kinds
            for i in range(name.first, name.last + 1):
                part = "U" if name.first == name.last else "B" if i == name.first else "L" if i == name.last else "I"
                unit = self._names.get((part, kinds))
                if unit is None:
                    unit = self._names[part, kinds] = self._keeper.add(
                        SPREAD, [*(f"g{part}={kind}" for kind in kinds), f"t{part}={kinds[0]}"]
                    )
                named[i] = f"{part}{kinds[0]}"
                gathered.add_name(i - low, unit, self._keeper.value(named[i]))
        return named

    def _batch(self, gathered: "_Gathered") -> Batch:
        """The units of all stretches; all words' at once, since numpy takes no longer for many than for one."""
        forms, names = np.array(gathered.forms), np.array(gathered.units_of_names)
        rows, hot = np.array(gathered.words), np.array(gathered.hot)
        table = self._forms.table()
        # At row r the word `offset` further on is seen through its unit for that offset.
        around = rows[:, None] + _AROUND
        units = np.concatenate([table[forms, -1][around], names[around]], axis=1) + _PLACES
        # Of each word whether it makes a pair with the next: if one of them may start a name.
        is_row = np.zeros(len(forms), dtype=np.bool_)
        is_row[rows] = True
        is_word = forms != _EDGE
        is_pair = (hot[:-1] | hot[1:]) & (is_row[:-1] | is_row[1:]) & is_word[:-1] & is_word[1:]
        left = is_pair.nonzero()[0]
        named_rows = np.array(gathered.named_rows, dtype=np.int64)
        beside = forms[rows[named_rows][:, None] + _AROUND_NAME]
        parts = np.array(gathered.named_parts, dtype=np.int64)[:, None]
        run_kinds = np.array(gathered.run_kinds, dtype=np.int64)[:, None]
        beside_run = forms[np.array(gathered.run_words, dtype=np.int64)][:, None]
        pairs, of_names, of_runs = self._keeper.join(
            (table[forms[left][:, None], _PAIR_LEFT], table[forms[left + 1][:, None], _PAIR_RIGHT]),
            (parts, table[beside, _BESIDE_NAME * 2 + _IN_NAME]),
            (run_kinds, table[beside_run, _BESIDE_RUN]),
        )
        number = is_pair.cumsum() - 1
        after_other, before_other = is_pair[rows - 1].nonzero()[0], is_pair[rows].nonzero()[0]
        more_rows = np.concatenate(
            [
                after_other,
                before_other,
                named_rows.repeat(UNITS_OF_NAME),
                np.array(gathered.run_rows, dtype=np.int64),
                np.array(gathered.more_rows, dtype=np.int64),
            ]
        )
        more_units = np.concatenate(
            [
                pairs + 2 * number[rows[after_other] - 1] + 1,
                pairs + 2 * number[rows[before_other]],
                of_names + np.arange(UNITS_OF_NAME * len(named_rows)),
                of_runs + np.arange(len(run_kinds)),
                np.array(gathered.more_units, dtype=np.int64),
            ]
        )
        ascending = more_rows.argsort(kind="stable")
        return Batch(gathered.stretches, units, more_rows[ascending], more_units[ascending], gathered.names)


def joint_names(
    pairs: Sides, names: Sides, runs: Sides, texts: Sequence[str]
) -> tuple[list[list[str]], list[list[str]], list[list[str]]]:
    """The attributes' names of each pair, unit of names and unit of runs; `texts` are those that values stand for."""
    of_pairs = [
        [f"{kind}={texts[a]}|{texts[b]}" for kind, a, b in zip(PAIR_KINDS, one, other, strict=True)]
        for one, other in zip(pairs[0].tolist(), pairs[1].tolist(), strict=True)
    ]
    size = len(NAME_KINDS) // UNITS_OF_NAME
    of_names = []
    for [part], values in zip(names[0].tolist(), names[1].tolist(), strict=True):
        attributes = [f"{kind}={texts[part]}|{texts[b]}" for kind, b in zip(NAME_KINDS, values, strict=True)]
        of_names += [attributes[i : i + size] for i in range(0, len(attributes), size)]
    of_runs = [
        [f"{RUN_KINDS[kind]}={texts[value]}" for value in values]
        for [kind], values in zip(runs[0].tolist(), runs[1].tolist(), strict=True)
    ]
    return of_pairs, of_names, of_runs


class _Gathered:
    """What goes into the next batch: the words of all stretches, each with REACH more on either side."""

    def __init__(self, no_name: int) -> None:
        self._no_name = no_name
        self.stretches: list[tuple[int, int, int]] = []
        #: Of each word the number of its form, whether a name may begin or end with it, and the first unit of the
        #: gazetteer name that it is part of.
        self.forms: list[int] = []
        self.hot: list[bool] = []
        self.units_of_names: list[int] = []
        #: Which of those words the rows are.
        self.words: list[int] = []
        self.more_rows: list[int] = []
        self.more_units: list[int] = []
        self.names: list[Name] = []
        #: Of each word of a name its row, and the number of "part and kind".
        self.named_rows: list[int] = []
        self.named_parts: list[int] = []
        #: Of each unit of runs its row, the place of its kind among RUN_KINDS, and which of the words it is of.
        self.run_rows: list[int] = []
        self.run_kinds: list[int] = []
        self.run_words: list[int] = []
        #: The first row of the stretch at hand, and which word that is.
        self.row = self._word = 0

    def open_stretch(
        self, of: int, low: int, high: int, *, forms: Sequence[int], hot: Sequence[bool], before: int
    ) -> None:
        """Take a stretch; `forms` and `hot` are of it and what is around it, except for `before` words that lack."""
        length = high - low
        after = length + 2 * REACH - before - len(forms)
        self.stretches.append((of, low, length))
        self.row, self._word = len(self.words), len(self.forms) + REACH
        self.words += range(self._word, self._word + length)
        self.forms += [_EDGE] * before
        self.forms += forms
        self.forms += [_EDGE] * after
        self.hot += [False] * before
        self.hot += hot
        self.hot += [False] * after
        self.units_of_names += [self._no_name] * (length + 2 * REACH)

    def add(self, row: int, unit: int) -> None:
        """One more unit for a word, counted from the first of the stretch."""
        self.more_rows.append(self.row + row)
        self.more_units.append(unit)

    def add_name(self, row: int, unit: int, part: int) -> None:
        """A word is part of a name."""
        self.units_of_names[self._word + row] = unit
        self.named_rows.append(self.row + row)
        self.named_parts.append(part)

    def add_run(self, row: int, kind: int, word: int) -> None:
        """A unit of a word in a run of capitals, and the word that it is of, both counted from the stretch's first."""
        self.run_rows.append(self.row + row)
        self.run_kinds.append(kind)
        self.run_words.append(self._word + word)

    @property
    def is_full(self) -> bool:
        """Whether it is enough for a batch."""
        return len(self.forms) > BATCH_WORDS
