"""What an import of a full GeoNames dump takes.

    python -m benchmarks.geonames [MILLIONS]

Writes a dump of its own in the real form, of one million places and as many alternate names unless told otherwise,
imports it into a temporary folder in a process of its own, and prints the time, the peak of memory, the size, and how
fast the outcome opens and answers. Limit: a million places add under 400 MB to the peak of the gazetteer without them.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from benchmarks.gazetteer import measure_lookup

SYLLABLES = ("ka", "ro", "min", "ste", "vo", "lat", "gra", "du", "sel", "bor", "ne", "tch", "ham", "wick", "ari", "olo")
COUNTRIES = ("UA", "US", "FR", "IN", "CN", "BR", "NG", "ID", "RU", "DE")
FIRST_ID = 20_000_000


def write_dump(folder: Path, places: int) -> list[str]:
    """A dump and its alternate names; returns the options that import them."""
    chance = random.Random(1)
    with (
        zipfile.ZipFile(folder / "allCountries.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("allCountries.txt", "w") as file,
    ):
        for number in range(places):
            name = "".join(chance.choices(SYLLABLES, k=4)).title()
            country, latitude, longitude = chance.choice(COUNTRIES), chance.uniform(-60, 70), chance.uniform(-180, 180)
            others = f"{name}o,{name}ville"
            line = (
                f"{FIRST_ID + number}\t{name}\t{name}\t{others}\t{latitude:.5f}\t{longitude:.5f}\tP\tPPL\t{country}\t\t"
                f"{number % 30:02}\t{number % 900:04}\t\t\t{number % 5000}\t\t100\tEtc/UTC\t2026-01-31\n"
            )
            file.write(line.encode())
    with (
        zipfile.ZipFile(folder / "alternateNamesV2.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("alternateNamesV2.txt", "w") as file,
    ):
        for number in range(places):
            name = "".join(chance.choices(SYLLABLES, k=5)).title()
            file.write(f"{number + 1}\t{FIRST_ID + number}\tde\t{name}\t\t\t\t\t\t\n".encode())
    return [
        "--geonames", str(folder / "allCountries.zip"), "--alternate-names", str(folder / "alternateNamesV2.zip"),
    ]  # fmt: skip


def measure(what: str, cache: Path, options: list[str]) -> None:
    """Run the build in a process of its own and print what it took."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "map_app", "gazetteer", "build", "--cache", str(cache), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)  # the peak is that of the largest so far
    print(f"{what}: {time.perf_counter() - start:.0f} s, memory at most {usage.ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Write, import, open."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.geonames", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("millions", metavar="MILLIONS", nargs="?", type=float, default=1, help="of places (default: 1)")
    places = int(parser.parse_args().millions * 1e6)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measure("without a dump", folder / "own", [])
        options = write_dump(folder, places)
        measure(f"with {places:,} places and alternate names", folder / "full", options)
        [directory] = (folder / "full").glob("gazetteer-*/")
        measure_lookup(directory)


if __name__ == "__main__":
    main()
