"""Builds the gazetteer's files from the installed packages and the curated files; one process at a time."""

import hashlib
import json
import logging
import math
import shutil
import tempfile
import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
from filelock import FileLock

from map_app.errors import GazetteerBuildError, GazetteerDamagedError, GazetteerMissingError
from map_app.gazetteer import read
from map_app.gazetteer.divisions import divisions, middle
from map_app.gazetteer.kinds import NameKind
from map_app.gazetteer.names import fold
from map_app.gazetteer.read import FILES, Record, curated_rows
from map_app.gazetteer.variants import spellings
from map_app.model import Feature
from map_app.settings import DATA_DIR

logger = logging.getLogger(__name__)

#: Raised whenever the files' form or the way they are made changes.
SCHEMA = 6

MANIFEST = "manifest.json"

#: How the folder begins that a build writes into before it renames it.
UNFINISHED = "building-"

BUILD_HINT = "build it with `python -m map_app gazetteer build`"

#: Takes the fraction done, 0 to 1, and a phrase that says what is being done.
Progress = Callable[[float, str], None]

FEATURES = tuple(Feature)

#: A place that reaches farther is taken to lie in no single division, and a town farther off says nothing of it.
MAX_LOCAL_RADIUS_KM = 40.0

KM_PER_DEGREE = 111.2

#: How long the gazetteer of another version is kept, in seconds before the newest: a week.
KEPT_S = 7 * 24 * 3600


def _silent(_fraction: float, _phrase: str) -> None:
    pass


def key() -> str:
    """What the built files depend on, as a short word: schema, package versions, files of data/."""
    digest = hashlib.sha256(json.dumps([SCHEMA, read.versions()], sort_keys=True).encode())
    for name in FILES:
        digest.update((DATA_DIR / name).read_bytes())
    return digest.hexdigest()[:16]


def folder(cache: Path) -> Path:
    """Where the gazetteer of this version lies in the cache."""
    return cache / f"gazetteer-{key()}"


def is_built(cache: Path) -> bool:
    """Whether it has been built; does not look whether it is sound."""
    return (folder(cache) / MANIFEST).exists()


def verify(directory: Path) -> dict[str, Any]:
    """The manifest of a gazetteer whose files are as they were written.

    Raises GazetteerMissingError or GazetteerDamagedError. Reads all 35 MB: 25 ms, measured by benchmarks/gazetteer.py.
    """
    path = directory / MANIFEST
    if not path.exists():
        raise GazetteerMissingError(f"there is no gazetteer in {directory}; {BUILD_HINT}")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if manifest["schema"] != SCHEMA:
            raise GazetteerDamagedError(f"the gazetteer in {directory} has another form; {BUILD_HINT}")
        for name, (size, checksum) in manifest["files"].items():
            file = directory / name
            if file.stat().st_size != size or zlib.crc32(file.read_bytes()) != checksum:
                raise GazetteerDamagedError(f"{file} is not as it was written; {BUILD_HINT}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise GazetteerDamagedError(f"the gazetteer in {directory} cannot be read ({e}); {BUILD_HINT}") from e
    return manifest


def ensure(cache: Path, *, progress: Progress = _silent) -> Path:
    """The built, sound folder; one that is missing or damaged is built first, by one process while others wait."""
    built = folder(cache)
    if _is_sound(built):
        return built
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "gazetteer.lock"):
        if not _is_sound(built):  # another process may have built it while this one waited
            for left_over in cache.glob(f"{UNFINISHED}*"):  # by a build that was killed
                shutil.rmtree(left_over, ignore_errors=True)
            build(built, progress=progress)
            _remove_outdated(cache, built)
    return built


def _remove_outdated(cache: Path, built: Path) -> None:
    """Delete what other versions built long before; a younger one may be in use by another installation."""
    newest = (built / MANIFEST).stat().st_mtime
    for manifest in cache.glob(f"gazetteer-*/{MANIFEST}"):
        if newest - manifest.stat().st_mtime > KEPT_S:
            shutil.rmtree(manifest.parent, ignore_errors=True)  # another process may still read it on Windows


