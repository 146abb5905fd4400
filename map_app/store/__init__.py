"""Articles and resolutions, kept in SQL, asked for by an ArticleFilter."""

from map_app.store.feeds import EntryState, FeedTables, HostWait, Subscription
from map_app.store.figures import Facets, Summary, UnplacedName
from map_app.store.schema import STORE_VERSION, is_older
from map_app.store.store import PutReport, Store, fingerprint_of, set_aside

__all__ = [
    "STORE_VERSION",
    "EntryState",
    "Facets",
    "FeedTables",
    "HostWait",
    "PutReport",
    "Store",
    "Subscription",
    "Summary",
    "UnplacedName",
    "fingerprint_of",
    "is_older",
    "set_aside",
]
