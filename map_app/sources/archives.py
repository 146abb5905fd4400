"""What lies in a .zip, .gz or .tar.gz, one file at a time, without ever writing to a name that the archive gives."""

import gzip
import io
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Self, cast

from map_app.errors import TooLargeError, UnreadableError
from map_app.sources.reading import Budget, Failure

#: Files in one archive, those of archives within it included.
MAX_FILES = 10_000

#: Archives within archives: one within another is what mail programs and collectors make; more is an attack.
MAX_DEPTH = 2

#: Text shrinks to a tenth, tables and logs to a fiftieth; what unpacks to more than this many times its size is a bomb.
MAX_RATIO = 250
#: Unless it is small anyway.
RATIO_COUNTS_FROM = 8_000_000

#: The list of files at the end of a .zip, at most: what 10,000 long names take.
MAX_LIST_BYTES = 6_000_000

#: What a .tar says of one file beside its usual 512 bytes, at most: a long name and a few remarks.
MAX_HEADER_BYTES = 100_000

CHUNK_BYTES = 1 << 16

#: zipfile unpacks these a piece at a time, and the others, of which 4 kB may hold gigabytes, as they come.
_UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Members of a .tar that say something of the next one, and are read into memory for that.
_TAR_REMARKS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
                tarfile.GNUTYPE_LONGLINK)  # fmt: skip
#: What comes out of damaged archives.
_DAMAGE = (zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError, zlib.error, EOFError, ValueError, LookupError,
           NotImplementedError, RuntimeError, OverflowError)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A file that was unpacked, for as long as the loop over it takes."""

    path: Path
    #: Its name in the archive; for display, and for its ending.
    name: str


def members(archive: Path, name: str, budget: Budget) -> Iterator[Member | Failure]:
    """Each file of an archive, unpacked into a temporary one; what may not or cannot be unpacked as a Failure.

    Folders, hidden files and what macOS adds are passed over. Raises TooLargeError where the budget is spent or
    the archive unpacks to far more than its size, UnreadableError where it is damaged.
    """
    lower = name.lower()
    with tempfile.TemporaryDirectory(prefix="map_app-") as folder, _damage_named():
        room = Path(folder) / "member"
        if lower.endswith(".zip"):
            yield from _zip_members(archive, room, budget)
        elif lower.endswith((".tar.gz", ".tgz")):
            yield from _tar_members(archive, room, budget)
        else:
            inner = PurePosixPath(name.replace("\\", "/")).name[: -len(".gz")]
            with gzip.open(archive) as packed:
                _unpack(cast("IO[bytes]", packed), room, budget, packed_bytes=archive.stat().st_size)
            yield Member(room, inner)


@contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except (TooLargeError, UnreadableError):
        raise
    except _DAMAGE as e:
        raise UnreadableError(f"the archive is damaged or not what its name says: {e}") from e


def _zip_members(archive: Path, room: Path, budget: Budget) -> Iterator[Member | Failure]:
    with _ZipBytes(archive) as file, zipfile.ZipFile(file) as zipped:
        for info in zipped.infolist():
            name = info.filename
            refused = _refused(name) or _link(info.external_attr >> 16)
            if info.is_dir() or (_hidden(name) and not refused):
                continue
            if info.flag_bits & 1:
                refused = refused or "it is encrypted: unpack it and take what is in it"
            elif info.compress_type not in _UNPACKED:
                refused = refused or "it is packed in a way that is not read: only deflate is"
            if refused:
                yield Failure(_shown(name), refused)
                continue
            try:
                with zipped.open(info) as packed:
                    _unpack(packed, room, budget, packed_bytes=info.compress_size)
            except TooLargeError:
                raise
            except _DAMAGE as e:
                yield Failure(_shown(name), f"it is damaged: {e}")
                continue
            yield Member(room, _shown(name))


class _ZipBytes(io.FileIO):
    """The bytes of a .zip, whose list of files, which zipfile takes as one piece, must not fill the memory."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > MAX_LIST_BYTES:
            raise TooLargeError(f"it lists more than {MAX_FILES:,} files: unpack it into a folder and take that")
        return super().read(size)


