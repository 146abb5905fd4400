"""The commands of `python -m map_app`.

Exit codes: 0 done, 1 something failed, 2 not understood, 130 interrupted.
"""

import argparse
import dataclasses
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from map_app.errors import MapAppError, SettingsError, SourceError, UnreadableError
from map_app.settings import GOLD_SET, PREFIX, Settings

if TYPE_CHECKING:
    from map_app.ingest import IngestReport
    from map_app.refresh import RefreshReport
    from map_app.sources.files import Item

# What a command needs is imported within it, so that --help and mistakes are answered at once.
# ruff: noqa: PLC0415

DONE, FAILED, INTERRUPTED = 0, 1, 130

#: `-` in place of a path.
PIPE = "-"


def build_parser() -> argparse.ArgumentParser:
    """All commands and options; each parser's `run` default is what carries it out."""
    parser = argparse.ArgumentParser(
        prog="python -m map_app",
        description="Finds the places that news articles mention and puts them on a map. "
        "To open the map: streamlit run streamlit_app.py",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    store_option = _option("--store", metavar="FILE", type=Path, help="the SQLite file that holds your articles")
    cache_option = _option("--cache", metavar="DIR", type=Path, help="the folder for what can be built again")
    verbose = _option("--verbose", "-v", action="store_true", help="show progress even where nobody watches")
    usual = [cache_option, verbose]

    def command(group: Any, name: str, run: Callable[[Any, Settings], int], doc: str, *parents: Any) -> Any:
        sub = group.add_parser(name, help=doc, description=doc[0].upper() + doc[1:] + ".", parents=[*usual, *parents])
        sub.set_defaults(run=run)
        return sub

    ingest = command(commands, "ingest", _ingest, "read articles into your store, and map them", store_option)
    _add_ingest_options(ingest)

    geoparse = command(commands, "geoparse", _geoparse, "find and place the names in documents, one JSON object a line")
    geoparse.add_argument("input", metavar="IN", help="JSON Lines with id, title, text, ...; - for standard input")
    geoparse.add_argument("output", metavar="OUT", help="JSON Lines with id and toponyms; - for standard output")

    evaluate = command(commands, "evaluate", _evaluate, "measure the geoparser against documents annotated by people")
    evaluate.add_argument(
        "gold",
        metavar="GOLD",
        type=Path,
        nargs="?",
        default=GOLD_SET,
        help="JSON Lines with toponyms and their true places (default: the project's own hand-checked set)",
    )
    evaluate.add_argument("--json", action="store_true", help="print the measures as one JSON object")

    train = command(commands, "train", _train, "train the recogniser of place names anew")
    train.add_argument("--corpora", metavar="DIR", type=Path, required=True, help="a folder of annotated .jsonl files")
    what = train.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--output", metavar="MODEL", type=Path, help="where to write the model")
    what.add_argument(
        "--cross-validate",
        action="store_true",
        help="write no model: measure on each fifth of the articles models trained on the others",
    )
    what.add_argument(
        "--leave-one-out",
        action="store_true",
        help="write no model: measure on each corpus a model trained on the others",
    )

    command(
        commands,
        "geocode",
        _geocode,
        "ask the online geocoder, if one is on, for names still unknown",
        store_option,
    )

    feeds = commands.add_parser("feeds", help="the feeds that you follow")
    inner = feeds.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add = command(inner, "add", _feeds_add, "follow a feed, or change how one is followed", store_option)
    add.add_argument("url", metavar="ADDRESS", help="of the feed, or of a site that announces it")
    add.add_argument("--every", metavar="TIME", type=_duration, help="how often to read it, such as 30m, 2h or 1d")
    add.add_argument("--publisher", metavar="NAME", help="the outlet's name, in place of the feed's title")
    add.add_argument(
        "--full-text",
        action=argparse.BooleanOptionalAction,
        help="whether to follow the links of teasers for the whole text (default: yes)",
    )
    remove = command(inner, "remove", _feeds_remove, "follow feeds no more; their articles stay", store_option)
    remove.add_argument("urls", metavar="ADDRESS", nargs="+")
    command(inner, "list", _feeds_list, "say which feeds you follow and how they fare", store_option)
    refresh = command(inner, "refresh", _feeds_refresh, "read your feeds now", store_option)
    refresh.add_argument("urls", metavar="ADDRESS", nargs="*", help="only these (default: all)")
    refresh.add_argument("--due", action="store_true", help="only those whose time has come")
    watch = command(inner, "watch", _feeds_watch, "read each feed when its time comes, until stopped", store_option)
    watch.add_argument(
        "--every",
        metavar="TIME",
        type=_duration,
        default=3600,
        help="how often to read feeds that say nothing else, such as 15m (default: 1h)",
    )
    imports = command(inner, "import", _feeds_import, "follow the feeds of an OPML list", store_option)
    imports.add_argument("list", metavar="OPML", help="the file; - for standard input")
    export = command(inner, "export", _feeds_export, "write the feeds that you follow as an OPML list", store_option)
    export.add_argument("list", metavar="OPML", nargs="?", default=PIPE, help="the file (default: standard output)")

    gazetteer = commands.add_parser("gazetteer", help="the offline list of the world's places")
    inner = gazetteer.add_subparsers(title="commands", metavar="COMMAND", required=True)
    build = command(
        inner, "build", _gazetteer_build, "build the gazetteer if it is missing or out of date, or import a full one"
    )
    build.add_argument(
        "--geonames",
        metavar="FILE",
        type=Path,
        help="add the places of a GeoNames dump, such as allCountries.zip or UA.zip, and use that from now on; "
        "without it, the gazetteer that comes along is used",
    )
    build.add_argument(
        "--alternate-names", metavar="FILE", type=Path, help="names in other languages: alternateNamesV2.zip"
    )
    build.add_argument("--admin1", metavar="FILE", type=Path, help="first-level divisions: admin1CodesASCII.txt")
    build.add_argument("--admin2", metavar="FILE", type=Path, help="second-level divisions: admin2Codes.txt")
    command(inner, "info", _gazetteer_info, "say what the gazetteer holds and where it is")
    search = command(inner, "search", _gazetteer_search, "list the places of a name, most important first")
    search.add_argument("name", metavar="NAME", nargs="+")
    search.add_argument("--limit", metavar="N", type=_at_least_one, default=10, help="at most so many (default: 10)")
    search.add_argument("--country", metavar="CODE", action="append", default=[], help="only in it, such as US")

    _add_store_commands(commands, command, store_option)

    command(commands, "settings", _settings, "print every setting that is in force", store_option)
    return parser


def _add_ingest_options(ingest: argparse.ArgumentParser) -> None:
    ingest.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="web addresses; .txt, .md, .html, .json, .jsonl, .csv, .tsv, .xml, .eml, .mbox files, .zip, .gz and "
        ".tar.gz archives and folders of them; - for JSON Lines from a pipe",
    )
    ingest.set_defaults(misunderstood=ingest.error)
    ingest.add_argument(
        "--watch", metavar="DIR", type=Path, help="go on with whatever comes into this folder, until stopped"
    )
    ingest.add_argument(
        "--every",
        metavar="TIME",
        type=partial(_duration, shortest_s=1),
        default=30,
        help="how often to look: 10s, 5m or 1h (default: 30s)",
    )


