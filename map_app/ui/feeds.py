"""The feeds that the page follows: how each fares, one more, and a refresh."""

from collections.abc import Callable, Collection
from datetime import datetime

import streamlit as st

from map_app.app import App
from map_app.errors import SourceError
from map_app.fetch import open_fetcher
from map_app.ingest import IngestReport
from map_app.refresh import RefreshReport, find_feed, health, refresh_feeds, utc_now
from map_app.sources.files import Failure, Note
from map_app.store import Subscription
from map_app.ui import access
from map_app.ui.access import Editor
from map_app.ui.jobs import Job, Tell
from map_app.ui.text import count, escaped, plain


def refresh(app: App, editor: Editor, only: Collection[str] | None = None) -> Job[IngestReport]:
    """Start to read all feeds, or those of the addresses `only`, in the editor's name."""
    access.check(editor)

    def work(tell: Tell) -> IngestReport:
        with open_fetcher(app.settings) as fetcher:
            return as_ingest(
                refresh_feeds(
                    app.store_to_write(),
                    app.geoparser,
                    fetcher,
                    limits=app.settings,
                    only=only,
                    progress=tell,
                )
            )

    return Job(work, "Asking the feeds")


def follow(app: App, editor: Editor, address: str) -> Job[IngestReport]:
    """Start to follow the feed at an address, or the one that the site there announces, and read it."""
    access.check(editor)
    address = address.strip()
    if "://" not in address:
        address = f"https://{address}"

    def work(tell: Tell) -> IngestReport:
        store = app.store_to_write()
        with open_fetcher(app.settings) as fetcher:
            try:
                found = find_feed(address, fetcher, limits=app.settings)
            except SourceError as e:
                return IngestReport(failed=(Failure(address, str(e)),))
            if found.feed is None:
                several = ", ".join(announced.url for announced in found.announced)
                why = f"it announces {count(len(found.announced), 'feed')}; follow the one that you mean: {several}"
                return IngestReport(failed=(Failure(address, why),))
            store.feeds.add([found.feed])
            return as_ingest(
                refresh_feeds(store, app.geoparser, fetcher, limits=app.settings, only=[found.feed.url], progress=tell)
            )

    return Job(work, "Looking for the feed")


def unfollow(app: App, editor: Editor, address: str) -> None:
    """Follow a feed no more; its articles stay."""
    access.check(editor)
    app.store_to_write().feeds.remove(address)


def as_ingest(refreshed: RefreshReport) -> IngestReport:
    """What became of the feeds, told as of any other source."""
    failed: list[Failure] = []
    notes: list[Note] = []
    for outcome in refreshed.outcomes:
        if outcome.error:
            failed.append(Failure(outcome.feed.url, outcome.error))
        if outcome.waiting:
            notes.append(Note(outcome.feed.url, outcome.waiting))
        failed.extend(outcome.failed)
        notes.extend(outcome.notes)
    return IngestReport(refreshed.added, refreshed.updated, refreshed.unchanged, tuple(failed), tuple(notes))


def followed(app: App) -> list[Subscription]:
    """The feeds of the owner's store."""
    store = app.own_store
    return store.feeds.all() if store is not None else []


def draw(
    app: App,
    *,
    on_follow: Callable[[str], None],
    on_refresh: Callable[[], None],
    on_unfollow: Callable[[str], None],
) -> None:
    """Draw the list of feeds with their health, and what can be done with them."""
    feeds = followed(app)
    with st.form("follow", border=False):
        key = f"feed-{st.session_state.setdefault('feed-round', 0)}"
        st.text_input("Follow a feed", key=key, placeholder="https://… of a feed or a site", max_chars=2000)
        st.form_submit_button("Follow", width="stretch", on_click=lambda: on_follow(st.session_state[key]))
    if not feeds:
        st.html(
            '<p class="quiet">No feeds are followed yet. What a feed brings is on the map after each refresh; '
            "<code>python -m map_app feeds watch</code> refreshes them by itself.</p>"
        )
        return
    st.button(
        f"Refresh {count(len(feeds), 'feed')}",
        key="refresh",
        icon=":material/refresh:",
        type="primary",
        width="stretch",
        on_click=on_refresh,
    )
    now = utc_now()
    for number, feed in enumerate(feeds):
        with st.container(key=f"feed-row-{number}", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(_row(feed, now))
            st.button(
                "Stop following",
                key=f"unfollow-{number}",
                icon=":material/close:",
                type="tertiary",
                help=f"Follow {plain(feed.publisher or feed.title or feed.url, limit=60)} no more; its articles stay",
                on_click=on_unfollow,
                args=(feed.url,),
            )


def _row(feed: Subscription, now: datetime) -> str:
    state = "gone" if feed.gone else "bad" if feed.failures else "good" if feed.good else "new"
    name = feed.publisher or feed.title or feed.url
    return (
        f'<div class="feed {state}"><b>{escaped(name)}</b><span>{escaped(feed.url)}</span>'
        f"<span>{escaped(health(feed, now))}</span></div>"
    )
