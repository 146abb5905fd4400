"""What each place is to a story: where it was filed, what it is about, or mentioned in passing.

The rule, in order:

1. *Dateline*: the names before a dash among the first words of the text ("TAIPEI, Taiwan - ", "KYIV (Reuters) -").
2. *Focus*: at most FOCUS_MOST places, those with the most points and with at least half as many as the first of them.
   Points are given for being named in the title, for being named in the lead (the text's first sentence after the
   dateline), and for each doubling of the times that a place is named, a place within it counting half. A sea or a
   continent has one less: it says where to look, not what happened. Without any in the title or lead, the place that
   has most points is the focus alone.
3. *Mention*: every other.

Where officials speak is not what they speak about: "Washington and Seoul say", "officials in Moscow" give no points.
A place that is in the dateline and elsewhere too has both roles, each at its own occurrences.

Measured on data/gold.jsonl: `python -m map_app evaluate` prints the figures; docs/geoparser.md says what was tried.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from map_app.geoparse.tokens import read_words
from map_app.model import Article, Feature, Field, Kind, Place, Resolution, Role

#: Changes whenever the rule may give other roles.
ROLES_VERSION = "roles3"

#: A dateline ends within this many characters of the start of its line, and starts one of the text's first lines.
DATELINE_REACH = 100
DATELINE_LINES = 3
#: A byline before it is no longer than this.
BYLINE_REACH = 60

#: A lead is never longer than this.
LEAD_REACH = 400

#: Points; twice or half of any changes the F1 of the focus by under 4 points, most of them by under 1.
IN_TITLE = 2.0
IN_LEAD = 2.0
#: For each doubling of the times it is named, at most twice: long articles name everything often.
DOUBLING = 1.0
MOST_DOUBLINGS = 2.0
#: What a place counts towards one that it lies in: a story that names three Kenyan towns is about Kenya.
WITHIN = 0.5
BROAD = -1.0
#: Who is named in neither title nor lead needs to be named often.
FOCUS_POINTS = 2.0
#: The focus has at least this share of the points of the strongest place.
FOCUS_SHARE = 0.5
#: People name one to three places when asked what a story is about.
FOCUS_MOST = 3

#: Towns and seats of government ("the Kremlin said") speak for others.
_SPEAKING = frozenset({Feature.CITY, Feature.OTHER})
_BROAD = frozenset({Feature.WATER, Feature.CONTINENT})

_DATELINE = re.compile(r"[^\S\n]*(?P<line>[^\n–—―−]{2,80}?)(?P<dash>\s*[–—―−]|\s+--?\s|(?<=\))--?\s|--\s|:\s)")
_PARENTHESES = re.compile(r"\([^)\n]*\)?")
_ABBREVIATION = re.compile(r"(?:[^\W\d_]\.)+|[^\W\d_]{1,5}\.")
#: Small words that stand within names ("Rio de Janeiro", "Dar es Salaam").
_WITHIN_NAMES = frozenset(["de", "da", "do", "dos", "del", "la", "es", "al", "el", "of", "the", "and", "am", "sur"])

_SAYING = (
    "says?|said|warns?|warned|urges?|urged|accuses?|accused|announces?|announced|denies|denied|confirms?|confirmed|"
    "insists?|insisted|claims?|claimed|rejects?|rejected"
)
_SPEAKS_AFTER = re.compile(rf"(?:\s(?:and|or)\s[^\W\d_]+)?\s(?:(?:also|both|later)\s)?(?:{_SAYING})\b")
_SPEAKERS = (
    "officials?|diplomats?|governments?|authorities|media|ministry|ministers?|lawmakers?|analysts?|said|says|"
    "reported|announced"
)
_SPEAKS_BEFORE = re.compile(rf"\b(?:{_SPEAKERS})\s(?:[^\W\d_]+\s)?in\s(?:[^\W\d_]+,?\sand\s)?$", re.IGNORECASE)
_SPEECH_REACH = 60


def dateline_end(text: str) -> int:
    """Where the text's dateline ends, or 0: names and a dash at the start of one of the first lines."""
    start = 0
    for _ in range(DATELINE_LINES):
        match = _DATELINE.match(text[start : start + DATELINE_REACH])
        if match and _is_dateline(match["line"], match["dash"]):
            return start + match.end("dash")
        line_end = text.find("\n", start, start + BYLINE_REACH)
        if line_end < 0:
            return 0
        start = line_end + 1
    return 0


