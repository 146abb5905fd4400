"""The gazetteer as others ask it: names to candidate places, places by id, what lies in what, what is near."""

import bisect
import functools
import itertools
import json
import mmap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import marisa_trie
import numpy as np
import numpy.typing as npt

from map_app.errors import GazetteerDamagedError, GazetteerError
from map_app.gazetteer.build import BUILD_HINT, Progress, _silent, ensure, verify
from map_app.gazetteer.files import IMPORTED
from map_app.gazetteer.kinds import FEATURES, NameKind
from map_app.gazetteer.names import fold
from map_app.geo import EARTH_RADIUS_KM, Point
from map_app.model import Feature, Place

__all__ = ["Gazetteer", "Info", "Match", "NameKind", "open_gazetteer"]

#: Places kept once made; a page or an ingest meets a few thousand.
PLACES_KEPT = 50_000

#: Areas are looked for before the towns of the same name, as if they had these many people more.
_AREA_BONUS = {Feature.COUNTRY: 10**10, Feature.CONTINENT: 10**11, Feature.REGION: 10**7, Feature.WATER: 10**7}

#: By their numbers in the files.
_NAME_KINDS = tuple(NameKind)

#: On a sphere of EARTH_RADIUS_KM, a little less than it is, so that nothing near is passed over.
KM_PER_DEGREE = 111.1

#: A name that begins as many others is cut off there when a person searches.
MAX_PREFIXES = 5_000


class Match(NamedTuple):
    """A place that carries a name."""

    place: Place
    name_kind: NameKind


@dataclass(frozen=True, slots=True)
class Info:
    """What a built gazetteer holds."""

    directory: Path
    packages: dict[str, str]
    #: Places by kind.
    places: dict[str, int]
    #: Distinct names, after folding.
    names: int
    size_bytes: int


def open_gazetteer(cache: Path, *, progress: Progress = _silent) -> "Gazetteer":
    """The gazetteer of this version, built first where it is missing or damaged."""
    return Gazetteer.open(ensure(cache, progress=progress))


