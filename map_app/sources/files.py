"""Files and folders become articles, one at a time; what cannot is reported and the rest goes on."""

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from map_app.errors import SourceError, TooLargeError, UnknownFormatError, UnreadableError
from map_app.model import Article
from map_app.sources.decode import clean, decode, encoding_of_file
from map_app.sources.fields import (
    article_of,
    field_names,
    has_dateline,
    key_of,
    made_title,
    make_article,
    published_of,
)
from map_app.sources.markup import markdown_to_text, read_page


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not become an article."""

    #: As a person would point at it: "export.csv, row 7".
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that did become one, though not just as it was; or was passed over on purpose."""

    where: str
    what: str


#: What reading yields, in the order of the input.
Item = Article | Failure | Note

#: A first line up to this long with an empty line after it is a headline.
MAX_HEADLINE_CHARS = 160

#: Where a JSON object holds its list of articles.
LIST_KEYS = ("articles", "items", "entries", "results", "documents", "docs", "stories", "news", "data")

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.{0,5000}?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_ATX_TITLE = re.compile(r"\A\s*#[ \t]+([^\n]{1,500}?)[ \t#]*(?:\n|\Z)")
_LIST_START = re.compile(rf'"(?:{"|".join(LIST_KEYS)})"\s*:\s*\[\s*')
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file being read: where it is, what it may hold, what time it is."""

    path: Path
    name: str
    max_chars: int
    now: datetime

    def row(self, row: object, where: str) -> Iterator[Item]:
        if not isinstance(row, dict):
            yield Failure(where, "it is not an object with named fields")
            return
        named = {str(key): value for key, value in row.items()}
        try:
            article, notes = article_of(named, source=self.name, now=self.now, max_chars=self.max_chars)
        except UnreadableError as e:
            yield Failure(where, str(e))
            return
        yield article
        yield from (Note(where, note) for note in notes)


def read_path(
    path: Path, *, max_bytes: int, max_chars: int, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Item]:
    """Every article of a file, or of a folder and the folders in it, sorted; never raises for what the files hold.

    Hidden files, and in folders files of other kinds, are passed over; links that lead out of the folder are
    refused. Files over `max_bytes` fail, articles over `max_chars` are cut there.
    """
    if path.is_dir():
        yield from _read_folder(path, max_bytes=max_bytes, max_chars=max_chars, now=now)
    else:
        yield from _read_file(path, path.name, max_bytes=max_bytes, max_chars=max_chars, now=now())


def read_lines(lines: Iterable[str], name: str, *, max_chars: int, now: datetime | None = None) -> Iterator[Item]:
    """Articles of JSON Lines that come from anywhere, such as a pipe."""
    return _json_lines(_Reading(Path(name), name, max_chars, now or datetime.now(UTC)), lines)


def _read_folder(folder: Path, *, max_bytes: int, max_chars: int, now: Callable[[], datetime]) -> Iterator[Item]:
    root = folder.resolve()
    passed_over: Counter[str] = Counter()
    failures: list[Failure] = []

    def unreadable(error: OSError) -> None:
        failures.append(Failure(str(error.filename), error.strerror or str(error)))

    for here, folders, files in os.walk(folder, onerror=unreadable):
        linked = [name for name in folders if (Path(here) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in linked)
        for name in sorted([*files, *linked]):
            path = Path(here) / name
            where = str(path.relative_to(folder))
            if name.startswith("."):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                yield Failure(where, "refused: it is a link that leads out of the folder")
            elif name in linked:
                continue  # leads to a folder that is read anyway
            elif path.suffix.lower() in READERS:
                yield from _read_file(path, where, max_bytes=max_bytes, max_chars=max_chars, now=now())
            else:
                passed_over[path.suffix.lower() or "no ending"] += 1
        yield from failures
        failures.clear()
    yield from failures
    if passed_over:
        kinds = ", ".join(f"{suffix} ({count})" for suffix, count in sorted(passed_over.items()))
        yield Note(folder.name or str(folder), f"passed over files that are not articles by their name: {kinds}")


def _read_file(path: Path, where: str, *, max_bytes: int, max_chars: int, now: datetime) -> Iterator[Item]:
    try:
        reader = READERS.get(path.suffix.lower())
        if not path.exists():
            raise UnreadableError("there is no such file or folder")
        if reader is None:
            raise UnknownFormatError(
                f"files ending in {path.suffix.lower()!r} cannot be read; those that can: {', '.join(READERS)}"
            )
        if not path.is_file():
            raise UnreadableError("it is not a regular file")
        size = path.stat().st_size
        if size > max_bytes:
            raise TooLargeError(
                f"it has {size:,} bytes, more than the {max_bytes:,} that MAP_APP_MAX_FILE_BYTES allows"
            )
        yield from reader(_Reading(path, where, max_chars, now))
    except SourceError as e:
        yield Failure(where, str(e))
    except OSError as e:
        yield Failure(where, e.strerror or str(e))


def _read_text(reading: _Reading) -> Iterator[Item]:
    text = clean(decode(reading.path.read_bytes())).strip()
    first, _, rest = text.partition("\n")
    headline = ""
    set_apart = len(first) <= MAX_HEADLINE_CHARS and rest.startswith("\n") and not first.endswith((".", ",", ";"))
    if set_apart and not has_dateline(first):
        headline, text = first.strip(), rest.strip()
    yield from _one(reading, title=headline or made_title(text), text=text)


def _read_markdown(reading: _Reading) -> Iterator[Item]:
    text = clean(decode(reading.path.read_bytes()))
    row: dict[str, object] = {}
    front = _FRONT_MATTER.match(text)
    if front is not None:
        text = text[front.end() :]
        for line in front[1].split("\n"):
            name, colon, value = line.partition(":")
            if colon and value.strip():
                row[name.strip()] = value.strip().strip("\"'")
    heading = _ATX_TITLE.match(text)
    named = {key_of(name) for name in row}
    if heading is not None and "title" not in named:
        row["title"] = markdown_to_text(heading[1])
        text = text[heading.end() :]
    row["text"] = markdown_to_text(text)
    yield from reading.row(row, reading.name)


def _read_html(reading: _Reading) -> Iterator[Item]:
    page = read_page(reading.path.read_bytes())
    published, note = published_of(page.published, now=reading.now)
    yield from _one(
        reading, title=page.title, text=page.text, url=page.url, publisher=page.publisher,
        published=published, language=page.language,
    )  # fmt: skip
    if note:
        yield Note(reading.name, note)


def _one(
    reading: _Reading, *, title: str, text: str, url: str = "", publisher: str = "",
    published: datetime | None = None, language: str = "",
) -> Iterator[Item]:  # fmt: skip
    article, notes = make_article(
        title=title, text=text, url=url, publisher=publisher, published=published, language=language,
        source=reading.name, max_chars=reading.max_chars,
    )  # fmt: skip
    yield article
    yield from (Note(reading.name, note) for note in notes)


def _read_json(reading: _Reading) -> Iterator[Item]:
    text = decode(reading.path.read_bytes()).removeprefix("\ufeff")
    try:
        document = json.loads(text)
    except RecursionError as e:
        raise UnreadableError("it is nested too deeply to be a list of articles") from e
    except ValueError as e:
        if re.match(r"\s*\{[^\n]*\}[ \t]*\r?\n\s*\{", text):
            yield from _json_lines(reading, text.split("\n"))
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
        for key in LIST_KEYS:
            inside = document.get(key)
            if isinstance(inside, list) and any(isinstance(row, dict) for row in inside):
                return inside
    return [document]


def _salvage(reading: _Reading, text: str, why: str) -> Iterator[Item]:
    """The sound objects of a JSON list that is broken or was cut off."""
    start = re.match(r"\s*\[\s*", text) or _LIST_START.search(text)
    if start is None:
        raise UnreadableError(f"it is not sound JSON: {why}")
    decoder = json.JSONDecoder()
    position, number = start.end(), 0
    while position < len(text) and text[position] != "]":
        number += 1
        where = f"{reading.name}, item {number}"
        try:
            row, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as e:
            yield Failure(where, f"it is not sound JSON: {e}")
            onward = _NEXT_OBJECT.search(text, position)
            if onward is None:
                return
            position = onward.end()
            continue
        yield from reading.row(row, where)
        separator = re.compile(r"\s*,?\s*").match(text, position)
        position = separator.end() if separator else position


def _read_json_lines(reading: _Reading) -> Iterator[Item]:
    with reading.path.open(encoding=encoding_of_file(reading.path), errors="replace") as lines:
        yield from _json_lines(reading, lines)


def _json_lines(reading: _Reading, lines: Iterable[str]) -> Iterator[Item]:
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


def _read_table(reading: _Reading) -> Iterator[Item]:
    encoding = encoding_of_file(reading.path)
    csv.field_size_limit(1 << 30)  # the file's own size is what is limited
    with reading.path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(100_000)
        file.seek(0)
        first_line = next((line for line in sample.splitlines() if line.strip()), "").removeprefix("\ufeff")
        if not first_line:
            raise UnreadableError("it is empty")
        delimiter = _delimiter(first_line, reading.path.suffix.lower())
        escape = "\\" if '\\"' in sample and '""' not in sample.replace('"",', "").replace(',""', "") else None
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
                known = field_names(header)
                if not known["title"] and not known["text"]:
                    raise UnreadableError(
                        "no column can be told to be the title or the text; the first row must name the columns, "
                        f"and it is: {', '.join(header)[:200]}"
                    )
            elif len(cells) != len(header):
                yield Failure(where, f"it has {len(cells)} cells where the first row names {len(header)} columns")
            else:
                yield from reading.row(dict(zip(header, cells, strict=True)), where)


def _delimiter(first_line: str, suffix: str) -> str:
    """What stands between the columns: what makes the most known names of the first line."""

    def known(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip().strip('"') for cell in first_line.split(delimiter)]
        return sum(bool(names) for names in field_names(cells).values()), len(cells)

    return max(("\t", ",", ";", "|") if suffix == ".tsv" else (",", ";", "\t", "|"), key=known)


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


#: What reads a file, by the ending of its name.
READERS: dict[str, Callable[[_Reading], Iterator[Item]]] = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".json": _read_json,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".csv": _read_table,
    ".tsv": _read_table,
}
