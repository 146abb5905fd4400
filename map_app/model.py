"""The types that the rooms hand to each other. Plain frozen values; no behaviour that needs another room."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from map_app.errors import ImpossibleValueError
from map_app.geo import Point

#: A host by itself, or with what may follow it in an address; no "urn:..." or "mailto:...".
_BARE_HOST = re.compile(r"[^/?#:@]+(?::\d+)?(?:[/?#]|$)")


class Feature(StrEnum):
    """What kind of place it is; decides how it is drawn."""

    COUNTRY = "country"
    ADMIN1 = "admin1"
    ADMIN2 = "admin2"
    CITY = "city"
    REGION = "region"
    WATER = "water"
    CONTINENT = "continent"
    OTHER = "other"


class Field(StrEnum):
    """The part of an article that an offset counts in."""

    TITLE = "title"
    TEXT = "text"


class Kind(StrEnum):
    """Whether a name names a place or the people and things of one ("Syria", "Syrian")."""

    TOPONYM = "toponym"
    DEMONYM = "demonym"


class Role(StrEnum):
    """What a place is to a story, strongest first."""

    FOCUS = "focus"
    MENTION = "mention"
    DATELINE = "dateline"


def strongest_first(roles: Iterable[Role]) -> tuple[Role, ...]:
    """Each of the roles once, the one that decides how a place is drawn first."""
    present = set(roles)
    return tuple(role for role in Role if role in present)


@dataclass(frozen=True, slots=True)
class GivenPlace:
    """Where the source of an article itself says that it is."""

    #: As the source calls it, or empty.
    name: str
    #: For an area its middle, never a claim that something happened there.
    point: Point
    #: Whether it is an area rather than a spot.
    is_area: bool = False
    #: Rough radius of an area in kilometres; None for spots, and where the source does not say.
    radius_km: float | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One piece of news as it came in."""

    #: Stable: the same thing ingested twice has the same id.
    id: str
    title: str
    #: Plain text; paragraphs are separated by newlines.
    text: str
    #: Where it can be read: http or https, or empty.
    url: str = ""
    #: The outlet's name as people say it, or empty.
    publisher: str = ""
    #: An aware UTC datetime, or None where the source gives no date that can be believed.
    published: datetime | None = None
    #: BCP 47 code ("en"), or empty where unknown.
    language: str = ""
    #: The host that published it ("rfa.org"), or empty: the geoparser learns outlets' homes from it.
    domain: str = ""
    #: Where this program got it: a path, an address, "sample" or "pasted".
    source: str = ""
    #: Places that came with it as coordinates, not as words.
    given: tuple[GivenPlace, ...] = ()
    #: Who wrote it, as the source names them, with commas between several; or empty.
    author: str = ""

    def __post_init__(self) -> None:
        if self.published is not None and self.published.utcoffset() != timedelta(0):
            raise ImpossibleValueError(f"article {self.id!r}: published must be an aware UTC datetime")


