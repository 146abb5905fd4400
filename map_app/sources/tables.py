"""Rows of tables and objects of JSON become articles, one at a time: no file is held in memory for being long."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from map_app.errors import UnreadableError
from map_app.sources.decode import decode, encoding_of_file
from map_app.sources.fields import field_names
from map_app.sources.gdelt import is_gdelt, read_gdelt
from map_app.sources.reading import Failure, Item, Reading, whole

#: Gives the next so many characters of a text, none at its end.
More = Callable[[int], str]

#: Where a JSON object holds its list of articles.
LIST_KEYS = ("articles", "items", "entries", "results", "documents", "docs", "stories", "news", "data")

#: A JSON list in a file over this is read item by item: as a whole it would take ten times its size in memory.
WHOLE_BYTES = 8_000_000

#: How much of a long list is read at a time. An item that is longer is read all the same.
CHUNK_CHARS = 1 << 20

#: The end of one object and the beginning of the next lie within so many characters.
BORDER_CHARS = 200

#: A list begins within these characters of a file.
START_CHARS = 65_536

#: No item is read on for longer than this to see whether it comes to an end, nor any cell of a table.
MAX_ITEM_CHARS = 32_000_000

_LIST_START = re.compile(rf'"(?:{"|".join(LIST_KEYS)})"\s*:\s*\[\s*')
_BARE_LIST = re.compile(r"[\s\ufeff]*\[\s*")
_LONG_LIST = re.compile(rf'"(?:{"|".join(LIST_KEYS)})"\s*:\s*\[\s*(?=\{{)')
_FEATURES = re.compile(r'"features"\s*:\s*\[\s*(?=\{)')
_LINES = re.compile(r"[\s\ufeff]*\{[^\n]*\}[ \t]*\r?\n\s*\{")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
#: Not where a cell ends: there the backslash is one.
_ESCAPED_QUOTE = re.compile(r'\\"(?![,;\t|\r\n]|$)')
_SEPARATOR = re.compile(r"\s*,?\s*")
_BLANK = re.compile(r"[\s\ufeff]*")


def read_json(reading: Reading) -> Iterator[Item]:
    """A list of articles, an object that holds one, a single article, or JSON Lines under another name."""
    if reading.path.stat().st_size > WHOLE_BYTES:
        with reading.path.open(encoding=encoding_of_file(reading.path), errors="replace") as file:
            start = file.read(START_CHARS + CHUNK_CHARS)
            items = _list_in(start, reading, file)
            if items is not None:
                yield from items
                return
    text = decode(whole(reading)).removeprefix("\ufeff")
    try:
        document = json.loads(text)
    except RecursionError as e:
        raise UnreadableError("it is nested too deeply to be a list of articles") from e
    except ValueError as e:
        if _LINES.match(text):
            yield from json_lines(reading, text.split("\n"))
        else:
            yield from _salvage(reading, text, str(e))
        return
    rows = _rows_of(document)
    if not rows:
        raise UnreadableError("it holds no articles")
    single = rows[0] is document
    for number, row in enumerate(rows, start=1):
        yield from reading.row(row, reading.name if single else f"{reading.name}, item {number}")


def _rows_of(document: object) -> list[object]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        features = document.get("features")
        if document.get("type") == "FeatureCollection" and isinstance(features, list):
            return [_of_feature(feature) for feature in features]
        for key in LIST_KEYS:
            inside = document.get(key)
            if isinstance(inside, list) and any(isinstance(row, dict) for row in inside):
                return inside
    return [document]


def _of_feature(feature: object) -> object:
    """A GeoJSON feature as a row: its properties, and its geometry beside them."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or not isinstance(properties, dict):
        return feature
    return {**properties, **({"id": feature["id"]} if "id" in feature else {}), "geometry": feature.get("geometry")}


def _salvage(reading: Reading, text: str, why: str) -> Iterator[Item]:
    """The sound objects of a JSON list that is broken or was cut off."""
    start = re.match(r"\s*\[\s*", text) or _LIST_START.search(text)
    if start is None:
        raise UnreadableError(f"it is not sound JSON: {why}")
    yield from _items(reading, text[start.end() :], lambda _size: "")


def _list_in(start: str, reading: Reading, file: TextIO) -> Iterator[Item] | None:
    """The items of the list that a long file begins with or holds, read as they come, or None where there is none."""
    if _LINES.match(start):
        file.seek(0)
        return json_lines(reading, file)
    if found := _BARE_LIST.match(start) or _LONG_LIST.search(start, 0, START_CHARS):
        return _items(reading, start[found.end() :], file.read)
    if found := _FEATURES.search(start, 0, START_CHARS):
        return _items(reading, start[found.end() :], file.read, _of_feature)
    return None


