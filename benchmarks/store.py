"""How long the store takes to answer what the page asks of it.

    python -m benchmarks.store [--articles 50000] [--places 3000] [--runs 3] [--store FILE]

Fills a store in a temporary folder with made-up articles, whose places follow a long tail as in news, and prints the
median time of each question, unfiltered and filtered; then all that the page asks for once something was written, and
what the map asks for when it is looked at. With --store the store is kept, and used again as it is.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from map_app.geo import Point
from map_app.model import Article, ArticleFilter, Feature, Place, Resolution, Role, Toponym
from map_app.store import Store
from map_app.webmap import payload

#: Dates go back from here, so that every run fills the same store.
LAST_DAY = datetime(2025, 6, 30, tzinfo=UTC)
DAYS = 365

#: How many places an article names; news articles name a handful.
FEWEST_PLACES, MOST_PLACES = 1, 7

#: The share of articles that say where they were filed; often it is what they are about too.
FILED = 0.5

SENTENCES_BETWEEN = 3
#: Names that cannot be placed, and the share of articles with one.
LOST_NAMES, WITH_LOST_NAME = 100_000, 0.6

FILLER = "Officials said the matter would be looked at again in the coming weeks. "
CLUSTERED = 5
TOPICS = ("election", "harvest", "flood", "budget", "football", "ceasefire", "railway", "strike")


def made_up_places(count: int, chance: random.Random) -> list[Place]:
    """Countries first, then cities, spread over the globe."""
    countries = [f"{a}{b}" for a in "ABCDEFGHIJKLMNOPQRST" for b in "ABCDEFGHIJ"]
    places = []
    for number in range(count):
        is_country = number < len(countries)
        places.append(
            Place(
                id=f"place:{number}",
                name=f"Placeton{number}",
                point=Point(chance.uniform(-80, 80), chance.uniform(-180, 180)),
                feature=Feature.COUNTRY if is_country else Feature.CITY,
                country_code=countries[number % len(countries)],
            )
        )
    return places


def made_up_articles(
    count: int, places: list[Place], chance: random.Random
) -> Iterator[tuple[Article, list[Resolution]]]:
    """Articles about places of a long tail: the n-th place is named about 1/n as often as the first."""
    weights = [1 / (rank + 10) for rank in range(len(places))]
    for number in range(count):
        named = list(dict.fromkeys(chance.choices(places, weights, k=chance.randint(FEWEST_PLACES, MOST_PLACES))))
        text = ""
        resolutions: list[Resolution] = []
        if chance.random() < FILED:
            place = chance.choice(named)
            text = f"{place.name} - "
            resolutions.append(Resolution(Toponym(place.name, 0, len(place.name)), place, 0.9, Role.DATELINE))
        for place in named:
            text += f"A {chance.choice(TOPICS)} in "
            toponym = Toponym(place.name, len(text), len(text) + len(place.name))
            text += f"{place.name} was in the news. " + FILLER * SENTENCES_BETWEEN
            resolutions.append(Resolution(toponym, place, 0.9, Role.FOCUS if place is named[0] else Role.MENTION))
        if chance.random() < WITH_LOST_NAME:
            name = f"Lostville{int(LOST_NAMES * chance.random() ** 3)}"
            lost = Toponym(name, len(text), len(text) + len(name))
            resolutions.append(Resolution(lost, None, unplaced_because="no candidate"))
            text += name
        published = LAST_DAY - timedelta(seconds=chance.randrange(DAYS * 86_400))
        publisher = f"Outlet {chance.randrange(200)}"
        yield (
            Article(f"article:{number}", f"Story {number}", text, publisher=publisher, published=published),
            resolutions,
        )


def median_s(ask: Callable[[], object], runs: int) -> float:
    """The median of some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.store", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=50_000, help="how many are put (default: 50000)")
    parser.add_argument("--places", type=int, default=3_000, help="how many they name (default: 3000)")
    parser.add_argument("--runs", type=int, default=3, help="how often each question is asked (default: 3)")
    parser.add_argument("--store", type=Path, help="a file to keep the store in, or one that is there")
    options = parser.parse_args()
    chance = random.Random(1)
    places = made_up_places(options.places, chance)
    filters = {
        "all": ArticleFilter(),
        "30 days": ArticleFilter(since=date(2025, 6, 1)),
        "a country": ArticleFilter(countries=frozenset({"AA"})),
        "a role": ArticleFilter(roles=frozenset({Role.DATELINE})),
        "words": ArticleFilter(words="ceasefire harvest"),
    }
    with ExitStack() as stack:
        path = options.store or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "articles.sqlite"
        store = stack.enter_context(Store.open(path))
        if store.is_empty():
            start = time.perf_counter()
            store.put(made_up_articles(options.articles, places, chance))
            took = time.perf_counter() - start
            print(f"put: {took:.1f} s, {options.articles / took:.0f} articles a second")
        print(f"{path.stat().st_size / 1e6:,.0f} MB")
        print(
            f"{'':12}{'articles':>9}{'pins':>6}"
            + "".join(f"{n:>9}" for n in ("pins", "stories", "summary", "facets", "unplaced"))
        )
        for name, f in filters.items():
            asked: list[Callable[[], object]] = [
                partial(store.pins, f),
                partial(store.stories, f),
                partial(store.summary, f),
                partial(store.facets, f),
                partial(store.unplaced, f),
            ]
            summary = store.summary(f)
            times = "".join(f"{median_s(ask, options.runs):8.3f}s" for ask in asked)
            print(f"{name:12}{summary.articles:>9}{summary.places:>6}{times}")
        looked_at(store)
        first_paint(store, places, options.runs)


def first_paint(store: Store, places: list[Place], runs: int) -> None:
    """What the page asks for at first, nothing filtered, when an article has come since."""
    everything = ArticleFilter()
    times = []
    for _ in range(runs):
        store.put(made_up_articles(1, places, random.Random(time.time_ns())), version=str(time.time_ns()))
        start = time.perf_counter()
        drawn = payload(store.pins(everything, numbers_up_to=20_000), store.country_counts(everything))
        store.summary(everything)
        store.facets(everything)
        store.unplaced(everything, limit=50)
        store.stories(everything, limit=20)
        times.append(time.perf_counter() - start)
    print(f"page after a write: {statistics.median(times):.2f} s, {len(drawn) / 1e3:.0f} kB for the map")


def looked_at(store: Store) -> None:
    """Clusters of five places each, five of them in a larger one, and so on; and the stories in a popup."""
    tree: list[Any] = [pin.place.id for pin in store.pins()]
    place = tree[0]
    while len(tree) > CLUSTERED:
        tree = [tree[start : start + CLUSTERED] for start in range(0, len(tree), CLUSTERED)]
    clusters = median_s(lambda: store.cluster_counts(ArticleFilter(), tree), 3)
    popup = median_s(lambda: store.stories(ArticleFilter(place=place), limit=5), 3)
    print(f"counts of all clusters: {clusters:.2f} s; the stories in a popup: {popup:.3f} s")


if __name__ == "__main__":
    main()
