"""Web archives (WARC 1.0 and 1.1, ISO 28500) become articles: each page in them as if it had just been fetched.

Read here rather than by warcio, which reads the same files but takes a line, a chunk or a header of any length into
memory, writes its warnings to standard error, and ends at the first record that is damaged. Records are told apart by
their lengths, and where one lies, by the next that begins as records do.
"""

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from map_app.errors import FetchError, TooLargeError, UnreadableError
from map_app.sources.archives import spend
from map_app.sources.fields import web_url
from map_app.sources.reading import Budget, Failure, Item, Note, Reading

if TYPE_CHECKING:
    from map_app.fetch import Fetched

#: One page with its headers is never so large; what is larger is passed over without being held in memory.
MAX_RECORD_BYTES = 24_000_000
#: What a page may unpack or decode to.
MAX_PAGE_BYTES = 20_000_000

#: The headers of a record, and of the answer in it: writers use a few hundred bytes, cookies a few thousand.
MAX_HEAD_BYTES = 256_000

#: Damaged records after which the rest is given up: by then the file is no web archive, or an attack.
MAX_BROKEN = 1_000

CHUNK_BYTES = 1 << 16

_START = b"WARC/"
_VERSION = re.compile(rb"WARC/\d\.\d{1,2}\s*")
_GZIP = b"\x1f\x8b\x08"
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})\b")
_CHUNK_SIZE = re.compile(rb"\s*([0-9A-Fa-f]{1,8})\s*(?:;[^\r\n]{0,1000})?\r?\n")
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.+-]{2,40})""", re.IGNORECASE)
_PAGES = frozenset(("text/html", "application/xhtml+xml"))


@dataclass(frozen=True, slots=True)
class _Record:
    """A record that may hold a page."""

    #: Where it begins, in bytes of the file as it lies on the disk.
    offset: int
    headers: dict[str, str]
    data: bytes


@dataclass(frozen=True, slots=True)
class _Broken:
    """A record that cannot be read."""

    offset: int
    why: str


class _BrokenError(Exception):
    """Why a record cannot be read; never leaves this module."""


def read_warc(reading: Reading) -> Iterator[Item]:
    """The article of each page in a web archive, packed or not; what else is in it is counted in a Note."""
    # What reads pages brings the client along that fetches them, which takes its time to load.
    from map_app.sources.web import read_answer  # noqa: PLC0415

    passed_over: Counter[str] = Counter()
    broken = 0
    with reading.path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
        for record in _packed(file, reading) if is_packed else _plain(file):
            where = f"{reading.name}, record at byte {record.offset:,}"
            if isinstance(record, _Broken):
                broken += 1
                yield Failure(where, record.why)
                if broken >= MAX_BROKEN:
                    raise UnreadableError(f"it has more than {MAX_BROKEN:,} damaged records: the rest was not read")
                continue
            try:
                answer = _answer(record)
            except (_BrokenError, FetchError, TooLargeError) as e:
                yield Failure(where, str(e))
                continue
            if isinstance(answer, str):
                passed_over[answer] += 1
            else:
                yield from read_answer(
                    answer, where=f"{where} ({answer.url})", source=reading.name, max_chars=reading.max_chars,
                    now=reading.now,
                )  # fmt: skip
    if passed_over:
        kinds = ", ".join(f"{what} ({count:,})" for what, count in sorted(passed_over.items()))
        yield Note(reading.name, f"passed over records that hold no page: {kinds}")


# From a file to records


def _plain(file: BinaryIO) -> Iterator[_Record | _Broken]:
    """The records of a file that is not packed; behind a damaged one, from the next that begins as one."""
    size = file.seek(0, io.SEEK_END)
    offset = _next(file, 0, _START)
    if offset is None:
        raise UnreadableError("it is no web archive: no record begins in it")
    while offset is not None:
        begins = offset
        file.seek(begins)
        try:
            headers, length = _head(file)
            block = file.tell()
            offset = _end(file, block, length, size)
            if _may_hold_page(headers):
                _check_size(length)
                file.seek(block)
                yield _Record(begins, headers, file.read(length))
        except _BrokenError as e:
            yield _Broken(begins, str(e))
            if offset == begins:
                offset = _next(file, begins + 1, b"\n" + _START)


def _end(file: BinaryIO, block: int, length: int, size: int) -> int | None:
    """Where the next record begins, or None at the end of the file; a length that does not lead to either is a lie."""
    if block + length > size:
        raise _BrokenError(f"it is cut off: it is said to have {length:,} bytes, and {size - block:,} are there")
    file.seek(block + length)
    behind = file.read(16)
    onward = behind.lstrip(b"\r\n")
    if not onward:
        return None if len(behind) < 16 else _next(file, block + length, b"\n" + _START)
    if not onward.startswith(_START[: len(onward)]):
        raise _BrokenError(f"no record begins {length:,} bytes on, where it is said to end")
    return block + length + len(behind) - len(onward)


def _next(file: BinaryIO, start: int, mark: bytes) -> int | None:
    """Where the next mark lies from `start` on; of one that begins with a line break, just behind that."""
    skip = 1 if mark.startswith(b"\n") else 0
    file.seek(start)
    position, kept = start, b""
    while chunk := file.read(CHUNK_BYTES):
        found = (kept + chunk).find(mark)
        if found >= 0:
            return position - len(kept) + found + skip
        position += len(chunk)
        kept = (kept + chunk)[-len(mark) + 1 :]
    return None


def _packed(file: BinaryIO, reading: Reading) -> Iterator[_Record | _Broken]:
    """The records of a file whose parts, most often a record each, are packed; damage costs the part that it is in."""
    budget = reading.budget or Budget(reading.max_bytes, 1)
    size = file.seek(0, io.SEEK_END)
    offset = _next(file, 0, _GZIP)
    while offset is not None:
        member = _Member(file, offset, budget, size)
        stream = io.BufferedReader(member, CHUNK_BYTES)
        try:
            while _skip_blank_lines(stream):
                headers, length = _head(stream)
                if _may_hold_page(headers) and length <= MAX_RECORD_BYTES:
                    data = stream.read(length)
                    if len(data) < length:
                        raise _BrokenError(f"it is said to have {length:,} bytes, and {len(data):,} are there")
                    yield _Record(offset, headers, data)
                else:
                    _skip(stream, length)
                    if _may_hold_page(headers):
                        yield _Broken(offset, _too_large(length))
        except _BrokenError as e:
            yield _Broken(offset, str(e))
            # On to the end of the part, unless there is none.
            with suppress(_BrokenError):
                while not member.is_damaged and stream.read(CHUNK_BYTES):
                    pass
        offset = _next(file, member.end if not member.is_damaged else offset + 1, _GZIP)


class _Member(io.RawIOBase):
    """What one part of a packed file unpacks to, a bounded piece at a time, every byte of it counted."""

    def __init__(self, file: BinaryIO, start: int, budget: Budget, size: int) -> None:
        super().__init__()
        self._file = file
        self._budget = budget
        self._size = size
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._packed = b""
        self._unpacked = 0
        #: Where it ends in the file, as far as has been read.
        self.end = start
        self.is_damaged = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        piece = b""
        while not piece and not self._inflate.eof:
            if not self._packed:
                self._file.seek(self.end)
                self._packed = self._file.read(CHUNK_BYTES)
                self.end += len(self._packed)
            if not self._packed:
                self.is_damaged = True
                raise _BrokenError("it is cut off: the file ends in the middle of it")
            try:
                piece = self._inflate.decompress(self._packed, len(buffer))
            except zlib.error as e:
                self.is_damaged = True
                raise _BrokenError(f"it is damaged: {e}") from e
            self._packed = self._inflate.unconsumed_tail
            self.end -= len(self._inflate.unused_data)
        self._unpacked += len(piece)
        spend(self._budget, len(piece), self._unpacked, self._size)
        buffer[: len(piece)] = piece
        return len(piece)


def _skip_blank_lines(stream: "io.BufferedReader[_Member]") -> bool:
    """Whether there is anything but line breaks still to come; it is then the next to be read."""
    while following := stream.peek(1)[:CHUNK_BYTES]:
        blank = len(following) - len(following.lstrip(b"\r\n"))
        if not blank:
            return True
        stream.read(blank)
    return False


def _skip(stream: "io.BufferedReader[_Member]", length: int) -> None:
    while length > 0:
        passed = len(stream.read(min(length, CHUNK_BYTES)))
        if not passed:
            raise _BrokenError(f"it is cut off: {length:,} of its bytes are missing")
        length -= passed


# From a record to the answer that it holds


def _head(stream: BinaryIO) -> tuple[dict[str, str], int]:
    """The headers of a record and the length of its block; the stream is then at the block."""
    version = stream.readline(100)
    if not _VERSION.fullmatch(version):
        raise _BrokenError(f"it does not begin as a record does: {version[:40]!r}")
    lines: list[bytes] = []
    room = MAX_HEAD_BYTES
    while (line := stream.readline(room)).strip(b"\r\n"):
        lines.append(line)
        room -= len(line)
        if room <= 0:
            raise _BrokenError(f"its headers have more than {MAX_HEAD_BYTES:,} bytes")
    if not line:
        raise _BrokenError("it is cut off: the file ends in its headers")
    headers = _fields(lines)
    length = headers.get("content-length", "")
    if not re.fullmatch(r"[0-9]{1,15}", length):
        raise _BrokenError(f"its length is {length[:40]!r}, which is none" if length else "it does not say its length")
    return headers, int(length)


def _fields(lines: list[bytes]) -> dict[str, str]:
    """Names in lower case and values of headers, the first of each; continued lines are put together."""
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        if text[:1] in (" ", "\t"):
            if name:
                fields[name] += " " + text.strip()
            continue
        before, colon, value = text.partition(":")
        name = before.strip().lower() if colon and before.strip().lower() not in fields else ""
        if name:
            fields[name] = value.strip()
    return fields


def _may_hold_page(headers: dict[str, str]) -> bool:
    return headers.get("warc-type", "").lower() in ("response", "resource")


def _check_size(length: int) -> None:
    if length > MAX_RECORD_BYTES:
        raise _BrokenError(_too_large(length))


def _too_large(length: int) -> str:
    return f"it has {length:,} bytes, and no page has more than {MAX_RECORD_BYTES:,}"


def _answer(record: _Record) -> "Fetched | str":
    """What a server answered, as if it had been fetched; or what else the record holds, to be counted."""
    from map_app.fetch import Fetched  # noqa: PLC0415  # see read_warc

    url = web_url(record.headers.get("warc-target-uri", "").strip("<> "))
    if not url:
        return "no web address"
    if record.headers.get("warc-type", "").lower() == "resource":
        status, headers, body = 200, {"content-type": record.headers.get("content-type", "")}, record.data
    else:
        status, headers, body = _http(record.data)
    if status != 200:
        return f"status {status}"
    media = headers.get("content-type", "")
    kind = media.partition(";")[0].strip().lower()
    if kind not in _PAGES:
        return kind if re.fullmatch(r"[a-z]+/[a-z0-9.+-]{1,60}", kind) else "no media type"
    charset = _CHARSET.search(media)
    return Fetched(
        url=url,
        status=status,
        body=_decoded(_unchunked(body) if "chunked" in headers.get("transfer-encoding", "").lower() else body, headers),
        content_type=kind,
        charset=charset[1] if charset else "",
        etag="",
        last_modified="",
        permanent_url="",
    )


def _http(data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer as it went over the wire."""
    stream = io.BytesIO(data)
    status = _STATUS.match(stream.readline(1000))
    if status is None:
        raise _BrokenError("it holds no answer of a web server")
    lines: list[bytes] = []
    while (line := stream.readline()).strip(b"\r\n"):
        lines.append(line)
        if stream.tell() > MAX_HEAD_BYTES:
            raise _BrokenError(f"the answer's headers have more than {MAX_HEAD_BYTES:,} bytes")
    return int(status[1]), _fields(lines), stream.read()


def _unchunked(body: bytes) -> bytes:
    """A body without the sizes of its chunks; as it is where it has none, since many writers take them out."""
    pieces: list[bytes] = []
    position = 0
    while size := _CHUNK_SIZE.match(body, position):
        length = int(size[1], 16)
        if not length:
            return b"".join(pieces)
        pieces.append(body[size.end() : size.end() + length])
        position = size.end() + length
        if position >= len(body):
            return b"".join(pieces)  # cut off
        position += 2 if body.startswith(b"\r\n", position) else 1
    return body


def _decoded(body: bytes, headers: dict[str, str]) -> bytes:
    """A body without its Content-Encoding; as it is where it has been taken off, as in many archives."""
    from map_app.fetch.decoding import decoded  # noqa: PLC0415  # see read_warc

    pieces: list[bytes] = []
    size = 0
    try:
        for piece in decoded([body], headers.get("content-encoding", "")):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_PAGE_BYTES:
                raise TooLargeError(f"the page in it has more than {MAX_PAGE_BYTES:,} bytes")
    except FetchError:
        if body.lstrip()[:1] == b"<":
            return body
        if not pieces:
            raise
    return b"".join(pieces)
