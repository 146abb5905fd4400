"""Connections to one SQLite file, lent to one thread at a time, and SQLite's errors as ours."""

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from map_app.errors import StoreDamagedError, StoreError, StoreFullError, StoreReadOnlyError

#: How long one process waits for another's transaction.
BUSY_TIMEOUT_S = 60.0

#: Connections kept open for the next to ask. Web servers run each request in a thread of its own, so that a
#: connection a thread would leave ever more files open.
MAX_IDLE = 8

#: With less than this free SQLite can make no shared memory file (32 kB) or page, and says only "disk I/O error".
FULL_BELOW_BYTES = 64 * 1024


class Connection(sqlite3.Connection):
    """One that knows which file it is to, also when another has taken its name."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As sqlite3 opens it."""
        super().__init__(*arguments, **options)
        #: Equal for connections to one file alone.
        self.file: object = object()


class Connections:
    """Lends connections to one file; close() closes those that are idle, and the others when they come back."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open nothing yet."""
        self.path = path
        self.read_only = read_only
        self._idle: list[Connection] = []
        #: The file that the idle connections are to: another may take its place, as when a copy is put back.
        self._file: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """A connection for as long as the block runs; SQLite's errors come out as StoreError or a child of it."""
        with translated(self.path):
            file = self._file_there()
            connection = self._taken(file)
            if connection is None:
                connection = self._connect()
                if self._file_there() == file:  # else another took its place in this moment, and which it is to is open
                    connection.file = file
            try:
                yield connection
            except BaseException:
                connection.close()  # whatever it was in the middle of is rolled back
                raise
            self._give_back(connection, file)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in one transaction, committed at the end of the block and rolled back by any error."""
        if self.read_only:
            raise StoreReadOnlyError(f"{self.path} may only be read: make it writable to add to it")
        with self.lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def allow_writing(self) -> None:
        """Lend connections that may write from now on; those that may only read are closed as they come back."""
        with self._lock:
            self.read_only = False
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _file_there(self) -> tuple[int, int] | None:
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return self._file  # moved away a moment ago, perhaps for another to come
        return there.st_dev, there.st_ino

    def _taken(self, file: tuple[int, int] | None) -> Connection | None:
        outdated: list[Connection] = []
        with self._lock:
            if self._closed:
                raise StoreError(f"{self.path} has been closed")
            if file != self._file:
                self._file = file
                outdated, self._idle = self._idle, []
            taken = self._idle.pop() if self._idle else None
        for connection in outdated:
            connection.close()
        return taken

    def _give_back(self, connection: Connection, file: tuple[int, int] | None) -> None:
        with self._lock:
            outdated = isinstance(connection, _Momentary) or (isinstance(connection, _Reading) and not self.read_only)
            outdated = outdated or file is None or file != self._file
            if not self._closed and len(self._idle) < MAX_IDLE and not outdated:
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self) -> Connection:
        address = self.path.absolute().as_uri()
        if not self.read_only:
            # Changing to WAL gives up at once where another process does the same: SQLite does not wait there.
            end = time.monotonic() + BUSY_TIMEOUT_S
            mode = "rw" if self._file else "rwc"  # one that was moved away is not made anew
            while True:
                try:
                    return _opened(
                        f"{address}?mode={mode}",
                        "journal_mode = WAL",
                        "synchronous = NORMAL",
                        "foreign_keys = ON",
                    )
                except sqlite3.OperationalError as e:
                    if (e.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                        raise
                    time.sleep(0.02)
        # In a folder that cannot be written, and on a full disk, SQLite can make no shared memory file; where nobody
        # has the store open it can do without, as long as nobody writes.
        log = Path(f"{self.path}-wal")
        unused = not log.exists() or not log.stat().st_size
        if unused and not os.access(self.path.parent, os.W_OK):
            return _opened(f"{address}?mode=ro&immutable=1", kind=_Reading)
        if unused and _is_full(self.path):
            return _opened(f"{address}?mode=ro&immutable=1", kind=_Momentary)
        return _opened(f"{address}?mode=ro", kind=_Reading)


class _Reading(Connection):
    """One that may not write."""


class _Momentary(_Reading):
    """One that sees no change to the file, and is closed after each use: room may be made, and somebody write again."""


def _opened(address: str, *pragmas: str, kind: type[Connection] = Connection) -> Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, factory=kind
    )
    connection.row_factory = sqlite3.Row
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as ours, with what happened, to what, and what to do."""
    try:
        yield
    except sqlite3.Error as e:
        raise _ours(path, e) from e
    except UnicodeDecodeError as e:  # a name in the file, which SQLite's own message quotes
        raise damaged(path) from e
    except OSError as e:
        raise StoreError(f"{path}: {e.strerror or e}") from e


def _ours(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return StoreFullError(
            f"storage full: {path} cannot grow; what was committed is kept. Make room and run it again"
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "Could not decode to UTF-8" in str(error):
        return damaged(path)
    if code == sqlite3.SQLITE_CANTOPEN and path.is_file() and Path(f"{path}-wal").exists():
        return StoreReadOnlyError(
            f"{path} was not closed by its last writer and its folder may not be written: make the folder writable "
            "and open it once, for instance with `python -m map_app store info`"
        )
    if code == sqlite3.SQLITE_READONLY or (code == sqlite3.SQLITE_CANTOPEN and path.is_file()):
        return StoreReadOnlyError(f"{path} may only be read: make it writable to add to it")
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreError(f"{path} cannot be opened: check that it exists and that its folder is yours")
    if code == sqlite3.SQLITE_BUSY:
        return StoreError(f"{path} is being written by another program for very long: try again when it is done")
    return StoreError(f"{path}: {error}")


def damaged(path: Path) -> StoreDamagedError:
    """What to say of a file that does not hold what a store holds."""
    return StoreDamagedError(
        f"{path} is damaged. Put a copy back with `python -m map_app store restore FILE`, or move it away and ingest "
        "your articles again"
    )


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < FULL_BELOW_BYTES
    except OSError:
        return False