def _is_dateline(line: str, dash: str) -> bool:
    """Whether these are names, dates and agencies: a sentence with a dash in it has small words and ends early."""
    words = _PARENTHESES.sub(" ", line).split()
    if not words or not words[0][0].isupper():
        return False
    if dash.startswith(":") and not line.isupper():
        return False
    # "Trump's America – a view" is a headline.
    return not any(
        (word[0].islower() and word not in _WITHIN_NAMES)
        or word.endswith(("'s", "’s", "!", "?"))
        or (word.rstrip(",").endswith(".") and not _ABBREVIATION.fullmatch(word.rstrip(",")))
        for word in words
    )


@dataclass(slots=True)
class _Standing:
    """How much an article makes of one place."""

    place: Place
    times: int = 0
    in_title: bool = False
    in_lead: bool = False


def give_roles(article: Article, resolutions: Sequence[Resolution]) -> list[Resolution]:
    """The same resolutions, each with its role."""
    dateline = dateline_end(article.text)
    in_dateline = [
        r.toponym.field is Field.TEXT and r.toponym.end <= dateline and r.toponym.kind is Kind.TOPONYM
        for r in resolutions
    ]
    told = [r for r, filed in zip(resolutions, in_dateline, strict=True) if not filed]
    focus = _focus(_standings(article, told, _lead_end(article.text, dateline)))
    out = []
    for resolution, filed in zip(resolutions, in_dateline, strict=True):
        role = Role.MENTION
        if filed:
            role = Role.DATELINE
        elif resolution.toponym.kind is Kind.TOPONYM and resolution.place is not None and resolution.place.id in focus:
            role = Role.FOCUS
        out.append(resolution if resolution.role is role else replace(resolution, role=role))
    return out


def _lead_end(text: str, dateline: int) -> int:
    words = read_words(text[dateline : dateline + LEAD_REACH])
    return dateline + (words.ends[words.sentences[0][1] - 1] if words.sentences else 0)


def _standings(article: Article, resolutions: Sequence[Resolution], lead_end: int) -> dict[str, _Standing]:
    """Of every place that is named outside the dateline, by its id, in the order of the article."""
    found: dict[str, _Standing] = {}
    for resolution in resolutions:
        place, toponym = resolution.place, resolution.toponym
        if place is None or toponym.kind is Kind.DEMONYM:
            continue
        in_title = toponym.field is Field.TITLE
        standing = found.setdefault(place.id, _Standing(place))
        if place.feature in _SPEAKING and _speaks(
            article.title if in_title else article.text, toponym.start, toponym.end
        ):
            continue
        standing.times += 1
        standing.in_title |= in_title
        standing.in_lead |= not in_title and toponym.start < lead_end
    return found


def _speaks(text: str, start: int, end: int) -> bool:
    """Whether a place stands for those who say something there."""
    if _SPEAKS_AFTER.match(text, end, end + _SPEECH_REACH):
        return True
    before = text[max(0, start - _SPEECH_REACH) : start]
    # With one of the two the pattern ends, which few texts have there.
    return before.rstrip().lower().endswith(("in", "and")) and _SPEAKS_BEFORE.search(before) is not None


def _focus(standings: Mapping[str, _Standing]) -> set[str]:
    within: Counter[str] = Counter()
    for inner in standings.values():
        for container in _containers(inner.place):
            within[container] += inner.times
    points = {
        place_id: _points(standing, within[_as_container(standing.place)]) for place_id, standing in standings.items()
    }
    if not points:
        return set()
    ranked = sorted(points, key=lambda place_id: -points[place_id])
    enough = max(FOCUS_POINTS, FOCUS_SHARE * points[ranked[0]])
    return {place_id for place_id in ranked[:FOCUS_MOST] if points[place_id] >= enough} or {ranked[0]}


def _points(standing: _Standing, times_within: int) -> float:
    weight = standing.times + WITHIN * times_within
    return (
        IN_TITLE * standing.in_title
        + IN_LEAD * standing.in_lead
        + DOUBLING * min(math.log2(max(weight, 1.0)), MOST_DOUBLINGS)
        + BROAD * (standing.place.feature in _BROAD)
    )


def _as_container(place: Place) -> str:
    """The key under which what lies in the place is counted, or empty where nothing is."""
    if place.feature is Feature.COUNTRY:
        return place.country_code
    return f"{place.country_code}.{place.name}" if place.feature is Feature.ADMIN1 else ""


def _containers(place: Place) -> list[str]:
    """The keys of the country and the division that a place lies in."""
    found = []
    if place.country_code and place.feature is not Feature.COUNTRY:
        found.append(place.country_code)
        if place.admin1 and place.feature is not Feature.ADMIN1:
            found.append(f"{place.country_code}.{place.admin1}")
    return found
