"""Writes the files of a gazetteer row by row: columns, strings, and the index of names.

Nothing here holds more than the columns and the distinct names of a share of the alphabet, so that a full GeoNames dump
fits in memory as well as the packages do.
"""

import shutil
import zlib
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
import numpy.typing as npt

from map_app.gazetteer.kinds import FEATURES, NameKind, carrier_bits
from map_app.model import Feature

#: Names are kept in so many files until they are sorted; each one's distinct names are held at once.
BUCKETS = 32

#: A place of the dump has this and its GeoNames id as its id.
IMPORTED = "geonames:"


class Table:
    """The places' columns; each appended place is a row, from 0."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.latitude, self.longitude, self.radius_km = array("f"), array("f"), array("f")
        self.population, self.feature = array("q"), array("B")
        self.country, self.geonameid = array("h"), array("i")
        self.admin1, self.admin2 = array("i"), array("i")
        self.codes: dict[str, int] = {}
        self._names = StringsFile(directory / "names")

    def __len__(self) -> int:
        return len(self.latitude)

    def append(
        self,
        name: str,
        latitude: float,
        longitude: float,
        feature: Feature,
        country_code: str,
        *,
        population: int = 0,
        geonameid: int | None = None,
        radius_km: float | None = None,
    ) -> int:
        """Add a place, in no division yet; returns its row."""
        self._names.append(name)
        self.latitude.append(latitude)
        self.longitude.append(longitude)
        self.feature.append(FEATURES.index(feature))
        self.country.append(self.codes.setdefault(country_code, len(self.codes)) if country_code else -1)
        self.population.append(population)
        self.geonameid.append(geonameid or 0)
        self.radius_km.append(radius_km or 0.0)
        self.admin1.append(-1)
        self.admin2.append(-1)
        return len(self) - 1

    def write(self, renamed: Mapping[int, str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        """Write all columns, with other names for some rows; returns those of people and of kinds."""
        for name, kind in (
            ("latitude", np.float32), ("longitude", np.float32), ("radius_km", np.float32), ("population", np.int64),
            ("feature", np.uint8), ("country", np.int16), ("geonameid", np.int32), ("admin1", np.int32),
            ("admin2", np.int32),
        ):  # fmt: skip
            np.save(self._directory / f"{name}.npy", np.frombuffer(getattr(self, name), dtype=kind))
        self._names.close(renamed)
        return np.frombuffer(self.population, dtype=np.int64), np.frombuffer(self.feature, dtype=np.uint8)


class StringsFile:
    """Strings one after the other in one file, and where each ends in another."""

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._ends = array("q")
        self._length = 0
        self._file = stem.with_suffix(".utf8").open("wb")

    def append(self, string: str) -> None:
        """Add one."""
        encoded = string.encode()
        self._file.write(encoded)
        self._length += len(encoded)
        self._ends.append(self._length)

    def close(self, replaced: Mapping[int, str] | None = None) -> None:
        """Write what is left, with other strings in some places."""
        self._file.close()
        if replaced:
            self._replace(replaced)
        np.save(self._stem.with_suffix(".ends.npy"), np.frombuffer(self._ends, dtype=np.int64))

    def _replace(self, replaced: Mapping[int, str]) -> None:
        old = self._stem.with_suffix(".old")
        self._stem.with_suffix(".utf8").rename(old)
        ends, self._ends, self._length, start = self._ends, array("q"), 0, 0
        with old.open("rb") as source, self._stem.with_suffix(".utf8").open("wb") as target:
            for row, end in enumerate(ends):
                string = source.read(end - start)
                if row in replaced:
                    string = replaced[row].encode()
                target.write(string)
                self._length += len(string)
                self._ends.append(self._length)
                start = end
        old.unlink()


class NameIndex:
    """Which folded names belong to which rows, on disk until all are known."""

    def __init__(self, directory: Path) -> None:
        """Keep them in `directory`, which is there for that alone."""
        directory.mkdir()
        self._directory = directory
        self._paths = [directory / f"{number:02}" for number in range(BUCKETS)]
        self._files = [path.open("wb", buffering=1 << 18) for path in self._paths]

    def add(self, folded: str, row: int, kind: NameKind) -> None:
        """A place is called that; empty names are left out."""
        if folded:
            name = folded.encode()
            self._files[zlib.crc32(name) % BUCKETS].write(b"%b\t%d\t%d\n" % (name, row, kind))

    def write(self, directory: Path, population: npt.NDArray[np.int64], feature: npt.NDArray[np.uint8]) -> None:
        """A trie of the names; the rows of name n are ``rows[starts[n]:starts[n + 1]]``, most people first.

        Those that it is the usual name of stand before the others. What sorts of places they are is noted as
        ``carrier_sets[carriers[n]]``.
        """
        for file in self._files:
            file.close()
        trie = marisa_trie.Trie(self._distinct())
        names, rows, kinds = self._numbered(trie)
        shutil.rmtree(self._directory)
        order = np.lexsort((kinds, rows, names))
        names, rows, kinds = names[order], rows[order], kinds[order]
        first = np.ones(len(names), dtype=bool)  # of each name and row, the strongest kind
        first[1:] = (names[1:] != names[:-1]) | (rows[1:] != rows[:-1])
        names, rows, kinds = names[first], rows[first], kinds[first]
        order = np.lexsort((-population[rows], kinds > 0, names))
        rows, kinds = rows[order], kinds[order]
        np.save(directory / "rows.npy", rows)
        np.save(directory / "kinds.npy", kinds)
        starts = np.zeros(len(trie) + 1, dtype=np.int32)
        np.cumsum(np.bincount(names, minlength=len(trie)), out=starts[1:])
        np.save(directory / "starts.npy", starts)
        bits = np.bitwise_or.reduceat(carrier_bits(feature[rows], population[rows], kinds), starts[:-1])
        sets, numbers = np.unique(bits, return_inverse=True)  # a few hundred
        np.save(directory / "carrier_sets.npy", sets)
        np.save(directory / "carriers.npy", numbers.astype(np.min_scalar_type(len(sets))))
        trie.save(str(directory / "names.marisa"))

    def _distinct(self) -> Iterator[str]:
        for path in self._paths:
            with path.open("rb") as file:
                names = {line[: line.index(b"\t")] for line in file}
            for name in names:
                yield name.decode()

    def _numbered(self, trie: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        names, rows, kinds = array("i"), array("i"), array("b")
        for path in self._paths:
            with path.open("rb") as file:
                for line in file:
                    name, row, kind = line.split(b"\t")
                    names.append(trie[name.decode()])
                    rows.append(int(row))
                    kinds.append(int(kind))
        return (
            np.frombuffer(names, dtype=np.int32),
            np.frombuffer(rows, dtype=np.int32),
            np.frombuffer(kinds, dtype=np.int8),
        )


def write_ids(directory: Path, ids: list[str]) -> None:
    """The ids of the first rows, and a trie that finds the row of an id."""
    strings = StringsFile(directory / "ids")
    for place_id in ids:
        strings.append(place_id)
    strings.close()
    trie = marisa_trie.Trie(ids)
    row_of_id = np.zeros(len(trie), dtype=np.int32)
    for row, place_id in enumerate(ids):
        row_of_id[trie[place_id]] = row
    trie.save(str(directory / "ids.marisa"))
    np.save(directory / "row_of_id.npy", row_of_id)


def write_imported(directory: Path, table: Table, own: int) -> None:
    """The GeoNames ids of the rows from `own` on, in order, and their rows: those have no ids of their own."""
    ids = np.frombuffer(table.geonameid, dtype=np.int32)[own:]
    if len(ids):
        order = np.argsort(ids, kind="stable")
        np.save(directory / "imported_ids.npy", ids[order])
        np.save(directory / "imported_rows.npy", (order + own).astype(np.int32))
