"""Builds the gazetteer's files from the installed packages and the curated files; one process at a time."""

import hashlib
import json
import logging
import math
import shutil
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from map_app.errors import GazetteerBuildError, GazetteerDamagedError, GazetteerMissingError
from map_app.gazetteer import read
from map_app.gazetteer.divisions import divisions, middle
from map_app.gazetteer.files import NameIndex, Table, write_ids, write_imported
from map_app.gazetteer.geonames import Dump, ImportReport, check_dump, import_dump
from map_app.gazetteer.kinds import FEATURES, NameKind
from map_app.gazetteer.names import fold, without_marks
from map_app.gazetteer.read import FILES, Record, curated_rows
from map_app.gazetteer.variants import TRANSLITERATED, spellings
from map_app.model import Feature
from map_app.settings import DATA_DIR

logger = logging.getLogger(__name__)

#: Raised whenever the files' form or the way they are made changes.
SCHEMA = 14

MANIFEST = "manifest.json"

#: Says which dump the gazetteer in use was imported from; absent where it is the program's own.
SOURCE = "gazetteer-source.json"

#: Larger files are not read when a gazetteer is opened.
MAX_CHECKED_BYTES = 64_000_000

#: The share of the work that the program's own places take when a dump is imported.
SHARE_BESIDE_A_DUMP = 0.05

#: How the folder begins that a build writes into before it renames it.
UNFINISHED = "building-"

BUILD_HINT = "build it with `python -m map_app gazetteer build`"

#: Takes the fraction done, 0 to 1, and a phrase that says what is being done.
Progress = Callable[[float, str], None]

#: A place that reaches farther is taken to lie in no single division, and a town farther off says nothing of it.
MAX_LOCAL_RADIUS_KM = 40.0

KM_PER_DEGREE = 111.2

#: How long the gazetteer of another version is kept, in seconds before the newest: a week.
KEPT_S = 7 * 24 * 3600


def _silent(_fraction: float, _phrase: str) -> None:
    pass


def key(source: str = "") -> str:
    """What the built files depend on, as a short word: schema, package versions, files of data/, an imported dump."""
    digest = hashlib.sha256(json.dumps([SCHEMA, read.versions(), source], sort_keys=True).encode())
    for name in FILES:
        digest.update((DATA_DIR / name).read_bytes())
    return digest.hexdigest()[:16]


def folder(cache: Path) -> Path:
    """Where the gazetteer in use lies in the cache: the imported one, if there is one."""
    chosen = _chosen(cache)
    return cache / f"gazetteer-{key(chosen[1] if chosen else '')}"


