"""What the recogniser sees of a text, the same in training and in use.

Only words near a capital are looked at. What is seen of each is a handful of units: the word, its neighbours, the pairs
that they make, the gazetteer names and the run of capitals that it stands in. A unit is a few named attributes; in
training their names are kept, in use only the sum of their weights. Units of one word are made once. Those that join
two things, which are seldom met again, are made anew, all of a text at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from map_app.geoparse.document import AS_PERSON, SAYINGS, Document, Marks, Stretch
from map_app.geoparse.forms import Form, Values, describe, values_of
from map_app.geoparse.lexicon import CASES, Lexicon
from map_app.geoparse.membership import Membership
from map_app.geoparse.tokens import Words
from map_app.model import Field

#: Longest name looked up in the gazetteer, in words and signs ("Port-au-Prince" has five).
MAX_NAME_TOKENS = 6

#: Words looked at on either side of a word.
REACH = 2
SPREAD = 2 * REACH + 1

#: Words looked at together; bounds what a text of any length takes.
BATCH_WORDS = 4_000
#: Units kept; all are made anew when there are more.
MAX_UNITS = 400_000

Integers = npt.NDArray[np.int64]

#: What of a word is joined with something else.
_LOW, _SHAPE, _CLUSTER, _LOW_CLUSTER, _LOW_SHAPE, _CASE, _SURNAME, _FIRST_NAME = _VALUES = range(8)
#: Higher buckets of first names say no more.
_MAX_FIRST_NAME = 7


@dataclass(frozen=True, slots=True)
class Joint:
    """Attributes that say two things at once, each named "kind=left|right"."""

    #: Words that each acts on.
    width: int
    #: The kind of each, and which values of the left and of the right thing it joins.
    parts: tuple[tuple[str, int, int], ...]


#: Two neighbouring words.
PAIR = Joint(
    2,
    (
        ("ww", _LOW, _LOW),
        ("ss", _SHAPE, _SHAPE),
        ("cc", _CLUSTER, _CLUSTER),
        ("wc", _LOW, _CLUSTER),
        ("cw", _CLUSTER, _LOW),
    ),
)
#: A gazetteer name and the word before a word of it, the one after, or the word itself.
BEFORE_NAME = Joint(1, tuple(("before name", 0, value) for value in (_LOW, _LOW_CLUSTER, _LOW_SHAPE)))
AFTER_NAME = Joint(1, tuple(("after name", 0, value) for value in (_LOW, _LOW_CLUSTER, _LOW_SHAPE)))
IN_NAME = Joint(1, tuple(("name", 0, value) for value in (_CASE, _SURNAME, _FIRST_NAME)))
JOINTS = (PAIR, BEFORE_NAME, AFTER_NAME, IN_NAME)


def _values(form: Form) -> tuple[str, ...]:
    """Those of a word, as the names of attributes have them."""
    entry, cluster = form.entry, str(form.cluster & 0x3FF)
    first_name = min(entry.first_name, _MAX_FIRST_NAME)
    return (
        form.low,
        form.shape,
        cluster,
        f"c{cluster}",
        f"s{form.shape}",
        CASES[entry.case],
        f"sn{entry.surname}",
        f"fn{first_name}",
    )


@dataclass(frozen=True, slots=True)
class Name:
    """A name that the gazetteer knows: its first and last word and the kinds of places that carry it."""

    first: int
    last: int
    kinds: tuple[str, ...]
    #: Whether the text uses its last word as a person's name.
    as_person: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Stretches of words around capitals, as the model takes them."""

    #: First word of each stretch and how many there are; the words of all stretches, in order, are the rows below.
    stretches: list[tuple[int, int]]
    #: Units of each word that always apply: a row for each word, 0 where there is none.
    units: Integers
    #: Units that apply to some words: the row, ascending, and the unit.
    more_rows: Integers
    more_units: Integers
    #: Names that the gazetteer knows, in words of the whole text.
    names: list[Name]