def _is_sound(directory: Path) -> bool:
    try:
        verify(directory)
    except GazetteerMissingError:
        return False
    except GazetteerDamagedError as e:
        logger.warning("The gazetteer is built anew: %s", e)
        return False
    return True


def build(directory: Path, *, progress: Progress = _silent) -> None:
    """Write a complete gazetteer into `directory`: beside it first, then renamed, so that nobody sees half of one."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=UNFINISHED) as temporary:
        unfinished = Path(temporary) / "gazetteer"
        unfinished.mkdir()
        records = _records(progress)
        demonyms = _name_variants_and_demonyms(records)
        progress(0.55, "Sorting two million names")
        _write(unfinished, records, demonyms)
        progress(0.95, "Checking the gazetteer")
        _write_manifest(unfinished, records)
        if directory.exists():
            directory.rename(Path(temporary) / "old")
        unfinished.rename(directory)
    progress(1.0, "The gazetteer is ready")


def _records(progress: Progress) -> list[Record]:
    progress(0.0, "Reading countries and regions")
    curated = read.curated()
    countries = read.countries()
    progress(0.05, "Reading 250,000 towns")
    towns = read.cities()
    post_towns, counties = read.us_towns(towns)
    towns += post_towns
    progress(0.4, "Finding the divisions that towns lie in")
    areas = divisions(towns, counties)
    airports = read.airports()
    by_country: dict[str, list[Record]] = defaultdict(list)
    for town in towns:
        by_country[town.country_code].append(town)
    for country in countries:
        if country.latitude != country.latitude and country.country_code in by_country:
            point, _ = middle(by_country[country.country_code])
            country.latitude, country.longitude = point.latitude, point.longitude
    _set_divisions([r for r in (*airports, *curated) if (r.radius_km or 0) <= MAX_LOCAL_RADIUS_KM], by_country)
    countries = [country for country in countries if country.latitude == country.latitude]
    known = {country.country_code for country in countries}
    taken = {record.id for record in curated}
    return [
        record
        for record in (*countries, *curated, *areas, *towns, *airports)
        if record.feature is not Feature.CITY or record.country_code in known or record.id in taken
    ]


def _set_divisions(places: list[Record], towns: dict[str, list[Record]]) -> None:
    """Give each small place of one country the divisions of the town nearest to it, if that is near enough."""
    by_country: dict[str, list[Record]] = defaultdict(list)
    for place in places:
        if place.country_code in towns:
            by_country[place.country_code].append(place)
    for code, small in by_country.items():
        latitude = np.array([town.latitude for town in towns[code]])
        longitude = np.array([town.longitude for town in towns[code]])
        for place in small:
            narrowing = math.cos(math.radians(place.latitude))
            distances = np.hypot(latitude - place.latitude, (longitude - place.longitude) * narrowing)
            nearest = int(np.argmin(distances))
            if distances[nearest] * KM_PER_DEGREE <= MAX_LOCAL_RADIUS_KM:
                place.admin1, place.admin2 = towns[code][nearest].admin1, towns[code][nearest].admin2


def _name_variants_and_demonyms(records: list[Record]) -> dict[str, str]:
    """Add the curated variants to their places; returns folded demonym to place id."""
    by_id = {record.id: record for record in records}
    for number, row in enumerate(curated_rows("name_variants.csv"), start=2):
        place_id = _reference(row["place"], by_id, f"data/name_variants.csv, line {number}")
        kind = NameKind.ABBREVIATION if row["kind"] == "abbreviation" else NameKind.PRIMARY
        by_id[place_id].also(row["name"], kind)
    for record in records:
        for name, kind in list(record.names.items()):
            for spelling in spellings(name, record.country_code):
                record.also(spelling, kind if kind is NameKind.ABBREVIATION else NameKind.ALTERNATE)
    demonyms = {}
    for number, row in enumerate(curated_rows("demonyms.csv"), start=2):
        place_id = _reference(row["place"], by_id, f"data/demonyms.csv, line {number}")
        demonyms[fold(row["demonym"])] = place_id
    return demonyms


def _reference(text: str, by_id: dict[str, Record], where: str) -> str:
    """The id that a curated file's short reference stands for."""
    for place_id in (text, f"country:{text}", f"admin1:{text}", f"city:{text}", f"curated:{text}"):
        if place_id in by_id:
            return place_id
    raise GazetteerBuildError(f"{where}: no place {text!r} is known")


