"""Reads full GeoNames dumps, line by line: https://download.geonames.org/export/dump/ tells their form.

Of the twelve million places of ``allCountries.zip`` all that people live in and all divisions are taken, and of waters,
mountains, regions and buildings the kinds that news speaks of.
"""

import codecs
import hashlib
import itertools
import json
import zipfile
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from map_app.errors import GazetteerBuildError
from map_app.gazetteer.files import NameIndex, Table
from map_app.gazetteer.kinds import NameKind
from map_app.gazetteer.names import fold
from map_app.gazetteer.read import CODE
from map_app.gazetteer.variants import spellings
from map_app.model import Feature

#: The fields of a line of a dump, of the alternate names, and of the lists of divisions' codes.
FIELDS, ALTERNATE_FIELDS, CODE_FIELDS = 19, 8, 4

#: Bad rows are counted; so many of them are named.
NAMED_BAD_ROWS = 5

#: A file is refused unless more than half of its first lines are of its kind.
TRIED_LINES = 100

DOWNLOADS = "https://download.geonames.org/export/dump/"

#: Streams, hills and the like are taken if they have this many other names: a brook that nobody else has a name for is
#: not what news speaks of, and would stand in the way of towns named after it.
NOTABLE_NAMES = 4

#: Languages of the alternate names that are none: postal and airport codes, links, and what only machines read.
NO_LANGUAGE = frozenset((b"link", b"post", b"iata", b"icao", b"faac", b"unlc", b"wkdt", b"tcid", b"phon"))

#: What a dump may give as a number of people.
MOST_PEOPLE = 20_000_000_000

#: How often progress is told, in lines.
TOLD_EVERY = 20_000

#: Takes the share done of one step, 0 to 1, and what is done.
Progress = Callable[[float, str], None]

_WATER = dict.fromkeys(("SEA", "OCN", "GULF", "STRT", "CNL", "SD"), Feature.WATER)
_NOTABLE_WATER = dict.fromkeys(("BAY", "LGN", "FJD", "LK", "LKS", "RSV", "STM", "FLLS", "GLCR"), Feature.WATER)
_NOTABLE_LAND = dict.fromkeys(("ISL", "ISLS", "PEN", "DSRT", "VAL", "PLN", "PLAT", "RGN", "ATOL"), Feature.REGION)
_NOTABLE_HEIGHTS = dict.fromkeys(("MT", "MTS", "PK", "VLC", "PASS", "CAPE", "PRK", "RESN"), Feature.OTHER)
_BUILDINGS = dict.fromkeys(("AIRP", "AIRB", "INSM", "DAM", "PSN", "CMPRF", "STDM", "CSTM", "UNIV"), Feature.OTHER)

#: Populated places that are no more.
_GONE = frozenset(("PPLQ", "PPLW", "PPLH", "PPLCH"))
_DIVISIONS = {"ADM1": Feature.ADMIN1, "ADM2": Feature.ADMIN2, "ADM3": Feature.ADMIN2}