def _items(
    reading: Reading, text: str, more: More, row_of: Callable[[object], object] = lambda item: item
) -> Iterator[Item]:
    """The items of a JSON list whose opening bracket is past; `more(n)` gives the next n characters of it, or none.

    Behind a broken item lie its own pieces: what has no title or text there is none, and a bracket need not be the end.
    """
    decoder = json.JSONDecoder()
    number = position = 0
    ended = is_behind_broken = False
    while True:
        blank = _BLANK.match(text, position)
        position = blank.end() if blank else position
        if position >= len(text) - 1 and not ended:
            text, position, ended = _onward(text, position, more)
            continue
        closes = text[position : position + 1] == "]"
        if position >= len(text) or (closes and not is_behind_broken):
            return
        try:
            row, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as e:
            # It may be that the item only goes on in what is not read yet.
            if not ended and _goes_on(text, position, e):
                text, position, ended = _onward(text, position, more)
                continue
            if not closes:
                number += 1
                yield Failure(f"{reading.name}, item {number}", f"it is not sound JSON: {e}")
            is_behind_broken = True
            onward = _NEXT_OBJECT.search(text, position)
            while onward is None and not ended:
                text, position, ended = _onward(text, max(position, len(text) - BORDER_CHARS), more)
                onward = _NEXT_OBJECT.search(text, position)
            if onward is None:
                return
            position = onward.end()
            continue
        if end >= len(text) and not ended:
            text, position, ended = _onward(text, position, more)  # a number may have digits still to come
            continue
        row = row_of(row)
        if not (is_behind_broken and _is_piece(row, reading)):
            number += 1
            yield from reading.row(row, f"{reading.name}, item {number}")
        separator = _SEPARATOR.match(text, end)
        position = separator.end() if separator else end


def _is_piece(row: object, reading: Reading) -> bool:
    """Whether it is but a part of an article, such as one of its authors."""
    if not isinstance(row, dict):
        return False
    columns = field_names(map(str, row), reading.mapping)
    return not columns["title"] and not columns["text"]


def _goes_on(text: str, position: int, error: Exception) -> bool:
    if len(text) - position > MAX_ITEM_CHARS:
        return False
    if isinstance(error, json.JSONDecodeError) and error.msg.startswith("Unterminated string"):
        return True
    return len(text) - getattr(error, "pos", position) < 20


def _onward(text: str, position: int, more: More) -> tuple[str, int, bool]:
    """The rest of the text with as much again behind it: an item of any length is read a few times at most."""
    rest = text[position:]
    added = more(max(CHUNK_CHARS, len(rest)))
    return rest + added, 0, not added


def read_json_lines(reading: Reading) -> Iterator[Item]:
    """One article a line."""
    with reading.path.open(encoding=encoding_of_file(reading.path), errors="replace") as lines:
        yield from json_lines(reading, lines)


def json_lines(reading: Reading, lines: Iterable[str]) -> Iterator[Item]:
    """One article a line, from anywhere."""
    for number, line in enumerate(lines, start=1):
        written = line.strip().removeprefix("\ufeff")
        if not written:
            continue
        where = f"{reading.name}, line {number}"
        try:
            row = json.loads(written)
        except (ValueError, RecursionError) as e:
            yield Failure(where, f"it is not sound JSON: {e}")
            continue
        yield from reading.row(row, where)


def read_table(reading: Reading) -> Iterator[Item]:
    """One article a row; the first row names the columns."""
    encoding = encoding_of_file(reading.path)
    csv.field_size_limit(MAX_ITEM_CHARS)
    with reading.path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(100_000)
        file.seek(0)
        first_line = next((line for line in sample.splitlines() if line.strip()), "").removeprefix("\ufeff")
        if not first_line:
            raise UnreadableError("it is empty")
        if is_gdelt(first_line):
            yield from read_gdelt(reading, file)
            return
        delimiter = _delimiter(first_line, reading.ending)
        doubled = '""' in sample.replace('"",', "").replace(',""', "")
        escape = "\\" if _ESCAPED_QUOTE.search(sample) and not doubled else None
        lines = (line.replace("\0", "") for line in file)
        header: list[str] = []
        for number, cells in enumerate(_records(lines, delimiter, escape), start=1):
            where = f"{reading.name}, row {number}"
            if isinstance(cells, str):
                if not header:
                    raise UnreadableError(f"its first row cannot be read: {cells}")
                yield Failure(where, cells)
            elif not any(cell.strip() for cell in cells):
                continue
            elif not header:
                header = [cell.removeprefix("\ufeff").strip() for cell in cells]
                reading.met(dict.fromkeys(header))
                known = field_names(header, reading.mapping)
                if not known["title"] and not known["text"]:
                    raise UnreadableError(
                        "no column can be told to be the title or the text; the first row must name the columns, "
                        f"and it is: {', '.join(header)[:200]}"
                    )
            elif len(cells) != len(header):
                yield Failure(where, f"it has {len(cells)} cells where the first row names {len(header)} columns")
            else:
                yield from reading.row(dict(zip(header, cells, strict=True)), where)


def _delimiter(first_line: str, ending: str) -> str:
    """What stands between the columns: what makes the most known names of the first line, then the most columns."""

    def known(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip().strip('"') for cell in first_line.split(delimiter)]
        return sum(bool(names) for names in field_names(cells).values()), len(cells)

    return max(("\t", ",", ";", "|") if ending == ".tsv" else (",", ";", "\t", "|"), key=known)


def _records(lines: Iterator[str], delimiter: str, escape: str | None) -> Iterator[list[str] | str]:
    """Each record's cells; or, for one that cannot be read, why; reading goes on with the line after its first.

    A quote that is never closed would otherwise swallow every row after it.
    """
    waiting: list[str] = []  # lines to read again, the next one last
    taken: list[str] = []  # the lines of the record being read

    def supply() -> Iterator[str]:
        while True:
            line = waiting.pop() if waiting else next(lines, None)
            if line is None:
                return
            taken.append(line)
            yield line

    while True:
        reader = csv.reader(supply(), delimiter=delimiter, escapechar=escape, strict=True)
        try:
            for cells in reader:
                taken.clear()
                yield cells
        except csv.Error as e:
            waiting.extend(reversed(taken[1:]))
            taken.clear()
            yield f"its quotes do not match, or it was cut off ({e})"
            continue
        return