class UnitKeeper(Protocol):
    """Keeps the units: by their attributes' names in training, by the sum of their weights in use."""

    @property
    def count(self) -> int:
        """How many are kept."""

    def add(self, width: int, attributes: Sequence[str]) -> int:
        """Keep units for `width` words and return the number of the first."""

    def add_word(self, around: Values, own: Values) -> int:
        """Keep units for a word and its neighbours, by the values of AROUND and of OWN."""

    def value(self, text: str) -> int:
        """The number of one side of a joint attribute; it is kept when the units are forgotten."""

    def join(self, joints: Sequence[tuple[Joint, Integers, Integers]]) -> list[int]:
        """Make units of joint attributes, and return the number of the first of each joint; good until the next call.

        For each joint the left and the right values: a row for each unit, a column for each part. A joint of width 2
        makes two units of each row, one after the other.
        """

    def clear(self) -> None:
        """Forget all units."""


class _Forms(dict[str, int]):
    """Every writing of a word that was met, by a number of its own: what is known of it and its units."""

    def __init__(self, lexicon: Lexicon, keeper: UnitKeeper) -> None:
        super().__init__()
        self._entry_of = lexicon.entry
        self._keeper = keeper
        self._rows: list[list[int]] = []
        self._table = np.zeros((1024, 1 + len(_VALUES)), dtype=np.int64)

    def __missing__(self, word: str) -> int:
        form = describe(word, self._entry_of)
        unit = self._keeper.add_word(*values_of(form))
        self._rows.append([unit, *map(self._keeper.value, _values(form))])
        number = self[word] = len(self)
        return number

    def table(self) -> Integers:
        """By number, the first unit of each and the numbers of its values."""
        if self._rows:
            while len(self._table) < len(self):
                self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._table[len(self) - len(self._rows) : len(self)] = self._rows
            self._rows.clear()
        return self._table

    def clear(self) -> None:
        """Forget all."""
        super().clear()
        self._rows.clear()


