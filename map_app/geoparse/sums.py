"""The summed weights of each unit's attributes: what the model says of a text is sums of these."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from map_app.geoparse.features import NAME_KINDS, PAIR_KINDS, REACH, SPREAD, UNITS_OF_NAME, Batch, Integers, Sides
from map_app.geoparse.forms import AROUND, OWN, Groups, Keys
from map_app.geoparse.weights import LABELS, Vectors, Weights

#: Room made for units at first; it doubles when it is full.
FIRST_UNITS = 1024

#: Distinct things kept on which a group of attributes depends.
MAX_GROUPS = 50_000

_PAIR_WIDTH, _NAME_WIDTH = 2, 1


class _Rows(dict[Any, tuple[int, ...]]):
    """The rows of a group of attributes, by what it depends on."""

    def __init__(self, group: Callable[[Any], list[str]], row_of: Callable[[str], int | None]) -> None:
        super().__init__()
        self._group, self._row_of = group, row_of

    def __missing__(self, key: Any) -> tuple[int, ...]:
        if len(self) >= MAX_GROUPS:
            self.clear()
        rows = self[key] = tuple([row for row in map(self._row_of, self._group(key)) if row is not None])
        return rows


class WordRows:
    """Finds the attributes of words, each group that words share only once."""

    def __init__(self, weights: Weights, width: int, groups: Groups) -> None:
        names = weights.tables[width].rows if width in weights.tables else {}
        self._groups = [_Rows(group, names.get) for group in groups]

    def rows(self, keys: Keys) -> list[int]:
        """The rows of those attributes that have one."""
        return [row for group, key in zip(self._groups, keys, strict=False) for row in group[key]]


class JointRows:
    """Finds joint attributes by numbers: most pairs of words have none, and no string is made to see that."""

    def __init__(self, weights: Weights) -> None:
        kinds = {kind: n for n, kind in enumerate(dict.fromkeys([*PAIR_KINDS, *NAME_KINDS]))}
        self._numbers: dict[str, int] = {}
        found = [(0, 0, 0, 0)]
        for width in (_PAIR_WIDTH, _NAME_WIDTH):
            for name, row in weights.tables[width].rows.items() if width in weights.tables else ():
                kind, _, sides = name.partition("=")
                if kind in kinds:
                    middle = sides.index("|", 1)  # the left side may itself be the sign "|"
                    found.append((kinds[kind], self._number(sides[:middle]), self._number(sides[middle + 1 :]), row))
        self._base = 1 + len(self._numbers)
        self._pair_kinds, self._name_kinds = (
            self._base * np.array([kinds[kind] for kind in each]) for each in (PAIR_KINDS, NAME_KINDS)
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

    def rows(self, pairs: Sides, names: Sides) -> tuple[Integers, Integers]:
        """The row of each attribute of the pairs and of the names, or -1."""
        of_pairs = (self._pair_kinds + pairs[0]) * self._base + pairs[1]
        of_names = (self._name_kinds + names[0]) * self._base + names[1]
        keys = np.concatenate([of_pairs.ravel(), of_names.ravel()])
        at = np.searchsorted(self._keys, keys)
        rows = np.where(self._keys[at] == keys, self._rows[at], -1)
        return rows[: of_pairs.size].reshape(of_pairs.shape), rows[of_pairs.size :].reshape(of_names.shape)


class UnitSums:
    """The summed weights of each unit's attributes, by the unit's number."""

    def __init__(self, weights: Weights) -> None:
        self._joints = JointRows(weights)
        self._around, self._own = WordRows(weights, SPREAD, AROUND), WordRows(weights, 1, OWN)
        self._tables = {width: (table.rows.get, table.vectors) for width, table in weights.tables.items()}
        self._sums: Vectors = np.zeros((FIRST_UNITS, len(LABELS)), dtype=np.float32)
        self._count = 0
        self._settled = 0
        #: By width, units not summed yet and the rows of their attributes: many are summed at once.
        self._waiting: dict[int, tuple[list[int], list[list[int]]]] = {width: ([], []) for width in self._tables}

    @property
    def count(self) -> int:
        """How many units are kept."""
        return self._count

    def add(self, width: int, attributes: Sequence[str]) -> int:
        """Keep units for `width` words and return the number of the first."""
        number = self._count
        if width in self._tables:
            row_of, _ = self._tables[width]
            self._put(width, number, [row for row in map(row_of, attributes) if row is not None])
        self._count = number + width
        return number

    def add_word(self, around: Keys, own: Keys) -> int:
        """Keep units for a word and its neighbours, by the keys of AROUND and of OWN."""
        number = self._count
        self._put(SPREAD, number, self._around.rows(around))
        self._put(1, number + REACH, self._own.rows(own))
        self._count = number + SPREAD
        return number

    def _put(self, width: int, number: int, rows: list[int]) -> None:
        if rows:
            units, lists = self._waiting[width]
            units.append(number)
            lists.append(rows)

    def value(self, text: str) -> int:
        """The number of one side of a joint attribute; 0 for one that the model has no attribute of."""
        return self._joints.value(text)

    def join(self, pairs: Sides, names: Sides) -> tuple[int, int]:
        """Make units of joint attributes, behind the kept ones until the next call or the next kept unit."""
        of_pairs, of_names = self._joints.rows(pairs, names)
        of_names = of_names.reshape(UNITS_OF_NAME * len(of_names), len(NAME_KINDS) // UNITS_OF_NAME)
        first = self._count + _PAIR_WIDTH * len(of_pairs)
        self._make_room(first + len(of_names))
        self._sum(_PAIR_WIDTH, of_pairs, self._count)
        self._sum(_NAME_WIDTH, of_names, first)
        return self._count, first

    def _sum(self, width: int, rows: Integers, first: int) -> None:
        """Write the sums of the rows that are not -1, for `width` units each, from the unit `first` on."""
        sums = self._sums[first : first + width * len(rows)].reshape(len(rows), width, len(LABELS))
        sums[:] = 0
        is_known = rows >= 0
        counts = is_known.sum(axis=1)
        some = np.flatnonzero(counts)
        if len(some):
            _, vectors = self._tables[width]
            starts = np.cumsum(counts[some]) - counts[some]
            sums[some] = np.add.reduceat(vectors[rows[is_known]], starts, axis=0)

    def _make_room(self, count: int) -> None:
        while count > len(self._sums):
            self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])

    def _settle(self) -> None:
        self._make_room(self._count)
        self._sums[self._settled : self._count] = 0
        self._settled = self._count
        for width, (units, lists) in self._waiting.items():
            if units:
                _, vectors = self._tables[width]
                starts = np.cumsum([0, *map(len, lists[:-1])])
                sums = np.add.reduceat(vectors[list(chain.from_iterable(lists))], starts, axis=0)
                self._sums[np.array(units)[:, None] + np.arange(width)] += sums
                units.clear()
                lists.clear()

    def clear(self) -> None:
        """Forget all; the next number is 0."""
        self._count = self._settled = 0
        self._sums = np.zeros((FIRST_UNITS, len(LABELS)), dtype=np.float32)
        for units, lists in self._waiting.values():
            units.clear()
            lists.clear()

    def scores(self, batch: Batch) -> Vectors:
        """Of each row the sum over its units."""
        self._settle()
        scores: Vectors = self._sums[batch.units].sum(axis=1)
        if len(batch.more_rows):
            starts = np.flatnonzero(np.diff(batch.more_rows, prepend=-1))
            scores[batch.more_rows[starts]] += np.add.reduceat(self._sums[batch.more_units], starts, axis=0)
        return scores