def _add_store_commands(commands: Any, command: Callable[..., Any], store_option: argparse.ArgumentParser) -> None:
    store = commands.add_parser("store", help="the file that holds your articles")
    inner = store.add_subparsers(title="commands", metavar="COMMAND", required=True)
    command(inner, "info", _store_info, "say what the store holds and where it is", store_option)
    command(inner, "check", _store_check, "read all of the store and say what is wrong with it", store_option)
    back_up = command(inner, "backup", _store_backup, "copy the store, also while it is in use", store_option)
    back_up.add_argument(
        "file", metavar="FILE", type=Path, help="where to; it appears when it is complete and verified"
    )
    back_up.add_argument("--force", action="store_true", help="replace FILE if it is there already")
    put_back = command(inner, "restore", _store_restore, "put a copy in the place of the store", store_option)
    put_back.add_argument("file", metavar="FILE", type=Path, help="a copy made by backup; the old store is kept aside")
    command(inner, "vacuum", _store_vacuum, "give back the room that updated articles left", store_option)
    command(inner, "migrate", _store_migrate, "bring a store of an older version to this one", store_option)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    try:
        options = build_parser().parse_args(arguments)
        settings = _with_options(Settings.from_environment(), options)
        logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
        # What it could not read is reported with its address or file, which its own messages lack.
        logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
        code: int = options.run(options, settings)
        sys.stdout.flush()
    except MapAppError as e:
        _say(f"map_app: {e}")
        return FAILED
    except BrokenPipeError:
        # Whoever read has had enough ("| head"); what is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        _say("map_app: interrupted")
        return INTERRUPTED
    except OSError as e:
        _say(f"map_app: {e.filename or 'input or output'}: {e.strerror or e}")
        return FAILED
    return code


