"""A trained model's weights: the names of attributes and a row of numbers for each, in one file."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from map_app.errors import ModelError

#: What the model says of each word: outside any name, first or later word of a toponym or of a demonym.
LABELS = ("O", "B-T", "I-T", "B-D", "I-D")
OUTSIDE, FIRST_OF_TOPONYM, LATER_OF_TOPONYM, FIRST_OF_DEMONYM, LATER_OF_DEMONYM = range(len(LABELS))

#: Attributes none of whose weights reaches this are left out of the file: they change hardly any label.
SMALLEST_WEIGHT = 0.02

#: Room made for units at first; it doubles when it is full.
FIRST_UNITS = 1024

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Table:
    """Attributes that act on the same number of words: a pair on two, a word on itself and its neighbours."""

    #: Name to row of `vectors`.
    rows: dict[str, int]
    #: Of each attribute, for each word acted on, by label.
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of attributes by label, and those of pairs of neighbouring labels."""

    #: By the number of words that the attributes act on.
    tables: dict[int, Table]
    transitions: Vectors

    @classmethod
    def of(cls, named: Mapping[tuple[int, str], npt.NDArray[np.floating]], transitions: Vectors) -> "Weights":
        """From the weights of each attribute, by how many words it acts on and its name; without the smallest."""
        tables = {}
        for width in sorted({width for width, _ in named}):
            kept = sorted(
                name for (w, name), vectors in named.items() if w == width and np.abs(vectors).max() >= SMALLEST_WEIGHT
            )
            vectors = np.array([named[width, name] for name in kept], dtype=np.float32).reshape(-1, width, len(LABELS))
            tables[width] = Table({name: row for row, name in enumerate(kept)}, vectors)
        return cls(tables, np.asarray(transitions, dtype=np.float32))

    def __len__(self) -> int:
        """How many attributes have weights."""
        return sum(len(table.rows) for table in self.tables.values())

    def to_bytes(self) -> bytes:
        """The file: the same weights give the same bytes."""
        arrays = {"transitions": self.transitions}
        for width, table in self.tables.items():
            arrays[f"names{width}"] = np.frombuffer("\n".join(table.rows).encode(), dtype=np.uint8)
            arrays[f"vectors{width}"] = table.vectors.astype(np.float16)
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Weights":
        """Read what `to_bytes` made; raises ModelError where it is something else."""
        tables = {}
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                transitions = arrays["transitions"].astype(np.float32)
                for key in arrays.files:
                    if key.startswith("vectors"):
                        vectors = arrays[key].astype(np.float32)
                        joined = arrays[f"names{vectors.shape[1]}"].tobytes().decode()
                        names = joined.split("\n") if joined else []
                        if vectors.shape[0] != len(names) or vectors.shape[2] != len(LABELS):
                            raise ModelError("the recogniser's model is incomplete. Install the program again.")
                        tables[vectors.shape[1]] = Table({name: row for row, name in enumerate(names)}, vectors)
        except (OSError, ValueError, KeyError, IndexError, EOFError, BadZipFile) as e:
            raise ModelError(f"the recogniser's model cannot be opened: {e}. Install the program again.") from e
        return cls(tables, transitions)


class UnitSums:
    """The summed weights of each unit's attributes, by the unit's number."""

    def __init__(self, weights: Weights) -> None:
        self._tables = {width: (table.rows.get, table.vectors) for width, table in weights.tables.items()}
        self._sums: Vectors = np.zeros((FIRST_UNITS, len(LABELS)), dtype=np.float32)
        self._count = 0
        #: By width, units not summed yet and the rows of their attributes: many are summed at once.
        self._waiting: dict[int, tuple[list[int], list[list[int]]]] = {width: ([], []) for width in self._tables}

    @property
    def count(self) -> int:
        """How many units are kept."""
        return self._count

    def add(self, width: int, attributes: Sequence[str], own: Sequence[str] = ()) -> int:
        """Keep units for `width` words and return the number of the first; `own` are the middle word's alone."""
        number = self._count
        self._put(width, number, attributes)
        if own:
            self._put(1, number + width // 2, own)
        self._count = number + width
        return number

    def _put(self, width: int, number: int, attributes: Sequence[str]) -> None:
        if width in self._tables:
            row_of, _ = self._tables[width]
            rows = [row for row in map(row_of, attributes) if row is not None]
            if rows:
                units, lists = self._waiting[width]
                units.append(number)
                lists.append(rows)

    def _settle(self) -> None:
        while self._count > len(self._sums):
            self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
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
        self._count = 0
        self._sums = np.zeros((FIRST_UNITS, len(LABELS)), dtype=np.float32)
        for units, lists in self._waiting.values():
            units.clear()
            lists.clear()

    def scores(self, units: npt.NDArray[np.int64], more_rows: Sequence[int], more_units: Sequence[int]) -> Vectors:
        """Of each row the sum over its units, and over those of `more_units` whose row it is; `more_rows` ascend."""
        self._settle()
        scores: Vectors = self._sums[units].sum(axis=1)
        if more_rows:
            rows = np.array(more_rows)
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            scores[rows[starts]] += np.add.reduceat(self._sums[np.array(more_units)], starts, axis=0)
        return scores
