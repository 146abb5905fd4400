"""Files and folders become articles, one at a time; what cannot is reported and the rest goes on."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from map_app.errors import SourceError, TooLargeError, UnknownFormatError, UnreadableError
from map_app.model import Article
from map_app.sources.archives import MAX_DEPTH, MAX_FILES, members
from map_app.sources.decode import clean, decode
from map_app.sources.feeds import parse_feed
from map_app.sources.fields import NAMES, Draft, draft_of_page, field_names, has_dateline, key_of, made_title
from map_app.sources.mail import read_mailbox, read_message
from map_app.sources.markup import markdown_to_text, read_page
from map_app.sources.reading import Budget, Failure, Item, Note, Reading, whole
from map_app.sources.tables import json_lines, read_json, read_json_lines, read_table
from map_app.sources.warc import read_warc

__all__ = ["Failure", "Item", "Note", "Preview", "files_in", "preview", "read_lines", "read_path"]

#: A first line up to this long with an empty line after it is a headline.
MAX_HEADLINE_CHARS = 160

#: Articles that a preview shows, and problems.
PREVIEW_ARTICLES = 20
PREVIEW_PROBLEMS = 100

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.{0,5000}?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_ATX_TITLE = re.compile(r"\A\s*#[ \t]+([^\n]{1,500}?)[ \t#]*(?:\n|\Z)")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def read_path(
    path: Path,
    *,
    max_bytes: int,
    max_chars: int,
    name: str = "",
    mapping: Mapping[str, str] | None = None,
    now: Callable[[], datetime] = _utc_now,
) -> Iterator[Item]:
    """Every article of a file, or of a folder and the folders in it, sorted; never raises for what the files hold.

    Hidden files, and in folders and archives files of other kinds, are passed over; links that lead out of the folder
    are refused. Files over `max_bytes`, packed or unpacked, fail; articles over `max_chars` are cut there. `name` is
    what a file is called where that is not its name on this disk, as after an upload; its ending says how it is read.
    `mapping` says which column or key holds which field, as `preview` proposes it: {"title": "Headline", "text": ""}.
    Raises ImpossibleValueError for a mapping that names an unknown field.
    """
    field_names((), mapping)
    try:
        is_folder = path.is_dir()
    except OSError:
        is_folder = False  # whoever reads it is told why it cannot be looked at
    if is_folder:
        yield from _read_folder(path, max_bytes=max_bytes, max_chars=max_chars, mapping=mapping or {}, now=now)
    else:
        yield from _read_file(Reading(path, name or path.name, max_bytes, max_chars, now(), mapping or {}))


def read_lines(lines: Iterable[str], name: str, *, max_chars: int, now: datetime | None = None) -> Iterator[Item]:
    """Articles of JSON Lines that come from anywhere, such as a pipe."""
    return json_lines(Reading(Path(name), name, 0, max_chars, now or _utc_now()), lines)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would become, to be looked at before it is taken in."""

    #: Every column of a table or key of its objects, in order; none where each file is one article.
    columns: tuple[str, ...]
    #: The column of each field that one was found for, to be confirmed or changed and given to `read_path`.
    mapping: Mapping[str, str]
    #: The first articles, as they would come in.
    articles: tuple[Article, ...]
    #: What would not come in, or not just as it is, as far as was read.
    problems: tuple[Failure | Note, ...]
    #: Whether there is more than what is shown.
    more: bool


def preview(
    file: Path | bytes,
    name: str = "",
    *,
    max_bytes: int,
    max_chars: int,
    mapping: Mapping[str, str] | None = None,
    limit: int = PREVIEW_ARTICLES,
    now: Callable[[], datetime] = _utc_now,
) -> Preview:
    """The first `limit` articles of a file, or of bytes that were uploaded under `name`, and which column is what.

    Reads no further than it shows. `mapping` is as for `read_path`; raises ImpossibleValueError for an unknown field.
    """
    if isinstance(file, bytes):
        with tempfile.TemporaryDirectory(prefix="map_app-") as folder:
            path = Path(folder) / "upload"
            path.write_bytes(file)
            return preview(path, name, max_bytes=max_bytes, max_chars=max_chars, mapping=mapping, limit=limit, now=now)
    field_names((), mapping)
    articles: list[Article] = []
    problems: list[Failure | Note] = []
    reading = Reading(file, name or file.name, max_bytes, max_chars, now(), mapping or {})
    more = False
    for item in _read_file(reading):
        more = len(articles) >= limit or len(problems) >= PREVIEW_PROBLEMS
        if more:
            break
        if isinstance(item, Article):
            articles.append(item)
        else:
            problems.append(item)
    columns = tuple(reading.columns)
    found = field_names(columns, mapping)
    proposed = {field: found[field][0] for field in NAMES if found[field]}
    return Preview(columns, proposed, tuple(articles), tuple(problems), more)


