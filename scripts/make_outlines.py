"""Makes map_app/webmap/static/outlines.json, the outlines of all countries, from Natural Earth (public domain).

    python -m scripts.make_outlines FOLDER

FOLDER holds the unpacked npm package world-atlas (`npm pack world-atlas@2 && tar xzf world-atlas-*.tgz`), which carries
Natural Earth's admin-0 countries as TopoJSON. The 1:50m outlines serve all countries but the smallest, which only the
1:10m ones have.
"""

import argparse
import itertools
import json
import math
from pathlib import Path
from typing import Any

import pycountry

OUT = Path(__file__).resolve().parent.parent / "map_app" / "webmap" / "static" / "outlines.json"

#: Areas that Natural Earth draws apart and ISO 3166 gives no code: that of the state which the United Nations count
#: them to, so that news on that state shades all of it. Kosovo has the user-assigned code that news systems use.
WITHOUT_CODE = {
    "Kosovo": "XK",
    "N. Cyprus": "CY",
    "Cyprus U.N. Buffer Zone": "CY",
    "Somaliland": "SO",
    "Baikonur": "KZ",
    "USNB Guantanamo Bay": "CU",
}

#: Natural Earth's short forms, written out.
NAMES = {
    "Dem. Rep. Congo": "DR Congo",
    "Congo": "Congo Republic",
    "Bosnia and Herz.": "Bosnia and Herzegovina",
    "Central African Rep.": "Central African Republic",
    "Dominican Rep.": "Dominican Republic",
    "Eq. Guinea": "Equatorial Guinea",
    "S. Sudan": "South Sudan",
    "W. Sahara": "Western Sahara",
    "Macedonia": "North Macedonia",
    "United States of America": "United States",
    "eSwatini": "Eswatini",
}

#: How far a drawn border may lie from the source's, in degrees: a pixel at zoom 5, and much less for small states.
TOLERANCE_50M = 0.02
TOLERANCE_10M = 0.002

Ring = list[list[float]]


def main() -> None:
    """Read both scales, join them and write the file."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.make_outlines",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folder", type=Path, help="the unpacked package, with countries-50m.json and countries-10m.json"
    )
    folder = parser.parse_args().folder
    features = outlines(folder / "countries-50m.json", decimals=2, tolerance=TOLERANCE_50M)
    known = {feature["properties"]["name"] for feature in features}
    codes = {feature["properties"]["code"] for feature in features} - {""}
    for feature in outlines(folder / "countries-10m.json", decimals=3, tolerance=TOLERANCE_10M):
        if feature["properties"]["code"] not in codes and feature["properties"]["name"] not in known:
            features.append(feature)
    features.sort(key=lambda feature: (feature["properties"]["code"], feature["properties"]["name"]))
    collection = {"type": "FeatureCollection", "features": features}
    OUT.write_text(json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(features)} outlines, {OUT.stat().st_size:,} bytes")


def outlines(path: Path, *, decimals: int, tolerance: float) -> list[dict[str, Any]]:
    """The countries of a TopoJSON file as GeoJSON features, with coordinates of so many decimals.

    Borders are simplified arc by arc: neighbours share their arcs, so that no gap opens between them.
    """
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = [simplified(arc, tolerance) for arc in decode_arcs(topology)]
    features = []
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        coordinates = [
            [rounded(unwrapped(join(arcs, ring)), decimals) for ring in polygon]
            for polygon in polygons
        ]  # fmt: skip
        coordinates = [polygon for polygon in coordinates if len(polygon[0]) > 3]
        if not coordinates:  # a rock that the scale has no room for; the larger scale brings it
            continue
        code = code_of(geometry.get("id"), name)
        properties = {"code": code, "name": NAMES.get(name, name)}
        if name == "Kosovo" or (code and name not in WITHOUT_CODE):
            properties |= label_of(coordinates)
        features.append(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": "MultiPolygon", "coordinates": coordinates},
            }
        )
    return features


def code_of(number: str | None, name: str) -> str:
    """The ISO 3166-1 alpha-2 code of a numeric one, or empty."""
    country = pycountry.countries.get(numeric=number) if number else None
    return country.alpha_2 if country else WITHOUT_CODE.get(name, "")


def label_of(polygons: list[list[Ring]]) -> dict[str, Any]:
    """Where a country's name goes, longitude first, and how wide its largest part is there, in degrees."""
    ring = max((polygon[0] for polygon in polygons), key=extent)
    ys = sorted(y for _, y in ring)
    south, north = ys[0], ys[-1]
    best = (0.0, 0.0, 0.0)
    for step in range(3, 8):  # not at the edges, where a name would stand outside
        y = south + (north - south) * step / 10
        crossings = sorted(
            x1 + (y - y1) * (x2 - x1) / (y2 - y1)
            for (x1, y1), (x2, y2) in itertools.pairwise(ring)
            if (y1 > y) != (y2 > y)
        )
        for west, east in zip(crossings[::2], crossings[1::2], strict=False):
            best = max(best, (east - west, (west + east) / 2, y))
    width, x, y = best
    return {"label": [round(x, 1), round(y, 1)], "width": round(width, 1)}


