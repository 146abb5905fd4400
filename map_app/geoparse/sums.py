"""The summed weights of each unit's attributes: what the model says of a text is sums of these."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, repeat
from typing import Any

import numpy as np

from map_app.geoparse.features import (
    NAME_KINDS,
    PAIR_KINDS,
    REACH,
    RUN_KINDS,
    SPREAD,
    UNITS_OF_NAME,
    Batch,
    Integers,
    Sides,
)
from map_app.geoparse.forms import AROUND, OWN, Columns, Groups, Single
from map_app.geoparse.weights import LABELS, Table, Vectors, Weights

#: Room made for units at first; it doubles when it is full.
FIRST_UNITS = 1024

#: Distinct things kept on which a group of attributes depends.
MAX_GROUPS = 50_000

_PAIR_WIDTH, _SINGLE_WIDTH = 2, 1


class _OfSeveral(dict[Any, int]):
    """The numbers of a group of several attributes, by what it depends on."""

    def __init__(self, number_of: Callable[[Any], int]) -> None:
        super().__init__()
        self._number_of = number_of

    def __missing__(self, key: Any) -> int:
        if len(self) >= MAX_GROUPS:
            self.clear()
        number = self[key] = self._number_of(key)
        return number


class GroupSums:
    """The groups of attributes that words are made of, each summed once for all words that share it.

    A group without attributes is number 0, a single attribute the row of its own and one more.
    """

    def __init__(self, table: Table, groups: Groups) -> None:
        self._table, self._groups = table, groups
        self._singles: dict[str, dict[str, int]] = {group.kind: {} for group in groups if isinstance(group, Single)}
        for name, row in table.rows.items():
            kind, _, key = name.partition("=")
            if kind in self._singles:
                self._singles[kind][key] = 1 + row
        nothing = np.zeros_like(table.vectors, shape=(1, *table.vectors.shape[1:]))
        self._sums: Vectors = np.concatenate([nothing, table.vectors])
        self.clear()

    def clear(self) -> None:
        """Forget all groups of several attributes."""
        self._count = 1 + len(self._table.vectors)
        #: Rows of the attributes of groups that are not summed yet.
        self._waiting: list[list[int]] = []
        self._of_several = [_OfSeveral(partial(self._number, group)) for group in self._groups]

    def _number(self, group: Callable[[Any], list[str]], key: Any) -> int:
        rows = [row for row in map(self._table.rows.get, group(key)) if row is not None]
        if len(rows) < 2:
            return 1 + rows[0] if rows else 0
        self._waiting.append(rows)
        self._count += 1
        return self._count - 1

    def sums(self, columns: Columns) -> Vectors:
        """Of each word the sum of all its groups, by what they depend on."""
        numbers = np.array(
            [
                [*map(self._singles[group.kind].get, column, repeat(0))]
                if isinstance(group, Single)
                else [*map(of_several.__getitem__, column)]
                for group, of_several, column in zip(self._groups, self._of_several, columns, strict=True)
            ]
        )
        if self._waiting:
            self._sums = with_room(self._sums, self._count)
            self._sums[self._count - len(self._waiting) : self._count] = _summed(self._table.vectors, self._waiting)
            self._waiting.clear()
        sums: Vectors = self._sums[numbers].sum(axis=0)
        return sums


def _summed(vectors: Vectors, lists: Sequence[Sequence[int]]) -> Vectors:
    """Of each list, none of them empty, the sum of the rows that it numbers."""
    starts = np.cumsum([0, *map(len, lists[:-1])])
    sums: Vectors = np.add.reduceat(vectors[list(chain.from_iterable(lists))], starts, axis=0)
    return sums


def with_room(vectors: Vectors, count: int) -> Vectors:
    """The same with at least so many rows."""
    while count > len(vectors):
        vectors = np.concatenate([vectors, np.zeros_like(vectors)])
    return vectors


class JointRows:
    """Finds joint attributes by numbers: most pairs of words have none, and no string is made to see that."""

    def __init__(self, weights: Weights) -> None:
        kinds = {kind: n for n, kind in enumerate(dict.fromkeys([*PAIR_KINDS, *NAME_KINDS, *RUN_KINDS]))}
        self._numbers: dict[str, int] = {}
        found = [(0, 0, 0, 0)]
        for width in (_PAIR_WIDTH, _SINGLE_WIDTH):
            for name, row in weights.tables[width].rows.items() if width in weights.tables else ():
                kind, _, sides = name.partition("=")
                if kind in RUN_KINDS:
                    found.append((kinds[kind], 0, self._number(sides), row))
                elif kind in kinds:
                    middle = sides.index("|", 1)  # the left side may itself be the sign "|"
                    found.append((kinds[kind], self._number(sides[:middle]), self._number(sides[middle + 1 :]), row))
        self._base = 1 + len(self._numbers)
        self._pair_kinds, self._name_kinds, self._run_kinds = (
            self._base * np.array([kinds[kind] for kind in each]) for each in (PAIR_KINDS, NAME_KINDS, RUN_KINDS)
        )
        columns = np.array(found).T
        keys = (self._base * columns[0] + columns[1]) * self._base + columns[2]
        keys[0] = np.iinfo(np.int64).max  # so that none is greater than all
        order = np.argsort(keys)
        self._keys, self._rows = keys[order], columns[3][order]

    def _number(self, text: str) -> int:
        return self._numbers.setdefault(text, 1 + len(self._numbers))

    def value(self, text: str) -> int:
        """The number of one side of an attribute; 0 for one that no attribute has."""
        return self._numbers.get(text, 0)

    def rows(self, pairs: Sides, names: Sides, runs: Sides) -> tuple[Integers, Integers, Integers]:
        """The row of each attribute of the pairs, of the names and of the runs, or -1."""
        of_pairs = (self._pair_kinds + pairs[0]) * self._base + pairs[1]
        of_names = (self._name_kinds + names[0]) * self._base + names[1]
        of_runs = self._run_kinds[runs[0]] * self._base + runs[1]
        keys = np.concatenate([of_pairs.ravel(), of_names.ravel(), of_runs.ravel()])
        at = self._keys.searchsorted(keys)
        rows = np.where(self._keys[at] == keys, self._rows[at], -1)
        middle, last = of_pairs.size, of_pairs.size + of_names.size
        return (
            rows[:middle].reshape(of_pairs.shape),
            rows[middle:last].reshape(of_names.shape),
            rows[last:].reshape(of_runs.shape),
        )


class UnitSums:
    """The summed weights of each unit's attributes, by the unit's number."""

    def __init__(self, weights: Weights) -> None:
        self._tables = {
            width: weights.tables.get(width, Table({}, np.zeros((0, width, len(LABELS)), dtype=np.float32)))
            for width in (1, _PAIR_WIDTH, SPREAD)
        }
        self._joints = JointRows(weights)
        #: The vectors of joint attributes, with one of zeros behind, which -1 is the number of.
        self._joint_vectors = {
            width: np.concatenate([self._tables[width].vectors, np.zeros((1, width, len(LABELS)), dtype=np.float32)])
            for width in (_PAIR_WIDTH, _SINGLE_WIDTH)
        }
        self._around, self._own = GroupSums(self._tables[SPREAD], AROUND), GroupSums(self._tables[1], OWN)
        self._start_anew()

    def _start_anew(self) -> None:
        self._sums: Vectors = np.zeros((FIRST_UNITS, len(LABELS)), dtype=np.float32)
        self._count = self._settled = 0
        #: Units of words, with the first's number, that are not in their place yet; and by width other units, which are
        #: not summed yet, with the rows of their attributes.
        self._words: list[tuple[int, Vectors]] = []
        self._others: dict[int, tuple[list[int], list[list[int]]]] = {width: ([], []) for width in self._tables}

    @property
    def count(self) -> int:
        """How many units are kept."""
        return self._count

    def add(self, width: int, attributes: Sequence[str]) -> int:
        """Keep units for `width` words and return the number of the first."""
        number = self._count
        rows = [row for row in map(self._tables[width].rows.get, attributes) if row is not None]
        if rows:
            units, lists = self._others[width]
            units.append(number)
            lists.append(rows)
        self._count = number + width
        return number

    def add_words(self, around: Columns, own: Columns) -> int:
        """Keep SPREAD units for each of some words and its neighbours, by the keys of AROUND and of OWN."""
        number = self._count
        sums = self._around.sums(around)
        sums[:, REACH] += self._own.sums(own)[:, 0]
        self._words.append((number, sums.reshape(-1, len(LABELS))))
        self._count = number + SPREAD * len(sums)
        return number

    def value(self, text: str) -> int:
        """The number of one side of a joint attribute; 0 for one that the model has no attribute of."""
        return self._joints.value(text)

    def join(self, pairs: Sides, names: Sides, runs: Sides) -> tuple[int, int, int]:
        """Make units of joint attributes, behind the kept ones until the next call or the next kept unit."""
        of_pairs, of_names, of_runs = self._joints.rows(pairs, names, runs)
        of_names = of_names.reshape(UNITS_OF_NAME * len(of_names), len(NAME_KINDS) // UNITS_OF_NAME)
        first_of_names = self._count + _PAIR_WIDTH * len(of_pairs)
        first_of_runs = first_of_names + len(of_names)
        self._sums = with_room(self._sums, first_of_runs + len(of_runs))
        for width, rows, start in (
            (_PAIR_WIDTH, of_pairs, self._count),
            (_SINGLE_WIDTH, of_names, first_of_names),
            (_SINGLE_WIDTH, of_runs, first_of_runs),
        ):
            sums = self._joint_vectors[width][rows].sum(axis=1)
            self._sums[start : start + width * len(rows)] = sums.reshape(-1, len(LABELS))
        return self._count, first_of_names, first_of_runs

    def _settle(self) -> None:
        """Sum what waits."""
        self._sums = with_room(self._sums, self._count)
        self._sums[self._settled : self._count] = 0
        self._settled = self._count
        for first, sums in self._words:
            self._sums[first : first + len(sums)] = sums
        self._words.clear()
        for width, (units, lists) in self._others.items():
            if units:
                self._sums[np.array(units)[:, None] + np.arange(width)] = _summed(self._tables[width].vectors, lists)
                units.clear()
                lists.clear()

    def clear(self) -> None:
        """Forget all; the next number is 0."""
        self._start_anew()
        self._around.clear()
        self._own.clear()

    def scores(self, batch: Batch) -> Vectors:
        """Of each row the sum over its units."""
        self._settle()
        scores: Vectors = self._sums[batch.units].sum(axis=1)
        if len(batch.more_rows):
            starts = np.concatenate([[0], (batch.more_rows[1:] != batch.more_rows[:-1]).nonzero()[0] + 1])
            scores[batch.more_rows[starts]] += np.add.reduceat(self._sums[batch.more_units], starts, axis=0)
        return scores