def files_in(folder: Path) -> Iterator[tuple[Path, str] | Failure | Note]:
    """Every file that can be read in a folder and the folders in it, sorted, with its path from there on.

    What is refused or cannot be looked into is a Failure, and at the end a Note names what was passed over.
    """
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
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                yield Failure(where, "refused: it is a link that leads out of the folder")
            elif name in linked:
                continue  # leads to a folder that is read anyway
            elif path.suffix.lower() in READERS:
                yield path, where
            else:
                passed_over[path.suffix.lower() or "no ending"] += 1
        yield from failures
        failures.clear()
    yield from failures
    if passed_over:
        yield _passed_over(folder.name or str(folder), passed_over)


def _passed_over(where: str, endings: Counter[str]) -> Note:
    kinds = ", ".join(f"{ending} ({count})" for ending, count in sorted(endings.items()))
    return Note(where, f"passed over files that are not articles by their name: {kinds}")


def _read_folder(
    folder: Path, *, max_bytes: int, max_chars: int, mapping: Mapping[str, str], now: Callable[[], datetime]
) -> Iterator[Item]:
    for found in files_in(folder):
        if isinstance(found, tuple):
            path, where = found
            yield from _read_file(Reading(path, where, max_bytes, max_chars, now(), mapping))
        else:
            yield found


def _read_file(reading: Reading) -> Iterator[Item]:
    path, ending = reading.path, reading.ending
    try:
        reader = READERS.get(ending)
        if not path.exists():
            raise UnreadableError("there is no such file or folder")
        if reader is None:
            raise UnknownFormatError(f"files ending in {ending!r} cannot be read; those that can: {', '.join(READERS)}")
        if not path.is_file():
            raise UnreadableError("it is not a regular file")
        size = path.stat().st_size
        if size > reading.max_bytes:
            raise TooLargeError(
                f"it has {size:,} bytes, more than the {reading.max_bytes:,} that MAP_APP_MAX_FILE_BYTES allows"
            )
        yield from reader(reading)
    except SourceError as e:
        yield Failure(reading.name, str(e))
    except OSError as e:
        yield Failure(reading.name, e.strerror or str(e))


def _read_archive(reading: Reading) -> Iterator[Item]:
    if reading.name.lower().endswith(".warc.gz"):  # packed record by record, so that damage costs but one
        yield from read_warc(reading)
        return
    if reading.depth >= MAX_DEPTH:
        raise TooLargeError(f"refused: it is an archive within {MAX_DEPTH} others")
    budget = reading.budget or Budget(reading.max_bytes, MAX_FILES)
    passed_over: Counter[str] = Counter()
    for member in members(reading.path, reading.name, budget):
        if isinstance(member, Failure):
            yield Failure(f"{reading.name}/{member.where}", member.why)
            continue
        inner = replace(
            reading, path=member.path, name=f"{reading.name}/{member.name}", depth=reading.depth + 1, budget=budget
        )
        if inner.ending in READERS:
            yield from _read_file(inner)
        else:
            passed_over[inner.ending or "no ending"] += 1
    if passed_over:
        yield _passed_over(reading.name, passed_over)


def _read_text(reading: Reading) -> Iterator[Item]:
    text = clean(decode(whole(reading))).strip()
    first, _, rest = text.partition("\n")
    headline = ""
    set_apart = len(first) <= MAX_HEADLINE_CHARS and rest.startswith("\n") and not first.endswith((".", ",", ";"))
    if set_apart and not has_dateline(first):
        headline, text = first.strip(), rest.strip()
    yield from reading.one(Draft(title=headline or made_title(text), text=text))


def _read_feed(reading: Reading) -> Iterator[Item]:
    feed = parse_feed(whole(reading), url=reading.name, now=reading.now, max_chars=reading.max_chars)
    yield from (entry.article for entry in feed.entries)
    yield from feed.failed
    yield from feed.notes


def _read_markdown(reading: Reading) -> Iterator[Item]:
    text = clean(decode(whole(reading)))
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


def _read_html(reading: Reading) -> Iterator[Item]:
    draft, note = draft_of_page(read_page(whole(reading)), now=reading.now)
    yield from reading.one(draft)
    if note:
        yield Note(reading.name, note)


#: What reads a file, by the ending of its name.
READERS: dict[str, Callable[[Reading], Iterator[Item]]] = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".json": read_json,
    ".geojson": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_table,
    ".tsv": read_table,
    ".xml": _read_feed,
    ".rss": _read_feed,
    ".atom": _read_feed,
    ".eml": read_message,
    ".mbox": read_mailbox,
    ".warc": read_warc,
    ".zip": _read_archive,
    ".gz": _read_archive,
    ".tgz": _read_archive,
}
