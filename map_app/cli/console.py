"""What the commands have in common towards the terminal: exit codes, what is printed where, progress, and pipes."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, TextIO

from map_app.errors import UnreadableError

#: `-` in place of a path: standard input or output.
PIPE = "-"

#: As much of a line of progress as a narrow terminal shows.
_LINE_CHARS = 100


class ExitCode(IntEnum):
    """What a command returns to the shell."""

    DONE = 0
    #: Something failed, and a line on standard error says what.
    FAILED = 1
    #: As argparse has it.
    NOT_UNDERSTOOD = 2
    #: By Ctrl-C or a signal: 128 + SIGINT.
    INTERRUPTED = 130


def say(text: str) -> None:
    """Tell the person, on standard error."""
    sys.stderr.write(f"{text}\n")


def put(text: str) -> None:
    """Print a line of what was asked for, on standard output."""
    sys.stdout.write(f"{text}\n")


def put_fields(value: Any) -> None:
    """Print each field of a dataclass, and each entry of a field that is a dict: label, tab, value."""
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        rows = content.items() if isinstance(content, dict) else [("", content)]
        for name, number in rows:
            label = f"{field.name} {name}".replace("_", " ").strip()
            put(f"{label}\t{number:,}" if isinstance(number, int) else f"{label}\t{number}")


class ProgressLine:
    """One line on standard error that is written over; nothing where nobody watches, unless asked for."""

    def __init__(self, verbose: bool) -> None:
        self._on_terminal = sys.stderr.isatty()
        self._shown = self._on_terminal or verbose
        self._last = ""

    def __call__(self, fraction: float, phrase: str) -> None:
        """Show how much is done, 0 to 1, and what is being done."""
        self.show(f"{fraction:4.0%} {phrase}")

    def show(self, line: str) -> None:
        """Write this over what is there."""
        if not self._shown or line == self._last:
            return
        self._last = line
        sys.stderr.write(f"\r\x1b[K{line[:_LINE_CHARS]}" if self._on_terminal else f"{line}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Make room for what is printed next."""
        if self._on_terminal and self._last:
            sys.stderr.write("\r\x1b[K")
        self._last = ""


@contextmanager
def progress_of(options: argparse.Namespace) -> Iterator[ProgressLine]:
    """The line of progress of a command, cleared when it is done or fails."""
    line = ProgressLine(options.verbose)
    try:
        yield line
    finally:
        line.clear()


@contextmanager
def lines_in(path: str) -> Iterator[Iterable[str]]:
    """The lines of a UTF-8 file or of standard input; raises UnreadableError within for a file of other bytes."""
    if path == PIPE:
        yield piped_lines()
    else:
        with Path(path).open(encoding="utf-8-sig") as file:
            yield _checked(file, path)


def piped_lines() -> Iterator[str]:
    """The lines of standard input, with a mark in place of what is not UTF-8."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", errors="replace").removeprefix("\ufeff")


def bytes_in(path: str) -> bytes:
    """All of a file or of standard input."""
    return sys.stdin.buffer.read() if path == PIPE else Path(path).read_bytes()


def name_of(path: str) -> str:
    """What messages call this input."""
    return "standard input" if path == PIPE else path


@contextmanager
def lines_out(path: str) -> Iterator[Callable[[str], None]]:
    """Write lines; a file appears when all are written, so that a failure leaves no half of one."""
    if path == PIPE:
        yield lambda line: _write_utf8(f"{line}\n")
        return
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            yield lambda line: (file.write(f"{line}\n"), None)[1]
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _checked(file: TextIO, path: str) -> Iterator[str]:
    try:
        yield from file
    except UnicodeDecodeError as e:
        raise UnreadableError(f"{path} is not UTF-8 text: {e.reason} at byte {e.start}") from e


def _write_utf8(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))