class FeatureMaker:
    """Makes units, keeping each distinct one; not for use by two threads at once."""

    def __init__(self, membership: Membership, lexicon: Lexicon, keeper: UnitKeeper) -> None:
        self._membership = membership
        self._entry_of = lexicon.entry
        self._keeper = keeper
        self._marks = Marks(lexicon.entry)
        self._forms = _Forms(lexicon, keeper)
        self._names: dict[tuple[str, tuple[str, ...]], int] = {}
        self._others: dict[tuple[str | int, ...], int] = {}
        self._start_anew()

    def _start_anew(self) -> None:
        """Forget all units; the next number is 0 again."""
        self._keeper.clear()
        for kept in (self._forms, self._names, self._others):
            kept.clear()
        self._none = self._keeper.add(SPREAD, [])
        self._edge = self._keeper.add(SPREAD, ["edge"])

    def _forget_if_full(self) -> None:
        if self._keeper.count > MAX_UNITS:
            self._start_anew()

    def batches(self, text: str, words: Words, field: Field) -> Iterator[Batch]:
        """What the model has to look at, a bounded part at a time; units are good until the next is asked for."""
        self._forget_if_full()
        document = Document(text, words, field, entry_of=self._entry_of, marks=self._marks, membership=self._membership)
        gathered = _Gathered(document)
        for sentence in words.sentences:
            stretches = document.stretches(sentence)
            if stretches:
                self._gather(document, gathered, sentence, stretches)
                if gathered.is_full:
                    yield self._batch(gathered)
                    gathered.start_anew()
                    self._forget_if_full()
        if gathered.rows:
            yield self._batch(gathered)

    def _gather(
        self, document: Document, gathered: "_Gathered", sentence: Stretch, stretches: Sequence[Stretch]
    ) -> None:
        """Take the stretches of one sentence, with the units that cannot be found for all words at once."""
        first, last = sentence
        forms, hot, style = document.forms, document.hot, document.style(first)
        for low, high in stretches:
            near = slice(max(first, low - REACH), min(last, high + REACH))
            gathered.forms[near] = list(map(self._forms.__getitem__, forms[near]))
            names = self._find_names(document, (low, high))
            named = self._name_units(gathered, names, low)
            for run in document.runs((low, high)):
                self._run_units(document, gathered, sentence, run, low)
            for i in range(low, high):
                said = document.said[forms[i]] if hot[i] else 0
                if said:
                    gathered.add(i - low, self._other("said", said, named.get(i, "")))
                if style:
                    gathered.add(i - low, self._other("style", style))
                    gathered.add(i - low, self._other("style", style, forms[i]))
                if i < gathered.dateline_end:
                    gathered.add(i - low, self._other("dateline"))
            gathered.close_stretch((low, high), sentence, names)

    def _run_units(self, document: Document, gathered: "_Gathered", sentence: Stretch, run: Stretch, low: int) -> None:
        """How long a run of capitals is, its first and last word, and those around it."""
        (first, last), (start, end), forms = sentence, run, document.forms
        length = min(end - start, 5)
        run_first, run_last = self._other("run first", forms[start]), self._other("run last", forms[end - 1])
        before = self._other("run before", forms[start - 1]) if start > first else None
        after = self._other("run after", forms[end]) if end < last else None
        for i in range(start, end):
            row = i - low
            gathered.add(row, self._other("run", length, "B" if i == start else "E" if i == end - 1 else "I"))
            if i > start:
                gathered.add(row, run_first)
            if i < end - 1:
                gathered.add(row, run_last)
            if i > start and before is not None:
                gathered.add(row, before)
            if i < end - 1 and after is not None:
                gathered.add(row, after)

    def _other(self, *key: str | int) -> int:
        """The unit of a kind, the first part of the key, and what it depends on."""
        unit = self._others.get(key)
        if unit is None:
            unit = self._others[key] = self._keeper.add(1, self._other_attributes(str(key[0]), key[1:]))
        return unit

    def _other_attributes(self, kind: str, values: Sequence[str | int]) -> list[str]:
        if kind == "style":
            style = str(values[0])
            if len(values) == 1:
                return [f"style={mark}" for mark in style.split()]
            return [f"style={mark}|{CASES[self._describe(values[1]).entry.case]}" for mark in style.split()]
        if kind == "said":
            said = [f"said={name}" for bit, name in enumerate(SAYINGS) if int(values[0]) & (1 << bit)]
            return [*said, f"said={values[0]}", f"said={values[0]}|{values[1]}"]
        if kind == "run":
            return [f"run={values[0]}", f"run={values[0]}{values[1]}"]
        if kind.startswith("run "):
            known = self._describe(values[0])
            return [f"{kind}={known.low}", f"{kind}=c{known.cluster & 0x3FF}"]
        return [kind, *(f"{kind}={value}" for value in values)]

    def _describe(self, word: str | int) -> Form:
        return describe(str(word), self._entry_of)

    def _find_names(self, document: Document, stretch: Stretch) -> list[Name]:
        """Where gazetteer names stand, longest first from the left, and what kinds of places they name."""
        found = []
        hot, membership, text = document.hot, self._membership, document.text
        starts, ends = document.words.starts, document.words.ends
        i, high = stretch
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
                        found.append(Name(i, j, kinds, bool(document.said[document.forms[j]] & AS_PERSON)))
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
                gathered.names_of[i] = unit
                gathered.named_rows.append(gathered.rows + i - low)
                gathered.named_parts.append(self._keeper.value(named[i]))
        return named

    def _batch(self, gathered: "_Gathered") -> Batch:
        """The units of all stretches; all words' at once, since numpy takes no longer for many than for one."""
        low, high, first, last = np.array(gathered.stretches).T
        lengths = high - low
        words = np.arange(gathered.rows) + np.repeat(low - (np.cumsum(lengths) - lengths), lengths)
        first, last = np.repeat(first, lengths), np.repeat(last, lengths)
        nothing = self._forms[""]
        table, forms = self._forms.table(), gathered.forms
        # At row r the word `offset` further on is seen through its unit for that offset.
        around = words[:, None] + np.arange(-REACH, REACH + 1)
        inside = (first[:, None] <= around) & (around < last[:, None])
        around[~inside] = 0
        units = np.concatenate(
            [
                np.where(inside, table[forms[around], 0], self._edge),
                np.where(inside, gathered.names_of[around], self._none),
            ],
            axis=1,
        )
        units += np.tile(np.arange(SPREAD), 2)
        # Pairs of which one word at least may start a name.
        hot, values = gathered.hot, table[:, 1:]
        has_before, has_after = words > first, words + 1 < last
        paired = np.flatnonzero(has_before & (hot[words] | hot[words - 1]))
        paired_after = np.flatnonzero(has_after & (hot[words] | hot[np.minimum(words + 1, len(hot) - 1)]))
        # Each pair once, known by its left word.
        lefts = np.unique(np.concatenate([words[paired] - 1, words[paired_after]]))
        rows = np.array(gathered.named_rows, dtype=np.int64)
        named, parts = words[rows], np.array(gathered.named_parts, dtype=np.int64)[:, None]
        before = np.where(has_before[rows], forms[named - 1], nothing)
        after = np.where(has_after[rows], forms[np.minimum(named + 1, len(forms) - 1)], nothing)
        pairs, *of_names = self._keeper.join(
            [
                _joined(PAIR, values[forms[lefts]], values[forms[lefts + 1]]),
                _joined(BEFORE_NAME, parts, values[before]),
                _joined(AFTER_NAME, parts, values[after]),
                _joined(IN_NAME, parts, values[forms[named]]),
            ]
        )
        more_rows = [paired, paired_after, *[rows] * len(of_names), np.array(gathered.more_rows, dtype=np.int64)]
        more_units = [
            pairs + PAIR.width * np.searchsorted(lefts, words[paired] - 1) + 1,
            pairs + PAIR.width * np.searchsorted(lefts, words[paired_after]),
            *(unit + np.arange(len(rows)) for unit in of_names),
            np.array(gathered.more_units, dtype=np.int64),
        ]
        ascending = np.argsort(np.concatenate(more_rows), kind="stable")
        return Batch(
            [(int(start), int(length)) for start, length in zip(low, lengths, strict=True)],
            units,
            np.concatenate(more_rows)[ascending],
            np.concatenate(more_units)[ascending],
            gathered.names,
        )