def _chosen(cache: Path) -> tuple[Dump, str] | None:
    """The dump that was imported last, and what told it from others then; None if the program's own is in use."""
    path = cache / SOURCE
    if not path.exists():
        return None
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        files = [Path(row[name]) if row[name] else None for name in ("alternate_names", "admin1", "admin2")]
        return Dump(Path(row["geonames"]), *files), str(row["digest"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise GazetteerDamagedError(f"{path} cannot be read ({e}); {BUILD_HINT}") from e


def choose(cache: Path, dump: Dump | None) -> None:
    """Use the gazetteer of that dump from now on, or the program's own."""
    path = cache / SOURCE
    if dump is None:
        path.unlink(missing_ok=True)
        return
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(dump.paths() | {"digest": dump.digest()}, indent=1), encoding="utf-8")
    unfinished.replace(path)


def is_built(cache: Path) -> bool:
    """Whether it has been built; does not look whether it is sound."""
    return (folder(cache) / MANIFEST).exists()


def verify(directory: Path) -> dict[str, Any]:
    """The manifest of a gazetteer whose files are as they were written.

    Raises GazetteerMissingError or GazetteerDamagedError. Reads all 45 MB: 30 ms, measured by benchmarks/gazetteer.py;
    of the larger files of an imported gazetteer only the size is compared.
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
            if file.stat().st_size != size or _checksum(file) != checksum:
                raise GazetteerDamagedError(f"{file} is not as it was written; {BUILD_HINT}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise GazetteerDamagedError(f"the gazetteer in {directory} cannot be read ({e}); {BUILD_HINT}") from e
    return manifest


def ensure(cache: Path, *, progress: Progress = _silent) -> Path:
    """The sound folder of the gazetteer in use; one that is missing or damaged is built first, while others wait."""
    built = folder(cache)
    if _is_sound(built):
        return built
    chosen = _chosen(cache)
    if chosen is None:
        _build_once(cache, built, None, progress)
        return built
    dump, digest = chosen
    try:
        now = dump.digest()
    except GazetteerBuildError as e:
        raise GazetteerMissingError(
            f"the gazetteer that was imported has to be built again, but {e}; name the files to `python -m map_app "
            "gazetteer build --geonames FILE`, or go back to the one that comes along by `gazetteer build` alone"
        ) from e
    if now != digest:  # the files are newer than what was imported
        choose(cache, dump)
        built = folder(cache)
    _build_once(cache, built, dump, progress)
    return built


def import_geonames(cache: Path, dump: Dump, *, progress: Progress = _silent) -> tuple[Path, ImportReport | None]:
    """Build the gazetteer of a dump and use it from now on; the report is None if it had been built before.

    Raises GazetteerBuildError for files that are no dump, and leaves the gazetteer in use as it was.
    """
    built = cache / f"gazetteer-{key(dump.digest())}"
    report = None if _is_sound(built) else _build_once(cache, built, dump, progress)
    choose(cache, dump)
    return built, report


def _build_once(cache: Path, built: Path, dump: Dump | None, progress: Progress) -> ImportReport | None:
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "gazetteer.lock"):
        if _is_sound(built):  # another process may have built it while this one waited
            return None
        for left_over in cache.glob(f"{UNFINISHED}*"):  # by a build that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        report = build(built, dump=dump, progress=progress)
        _remove_outdated(cache, built)
        return report


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


def build(directory: Path, *, dump: Dump | None = None, progress: Progress = _silent) -> ImportReport:
    """Write a complete gazetteer into `directory`: beside it first, then renamed, so that nobody sees half of one.

    With a GeoNames dump, its places are added to those of the packages; the report says what became of its rows.
    """
    if dump:
        check_dump(dump)
    directory.parent.mkdir(parents=True, exist_ok=True)
    share = SHARE_BESIDE_A_DUMP if dump else 1.0

    def told(done: float, phrase: str) -> None:
        progress(done * share, phrase)

    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=UNFINISHED) as temporary:
        unfinished = Path(temporary) / "gazetteer"
        unfinished.mkdir()
        records = _records(told)
        demonyms = _name_variants_and_demonyms(records)
        told(0.55, "Sorting two million names")
        table, index = Table(unfinished), NameIndex(Path(temporary) / "names")
        _add_records(table, index, records)
        write_ids(unfinished, [record.id for record in records])
        countries_of = {record.id: record.countries for record in records if record.countries}
        report, renamed = ImportReport(), dict[int, str]()
        if dump:
            rows = {r.id.removeprefix("admin1:"): row for row, r in enumerate(records) if r.id.startswith("admin1:")}
            own = len(records)
            records.clear()  # half a gigabyte
            report, renamed = import_dump(
                dump, table, index, rows, lambda done, what: progress(share + done * (0.85 - share), what)
            )
            write_imported(unfinished, table, own)
            progress(0.85, "Sorting all names")
        _write_facts(unfinished, countries_of, demonyms, table.codes)
        index.write(unfinished, *table.write(renamed))
        progress(0.95, "Checking the gazetteer")
        _write_manifest(unfinished, table, dump)
        if directory.exists():
            directory.rename(Path(temporary) / "old")
        unfinished.rename(directory)
    progress(1.0, "The gazetteer is ready")
    return report


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
    """Add the curated names to their places, which are shown by the usual one; returns folded demonym to place id."""
    by_id = {record.id: record for record in records}
    for record in records:
        if record.country_code in TRANSLITERATED:
            record.name = without_marks(record.name)
    for number, row in enumerate(curated_rows("name_variants.csv"), start=2):
        place_id = _reference(row["place"], by_id, f"data/name_variants.csv, line {number}")
        kind = NameKind.ABBREVIATION if row["kind"] == "abbreviation" else NameKind.PRIMARY
        by_id[place_id].also(row["name"], kind)
        if row["kind"] == "usual":
            by_id[place_id].name = row["name"]
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


def _add_records(table: Table, index: NameIndex, records: list[Record]) -> None:
    """The packages' and the program's own places, and in which divisions they lie."""
    row_of = {record.id: row for row, record in enumerate(records)}
    for code in sorted({code for record in records for code in (record.country_code, *record.countries) if code}):
        table.codes.setdefault(code, len(table.codes))
    for record in records:
        row = table.append(
            record.name,
            record.latitude,
            record.longitude,
            record.feature,
            record.country_code,
            population=record.population,
            geonameid=record.geonameid,
            radius_km=record.radius_km,
        )
        if record.admin1:
            table.admin1[row] = row_of.get(f"admin1:{record.country_code}.{record.admin1}", -1)
        table.admin2[row] = row_of.get(record.admin2, -1)
        for name, kind in record.names.items():
            index.add(name, row, kind)


def _write_facts(
    directory: Path, countries_of: dict[str, tuple[str, ...]], demonyms: dict[str, str], codes: Iterable[str]
) -> None:
    continents = read.continents_of_countries()
    facts = {
        "codes": list(codes),
        "demonyms": demonyms,
        "continents": {code: f"curated:{_slug(read.CONTINENTS[c])}" for code, c in continents.items()},
        "countries_of": countries_of,
        "seats_of_government": read.seats_of_government(),
    }
    (directory / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _write_manifest(directory: Path, table: Table, dump: Dump | None) -> None:
    counts = np.bincount(np.frombuffer(table.feature, dtype=np.uint8), minlength=len(FEATURES))
    manifest = {
        "schema": SCHEMA,
        "packages": read.versions() | ({"GeoNames dump": dump.geonames.name} if dump else {}),
        "places": {str(feature): int(count) for feature, count in sorted(zip(FEATURES, counts, strict=True))},
        "files": {path.name: [path.stat().st_size, _checksum(path)] for path in sorted(directory.iterdir())},
    }
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _checksum(path: Path) -> int | None:
    """None for files so large that it would take too long each time that the gazetteer is opened."""
    return zlib.crc32(path.read_bytes()) if path.stat().st_size <= MAX_CHECKED_BYTES else None
