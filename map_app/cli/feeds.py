"""`feeds`: which are followed, and reading them."""

import argparse
import dataclasses
import signal
import sys
import threading
from typing import TYPE_CHECKING

from map_app.cli.arguments import Commands, add_command, add_group, duration
from map_app.cli.console import PIPE, ExitCode, bytes_in, lines_out, name_of, progress_of, put, say
from map_app.cli.parts import geoparser_of
from map_app.errors import SourceError
from map_app.settings import Settings

if TYPE_CHECKING:
    from map_app.refresh import RefreshReport

# ruff: noqa: PLC0415  # see the package's docstring

_NONE_FOLLOWED = "map_app: no feeds are followed yet: `python -m map_app feeds add ADDRESS` adds one"


def add_commands(commands: Commands) -> None:
    """Add `feeds` and what follows it."""
    feeds = add_group(commands, "feeds", "the feeds that you follow")
    parser = add_command(feeds, "add", _add, "follow a feed, or change how one is followed", store=True)
    parser.add_argument("url", metavar="ADDRESS", help="of the feed, or of a site that announces it")
    parser.add_argument("--every", metavar="TIME", type=duration, help="how often to read it, such as 30m, 2h or 1d")
    parser.add_argument("--publisher", metavar="NAME", help="the outlet's name, in place of the feed's title")
    parser.add_argument(
        "--full-text",
        action=argparse.BooleanOptionalAction,
        help="whether to follow the links of teasers for the whole text (default: yes)",
    )

    parser = add_command(feeds, "remove", _remove, "follow feeds no more; their articles stay", store=True)
    parser.add_argument("urls", metavar="ADDRESS", nargs="+")

    add_command(feeds, "list", _list, "say which feeds you follow and how they fare", store=True)

    parser = add_command(feeds, "refresh", _refresh, "read your feeds now", store=True)
    parser.add_argument("urls", metavar="ADDRESS", nargs="*", help="only these (default: all)")
    parser.add_argument("--due", action="store_true", help="only those whose time has come")

    parser = add_command(feeds, "watch", _watch, "read each feed when its time comes, until stopped", store=True)
    parser.add_argument(
        "--every",
        metavar="TIME",
        type=duration,
        default=3600,
        help="how often to read feeds that say nothing else, such as 15m (default: 1h)",
    )

    parser = add_command(feeds, "import", _import, "follow the feeds of an OPML list", store=True)
    parser.add_argument("list", metavar="OPML", help="the file; - for standard input")

    parser = add_command(feeds, "export", _export, "write the feeds that you follow as an OPML list", store=True)
    parser.add_argument("list", metavar="OPML", nargs="?", default=PIPE, help="the file (default: standard output)")


def _add(options: argparse.Namespace, settings: Settings) -> int:
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
                say(f"map_app: {url}: {e}")
                return ExitCode.FAILED
            if found.feed is None:
                for announced in found.announced:
                    put(f"{announced.url}\t{announced.title}")
                say(f"map_app: {url} announces {len(found.announced)} feeds: add the one that you mean by its address")
                return ExitCode.FAILED
            if store.feeds.add([dataclasses.replace(found.feed, **chosen)]):
                put(f"{found.feed.url}\t{found.feed.title}\tadded; it is read by `python -m map_app feeds refresh`")
                return ExitCode.DONE
            feed = store.feeds.get(found.feed.url) or found.feed
        # Read in full the next time, so that what was chosen holds for what it has now.
        store.feeds.keep_entries(feed.url, ())
        store.feeds.change(
            feed.url, dataclasses.replace(feed, **chosen, digest="", etag="", last_modified="", due=None)
        )
    put(f"{feed.url}\t{feed.title}\tfollowed already{'; what you chose was changed' if chosen else ''}")
    return ExitCode.DONE