def extent(ring: Ring) -> float:
    """The area of a ring's box, in square degrees."""
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def decode_arcs(topology: dict[str, Any]) -> list[Ring]:
    """Arcs as longitudes and latitudes: the file holds each point's difference from the one before, scaled."""
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    decoded = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append([x * scale_x + shift_x, y * scale_y + shift_y])
        decoded.append(points)
    return decoded


def simplified(line: Ring, tolerance: float) -> Ring:
    """The line without points that lie closer than this to it (Ramer, Douglas and Peucker); both ends stay.

    A short line is kept whole, or the smallest islands would vanish.
    """
    if len(line) < 8:
        return line
    keep = {0, len(line) - 1}
    pending = [(0, len(line) - 1)]
    while pending:
        first, last = pending.pop()
        far, at = 0.0, 0
        for i in range(first + 1, last):
            away = distance(line[i], line[first], line[last])
            if away > far:
                far, at = away, i
        if far > tolerance:
            keep.add(at)
            pending += [(first, at), (at, last)]
    return [line[i] for i in sorted(keep)] if len(keep) > 3 else line


def distance(point: list[float], start: list[float], end: list[float]) -> float:
    """Degrees from a point to a straight piece, flat: good enough for what a screen shows."""
    (x, y), (x1, y1), (x2, y2) = point, start, end
    length = math.hypot(x2 - x1, y2 - y1)
    along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length**2 if length else 0.0
    along = max(0.0, min(1.0, along))
    return math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))


def join(arcs: list[Ring], indices: list[int]) -> Ring:
    """One ring from its arcs; a negative index is an arc taken backwards (TopoJSON's ones' complement)."""
    ring: Ring = []
    for index in indices:
        points = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += points[1:] if ring else points
    return ring


def unwrapped(ring: Ring) -> Ring:
    """The ring without jumps from one side of the map to the other, which would draw bars across it."""
    out: Ring = []
    turn = 0.0
    for x, y in ring:
        if out:
            step = x + turn - out[-1][0]
            turn += -360 if step > 180 else 360 if step < -180 else 0
        out.append([x + turn, y])
    if abs(out[-1][0] - out[0][0]) > 180:  # once around the world: Antarctica, closed by way of the pole
        out += [[out[-1][0], -90.0], [out[0][0], -90.0], out[0]]
    middle = (min(x for x, _ in out) + max(x for x, _ in out)) / 2
    shift = -360 * round(middle / 360)
    return [[x + shift, y] for x, y in out]


def rounded(ring: Ring, decimals: int) -> Ring:
    """Rounded coordinates without repeated points."""
    out: Ring = []
    for x, y in ring:
        point = [round(x, decimals), round(y, decimals)]
        if not out or point != out[-1]:
            out.append(point)
    return out


if __name__ == "__main__":
    main()
