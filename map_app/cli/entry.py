"""The parser of all commands, and what becomes of one: its exit code, and one line for what stopped it."""

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Sequence

from map_app.cli import feeds, gazetteer, geocode, geoparse, ingest, serve, settings, store
from map_app.cli.arguments import needs_command
from map_app.cli.console import ExitCode, say
from map_app.errors import MapAppError
from map_app.settings import Settings


def build_parser() -> argparse.ArgumentParser:
    """All commands and options; each parser's `run` default is what carries it out."""
    parser = argparse.ArgumentParser(
        prog="python -m map_app",
        description="Finds the places that news articles mention and puts them on a map.",
    )
    commands = needs_command(parser)
    for group in (serve, ingest, geoparse, geocode, feeds, gazetteer, store, settings):
        group.add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    try:
        options = build_parser().parse_args(arguments)
        in_force = _with_options(Settings.from_environment(), options)
        logging.basicConfig(level=in_force.log_level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
        # What it could not read is reported with its address or file, which its own messages lack.
        logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
        code: int = options.run(options, in_force)
        sys.stdout.flush()
    except MapAppError as e:
        say(f"map_app: {e}")
        return ExitCode.FAILED
    except BrokenPipeError:
        # Whoever read has had enough ("| head"); what is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except KeyboardInterrupt:
        say("map_app: interrupted")
        return ExitCode.INTERRUPTED
    except OSError as e:
        say(f"map_app: {e.filename or 'input or output'}: {e.strerror or e}")
        return ExitCode.FAILED
    return code


def _with_options(in_force: Settings, options: argparse.Namespace) -> Settings:
    given = {name: getattr(options, name, None) for name in ("store", "cache")}
    return dataclasses.replace(in_force, **{name: value for name, value in given.items() if value is not None})