def _write(directory: Path, records: list[Record], demonyms: dict[str, str]) -> None:
    row_of = {record.id: row for row, record in enumerate(records)}
    codes = sorted({code for record in records for code in (record.country_code, *record.countries) if code})
    code_number = {code: number for number, code in enumerate(codes)}

    def column(name: str, values: list[float] | list[int], dtype: type[np.generic]) -> None:
        np.save(directory / f"{name}.npy", np.array(values, dtype=dtype))

    column("latitude", [r.latitude for r in records], np.float32)
    column("longitude", [r.longitude for r in records], np.float32)
    column("population", [r.population for r in records], np.int64)
    column("feature", [FEATURES.index(r.feature) for r in records], np.uint8)
    column("country", [code_number.get(r.country_code, -1) for r in records], np.int16)
    first = [row_of.get(f"admin1:{r.country_code}.{r.admin1}", -1) if r.admin1 else -1 for r in records]
    column("admin1", first, np.int32)
    column("admin2", [row_of.get(r.admin2, -1) for r in records], np.int32)
    column("geonameid", [r.geonameid or 0 for r in records], np.int32)
    column("radius_km", [r.radius_km or 0 for r in records], np.float32)
    _write_strings(directory / "names", [r.name for r in records])
    _write_strings(directory / "ids", [r.id for r in records])
    _write_names(directory, records)
    continents = read.continents_of_countries()
    facts = {
        "codes": codes,
        "demonyms": demonyms,
        "continents": {code: f"curated:{_slug(read.CONTINENTS[c])}" for code, c in continents.items()},
        "countries_of": {r.id: r.countries for r in records if r.countries},
    }
    (directory / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _write_strings(stem: Path, strings: list[str]) -> None:
    encoded = [string.encode() for string in strings]
    np.save(stem.with_suffix(".ends.npy"), np.cumsum([len(e) for e in encoded], dtype=np.int64))
    stem.with_suffix(".utf8").write_bytes(b"".join(encoded))


def _write_names(directory: Path, records: list[Record]) -> None:
    """A trie of the folded names; the rows of name n are ``rows[starts[n]:starts[n + 1]]``, most people first."""
    trie = marisa_trie.Trie(name for record in records for name in record.names)
    key_ids, rows, kinds = array("i"), array("i"), array("b")
    weights = array("q")
    for row, record in enumerate(records):
        for name, kind in record.names.items():
            key_ids.append(trie[name])
            rows.append(row)
            kinds.append(kind)
            weights.append(-record.population)
    names = np.frombuffer(key_ids, dtype=np.int32)
    order = np.lexsort((np.frombuffer(weights, dtype=np.int64), np.frombuffer(kinds, dtype=np.int8) > 0, names))
    np.save(directory / "rows.npy", np.frombuffer(rows, dtype=np.int32)[order])
    np.save(directory / "kinds.npy", np.frombuffer(kinds, dtype=np.int8)[order])
    starts = np.zeros(len(trie) + 1, dtype=np.int32)
    np.cumsum(np.bincount(names, minlength=len(trie)), out=starts[1:])
    np.save(directory / "starts.npy", starts)
    trie.save(str(directory / "names.marisa"))
    by_row = marisa_trie.Trie(record.id for record in records)
    of_id = np.zeros(len(by_row), dtype=np.int32)
    for row, record in enumerate(records):
        of_id[by_row[record.id]] = row
    by_row.save(str(directory / "ids.marisa"))
    np.save(directory / "row_of_id.npy", of_id)


def _write_manifest(directory: Path, records: list[Record]) -> None:
    counts: dict[str, int] = defaultdict(int)
    for record in records:
        counts[record.feature] += 1
    manifest = {
        "schema": SCHEMA,
        "packages": read.versions(),
        "places": dict(sorted(counts.items())),
        "files": {
            path.name: [path.stat().st_size, zlib.crc32(path.read_bytes())] for path in sorted(directory.iterdir())
        },
    }
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
