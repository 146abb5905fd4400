from datetime import UTC, datetime

import pytest

from map_app.errors import AccessError
from map_app.ingest import IngestReport
from map_app.refresh import FeedOutcome, RefreshReport
from map_app.sources.files import Failure, Note
from map_app.store import Subscription
from map_app.ui import feeds
from map_app.ui.addresses import addresses_in


@pytest.mark.parametrize(
    ("pasted", "addresses"),
    [
        ("", ()),
        ("  \n ", ()),
        ("https://a.example/x\nhttp://b.example/y\n", ("https://a.example/x", "http://b.example/y")),
        ("a.example/x", ("https://a.example/x",)),
        ("<https://a.example/x>, https://a.example/x;", ("https://a.example/x",)),
        ("file:///etc/passwd", ("file:///etc/passwd",)),
    ],
)
def test_pasted_addresses_are_told_apart_and_asked_once(pasted: str, addresses: tuple[str, ...]) -> None:
    assert addresses_in(pasted) == addresses


def test_what_became_of_feeds_is_told_feed_by_feed() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    good = Subscription("https://a.example/feed", "a", good=now)
    bad = Subscription("https://b.example/feed", "b", failures=1, error="503")
    held = Subscription("https://c.example/feed", "c")
    report = RefreshReport(
        (
            FeedOutcome(good, added=2, unchanged=3, failed=(Failure("a, entry 4", "it is empty"),)),
            FeedOutcome(bad, error="503: come back later"),
            FeedOutcome(held, waiting="its server asked to be left alone"),
        )
    )
    assert feeds.as_ingest(report) == IngestReport(
        added=2,
        unchanged=3,
        failed=(Failure("a, entry 4", "it is empty"), Failure("https://b.example/feed", "503: come back later")),
        notes=(Note("https://c.example/feed", "its server asked to be left alone"),),
    )


@pytest.mark.parametrize("nobody", [None, "editor", True], ids=repr)
def test_feeds_are_neither_followed_nor_refreshed_for_whoever_is_no_editor(nobody: object) -> None:
    class NeverAsked:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} was asked for")

    app = NeverAsked()
    for write in (
        lambda: feeds.refresh(app, nobody),  # type: ignore[arg-type]
        lambda: feeds.follow(app, nobody, "https://a.example/"),  # type: ignore[arg-type]
        lambda: feeds.unfollow(app, nobody, "https://a.example/"),  # type: ignore[arg-type]
    ):
        with pytest.raises(AccessError):
            write()