def _joined(joint: Joint, left: Integers, right: Integers) -> tuple[Joint, Integers, Integers]:
    """What a keeper joins: of the values of each thing those that the joint's parts take."""
    return joint, left[:, [part[1] for part in joint.parts]], right[:, [part[2] for part in joint.parts]]


def joint_names(joint: Joint, left: Integers, right: Integers, texts: Sequence[str]) -> Iterator[list[str]]:
    """The attributes of each unit of a joint by name; `texts` are those that the numbers of values stand for."""
    for lefts, rights in zip(left.tolist(), right.tolist(), strict=True):
        sides = zip(joint.parts, lefts, rights, strict=True)
        yield [f"{kind}={texts[one]}|{texts[other]}" for (kind, _, _), one, other in sides]


class _Gathered:
    """What of a document goes into the next batch."""

    def __init__(self, document: Document) -> None:
        count = len(document.forms)
        self.hot = np.array(document.hot, dtype=np.bool_)
        self.dateline_end = document.dateline_end()
        #: The number of each word's form, and the first unit of the name that it is part of, where they are seen.
        self.forms = np.zeros(count, dtype=np.int64)
        self.names_of = np.zeros(count, dtype=np.int64)
        self.start_anew()

    def start_anew(self) -> None:
        """Begin the next batch."""
        #: First and last word of each stretch, and of its sentence.
        self.stretches: list[tuple[int, int, int, int]] = []
        self.rows = 0
        self.more_rows: list[int] = []
        self.more_units: list[int] = []
        self.names: list[Name] = []
        #: Of each word of a name its row, and the number of "part and kind".
        self.named_rows: list[int] = []
        self.named_parts: list[int] = []

    def add(self, row: int, unit: int) -> None:
        """One more unit for a word, counted from the first of the stretch."""
        self.more_rows.append(self.rows + row)
        self.more_units.append(unit)

    def close_stretch(self, stretch: Stretch, sentence: Stretch, names: Sequence[Name]) -> None:
        """All is said of that stretch."""
        self.stretches.append((*stretch, *sentence))
        self.rows += stretch[1] - stretch[0]
        self.names += names

    @property
    def is_full(self) -> bool:
        """Whether it is enough for a batch."""
        return self.rows + 2 * REACH * len(self.stretches) > BATCH_WORDS
