"""A trained model's weights: the names of attributes and a row of numbers for each, in one file."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from map_app.errors import ModelError

#: What the model says of each word: outside any name, first or later word of a toponym or of a demonym.
LABELS = ("O", "B-T", "I-T", "B-D", "I-D")
OUTSIDE, FIRST_OF_TOPONYM, LATER_OF_TOPONYM, FIRST_OF_DEMONYM, LATER_OF_DEMONYM = range(len(LABELS))

#: Attributes none of whose weights reaches this are left out of the file: they change hardly any label.
SMALLEST_WEIGHT = 0.02

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