def _option(*names: str, **how: Any) -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(*names, **how)
    return parent


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


#: Of a time such as 15m, in seconds.
_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_SHORTEST_S, _LONGEST_S = 60, 30 * 86_400


def _duration(text: str, *, shortest_s: int = _SHORTEST_S) -> int:
    found = re.fullmatch(r"(\d{1,7})\s*(s|m|min|h|d)", text.strip().lower())
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not shortest_s <= seconds <= _LONGEST_S:
        shortest = "1m" if shortest_s == _SHORTEST_S else f"{shortest_s}s"
        raise argparse.ArgumentTypeError(f"{text!r} is not a time from {shortest} to 30d, such as 15m, 2h or 1d")
    return seconds


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    given = {name: getattr(options, name, None) for name in ("store", "cache")}
    return dataclasses.replace(settings, **{name: value for name, value in given.items() if value is not None})


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


class _ProgressLine:
    """One line on standard error that is written over; nothing where nobody watches, unless asked for."""

    def __init__(self, verbose: bool) -> None:
        self._on_terminal = sys.stderr.isatty()
        self._shown = self._on_terminal or verbose
        self._last = ""

    def __call__(self, fraction: float, phrase: str) -> None:
        self.show(f"{fraction:4.0%} {phrase}")

    def show(self, line: str) -> None:
        if not self._shown or line == self._last:
            return
        self._last = line
        sys.stderr.write(f"\r\x1b[K{line[:100]}" if self._on_terminal else f"{line}\n")
        sys.stderr.flush()

    def done(self) -> None:
        if self._on_terminal and self._last:
            sys.stderr.write("\r\x1b[K")
        self._last = ""


@contextmanager
def _lines_in(path: str) -> Iterator[Iterable[str]]:
    if path == PIPE:
        yield _decoded(sys.stdin)
    else:
        with Path(path).open(encoding="utf-8-sig") as file:
            yield _checked(file, path)


def _decoded(pipe: TextIO) -> Iterator[str]:
    for line in pipe.buffer:
        yield line.decode("utf-8", errors="replace").removeprefix("\ufeff")


def _checked(file: TextIO, path: str) -> Iterator[str]:
    try:
        yield from file
    except UnicodeDecodeError as e:
        raise UnreadableError(f"{path} is not UTF-8 text: {e.reason} at byte {e.start}") from e


@contextmanager
def _lines_out(path: str) -> Iterator[Callable[[str], None]]:
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


def _write_utf8(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))


