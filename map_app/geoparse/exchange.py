"""Annotated articles with other places' names in them: what they teach of a name's surroundings holds for any name."""

import random
from dataclasses import replace

import numpy as np

from map_app.gazetteer.kinds import FEATURES
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.gold import GoldDocument, GoldToponym
from map_app.model import Feature

#: Of the names of an article this share is exchanged.
SHARE = 0.5
#: What is a place's own name: those of facilities say what they are, and go with no other.
_LEVELS = frozenset({"country", "admin1", "admin2", "place"})
#: Parts of a name that say the same.
_SAYING = ("County", "State", "Province", "Parish")


class Exchange:
    """Puts names of towns, drawn from the gazetteer, where articles name places."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._rows = np.flatnonzero(gazetteer.feature == FEATURES.index(Feature.CITY))
        #: A town is drawn as often as the root of its people says: news is of large towns, and most towns are small.
        self._ends = np.cumsum(np.sqrt(np.maximum(gazetteer.population[self._rows], 500)))

    def exchanged(self, document: GoldDocument, seed: int) -> GoldDocument:
        """The article with some of its names exchanged, each for the same everywhere; the same seed draws the same."""
        draw = random.Random(f"{seed} {document.article.id}")  # noqa: S311 (an example, not a secret)
        text, names = document.article.text, dict[str, str]()
        pieces: list[str] = []
        toponyms: list[GoldToponym] = []
        done = length = 0
        for toponym in sorted(document.toponyms, key=lambda toponym: toponym.start):
            if toponym.start < done:
                continue
            name = text[toponym.start : toponym.end]
            if _may_be_exchanged(toponym, name):
                if name not in names:
                    names[name] = self._town(draw.random()) if draw.random() < SHARE else name
                name = names[name]
            pieces += [text[done : toponym.start], name]
            length += toponym.start - done
            toponyms.append(replace(toponym, name=name, start=length, end=length + len(name)))
            length += len(name)
            done = toponym.end
        article = replace(document.article, text="".join([*pieces, text[done:]]))
        return replace(document, article=article, toponyms=tuple(toponyms))

    def _town(self, share: float) -> str:
        row = self._rows[int(np.searchsorted(self._ends, share * self._ends[-1]))]
        return self._gazetteer.name_of(int(row))


def _may_be_exchanged(toponym: GoldToponym, name: str) -> bool:
    """Whether a town's name could stand there: not for an abbreviation, nor in a line of capitals."""
    if not toponym.scored or toponym.level not in _LEVELS or "." in name or not name[:1].isupper() or name.isupper():
        return False
    return not any(word in name for word in _SAYING)
