"""The summed weights of each unit's attributes: what the model says of a text is sums of these."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from map_app.geoparse.features import JOINTS, REACH, SPREAD, Batch, Joint
from map_app.geoparse.forms import AROUND, NUMBERS, OWN, Values
from map_app.geoparse.weights import LABELS, Vectors, Weights

#: Room made for units at first; it doubles when it is full.
FIRST_UNITS = 1024

Integers = npt.NDArray[np.int64]


class WordRows:
    """Finds the attributes of a word by their values, each kind in a table of its own: no string is made for it."""

    def __init__(self, weights: Weights, width: int, kinds: Sequence[str]) -> None:
        tables: dict[str, dict[str | int | None, int]] = {kind: {} for kind in kinds}
        if width in weights.tables:
            for name, row in weights.tables[width].rows.items():
                kind, _, value = name.partition("=")
                if kind in tables:
                    tables[kind][int(value) if kind in NUMBERS else value] = row
        self._finders = [tables[kind].get for kind in kinds]

    def rows(self, values: Values) -> list[int]:
        """The rows of those that have one."""
        found = [find(value) for find, value in zip(self._finders, values, strict=True)]
        return [row for row in found if row is not None]


class JointRows:
    """Finds joint attributes by numbers: most pairs of words have none, and no string is made to see that."""

    def __init__(self, weights: Weights) -> None:
        self._kinds = {kind: n for n, kind in enumerate(kind for joint in JOINTS for kind, _, _ in joint.parts)}
        self._numbers: dict[str, int] = {}
        found: dict[int, list[tuple[int, int, int, int]]] = {joint.width: [] for joint in JOINTS}
        for width, table in weights.tables.items():
            for name, row in table.rows.items():
                kind, _, sides = name.partition("=")
                if kind in self._kinds:
                    middle = sides.index("|", 1)  # the left side may itself be the sign "|"
                    left, right = self._number(sides[:middle]), self._number(sides[middle + 1 :])
                    found[width].append((self._kinds[kind], left, right, row))
        self._sorted = {width: self._sort(rows) for width, rows in found.items()}

    def _number(self, text: str) -> int:
        return self._numbers.setdefault(text, 1 + len(self._numbers))

    def _sort(self, found: list[tuple[int, int, int, int]]) -> tuple[Integers, Integers]:
        """Keys, ascending, and their rows; behind them a key greater than any."""
        kinds, left, right, rows = np.array([*found, (0, 0, 0, 0)]).T
        keys = self._keys(kinds, left, right)
        keys[-1] = np.iinfo(np.int64).max
        order = np.argsort(keys)
        return keys[order], rows[order]

    def _keys(self, kinds: Integers, left: Integers, right: Integers) -> Integers:
        base = 1 + len(self._numbers)
        return (kinds * base + left) * base + right

    def value(self, text: str) -> int:
        """The number of one side of an attribute; 0 for one that no attribute has."""
        return self._numbers.get(text, 0)

    def rows(self, joint: Joint, left: Integers, right: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """The row of each attribute, and whether it has one."""
        keys, rows = self._sorted[joint.width]
        kinds = np.array([self._kinds[kind] for kind, _, _ in joint.parts])
        wanted = self._keys(kinds, left, right)
        at = np.searchsorted(keys, wanted)
        return rows[at], keys[at] == wanted


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

    def add_word(self, around: Values, own: Values) -> int:
        """Keep units for a word and its neighbours, by the values of AROUND and of OWN."""
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

    def join(self, joints: Sequence[tuple[Joint, Integers, Integers]]) -> list[int]:
        """Make units of joint attributes, behind the kept ones until the next call or the next kept unit."""
        firsts = []
        first = self._count
        for joint, left, right in joints:
            after = first + joint.width * len(left)
            self._make_room(after)
            sums = self._sums[first:after].reshape(len(left), joint.width, len(LABELS))
            sums[:] = 0
            rows, is_known = self._joints.rows(joint, left, right)
            counts = is_known.sum(axis=1)
            some = np.flatnonzero(counts)
            if len(some):
                _, vectors = self._tables[joint.width]
                starts = np.cumsum(counts[some]) - counts[some]
                sums[some] = np.add.reduceat(vectors[rows[is_known]], starts, axis=0)
            firsts.append(first)
            first = after
        return firsts

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
