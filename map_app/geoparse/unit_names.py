"""The units that the recogniser sees, kept by their attributes' names, as training needs them; `sums.py` is for use."""

from collections.abc import Sequence

import numpy as np

from map_app.geoparse.crf import Floats
from map_app.geoparse.features import REACH, SPREAD, Sides, joint_names
from map_app.geoparse.forms import AROUND, OWN, Columns, names_of
from map_app.geoparse.weights import LABELS, Weights

#: What identifies a word: how many words the attribute acts on, which of them is meant, what its name begins with.
IDENTIFYING = frozenset(
    [
        *((5, 2, name) for name in ("w", "x3", "c2", "c3")),
        *((1, 0, name) for name in ("p1", "p2", "p3", "p4", "x1", "x2", "x4")),
        *((2, place, "ww") for place in (0, 1)),
        (2, 0, "wc"),
        (2, 1, "cw"),
    ]
)


class UnitNames:
    """Keeps the attributes of units, by name."""

    def __init__(self) -> None:
        #: For each number, how many words the attribute acts on, which of them this is, and its name.
        self.names: list[tuple[int, int, str]] = []
        self._numbers: dict[tuple[int, int, str], int] = {}
        #: Numbers of the attributes of each unit.
        self.units: list[list[int]] = []
        #: The sides of joint attributes, by number.
        self._values: dict[str, int] = {}

    @property
    def count(self) -> int:
        """How many units are kept."""
        return len(self.units)

    def add(self, width: int, attributes: Sequence[str]) -> int:
        """Keep units for `width` words and return the number of the first."""
        first = len(self.units)
        for place in range(width):
            self.units.append([self._number((width, place, name)) for name in attributes])
        return first

    def add_words(self, around: Columns, own: Columns) -> int:
        """Keep SPREAD units for each of some words and its neighbours, by the keys of AROUND and of OWN."""
        first = self.count
        for names_around, names_own in zip(names_of(AROUND, around), names_of(OWN, own), strict=True):
            unit = self.add(SPREAD, names_around)
            self.units[unit + REACH] += [self._number((1, 0, name)) for name in names_own]
        return first

    def value(self, text: str) -> int:
        """The number of one side of a joint attribute."""
        return self._values.setdefault(text, len(self._values))

    def join(self, pairs: Sides, names: Sides, runs: Sides) -> tuple[int, int, int]:
        """Keep units of joint attributes, and return the number of the first of each sort."""
        of_pairs, of_names, of_runs = joint_names(pairs, names, runs, list(self._values))
        return self._add_all(2, of_pairs), self._add_all(1, of_names), self._add_all(1, of_runs)

    def _add_all(self, width: int, units: Sequence[Sequence[str]]) -> int:
        first = self.count
        for attributes in units:
            self.add(width, attributes)
        return first

    def _number(self, name: tuple[int, int, str]) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def identifies(self, number: int) -> bool:
        """Whether the attribute tells a word from others that are used and written as it is."""
        width, place, name = self.names[number]
        return (width, place, name.partition("=")[0]) in IDENTIFYING

    def clear(self) -> None:
        """Forget the units; attributes keep their numbers."""
        self.units.clear()

    def weights(self, numbers: Sequence[int], vectors: Floats, transitions: Floats) -> Weights:
        """Those of the attributes with these numbers, a row each."""
        named: dict[tuple[int, str], Floats] = {}
        for number, vector in zip(numbers, vectors, strict=True):
            width, place, name = self.names[number]
            if (width, name) not in named:
                named[width, name] = np.zeros((width, len(LABELS)))
            named[width, name][place] = vector
        return Weights.of(named, transitions)
