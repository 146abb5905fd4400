"""How long the gazetteer takes to build and open, and what it holds in memory.

    python -m benchmarks.gazetteer [FOLDER]

Limits: built in under 30 s, opened in under 0.3 s with under 100 MB. Builds into a temporary folder.
"""

import argparse
import itertools
import resource
import tempfile
import time
from pathlib import Path

from map_app.gazetteer.build import build
from map_app.gazetteer.lookup import Gazetteer
from map_app.geo import Point

NAMES = ("Kursk", "Taipei", "Washington", "Springfield", "South Korea", "Xyzzyville")
ROUNDS = 2000


def held_mb() -> dict[str, float]:
    """Memory of this process in MB: all of it, and the part that is its own rather than pages of files (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")}


def measure_build(directory: Path) -> None:
    """Build it and print the time, the processor's time and the peak of memory."""
    start, processor = time.perf_counter(), time.process_time()
    build(directory)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"built in {time.perf_counter() - start:.1f} s, {time.process_time() - processor:.1f} s of processor time")
    print(f"memory while building: {peak:.0f} MB at most")


def measure_lookup(directory: Path) -> None:
    """Open it, look names up, search and look around; print times and memory."""
    before = held_mb()
    start = time.perf_counter()
    gazetteer = Gazetteer.open(directory)
    print(f"opened in {1000 * (time.perf_counter() - start):.0f} ms")
    start = time.perf_counter()
    found = sum(len(gazetteer.candidates(name)) for name in itertools.chain(*[NAMES] * ROUNDS))
    seconds = time.perf_counter() - start
    print(f"{len(NAMES) * ROUNDS / seconds:,.0f} names a second, {found / seconds:,.0f} candidates a second")
    for what, ask in (
        ("nearest", lambda: gazetteer.nearest(Point(51.7, 36.2), limit=5)),
        ("search", lambda: gazetteer.search("s")),
    ):
        start = time.perf_counter()
        ask()
        print(f"{what}: {1000 * (time.perf_counter() - start):.0f} ms")
    after = held_mb()
    print(f"memory added: {after['VmRSS'] - before['VmRSS']:.0f} MB, pages of files included; "
          f"{after['RssAnon'] - before['RssAnon']:.0f} MB of its own")  # fmt: skip
    info = gazetteer.info()
    print(f"{sum(info.places.values()):,} places, {info.names:,} names, {info.size_bytes / 1e6:.0f} MB of files")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gazetteer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", type=Path, help="measure only the look-up of the gazetteer in it"
    )
    folder = parser.parse_args().folder
    if folder is not None:
        measure_lookup(folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary) / "gazetteer"
        measure_build(directory)
        measure_lookup(directory)


if __name__ == "__main__":
    main()