@dataclass(frozen=True, slots=True)
class Dump:
    """The files of one download; names in other languages and lists of divisions' codes are optional."""

    geonames: Path
    alternate_names: Path | None = None
    admin1: Path | None = None
    admin2: Path | None = None

    def paths(self) -> dict[str, str]:
        """Each file's absolute path by what it is, empty where there is none."""
        return {
            name: str(path.resolve()) if (path := getattr(self, name)) else ""
            for name in ("geonames", "alternate_names", "admin1", "admin2")
        }

    def digest(self) -> str:
        """What tells these files from others: names, sizes, dates. Raises GazetteerBuildError if one is not there."""
        try:
            facts = [
                (name, path, Path(path).stat().st_size, Path(path).stat().st_mtime_ns)
                for name, path in self.paths().items()
                if path
            ]
        except OSError as e:
            raise GazetteerBuildError(f"{e.filename} cannot be read: {e.strerror}") from e
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a dump."""

    #: Places that the program's own gazetteer lacked.
    added: int = 0
    #: Places that it had already; their names are added.
    known: int = 0
    #: Rows of kinds that are not taken.
    left_out: int = 0
    alternate_names: int = 0
    #: Rows that are not as they should be, in any of the files.
    bad: int = 0
    #: The first of these: file, line and reason.
    bad_rows: list[str] = field(default_factory=list)

    def reject(self, path: Path, line: int, why: str) -> None:
        """Count a bad row, and name the first few."""
        self.bad += 1
        if len(self.bad_rows) < NAMED_BAD_ROWS:
            self.bad_rows.append(f"{path.name}, line {line:,}: {why}")


def import_dump(
    dump: Dump, table: Table, index: NameIndex, divisions: Mapping[str, int], progress: Progress
) -> tuple[ImportReport, dict[int, str]]:
    """Add a dump's places to the table and their names to the index.

    `divisions` has the rows of the first-level divisions in the table by their code ("US.TX"). Returns what became of
    the dump's rows, and better names to show by row. Raises GazetteerBuildError for a file that breaks off.
    """
    reader = _Import(table, index, divisions, with_other_names=dump.alternate_names is None)
    steps = _Steps(dump, progress)
    reader.read_places(dump.geonames, steps.next())
    for level, path in ((1, dump.admin1), (2, dump.admin2)):
        if path:
            reader.read_codes(path, level, steps.next())
    reader.set_divisions()
    if dump.alternate_names:
        reader.read_alternate_names(dump.alternate_names, steps.next())
    return reader.report, reader.renamed


class _Steps:
    """Tells the progress of the whole by that of one file after the other, by their sizes."""

    def __init__(self, dump: Dump, progress: Progress) -> None:
        paths = (dump.geonames, dump.admin1, dump.admin2, dump.alternate_names)
        self._sizes = iter([path.stat().st_size for path in paths if path])
        self._whole = max(1, sum(path.stat().st_size for path in paths if path))
        self._progress, self._done = progress, 0

    def next(self) -> Progress:
        """For the next file."""
        size, before = next(self._sizes), self._done
        self._done += size
        return lambda done, phrase: self._progress((before + done * size) / self._whole, phrase)


class _Import:
    """One import under way: what has been numbered so far."""

    def __init__(self, table: Table, index: NameIndex, divisions: Mapping[str, int], *, with_other_names: bool) -> None:
        self.report = ImportReport()
        self.renamed: dict[int, str] = {}
        self._table, self._index = table, index
        self._with_other_names = with_other_names
        self._own = len(table)  # rows before it are the program's own
        self._row_of = {number: row for row, number in enumerate(table.geonameid) if number}
        #: The ids of the added places in order, and their rows: a dict of twelve million would take over a gigabyte.
        self._added_ids, self._added_rows = array("i"), array("i")
        #: A number for each division's code ("US.TX", "US.TX.453"), and by number the row of its place, or -1.
        self._numbers: dict[str, int] = {}
        self._division_rows = array("i")
        #: By added place, the numbers of the divisions that it lies in, or -1.
        self._first, self._second = array("i"), array("i")
        for code, row in divisions.items():
            self._division_rows[self._number(code)] = row

    def read_places(self, path: Path, progress: Progress) -> None:
        """The dump itself."""
        for number, line in _lines(path, progress, "Reading places"):
            fields = line.split(b"\t")
            if not _is_place(fields):
                self.report.reject(path, number, f"not {FIELDS} fields with an id and a class")
                continue
            feature = _feature(fields[6].decode(errors="replace"), fields[7].decode(errors="replace"), fields[3])
            if feature is None:
                self.report.left_out += 1
                continue
            try:
                self._place([part.decode() for part in fields], feature)
            except ValueError as e:
                self.report.reject(path, number, str(e))

    def _place(self, fields: list[str], feature: Feature) -> None:
        geonameid, latitude, longitude = int(fields[0]), float(fields[4]), float(fields[5])
        population = int(fields[14] or 0)
        if not (0 < geonameid < 2**31 and abs(latitude) <= 90 and abs(longitude) <= 180 and fields[1]):
            raise ValueError("an id, a name or coordinates that cannot be")
        if population > MOST_PEOPLE:
            raise ValueError("more people than there are")
        country, code = fields[8], f"{fields[8]}.{fields[10]}"
        row = self._row_of.get(geonameid)
        if row is None:
            row = self._table.append(
                fields[1], latitude, longitude, feature, country, population=max(population, 0), geonameid=geonameid
            )
            self._first.append(self._number(code) if fields[10] else -1)
            self._second.append(self._number(f"{code}.{fields[11]}") if fields[11] else -1)
            self.report.added += 1
        else:
            self.report.known += 1
        if fields[7] == "ADM1":
            self._claim(code, row)
        elif fields[7] == "ADM2":
            self._claim(f"{code}.{fields[11]}", row)
        self._name(fields[1], row, country, NameKind.PRIMARY)
        self._name(fields[2], row, country, NameKind.ALTERNATE)
        if self._with_other_names:
            for name in fields[3].split(","):
                if len(name) > 1 and not CODE.match(name):
                    self._index.add(fold(name), row, NameKind.ALTERNATE)

    def _row(self, geonameid: int) -> int:
        """The row of a place, once all places have been read; -1 if there is none."""
        if not self._added_ids:
            ids = np.frombuffer(self._table.geonameid, dtype=np.int32)[self._own :]
            order = np.argsort(ids, kind="stable")
            self._added_ids = array("i", ids[order].tobytes())
            self._added_rows = array("i", (order + self._own).astype(np.int32).tobytes())
        place = bisect_left(self._added_ids, geonameid)
        if place < len(self._added_ids) and self._added_ids[place] == geonameid:
            return self._added_rows[place]
        return self._row_of.get(geonameid, -1)

    def _name(self, name: str, row: int, country: str, kind: NameKind) -> None:
        folded = fold(name)
        self._index.add(folded, row, kind)
        for spelling in spellings(folded, country):
            self._index.add(spelling, row, NameKind.ALTERNATE)

    def _number(self, code: str) -> int:
        number = self._numbers.setdefault(code, len(self._numbers))
        if number == len(self._division_rows):
            self._division_rows.append(-1)
        return number

    def _claim(self, code: str, row: int) -> None:
        number = self._number(code)
        if self._division_rows[number] < 0:
            self._division_rows[number] = row

    def read_codes(self, path: Path, level: int, progress: Progress) -> None:
        """A list of divisions' codes and names; those that have towns but no place are put in their towns' middle."""
        for number, line in _lines(path, progress, "Reading the names of divisions"):
            if not _is_code(line.split(b"\t"), level):
                self.report.reject(path, number, f"not a code of {level + 1} parts, two names and an id")
                continue
            code, name, plain_name, geonameid = line.decode(errors="replace").split("\t")
            row = self._row(int(geonameid))
            if row < 0 and code in self._numbers:
                row = self._division_rows[self._numbers[code]]
                row = row if row >= 0 else self._in_the_middle(code, level, name, int(geonameid))
            if row >= 0:
                self._claim(code, row)
                self._name(name, row, code[:2], NameKind.PRIMARY)
                self._name(plain_name, row, code[:2], NameKind.ALTERNATE)

    def _in_the_middle(self, code: str, level: int, name: str, geonameid: int) -> int:
        """A new row for a division of which only the towns are known; -1 where it has none."""
        numbers = np.frombuffer(self._first if level == 1 else self._second, dtype=np.int32)
        members = np.flatnonzero(numbers == self._numbers[code]) + self._own
        del numbers  # an array that is looked at cannot grow
        if not len(members):
            return -1
        latitude = np.array([self._table.latitude[row] for row in members])
        longitude = np.array([self._table.longitude[row] for row in members])
        row = self._table.append(
            name,
            float(latitude.min() + latitude.max()) / 2,
            float(longitude.min() + longitude.max()) / 2,
            Feature.ADMIN1 if level == 1 else Feature.ADMIN2,
            code[:2],
            population=int(sum(self._table.population[member] for member in members)),
            geonameid=geonameid,
        )
        self._row_of[geonameid] = row
        self._first.append(self._number(".".join(code.split(".")[:2])))
        self._second.append(self._numbers[code] if level == 2 else -1)
        self.report.added += 1
        return row

    def set_divisions(self) -> None:
        """Say of every added place in which divisions it lies."""
        rows = np.append(np.frombuffer(self._division_rows, dtype=np.int32), np.int32(-1))  # the last for no division
        for column, numbers in ((self._table.admin1, self._first), (self._table.admin2, self._second)):
            column[self._own :] = array("i", rows[np.frombuffer(numbers, dtype=np.int32)].tobytes())

    def read_alternate_names(self, path: Path, progress: Progress) -> None:
        """Names in other languages; the preferred English one is shown from then on."""
        for number, line in _lines(path, progress, "Reading names in other languages"):
            fields = line.split(b"\t")
            if not _is_alternate_name(fields):
                self.report.reject(path, number, f"not {ALTERNATE_FIELDS} fields with a place's id")
                continue
            row = self._row(int(fields[1]))
            if row < 0 or fields[2] in NO_LANGUAGE:
                continue
            name = fields[3].decode(errors="replace")
            kind = NameKind.ABBREVIATION if fields[2] == b"abbr" else NameKind.ALTERNATE
            if kind is NameKind.ALTERNATE and (len(name) < 2 or CODE.match(name)):
                continue
            if (fields[2], fields[4], fields[7]) == (b"en", b"1", b"") and row >= self._own:
                self.renamed[row] = name
                kind = NameKind.PRIMARY
            self._index.add(fold(name), row, kind)
            self.report.alternate_names += 1


def check_dump(dump: Dump) -> None:
    """Raises GazetteerBuildError, soon and with the reason, if one of the files is not what it is said to be."""
    for path, is_one, what in (
        (dump.geonames, _is_place, "a dump of places"),
        (dump.alternate_names, _is_alternate_name, "a list of alternate names"),
        (dump.admin1, lambda fields: _is_code(fields, 1), "a list of first-level divisions"),
        (dump.admin2, lambda fields: _is_code(fields, 2), "a list of second-level divisions"),
    ):
        if path is None:
            continue
        first = [line.split(b"\t") for _, line in itertools.islice(_lines(path), TRIED_LINES)]
        if 2 * sum(is_one(fields) for fields in first) <= len(first):
            seen = f"its first line has {len(first[0])} fields" if first else "it is empty"
            raise GazetteerBuildError(f"{path} is not {what} by GeoNames ({seen}); they are at {DOWNLOADS}")


def _is_place(fields: list[bytes]) -> bool:
    return len(fields) == FIELDS and fields[0].isdigit() and len(fields[6]) <= 1


def _is_alternate_name(fields: list[bytes]) -> bool:
    return len(fields) >= ALTERNATE_FIELDS and fields[0].isdigit() and fields[1].isdigit()


def _is_code(fields: list[bytes], level: int) -> bool:
    return len(fields) == CODE_FIELDS and fields[0].count(b".") == level and fields[3].isdigit()


#: A zip file begins so, and ends with its table of contents, which one that is cut off lacks.
_ZIP_START = b"PK\x03\x04"


def _lines(
    path: Path, progress: Progress = lambda _done, _phrase: None, phrase: str = ""
) -> Iterator[tuple[int, bytes]]:
    """The lines of a text file, zipped or not, with their numbers; without empty ones and comments."""
    number = done = 0
    with _opened(path) as (file, size):
        try:
            for number, line in enumerate(file, start=1):
                done += len(line)
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901
                if number % TOLD_EVERY == 0:
                    progress(done / max(size, 1), f"{phrase}: {number:,} lines")
                if line.strip() and not line.startswith(b"#"):
                    yield number, line.rstrip(b"\r\n")
        except (EOFError, zipfile.BadZipFile, zlib.error) as e:
            raise GazetteerBuildError(f"{path} cannot be read after line {number:,}: {e}") from e


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """A plain or zipped text file and its size in bytes when unpacked."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                if file.read(len(_ZIP_START)) == _ZIP_START:
                    raise GazetteerBuildError(f"{path} is a zip file that is cut off or damaged: download it again")
                file.seek(0)
                yield file, path.stat().st_size
            return
        with zipfile.ZipFile(path) as archive:
            texts = [info for info in archive.infolist() if info.filename.endswith(".txt")]
            texts = [info for info in texts if "readme" not in info.filename.lower()]
            if not texts:
                raise GazetteerBuildError(f"{path} holds no .txt file")
            largest = max(texts, key=lambda info: info.file_size)  # beside a list of languages
            with archive.open(largest) as file:
                yield file, largest.file_size
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as e:
        raise GazetteerBuildError(f"{path} cannot be read: {e}") from e


def _feature(cls: str, code: str, other_names: bytes) -> Feature | None:
    """What kind of place a GeoNames class and code are here; None for those that are not taken."""
    if cls == "P":
        return None if code in _GONE else Feature.CITY
    if cls == "A":
        return _DIVISIONS.get(code)
    sure = _WATER.get(code) if cls == "H" else _BUILDINGS.get(code) if cls == "S" else None
    if sure is not None:
        return sure
    if other_names.count(b",") + 1 < NOTABLE_NAMES:
        return None
    return (_NOTABLE_WATER if cls == "H" else _NOTABLE_LAND | _NOTABLE_HEIGHTS if cls in "TL" else {}).get(code)
