"""Feeds are asked when their time has come, and what is new in them is mapped and kept."""

from map_app.refresh.find import Found, find_feed
from map_app.refresh.run import FeedOutcome, RefreshReport, refresh_feeds, utc_now
from map_app.refresh.schedule import chosen_for, health
from map_app.refresh.watch import watch_feeds

__all__ = [
    "FeedOutcome",
    "Found",
    "RefreshReport",
    "chosen_for",
    "find_feed",
    "health",
    "refresh_feeds",
    "utc_now",
    "watch_feeds",
]
