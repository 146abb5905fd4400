"""How a command is added to the parser, and what its arguments may be."""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from map_app.cli.console import ExitCode
from map_app.settings import Settings

#: What commands are added to.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # it has no public name

#: Carries out a command and returns its exit code.
Run = Callable[[argparse.Namespace, Settings], int]

#: Of a time such as 15m, in seconds.
_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_SHORTEST_S, _LONGEST_S = 60, 30 * 86_400


def add_command(commands: Commands, name: str, run: Run, doc: str, *, store: bool = False) -> argparse.ArgumentParser:
    """One more command, with the options that all have and, if it works on a store, that of naming one."""
    parser = commands.add_parser(name, help=doc, description=doc[0].upper() + doc[1:] + ".")
    parser.add_argument("--cache", metavar="DIR", type=Path, help="the folder for what can be built again")
    parser.add_argument("--verbose", "-v", action="store_true", help="show progress even where nobody watches")
    if store:
        parser.add_argument("--store", metavar="FILE", type=Path, help="the SQLite file that holds your articles")
    parser.set_defaults(run=run)
    return parser


def add_group(commands: Commands, name: str, doc: str) -> Commands:
    """A word such as `feeds` that more commands follow."""
    return needs_command(commands.add_parser(name, help=doc))


def needs_command(parser: argparse.ArgumentParser) -> Commands:
    """Where this parser's commands are added; without one of them it prints its help and is not understood."""

    def run(_options: argparse.Namespace, _settings: Settings) -> int:
        parser.print_help(sys.stderr)
        return ExitCode.NOT_UNDERSTOOD

    parser.set_defaults(run=run)
    return parser.add_subparsers(title="commands", metavar="COMMAND")


def at_least_one(text: str) -> int:
    """A count of things asked for."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def duration(text: str, *, shortest_s: int = _SHORTEST_S) -> int:
    """The seconds of a time such as 30s, 15m, 2h or 1d, up to 30 days."""
    found = re.fullmatch(r"(\d{1,7})\s*(s|m|min|h|d)", text.strip().lower())
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not shortest_s <= seconds <= _LONGEST_S:
        shortest = "1m" if shortest_s == _SHORTEST_S else f"{shortest_s}s"
        raise argparse.ArgumentTypeError(f"{text!r} is not a time from {shortest} to 30d, such as 15m, 2h or 1d")
    return seconds