def _ingest(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.ingest import ingest_items, watch_folder
    from map_app.store import Store

    if not options.paths and options.watch is None:
        options.misunderstood("say what to ingest: files and folders, - for a pipe, or --watch and a folder")
    # A service manager stops with SIGTERM what a person stops with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    line = _ProgressLine(options.verbose)

    def progress(report: "IngestReport", where: str) -> None:
        line.show(f"{report.seen:,} articles, {report.failures:,} failed: {where}")

    code = DONE

    def told(report: "IngestReport") -> None:
        nonlocal code
        line.done()
        code = _tell(report)
        sys.stdout.flush()

    geoparser = _open_geoparser(settings, line)
    with Store.open(settings.store) as store:
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
        if options.watch is not None and code != INTERRUPTED:
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
            return DONE  # to be stopped is how watching ends
    return code


def _tell(report: "IngestReport") -> int:
    """Say what became of it, and return the exit code for that."""
    for note in report.notes:
        _say(f"{note.where}: {note.what}")
    for failure in report.failed:
        _say(f"{failure.where}: failed: {failure.why}")
    if report.more_failed:
        _say(f"... and {report.more_failed:,} more that failed")
    _print(
        f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.failures:,} failed"
    )
    if report.interrupted:
        _say("map_app: interrupted; what is counted above is kept, and running it again completes it")
        return INTERRUPTED
    return FAILED if report.failures else DONE


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
                yield from read_lines(_decoded(sys.stdin), "standard input", max_chars=max_chars)
            elif looks_like_address(path) and not Path(path).exists():
                # One for all of them, so that each host is asked in turns.
                fetcher = fetcher or opened.enter_context(open_fetcher(settings))
                yield from read_web(fetcher, path, max_chars=max_chars, now=datetime.now(UTC))
            else:
                yield from read_path(Path(path), max_bytes=settings.max_file_bytes, max_chars=max_chars)