def _tar_members(archive: Path, room: Path, budget: Budget) -> Iterator[Member | Failure]:
    with gzip.open(archive) as unzipped:
        metered = _Metered(unzipped, budget, archive.stat().st_size)
        with tarfile.open(fileobj=cast("IO[bytes]", metered), mode="r|", tarinfo=_TarHeader) as tar:
            for info in tar:
                name = info.name
                refused = _refused(name)
                if info.isdir() or (_hidden(name) and not refused):
                    continue
                if not info.isreg():
                    refused = refused or "refused: it is a link or a device, not a file"
                packed = None if refused else tar.extractfile(info)
                if packed is None:
                    yield Failure(_shown(name), refused)
                    continue
                with packed, room.open("wb") as file:
                    _count_file(budget)
                    while chunk := packed.read(CHUNK_BYTES):
                        file.write(chunk)
                yield Member(room, _shown(name))


class _TarHeader(tarfile.TarInfo):
    """Refuses what tarfile would read into memory however long it is, and damage that it would take for the end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as e:
            if not any(buf):
                raise  # zeros, or nothing any more: the end
            raise UnreadableError("the archive is damaged; what came before is kept") from e
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise UnreadableError("it holds a file with gaps (GNU sparse), which is not read; what came before is kept")
        if header.type in _TAR_REMARKS and header.size > MAX_HEADER_BYTES:
            raise TooLargeError(f"it says more than {MAX_HEADER_BYTES:,} bytes of one file; what came before is kept")
        return header


class _Metered(io.RawIOBase):
    """A stream of which every byte is counted, also those that tarfile reads for itself."""

    def __init__(self, stream: gzip.GzipFile, budget: Budget, packed_bytes: int) -> None:
        super().__init__()
        self._stream = stream
        self._budget = budget
        self._packed_bytes = packed_bytes
        self._seen = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, CHUNK_BYTES) if size >= 0 else CHUNK_BYTES)
        self._seen += len(data)
        spend(self._budget, len(data), self._seen, self._packed_bytes)
        return data


def _unpack(packed: IO[bytes], room: Path, budget: Budget, *, packed_bytes: int) -> None:
    _count_file(budget)
    unpacked = 0
    with room.open("wb") as file:
        while chunk := packed.read(CHUNK_BYTES):
            unpacked += len(chunk)
            spend(budget, len(chunk), unpacked, packed_bytes)
            file.write(chunk)


def _count_file(budget: Budget) -> None:
    budget.files -= 1
    if budget.files < 0:
        raise TooLargeError(f"it holds more than {MAX_FILES:,} files: unpack it into a folder and take that")


def spend(budget: Budget, size: int, unpacked: int, packed_bytes: int) -> None:
    """Take `size` bytes more out of the budget; raises TooLargeError where it is spent, or they are a bomb's."""
    budget.bytes -= size
    if budget.bytes < 0:
        raise TooLargeError("it unpacks to more than MAP_APP_MAX_FILE_BYTES allows; what came before is kept")
    if unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * max(packed_bytes, 1):
        raise TooLargeError(f"it unpacks to over {MAX_RATIO} times its size, as archives do that are made to do harm")


def _refused(name: str) -> str:
    """Why a name is not taken, though nothing is ever written to it: who names a file so is up to no good."""
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name):
        return "refused: its name leads out of the archive"
    return ""


def _link(mode: int) -> str:
    return "refused: it is a link" if stat.S_ISLNK(mode) else ""


def _hidden(name: str) -> bool:
    parts = name.replace("\\", "/").rstrip("/").split("/")
    return parts[0] == "__MACOSX" or any(part.startswith(".") and part.strip(".") for part in parts)


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in name)[:300]
