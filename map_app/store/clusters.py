"""How many distinct articles each cluster of a map holds, for clusters that lie within each other."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from map_app.store.bound import bound
from map_app.store.packed import Ints
from map_app.store.select import Selection
from map_app.store.text import storable

#: Clusters are made for each zoom, of which there are nineteen.
MAX_DEPTH = 50

NO_CLUSTER = "clusters are lists of ids of places and of clusters, not very deep"

#: A cluster: ids of places, and the clusters within it.
Cluster = list["str | Cluster"]


@dataclass
class Outline:
    """A tree of clusters as its places in order, and each cluster as a stretch of them."""

    places: list[str] = field(default_factory=list)
    #: Of each cluster, an outer before its inner ones: where it starts and ends, and the number of the one around it.
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    around: list[int] = field(default_factory=list)
    #: Between a place and the next: how deep the innermost cluster around both lies, and its number.
    depths: list[int] = field(default_factory=list)
    between: list[int] = field(default_factory=list)


def counts(connection: sqlite3.Connection, selection: Selection, outline: Outline) -> list[int]:
    """The articles of each cluster, in the order in which the clusters begin."""
    columns = selection.columns
    position_of_spot = np.full(len(columns.spot_place), -1)
    place_at = _positions(connection, outline.places)
    for spot, place in enumerate(columns.spot_place.tolist()):
        position_of_spot[spot] = place_at.get(place, -1)
    mentions = selection.mentions()
    position = position_of_spot[columns.spot[mentions]]
    here = position >= 0
    width = max(1, len(outline.places))
    # An article has a place once. Those of one article side by side, in the order of the tree:
    key = columns.article[mentions][here].astype(np.int64) * width + position[here]
    key.sort()
    before, after = key[:-1], key[1:]
    same = before // width == after // width
    # An article counts once for each mention in a cluster, less once for each two of its that follow each other there.
    at_place = np.bincount(key % width, minlength=width)
    until = np.concatenate(([0], np.cumsum(at_place))).tolist()
    twice = _innermost(outline, before[same] % width, after[same] % width).tolist()
    for number in range(len(twice) - 1, 0, -1):
        twice[outline.around[number]] += twice[number]
    return [until[end] - until[start] - n for start, end, n in zip(outline.starts, outline.ends, twice, strict=True)]


def outlined(cluster: object) -> Outline:
    """The outline of a tree; raises ValueError where it is none."""
    outline = Outline()
    open_now: list[int] = []
    #: How many of the open clusters hold the last place too.
    shared = 0

    def enter(inside: object) -> None:
        nonlocal shared
        if isinstance(inside, str):
            if outline.places:
                outline.depths.append(shared)
                outline.between.append(open_now[shared - 1])
            outline.places.append(inside)
            shared = len(open_now)
            return
        if not isinstance(inside, list) or len(open_now) >= MAX_DEPTH:
            raise ValueError(NO_CLUSTER)
        number = len(outline.starts)
        outline.starts.append(len(outline.places))
        outline.ends.append(0)
        outline.around.append(open_now[-1] if open_now else 0)
        open_now.append(number)
        for part in inside:
            enter(part)
        open_now.pop()
        shared = min(shared, len(open_now))
        outline.ends[number] = len(outline.places)

    if isinstance(cluster, str):
        raise ValueError(NO_CLUSTER)
    enter(cluster)
    return outline


def _positions(connection: sqlite3.Connection, places: Sequence[str]) -> dict[int, int]:
    """By the place's number, where it stands in the order."""
    position = {storable(place): index for index, place in enumerate(places)}
    found: dict[int, int] = {}
    for some, marks in bound([*position]):
        for number, place in connection.execute(f"SELECT number, id FROM place WHERE id IN ({marks})", some):
            found[number] = position[place]
    return found


def _innermost(outline: Outline, first: Ints, last: Ints) -> Ints:
    """How many of these pairs, each of a place and a later one, have each cluster as the innermost around both."""
    clusters = len(outline.starts)
    if not len(first):
        return np.zeros(clusters, np.int64)
    # It is the least deep between the two: a table of the least in each stretch of a power of two answers at once.
    least = [np.array(outline.depths, np.int64) * clusters + np.array(outline.between, np.int64)]
    while len(least[-1]) > 2 ** (len(least) - 1):
        half = 2 ** (len(least) - 1)
        least.append(np.minimum(least[-1][:-half], least[-1][half:]))
    table = np.stack([np.pad(row, (0, len(least[0]) - len(row))) for row in least])
    power = np.frexp(last - first)[1] - 1
    found = np.minimum(table[power, first], table[power, last - 2**power])
    return np.bincount(found % clusters, minlength=clusters)