class Gazetteer:
    """An opened gazetteer; read-only, safe to share between threads."""

    def __init__(self, directory: Path, manifest: dict[str, Any]) -> None:
        """Use `open`, which checks the files first."""
        self.directory = directory
        self._manifest = manifest

        def column(name: str) -> npt.NDArray[Any]:
            return _mapped(directory / f"{name}.npy")

        self.latitude, self.longitude = column("latitude"), column("longitude")
        self.population, self.feature = column("population"), column("feature")
        self.country_number, self.admin1_row, self.admin2_row = (
            column("country"),
            column("admin1"),
            column("admin2"),
        )
        self._geonameid, self._radius_km = column("geonameid"), column("radius_km")
        self._rows, self._kinds, self._starts = column("rows"), column("kinds"), column("starts")
        self._carriers, self._carrier_sets = column("carriers"), column("carrier_sets").tolist()
        self._row_of_id = column("row_of_id")
        self._names = _Strings(directory / "names")
        self._ids = _Strings(directory / "ids")
        self._name_trie = marisa_trie.Trie().mmap(str(directory / "names.marisa"))
        self._id_trie = marisa_trie.Trie().mmap(str(directory / "ids.marisa"))
        self._imported_ids = self._imported_rows = np.zeros(0, dtype=np.int32)
        if (directory / "imported_ids.npy").exists():
            self._imported_ids, self._imported_rows = column("imported_ids"), column("imported_rows")
        facts = json.loads((directory / "facts.json").read_text(encoding="utf-8"))
        self._codes: list[str] = facts["codes"]
        self._demonyms: dict[str, str] = facts["demonyms"]
        self._sorted_demonyms = sorted(self._demonyms)
        self._continents: dict[str, str] = facts["continents"]
        self._countries_of: dict[str, list[str]] = facts["countries_of"]
        #: Ids of the seats of government by what news calls them ("the Kremlin", "Downing Street").
        self.seats_of_government: dict[str, str] = facts["seats_of_government"]
        self._place_at = functools.lru_cache(maxsize=PLACES_KEPT)(self._make_place)
        # Few of the names are those of divisions, and nearly every place lies in one.
        self._division_name = functools.lru_cache(maxsize=PLACES_KEPT)(self._names.__getitem__)

    @classmethod
    def open(cls, directory: Path) -> "Gazetteer":
        """Open a built gazetteer; raises GazetteerMissingError or GazetteerDamagedError."""
        manifest = verify(directory)
        try:
            return cls(directory, manifest)
        except (OSError, ValueError, KeyError) as e:
            raise GazetteerDamagedError(f"the gazetteer in {directory} cannot be read ({e}); {BUILD_HINT}") from e

    def info(self) -> Info:
        """What it holds."""
        return Info(
            self.directory,
            self._manifest["packages"],
            self._manifest["places"],
            len(self._name_trie),
            sum(size for size, _ in self._manifest["files"].values()),
        )

    def rows(self, folded: str) -> npt.NDArray[Any]:
        """Row numbers of the places that carry a folded name, those named so first, then by people."""
        number = self._name_trie.get(folded)
        if number is None:
            return self._rows[:0]
        return self._rows[self._starts[number] : self._starts[number + 1]]

    def beginnings(self, folded: str) -> list[str]:
        """The folded names that a folded text begins with, shortest first."""
        names: list[str] = self._name_trie.prefixes(folded)
        return names

    def goes_on(self, folded: str) -> bool:
        """Whether there are names of more words that begin with these."""
        return next(self._name_trie.iterkeys(f"{folded} "), None) is not None

    def is_beginning(self, folded: str) -> bool:
        """Whether there is a name or a demonym that begins with these characters, or is no longer."""
        if next(self._name_trie.iterkeys(folded), None) is not None:
            return True
        at = bisect.bisect_left(self._sorted_demonyms, folded)
        return at < len(self._sorted_demonyms) and self._sorted_demonyms[at].startswith(folded)

    def candidates(self, name: str) -> list[Match]:
        """Every place that may be meant by the name: those it is the usual name of first, then by people."""
        return self.carrying(fold(name))

    def carrying(self, folded: str) -> list[Match]:
        """The same for a folded name."""
        number = self._name_trie.get(folded)
        if number is None:
            return []
        span = slice(self._starts.item(number), self._starts.item(number + 1))
        rows, kinds = self._rows[span].tolist(), self._kinds[span].tolist()
        return [Match(self._place_at(row), _NAME_KINDS[kind]) for row, kind in zip(rows, kinds, strict=True)]

    def carriers(self, folded: str) -> int:
        """What sorts of places carry a folded name, as the bits that `kinds.carriers` reads; 0 where none does."""
        number = self._name_trie.get(folded)
        return 0 if number is None else self._carrier_sets[self._carriers.item(number)]

    def is_demonym(self, folded: str) -> bool:
        """Whether the folded word names the people or things of a place."""
        return folded in self._demonyms

    def demonym(self, word: str) -> Place | None:
        """The place whose people or things the word names ("Syrian", "Ukrainians"), or None."""
        place_id = self._demonyms.get(fold(word))
        return self.place(place_id) if place_id else None

    def place(self, place_id: str) -> Place:
        """The place of that id; raises GazetteerError where there is none."""
        return self._place_at(self._row(place_id))

    def name_of(self, row: int) -> str:
        """What the place of a row is called."""
        return self._names[row]

    def country(self, code: str) -> Place | None:
        """The country of an ISO 3166-1 alpha-2 code, or None."""
        return self.place(f"country:{code}") if f"country:{code}" in self._id_trie else None

    def countries(self) -> list[Place]:
        """All countries and territories, by name."""
        ids = self._id_trie.keys("country:")
        return sorted((self.place(place_id) for place_id in ids), key=lambda place: place.name)

    def admin1_of(self, place: Place) -> Place | None:
        """The first-level division that a place lies in, or None; a division lies in itself."""
        row = int(self.admin1_row[self._row(place.id)])
        return self._place_at(row) if row >= 0 else None

    def parents(self, place: Place) -> list[Place]:
        """What the place lies in, the smallest first: divisions, country, continent."""
        row = self._row(place.id)
        found = [self._place_at(int(r)) for r in (self.admin2_row[row], self.admin1_row[row]) if r >= 0 and r != row]
        if place.country_code and place.feature is not Feature.COUNTRY:
            country = self.country(place.country_code)
            found += [country] if country else []
        continent = self._continents.get(place.country_code, "")
        if continent in self._id_trie and continent != place.id:
            found.append(self.place(continent))
        return found

    def contains(self, outer: Place, inner: Place) -> bool:
        """Whether the gazetteer knows that `inner` lies in `outer`, wholly or, for regions, in part."""
        if outer.id == inner.id:
            return False
        if outer.feature is Feature.COUNTRY:
            return outer.country_code == inner.country_code or outer.country_code in self._countries_of.get(
                inner.id, ()
            )
        if outer.feature in (Feature.REGION, Feature.WATER):
            return inner.country_code != "" and inner.country_code in self._countries_of.get(outer.id, ())
        return any(outer.id == parent.id for parent in self.parents(inner))

    def search(self, text: str, *, limit: int = 10, countries: Collection[str] = ()) -> list[Place]:
        """Places for a person who types: names that are the text, then those that begin with it, most people first."""
        key = fold(text)
        if not key:
            return []
        found: dict[int, None] = {}
        for names in ([key], itertools.islice(self._name_trie.iterkeys(key), MAX_PREFIXES)):
            rows = {int(row) for name in names for row in self.rows(name)}
            for row in sorted(rows, key=self._importance, reverse=True):
                if not countries or self._place_at(row).country_code in countries:
                    found.setdefault(row)
            if len(found) >= limit:
                break
        return [self._place_at(row) for row in list(found)[:limit]]

    def nearest(self, point: Point, *, max_km: float = 100, limit: int = 1) -> list[tuple[Place, float]]:
        """Towns within `max_km` of a point and their distances in kilometres, nearest first."""
        band = np.abs(self.latitude - point.latitude) <= max_km / KM_PER_DEGREE
        rows = np.flatnonzero(band & (self.feature == FEATURES.index(Feature.CITY)))
        latitude, longitude = np.radians(self.latitude[rows]), np.radians(self.longitude[rows])
        here_latitude, here_longitude = np.radians(point.latitude), np.radians(point.longitude)
        h = np.sin((latitude - here_latitude) / 2) ** 2 + np.cos(latitude) * np.cos(here_latitude) * (
            np.sin((longitude - here_longitude) / 2) ** 2
        )
        distances = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))
        near = np.argsort(distances)[:limit]
        return [(self._place_at(int(rows[i])), float(distances[i])) for i in near if distances[i] <= max_km]

    def _importance(self, row: int) -> int:
        return int(self.population[row]) + _AREA_BONUS.get(FEATURES[int(self.feature[row])], 0)

    def _row(self, place_id: str) -> int:
        number = self._id_trie.get(place_id)
        if number is not None:
            return int(self._row_of_id[number])
        digits = place_id.removeprefix(IMPORTED)
        if digits != place_id and digits.isdecimal():
            place = int(np.searchsorted(self._imported_ids, int(digits)))
            if place < len(self._imported_ids) and self._imported_ids[place] == int(digits):
                return int(self._imported_rows[place])
        raise GazetteerError(f"the gazetteer knows no place {place_id!r}")

    def _make_place(self, row: int) -> Place:
        number = self.country_number.item(row)
        division = self.admin1_row.item(row)
        return Place(
            id=self._ids[row] if row < len(self._ids) else f"{IMPORTED}{self._geonameid[row]}",
            name=self._names[row],
            point=Point(round(self.latitude.item(row), 5), round(self.longitude.item(row), 5)),
            feature=FEATURES[self.feature.item(row)],
            country_code=self._codes[number] if number >= 0 else "",
            admin1=self._division_name(division) if division >= 0 and division != row else "",
            population=self.population.item(row),
            geonameid=self._geonameid.item(row) or None,
            radius_km=self._radius_km.item(row) or None,
        )


def _mapped(path: Path) -> npt.NDArray[Any]:
    """The array of a file, read where it is asked for."""
    # A plain array on the same memory: numpy's own class for it takes a microsecond more for every number read.
    return np.asarray(np.load(path, mmap_mode="r"))


class _Strings:
    """Many strings in one file, read where they are asked for."""

    def __init__(self, stem: Path) -> None:
        self._ends = _mapped(stem.with_suffix(".ends.npy"))
        with stem.with_suffix(".utf8").open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> str:
        start = self._ends.item(row - 1) if row else 0
        return self._bytes[start : self._ends.item(row)].decode()
