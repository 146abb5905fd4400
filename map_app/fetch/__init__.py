"""The one HTTP client for everything that leaves the machine, and the rules that it keeps.

A room of its own below sources and geocode, since both ask other machines and neither may import the other.
docs/safety.md lists what is refused and why.
"""

from map_app.fetch.client import Fetched, Fetcher, open_fetcher

__all__ = ["Fetched", "Fetcher", "open_fetcher"]
