"""What becomes of names, right and wrong, by kinds that can be counted without anybody's judgement."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from map_app.geoparse.gold import GoldToponym
from map_app.geoparse.surroundings import is_first_of_more
from map_app.model import Resolution

_STREET = re.compile(
    r"(?i)\b(?:street|st\.|avenue|ave\.?|road|rd\.?|lane|drive|boulevard|blvd\.?|highway|route|interstate|parkway)(?!\w)"
)
#: How far behind a name its street's word may stand.
_REACH = 12


def mistakes(
    text: str,
    scored: Sequence[GoldToponym],
    given: Sequence[Resolution],
    pairs: Sequence[tuple[GoldToponym, Resolution]],
    right: Iterable[GoldToponym],
) -> Counter[str]:
    """What was right and wrong in one article, by kind; `pairs` are what was owed and what was given for it."""
    counts: Counter[str] = Counter()
    found = {id(toponym): resolution for toponym, resolution in pairs}
    put_right = {id(toponym) for toponym in right}
    for toponym in scored:
        counts["owed"] += 1
        resolution = found.get(id(toponym))
        if resolution is None:
            counts[f"missed, {toponym.level}"] += 1
        elif id(toponym) in put_right:
            counts[f"right, {toponym.level}"] += 1
        elif toponym.latitude is not None:
            counts[f"{'put elsewhere' if resolution.place else 'found but not placed'}, {toponym.level}"] += 1
    paired = {id(resolution) for _, resolution in pairs}
    marked = {owed.name for owed in scored}
    for resolution in given:
        if id(resolution) in paired:
            continue
        name = resolution.toponym
        counts["given though not marked"] += 1
        behind = text[name.start : name.end + _REACH].partition("\n")[0]
        if resolution.place is None:
            counts["given though not marked, and not placed"] += 1
        if name.name in marked:
            counts["given though not marked, but marked elsewhere in the text"] += 1
        elif _STREET.search(behind):
            counts["given though not marked, of a street"] += 1
        elif is_first_of_more(text, name):
            counts["given though not marked, before another capital"] += 1
    return counts


def mistake_lines(counted: Iterable[Mapping[str, int]]) -> list[str]:
    """All counts together, a line for each kind."""
    counts: Counter[str] = Counter()
    for some in counted:
        counts.update(some)
    return [f"{kind}: {count:,}" for kind, count in sorted(counts.items())]