def _remove(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store import Store

    code = ExitCode.DONE
    with Store.open(settings.store) as store:
        for url in options.urls:
            if store.feeds.remove(url):
                put(f"{url}\tremoved; its articles stay")
            else:
                say(f"map_app: {url} is not followed: `python -m map_app feeds list` says what is")
                code = ExitCode.FAILED
    return code


def _list(_options: argparse.Namespace, settings: Settings) -> int:
    from map_app.refresh import chosen_for, health, utc_now
    from map_app.store import Store

    with Store.open(settings.store) as store:
        feeds = store.feeds.all()
    now = utc_now()
    for feed in feeds:
        put("\t".join((feed.url, feed.publisher or feed.title, health(feed, now), chosen_for(feed))).rstrip())
    if not feeds:
        say(_NONE_FOLLOWED)
    return ExitCode.DONE


def _refresh(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.fetch import open_fetcher
    from map_app.refresh import refresh_feeds
    from map_app.store import Store

    with (
        progress_of(options) as line,
        Store.open(settings.store, progress=line) as store,
        open_fetcher(settings) as fetcher,
    ):
        unknown = [url for url in options.urls if store.feeds.get(url) is None]
        if unknown:
            say(f"map_app: {unknown[0]} is not followed: `python -m map_app feeds add {unknown[0]}` adds it")
            return ExitCode.FAILED
        if not store.feeds.all():
            say(_NONE_FOLLOWED)
            return ExitCode.DONE
        report = refresh_feeds(
            store,
            geoparser_of(settings, line),
            fetcher,
            limits=settings,
            only=options.urls or None,
            due_only=options.due,
            progress=line,
        )
    _tell(report)
    if report.interrupted:
        say("map_app: interrupted; what is counted above is kept, and the next refresh completes it")
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if report.failed else ExitCode.DONE


def _watch(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.fetch import open_fetcher
    from map_app.refresh import watch_feeds
    from map_app.store import Store

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with progress_of(options) as line:
        geoparser = geoparser_of(settings, line)
    with Store.open(settings.store) as store, open_fetcher(settings) as fetcher:
        watch_feeds(
            store,
            geoparser,
            fetcher,
            limits=settings,
            every_s=options.every,
            stop=stop.is_set,
            sleep=stop.wait,
            tell=_tell,
        )
    return ExitCode.DONE


def _tell(report: "RefreshReport") -> None:
    for outcome in report.outcomes:
        for note in outcome.notes:
            say(f"{note.where}: {note.what}")
        for failure in outcome.failed:
            say(f"{failure.where}: failed: {failure.why}")
        if outcome.error or outcome.waiting:
            say(f"{outcome.feed.url}: {f'failed: {outcome.error}' if outcome.error else outcome.waiting}")
    waiting = sum(bool(outcome.waiting) for outcome in report.outcomes)
    put(
        f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged from "
        f"{len(report.outcomes):,} feeds, {len(report.failed):,} failed, {waiting:,} left alone for now"
    )
    sys.stdout.flush()


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.refresh import utc_now
    from map_app.sources.opml import read_opml
    from map_app.store import Store, Subscription

    listed, failures = read_opml(bytes_in(options.list), name_of(options.list))
    now = utc_now()
    with Store.open(settings.store) as store:
        added = store.feeds.add(
            Subscription(feed.url, feed.url, title=feed.title, site=feed.site, added=now) for feed in listed
        )
    for failure in failures:
        say(f"{failure.where}: failed: {failure.why}")
    put(f"{added:,} added, {len(listed) - added:,} followed already, {len(failures):,} failed")
    return ExitCode.FAILED if failures else ExitCode.DONE


def _export(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.sources.opml import Listed, write_opml
    from map_app.store import Store

    with Store.open(settings.store) as store:
        listed = [Listed(feed.url, feed.title, feed.site) for feed in store.feeds.all()]
    with lines_out(options.list) as write:
        write(write_opml(listed, "Feeds").decode("utf-8").rstrip())
    return ExitCode.DONE