@dataclass(frozen=True, slots=True)
class Toponym:
    """One occurrence of a name: ``article.<field>[start:end] == name``."""

    name: str
    #: Half-open Python string offsets into the field.
    start: int
    end: int
    field: Field = Field.TEXT
    kind: Kind = Kind.TOPONYM
    #: How sure the recogniser is that this is a name of a place, 0 to 1.
    confidence: float = 1.0
    #: Place.id where the recogniser knows which place it is ("Києві" can only be Kyiv); empty where that is open.
    known: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One record of the gazetteer."""

    #: Stable across builds: "country:UA", "admin1:US.TX", "admin2:US.TX.113", "city:4717560", "curated:donbas".
    id: str
    #: The name as English-language news writes it.
    name: str
    #: For an area a sensible middle, never a claim that something happened there.
    point: Point
    feature: Feature
    #: ISO 3166-1 alpha-2 code, "XK" for Kosovo; empty for what lies in no one country.
    country_code: str = ""
    #: English name of the first-level division that it lies in ("Texas"), or empty.
    admin1: str = ""
    population: int = 0
    #: The GeoNames id, or None where the source has none.
    geonameid: int | None = None
    #: Rough radius of an area in kilometres; None for points, and for countries, which have outlines.
    radius_km: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that a toponym may mean, and how it was ranked."""

    place: Place
    #: Higher is better; comparable only within one resolution.
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """One named reason for a choice."""

    #: A short stable word: "population", "container", "same country", "beside", ...
    reason: str
    #: What it added to the score of the chosen place.
    weight: float
    #: The words of the article that it rests on, or empty.
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a toponym was taken to mean, and why."""

    toponym: Toponym
    #: None where it could not be placed; then `unplaced_because` says why.
    place: Place | None
    #: How sure the resolver is, 0 to 1.
    confidence: float = 0.0
    role: Role = Role.MENTION
    #: Best first, the chosen place included; a handful at most.
    candidates: tuple[Candidate, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    #: "no candidate", "tie", "below the threshold" or empty.
    unplaced_because: str = ""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A cut of an article around a place's name, ended at sentence or word borders."""

    text: str
    #: Half-open offsets into `text` of the place's names, in order, not overlapping.
    highlights: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """An article as a list or a popup shows it."""

    #: The store's own small number of the article: cheap to count and to send.
    number: int
    article_id: str
    title: str
    url: str
    publisher: str
    published: datetime | None
    snippet: Snippet
    #: What the place is to it, strongest first: its focus may be where it was filed too. MENTION in lists that are not
    #: about one place.
    roles: tuple[Role, ...] = (Role.MENTION,)
    #: Ids and names of the places it is on, most often named first.
    places: tuple[tuple[str, str], ...] = ()
    #: How many other outlets carry the same text, such as an agency's.
    also_in: int = 0
    #: What each of `places` is to it, in the same order, each as `roles`; empty in a popup's stories.
    place_roles: tuple[tuple[Role, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """A place on the map with what there is to read about it."""

    place: Place
    #: How many articles name it under the current filter.
    article_count: int
    #: The newest few, or none where they are asked for when the pin is opened.
    stories: tuple[Story, ...] = ()
    #: The store's numbers of all of them, ascending, so that clusters can count distinct articles; empty where there
    #: are so many that the clusters' counts are asked for.
    article_numbers: tuple[int, ...] = ()
    #: The strongest role that it has in any of them.
    role: Role = Role.MENTION


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """What to show; the parts are combined with AND, an empty part lets everything through.

    `since`, `until` and `words` choose articles. `countries`, `features` and `roles` choose mentions: an
    article is shown where at least one mention passes all three, and only the places that pass are pinned.
    """

    #: First and last day, both included, in UTC.
    since: date | None = None
    until: date | None = None
    #: All of these words, in title or text, without regard to case or accents; "quoted words" as a phrase.
    words: str = ""
    #: ISO 3166-1 alpha-2 codes.
    countries: frozenset[str] = field(default_factory=frozenset)
    features: frozenset[Feature] = field(default_factory=frozenset)
    #: Any of the roles of a place in an article: one that is in focus and in the dateline is found as either.
    roles: frozenset[Role] = field(default_factory=frozenset)
    publishers: frozenset[str] = field(default_factory=frozenset)
    #: Only articles on this place (Place.id).
    place: str = ""

    def __post_init__(self) -> None:
        if self.since and self.until and self.since > self.until:
            raise ImpossibleValueError(f"the range starts on {self.since} and ends earlier, on {self.until}")

    @property
    def chooses_mentions(self) -> bool:
        """Whether articles without any place are left out."""
        return bool(self.countries or self.features or self.roles or self.place)


def utc_day(moment: datetime) -> date:
    """The UTC calendar day of an aware datetime."""
    return moment.astimezone(UTC).date()


def domain_of(address: str) -> str:
    """What outlets are told apart by: the host of a web address, or one written by itself, or empty.

    In small letters, without "www." and "amp.": "https://www.LFPress.com/news" and "lfpress.com" are one outlet.
    """
    address = address.strip().lower()
    if not address.startswith(("http://", "https://")):
        address = f"//{address}" if _BARE_HOST.match(address) else ""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:  # an address that only looks like one: "http://[news]"
        return ""
    return host.rstrip(".").removeprefix("www.").removeprefix("amp.")
