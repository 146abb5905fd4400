"""Shows the hand-checked set as text that a person can read and correct, and takes the corrections back.

    python -m scripts.gold show > gold.txt        every article with its names in brackets and what each is
    python -m scripts.gold apply gold.txt         writes data/gold.jsonl anew from the corrected text

In the text a name stands in brackets with a number after it, "[Kursk]3"; below it a line says what that number is:
`3 = Kursk Oblast; admin1; RU; 51.75, 36.25; no id`, with a last part "not scored" for demonyms and names within names.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

GOLD = Path(__file__).resolve().parent.parent / "data" / "gold.jsonl"

_MARK = re.compile(r"\[([^\[\]]+)\](\d+)")
_ENTRY = re.compile(r"(\d+) = (.+)")
_LISTS = ("focus", "dateline")
#: What a place line holds, in order.
_PLACE = ("gazname", "level", "country_code", "lat", "lon", "geonameid", "scored")


def show(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The lines of the readable form."""
    for row in rows:
        yield f"## {row['id']}"
        for name in ("title", "language"):
            yield f"{name}: {row[name]}"
        for name in _LISTS:
            yield f"{name}: {' | '.join(row[name])}"
        yield ""
        places: dict[tuple[Any, ...], int] = {}
        parts, position = [], 0
        for toponym in row["toponyms"]:
            number = places.setdefault(tuple(toponym[key] for key in _PLACE), len(places) + 1)
            parts += [row["text"][position : toponym["start"]], f"[{toponym['text']}]{number}"]
            position = toponym["end"]
        yield "".join([*parts, row["text"][position:]])
        yield ""
        for (name, level, country, latitude, longitude, geonameid, scored), number in places.items():
            about = [name, level, country or "no country", f"{latitude}, {longitude}", str(geonameid or "no id")]
            yield f"{number} = {'; '.join(about if scored else [*about, 'not scored'])}"
        yield ""


def read(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The articles of the readable form; raises ValueError that names the article and what is wrong with it."""
    block: list[str] = []
    for line in [*lines, "## "]:
        if line.startswith("## "):
            if block:
                try:
                    yield _article(block)
                except (ValueError, KeyError, IndexError) as e:
                    raise ValueError(f"{block[0]}: {e!r}") from e
            block = []
        block.append(line.rstrip("\n"))


def _article(block: list[str]) -> dict[str, Any]:
    head = {name: value.strip() for name, _, value in (line.partition(":") for line in block[1:5])}
    body = block[5:]
    places = {match[1]: _place(match[2]) for line in body if (match := _ENTRY.fullmatch(line))}
    marked = "\n".join(line for line in body if not _ENTRY.fullmatch(line)).strip()
    text, toponyms, position = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        start = len(text)
        text += match[1]
        toponyms.append({"start": start, "end": len(text), "text": match[1], **places[match[2]]})
        position = match.end()
    lists = {name: [part.strip() for part in head[name].split("|") if part.strip()] for name in _LISTS}
    return {
        "id": block[0].removeprefix("## "), "title": head["title"], "text": text + marked[position:],
        "language": head["language"], "toponyms": toponyms, **lists,
    }  # fmt: skip


def _place(line: str) -> dict[str, Any]:
    name, level, country, point, geonameid, *rest = line.split("; ")
    latitude, longitude = map(float, point.split(", "))
    return {
        "lat": latitude, "lon": longitude, "geonameid": None if geonameid == "no id" else int(geonameid),
        "gazname": name, "level": level, "country_code": None if country == "no country" else country,
        "scored": rest != ["not scored"],
    }  # fmt: skip


def main() -> None:
    """Show the set, or take it back from a file."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.gold", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="print the readable form")
    commands.add_parser("apply", help="take it back").add_argument("file", type=Path, help="the corrected text")
    options = parser.parse_args()
    if options.command == "show":
        with GOLD.open(encoding="utf-8") as lines:
            sys.stdout.writelines(f"{line}\n" for line in show(map(json.loads, lines)))
        return
    with options.file.open(encoding="utf-8") as lines:
        rows = [json.dumps(row, ensure_ascii=False) for row in read(lines)]
    GOLD.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    print(f"{GOLD}: {len(rows)} articles. Check them with: pytest tests/test_sample_articles.py")


if __name__ == "__main__":
    main()
