"""What the other names of an article say of one: how much of it is about a country, and how near the next place is.

Many articles are looked at together, all their candidates in flat arrays; none is seen in the light of another.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from map_app.geoparse.options import Labels, Vector

Flags = npt.NDArray[np.bool_]

#: A demonym says less about where a story is than a toponym.
DEMONYM_SHARE = 0.5

#: Only the names that an article uses most are taken as neighbours, so that work stays linear in its length.
MAX_NEIGHBOURS = 48

#: Pairs of a candidate and a neighbour that are compared at once: bounds memory, not time.
CHUNK = 250_000

#: The cosine of the angle to nothing.
NOWHERE = -2.0


class Layout:
    """Articles have groups, which are what a name means in them, and groups have rows, which are their candidates."""

    def __init__(self, groups: Sequence[int], rows: Sequence[int]) -> None:
        """How many groups each article has, and rows each group; at least one row."""
        self.articles = len(groups)
        #: Groups of article n: ``firsts[n]`` up to the next.
        self.firsts = list(accumulate(groups, initial=0))
        sizes = np.array(rows, dtype=np.int64)
        #: Rows of group n: ``starts[n]`` up to the next.
        self.starts: Labels = sizes.cumsum() - sizes
        #: The group of each row, and the article of each group and of each row.
        self.owner: Labels = np.arange(len(sizes)).repeat(sizes)
        self.article: Labels = np.arange(self.articles).repeat(groups)
        self.article_of_row: Labels = self.article[self.owner]

    def __len__(self) -> int:
        return len(self.owner)


class Shares:
    """How much of an article is about each country, and about each first-level division."""

    def __init__(self, layout: Layout, labels: Labels, loudness: Vector, demonyms: Sequence[Counter[int]]) -> None:
        """`labels` holds for each row those of its country and of its division, 0 for none; `loudness` is of groups.

        `demonyms` counts for each article those of each country, by its label.
        """
        self._layout = layout
        self.labels = labels
        self._loudness = loudness
        self._base = 1 + max(int(labels.max()), max((max(each, default=0) for each in demonyms), default=0))
        # Where each row's two labels stand in the totals: those of all articles' countries, then of their divisions.
        self._keys = labels + self._base * (layout.article_of_row + layout.articles * np.arange(2)[:, None])
        self._demonyms = np.zeros(2 * layout.articles * self._base)
        for article, each in enumerate(demonyms):
            for label, count in each.items():
                self._demonyms[article * self._base + label] = DEMONYM_SHARE * math.sqrt(count)

    def of_rows(self, chosen: Labels, doubt: float) -> Vector:
        """The share, 0 to 1, of each row's article that speaks of its two labels, the row's own name left out.

        `chosen` holds the row of each group that is taken for what it means; `doubt` is added to all that is spoken of.
        """
        layout, chosen_labels = self._layout, self.labels[:, chosen]
        totals = self._totals(chosen) + self._demonyms
        own = (self._loudness * (chosen_labels > 0))[:, layout.owner]
        rest = totals.reshape(2, layout.articles, -1).sum(axis=2)[:, layout.article_of_row] - own + doubt
        mine = totals[self._keys] - own * (self.labels == chosen_labels[:, layout.owner])
        shares: Vector = np.divide(np.maximum(mine, 0.0), rest, out=np.zeros_like(mine), where=rest > 0)
        return shares

    def is_named_country(self, chosen: Labels, is_area: Flags) -> Flags:
        """Of each row whether its article names the country that it lies in, by another name than the row's own."""
        areas = is_area[chosen] & (self.labels[0, chosen] > 0)
        named = np.bincount(self._keys[0, chosen[areas]], minlength=len(self._demonyms))
        own = areas[self._layout.owner] & (self.labels[0] == self.labels[0, chosen][self._layout.owner])
        is_named: Flags = (named[self._keys[0]] > own) & (self.labels[0] > 0)
        return is_named

    def of_articles(self, chosen: Labels) -> Vector:
        """The share of an article's names that mean a place there: [country or division, article, label]."""
        totals = self._totals(chosen).reshape(2, self._layout.articles, -1)
        all_together = totals.sum(axis=2, keepdims=True)
        shares: Vector = np.divide(totals, all_together, out=np.zeros_like(totals), where=all_together > 0)
        return shares

    def _totals(self, chosen: Labels) -> Vector:
        loudness = self._loudness * (self.labels[:, chosen] > 0)
        counted = np.bincount(self._keys[:, chosen].ravel(), weights=loudness.ravel(), minlength=len(self._demonyms))
        return np.asarray(counted, dtype=np.float64)


class Nearest:
    """How near candidates are to the places that the other names of their article mean."""

    def __init__(self, layout: Layout, points: Vector, is_area: Flags, names: Labels, loudness: Vector) -> None:
        """`points` are the rows' on a sphere of radius 1, [x y z, row]; an area, by its flag, is near to nothing.

        `names` holds the number of each group's name, `loudness` how much its article uses it.
        """
        self._layout = layout
        loudest_first = np.lexsort((-loudness, layout.article))
        rank = np.arange(len(loudest_first)) - np.array(layout.firsts)[layout.article[loudest_first]]
        self._groups: Labels = loudest_first[rank < MAX_NEIGHBOURS]
        # Every article has as many places for neighbours, the last of them for its outlet's own town. They may stay
        # empty: the fourth coordinate makes the cosine of the angle to nothing.
        self._places = 2 + min(int(rank.max()), MAX_NEIGHBOURS - 1)
        self._at: Labels = layout.article[self._groups] * self._places + rank[rank < MAX_NEIGHBOURS]
        self._neighbours = np.zeros((4, layout.articles * self._places))
        self._neighbours[3] = NOWHERE
        self._rows = np.empty((4, len(layout)))
        self._rows[:3], self._rows[3] = points, 1.0
        self._targets = self._rows * ~is_area
        self._targets[3] = NOWHERE * is_area
        of_places = np.full(layout.articles * self._places, -1)
        of_places[self._at] = names[self._groups]
        self._names: Labels = of_places.reshape(layout.articles, self._places)
        self._own_names: Labels = names[layout.owner][:, None]

    def set_home(self, article: int, point: tuple[float, float, float]) -> None:
        """Where the town of an article's outlet is, which is near as if it were named."""
        self._neighbours[:, (article + 1) * self._places - 1] = [*point, 0.0]

    def cosines(self, chosen: Labels) -> Vector:
        """Of each row the cosine of the angle to the nearest neighbour of another name, or NOWHERE.

        `chosen` holds the row of each group that is taken for what it means.
        """
        self._neighbours[:, self._at] = self._targets[:, chosen[self._groups]]
        by_article = self._neighbours.reshape(4, self._layout.articles, self._places)
        nearest = np.empty(len(self._layout))
        step = CHUNK // self._places
        for start in range(0, len(nearest), step):
            rows = slice(start, start + step)
            article = self._layout.article_of_row[rows]
            cosine: Vector = (by_article[:, article] * self._rows[:, rows, None]).sum(axis=0)
            cosine[self._names[article] == self._own_names[rows]] = NOWHERE
            nearest[rows] = cosine.max(axis=1)
        return nearest
