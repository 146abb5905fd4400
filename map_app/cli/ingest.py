"""`ingest`: files, folders, web addresses and pipes become articles in the store."""

import argparse
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from map_app.cli.arguments import Commands, add_command, duration
from map_app.cli.console import PIPE, ExitCode, name_of, piped_lines, progress_of, put, say
from map_app.cli.parts import geoparser_of
from map_app.settings import Settings

if TYPE_CHECKING:
    from map_app.ingest import IngestReport
    from map_app.sources.files import Item

# ruff: noqa: PLC0415  # see the package's docstring


def add_commands(commands: Commands) -> None:
    """Add `ingest`."""
    parser = add_command(commands, "ingest", _ingest, "read articles into your store, and map them", store=True)
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="web addresses; .txt, .md, .html, .json, .jsonl, .csv, .tsv, .xml, .eml, .mbox, .warc files, .zip, .gz "
        "and .tar.gz archives and folders of them; - for JSON Lines from a pipe",
    )
    parser.set_defaults(misunderstood=parser.error)
    parser.add_argument(
        "--watch", metavar="DIR", type=Path, help="go on with whatever comes into this folder, until stopped"
    )
    parser.add_argument(
        "--every",
        metavar="TIME",
        type=partial(duration, shortest_s=1),
        default=30,
        help="how often to look: 10s, 5m or 1h (default: 30s)",
    )


def _ingest(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.ingest import ingest_items, watch_folder
    from map_app.store import Store

    if not options.paths and options.watch is None:
        options.misunderstood("say what to ingest: files and folders, - for a pipe, or --watch and a folder")
    # A service manager stops with SIGTERM what a person stops with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    code = ExitCode.DONE
    with progress_of(options) as line:

        def progress(report: "IngestReport", where: str) -> None:
            line.show(f"{report.seen:,} articles, {report.failures:,} failed: {where}")

        def told(report: "IngestReport") -> None:
            nonlocal code
            line.clear()
            code = _tell(report)
            sys.stdout.flush()

        geoparser = geoparser_of(settings, line)
        with Store.open(settings.store, progress=line) as store:
            if options.paths:
                told(
                    ingest_items(
                        _items_of(options.paths, settings),
                        geoparser=geoparser,
                        store=store,
                        progress=progress,
                        provider=settings.geocoder_url,
                    )
                )
            if options.watch is not None and code != ExitCode.INTERRUPTED:
                with suppress(KeyboardInterrupt):
                    watch_folder(
                        options.watch,
                        geoparser=geoparser,
                        store=store,
                        limits=settings,
                        every_s=options.every,
                        told=told,
                        progress=progress,
                    )
                return ExitCode.DONE  # to be stopped is how watching ends
    return code


def _tell(report: "IngestReport") -> ExitCode:
    """Say what became of it, and return the exit code for that."""
    for note in report.notes:
        say(f"{note.where}: {note.what}")
    for failure in report.failed:
        say(f"{failure.where}: failed: {failure.why}")
    if report.more_failed:
        say(f"... and {report.more_failed:,} more that failed")
    put(
        f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.failures:,} failed"
    )
    if report.interrupted:
        say("map_app: interrupted; what is counted above is kept, and running it again completes it")
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if report.failures else ExitCode.DONE


def _items_of(paths: Iterable[str], settings: Settings) -> Iterator["Item"]:
    from map_app.fetch import open_fetcher
    from map_app.fetch.addresses import looks_like_address
    from map_app.sources.files import read_lines, read_path
    from map_app.sources.web import read_web

    max_chars = settings.max_article_chars
    with ExitStack() as opened:
        fetcher = None
        for path in paths:
            if path == PIPE:
                yield from read_lines(piped_lines(), name_of(path), max_chars=max_chars)
            elif looks_like_address(path) and not Path(path).exists():
                # One for all of them, so that each host is asked in turns.
                fetcher = fetcher or opened.enter_context(open_fetcher(settings))
                yield from read_web(fetcher, path, max_chars=max_chars, now=datetime.now(UTC))
            else:
                yield from read_path(Path(path), max_bytes=settings.max_file_bytes, max_chars=max_chars)