def _feeds_add(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.fetch import open_fetcher
    from map_app.refresh import find_feed
    from map_app.store import Store

    url = options.url if "://" in options.url else f"https://{options.url}"
    chosen = {"every_s": options.every, "publisher": options.publisher, "full_text": options.full_text}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    with Store.open(settings.store) as store, open_fetcher(settings) as fetcher:
        feed = store.feeds.get(url)
        if feed is None:
            try:
                found = find_feed(url, fetcher, limits=settings)
            except SourceError as e:
                _say(f"map_app: {url}: {e}")
                return FAILED
            if found.feed is None:
                for announced in found.announced:
                    _print(f"{announced.url}\t{announced.title}")
                _say(f"map_app: {url} announces {len(found.announced)} feeds: add the one that you mean by its address")
                return FAILED
            if store.feeds.add([dataclasses.replace(found.feed, **chosen)]):
                _print(f"{found.feed.url}\t{found.feed.title}\tadded; it is read by `python -m map_app feeds refresh`")
                return DONE
            feed = store.feeds.get(found.feed.url) or found.feed
        # Read in full the next time, so that what was chosen holds for what it has now.
        store.feeds.keep_entries(feed.url, ())
        store.feeds.change(
            feed.url, dataclasses.replace(feed, **chosen, digest="", etag="", last_modified="", due=None)
        )
    _print(f"{feed.url}\t{feed.title}\tfollowed already{'; what you chose was changed' if chosen else ''}")
    return DONE


def _feeds_remove(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store import Store

    code = DONE
    with Store.open(settings.store) as store:
        for url in options.urls:
            if store.feeds.remove(url):
                _print(f"{url}\tremoved; its articles stay")
            else:
                _say(f"map_app: {url} is not followed: `python -m map_app feeds list` says what is")
                code = FAILED
    return code


def _feeds_list(_options: argparse.Namespace, settings: Settings) -> int:
    from map_app.refresh import chosen_for, health, utc_now
    from map_app.store import Store

    with Store.open(settings.store) as store:
        feeds = store.feeds.all()
    now = utc_now()
    for feed in feeds:
        _print("\t".join((feed.url, feed.publisher or feed.title, health(feed, now), chosen_for(feed))).rstrip())
    if not feeds:
        _say("map_app: no feeds are followed yet: `python -m map_app feeds add ADDRESS` adds one")
    return DONE


def _feeds_refresh(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.fetch import open_fetcher
    from map_app.refresh import refresh_feeds
    from map_app.store import Store

    line = _ProgressLine(options.verbose)
    with Store.open(settings.store) as store, open_fetcher(settings) as fetcher:
        unknown = [url for url in options.urls if store.feeds.get(url) is None]
        if unknown:
            _say(f"map_app: {unknown[0]} is not followed: `python -m map_app feeds add {unknown[0]}` adds it")
            return FAILED
        if not store.feeds.all():
            _say("map_app: no feeds are followed yet: `python -m map_app feeds add ADDRESS` adds one")
            return DONE
        report = refresh_feeds(
            store,
            _open_geoparser(settings, line),
            fetcher,
            limits=settings,
            only=options.urls or None,
            due_only=options.due,
            progress=line,
        )
    line.done()
    _tell_refresh(report)
    if report.interrupted:
        _say("map_app: interrupted; what is counted above is kept, and the next refresh completes it")
        return INTERRUPTED
    return FAILED if report.failed else DONE


def _tell_refresh(report: "RefreshReport") -> None:
    for outcome in report.outcomes:
        for note in outcome.notes:
            _say(f"{note.where}: {note.what}")
        for failure in outcome.failed:
            _say(f"{failure.where}: failed: {failure.why}")
        if outcome.error or outcome.waiting:
            _say(f"{outcome.feed.url}: {f'failed: {outcome.error}' if outcome.error else outcome.waiting}")
    waiting = sum(bool(outcome.waiting) for outcome in report.outcomes)
    _print(
        f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged from "
        f"{len(report.outcomes):,} feeds, {len(report.failed):,} failed, {waiting:,} left alone for now"
    )
    sys.stdout.flush()


def _feeds_watch(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.fetch import open_fetcher
    from map_app.refresh import watch_feeds
    from map_app.store import Store

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    line = _ProgressLine(options.verbose)
    geoparser = _open_geoparser(settings, line)
    line.done()
    with Store.open(settings.store) as store, open_fetcher(settings) as fetcher:
        watch_feeds(
            store,
            geoparser,
            fetcher,
            limits=settings,
            every_s=options.every,
            stop=stop.is_set,
            sleep=stop.wait,
            tell=_tell_refresh,
        )
    return DONE


def _feeds_import(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.refresh import utc_now
    from map_app.sources.opml import read_opml
    from map_app.store import Store, Subscription

    data = sys.stdin.buffer.read() if options.list == PIPE else Path(options.list).read_bytes()
    listed, failures = read_opml(data, "standard input" if options.list == PIPE else options.list)
    now = utc_now()
    with Store.open(settings.store) as store:
        added = store.feeds.add(
            Subscription(feed.url, feed.url, title=feed.title, site=feed.site, added=now) for feed in listed
        )
    for failure in failures:
        _say(f"{failure.where}: failed: {failure.why}")
    _print(f"{added:,} added, {len(listed) - added:,} followed already, {len(failures):,} failed")
    return FAILED if failures else DONE


def _feeds_export(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.sources.opml import Listed, write_opml
    from map_app.store import Store

    with Store.open(settings.store) as store:
        listed = [Listed(feed.url, feed.title, feed.site) for feed in store.feeds.all()]
    with _lines_out(options.list) as write:
        write(write_opml(listed, "Feeds").decode("utf-8").rstrip())
    return DONE


def _geoparse(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.geoparse.jsonl import geoparse_lines

    line = _ProgressLine(options.verbose)
    geoparser = _open_geoparser(settings, line)
    with _lines_in(options.input) as lines, _lines_out(options.output) as write:
        for number, result in enumerate(geoparse_lines(lines, geoparser), start=1):
            write(result)
            line.show(f"{number:,} documents")
    line.done()
    return DONE


def _evaluate(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.geoparse.evaluate import evaluate, report
    from map_app.geoparse.gold import read_gold

    line = _ProgressLine(options.verbose)
    geoparser = _open_geoparser(settings, line)
    figures = evaluate(read_gold(options.gold), lambda document: geoparser.geoparse(document.article))
    line.done()
    _print(json.dumps(_with_properties(figures)) if options.json else report(figures))
    return DONE


def _with_properties(value: Any) -> Any:
    """A frozen value as JSON takes it, with what it computes of itself: scores are that."""
    if isinstance(value, tuple | list):
        return [_with_properties(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    names = [field.name for field in dataclasses.fields(value)]
    names += [name for name, member in vars(type(value)).items() if isinstance(member, property)]
    return {name: _with_properties(getattr(value, name)) for name in names}


def _train(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.geoparse.train import cross_validate, leave_one_out, read_corpora, table, train

    line = _ProgressLine(options.verbose)
    gazetteer = _open_gazetteer(settings, line)
    if options.output is None:
        measure = cross_validate if options.cross_validate else leave_one_out
        figures = measure(read_corpora(options.corpora), gazetteer, progress=line)
        line.done()
        _print(table(figures))
        return DONE
    # Paths of this machine are nobody's business: the model's notes name the corpora, not where they were.
    command = f"python -m map_app train --corpora {options.corpora.name} -o {options.output.name}"
    made = train(options.corpora, options.output, gazetteer, command=command, progress=line)
    line.done()
    _print(
        f"{options.output}: {made.bytes:,} bytes from {made.documents:,} documents, "
        f"{made.words:,} words near capitals, {made.toponyms:,} toponyms, {made.demonyms:,} demonyms"
    )
    return DONE


def _geocode(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.app import open_geoparser
    from map_app.ingest import geocode_pending, open_geocoder
    from map_app.store import Store

    if settings.geocoder == "off":
        raise SettingsError(
            "no online geocoder is on: set MAP_APP_GEOCODER to nominatim and MAP_APP_GEOCODER_USER_AGENT to your site "
            "and an address to write to; its usage policy: https://operations.osmfoundation.org/policies/nominatim/"
        )
    line = _ProgressLine(options.verbose)
    gazetteer = _open_gazetteer(settings, line)
    with Store.open(settings.store) as store:
        geocoder = open_geocoder(settings, gazetteer, store)
        if geocoder is None:
            return DONE
        version = open_geoparser(settings, gazetteer).version
        report = geocode_pending(store, geocoder, version=version, progress=line)
    line.done()
    _print(
        f"{report.placed:,} names placed in {report.articles:,} articles, {report.unknown:,} unknown, "
        f"{report.pending:,} pending"
    )
    _print(geocoder.credit)
    if report.pending:
        _say(f"map_app: {report.why_pending}; run it again later to go on")
    return FAILED if report.pending else DONE


def _open_gazetteer(settings: Settings, progress: Callable[[float, str], None]) -> Any:
    from map_app.gazetteer.lookup import open_gazetteer

    return open_gazetteer(settings.cache, progress=progress)


def _open_geoparser(settings: Settings, progress: Callable[[float, str], None]) -> Any:
    from map_app.app import open_geoparser

    return open_geoparser(settings, _open_gazetteer(settings, progress))


def _gazetteer_build(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.gazetteer.build import choose, ensure, import_geonames
    from map_app.gazetteer.geonames import Dump

    line = _ProgressLine(options.verbose)
    if options.geonames is None:
        if given := [name for name in ("alternate_names", "admin1", "admin2") if getattr(options, name)]:
            raise SettingsError(f"--{given[0].replace('_', '-')} belongs to a dump: name that with --geonames too")
        choose(settings.cache, None)
        directory = ensure(settings.cache, progress=line)
        line.done()
    else:
        dump = Dump(options.geonames, options.alternate_names, options.admin1, options.admin2)
        directory, report = import_geonames(settings.cache, dump, progress=line)
        line.done()
        if report is not None:
            for row in report.bad_rows:
                _say(f"not understood: {row}")
            _print(
                f"{report.added:,} places added, {report.known:,} known already, {report.left_out:,} of other kinds "
                f"left out, {report.alternate_names:,} alternate names, {report.bad:,} rows not understood"
            )
    _print(f"The gazetteer is in {directory}")
    return DONE


def _gazetteer_info(options: argparse.Namespace, settings: Settings) -> int:
    line = _ProgressLine(options.verbose)
    info = _open_gazetteer(settings, line).info()
    line.done()
    _print_fields(info)
    return DONE


def _print_fields(value: Any) -> None:
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        rows = content.items() if isinstance(content, dict) else [("", content)]
        for name, number in rows:
            label = f"{field.name} {name}".replace("_", " ").strip()
            _print(f"{label}\t{number:,}" if isinstance(number, int) else f"{label}\t{number}")


def _gazetteer_search(options: argparse.Namespace, settings: Settings) -> int:
    line = _ProgressLine(options.verbose)
    gazetteer = _open_gazetteer(settings, line)
    line.done()
    name = " ".join(options.name)
    places = gazetteer.search(name, limit=options.limit, countries=[code.upper() for code in options.country])
    for place in places:
        parts = [place.name, place.admin1, place.country_code]
        people = f"{place.population:,} people" if place.population else ""
        where = f"{place.point.latitude:.4f}, {place.point.longitude:.4f}"
        label = ", ".join(dict.fromkeys(part for part in parts if part))
        _print("\t".join((place.id, label, place.feature.value, where, people)).rstrip())
    if not places:
        _say(f"map_app: the gazetteer knows no place named {name!r}")
        return FAILED
    return DONE


def _store_info(_options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store import Store

    if not settings.store.exists():
        _print(f"{settings.store}\nnothing yet: it is made when you first ingest an article")
        return DONE
    # Opened for writing where it may be, so that a store of an older version is migrated.
    with Store.open(settings.store, read_only=not os.access(settings.store, os.W_OK)) as store:
        counts = store.counts()
    _print(f"{settings.store}")
    _print_fields(counts)
    return DONE


def _store_check(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import check

    line = _ProgressLine(options.verbose)
    findings = check(settings.store, progress=line)
    line.done()
    for finding in findings:
        _print(finding)
    _print(f"{settings.store}: {f'{len(findings)} findings' if findings else 'sound'}")
    return FAILED if findings else DONE


def _store_backup(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import backup

    line = _ProgressLine(options.verbose)
    size = backup(settings.store, options.file, force=options.force, progress=line)
    line.done()
    _print(f"{options.file}: {size:,} bytes, verified")
    return DONE


def _store_restore(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import restore

    line = _ProgressLine(options.verbose)
    kept = restore(options.file, settings.store, progress=line)
    line.done()
    _print(f"{settings.store}: restored from {options.file}")
    if kept is not None:
        _print(f"the store that was there is {kept}; start again whatever has it open")
    return DONE


def _store_vacuum(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import vacuum

    line = _ProgressLine(options.verbose)
    before, after = vacuum(settings.store, progress=line)
    line.done()
    _print(f"{settings.store}: {before:,} bytes before, {after:,} after")
    return DONE


def _store_migrate(_options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import migrate

    version = migrate(settings.store)
    changed = f"from store version {version.before} to {version.after}" if version.before != version.after else ""
    _print(f"{settings.store}: {changed or f'is of store version {version.after} already'}")
    return DONE


def _settings(_options: argparse.Namespace, settings: Settings) -> int:
    for setting in dataclasses.fields(Settings):
        _print(f"{PREFIX}{setting.name.upper()}={getattr(settings, setting.name)}")
    return DONE
