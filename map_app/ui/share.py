"""The whole state of the page in its address, both ways. Pure: what a visitor may type is read without ever raising."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from map_app.model import ArticleFilter, Feature, Role

#: Presets of the date filter: how many days back from today they reach.
PRESETS = {"24h": 1, "7d": 7, "30d": 30}

#: Longer values are not taken from an address: nobody types them, and browsers do not carry much more.
MAX_VALUE_CHARS = 500

#: More choices than this in one filter are not taken from an address.
MAX_CHOICES = 300

MAX_ZOOM = 20

#: Control characters, lone surrogates, and the ends of lines and paragraphs.
_UNFIT = frozenset(("Cc", "Cs", "Zl", "Zp"))

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,4}(\.\d{1,12})?", re.ASCII)

_T = TypeVar("_T")
_E = TypeVar("_E", Feature, Role)


@dataclass(frozen=True, slots=True)
class View:
    """Where the map looks."""

    latitude: float
    longitude: float
    zoom: float


@dataclass(frozen=True, slots=True)
class ViewState:
    """Everything that a shared link restores."""

    #: Its dates are empty while a preset is chosen.
    filter: ArticleFilter = field(default_factory=ArticleFilter)
    #: "24h", "7d", "30d" or empty.
    preset: str = ""
    #: The open article's id, or empty.
    article: str = ""
    view: View | None = None

    def applied(self, today: date) -> ArticleFilter:
        """The filter with the preset turned into dates."""
        if not self.preset:
            return self.filter
        return replace(self.filter, since=today - timedelta(days=PRESETS[self.preset]), until=today)

    def frozen(self, today: date) -> "ViewState":
        """The same without a preset, so that a copied link shows the same articles next year."""
        return replace(self, filter=self.applied(today), preset="")


class Notice(StrEnum):
    """What is wrong with a part of the address, and what became of it."""

    UNUSABLE = "cannot be used and was ignored"
    TOO_LONG = "is too long and was ignored"
    REPEATED = "is given more than once, and the first counts"
    REVERSED = "ends before it starts and was ignored"
    UNKNOWN = "is not known here and was ignored"

    def of(self, what: str) -> str:
        """The sentence for visitors about that part."""
        return f"The {what} in this link {self}."


#: What visitors know the parameters as.
CALLED = {
    "when": "date",
    "from": "date",
    "to": "date",
    "country": "country",
    "q": "search",
    "kind": "kind of place",
    "role": "role",
    "publisher": "publisher",
    "place": "place",
    "article": "article",
    "lat": "view of the map",
    "lon": "view of the map",
    "zoom": "view of the map",
}


def read(parameters: Mapping[str, Sequence[str]]) -> tuple[ViewState, list[str]]:
    """The state that an address asks for, and a sentence for each value in it that was ignored."""
    reader = _Reader(parameters)
    since, until = reader.one("from", _day), reader.one("to", _day)
    preset = reader.one("when", lambda text: text if text in PRESETS else None) or ""
    if preset:
        since = until = None
    if since and until and since > until:
        reader.notices.append(Notice.REVERSED.of("range of dates"))
        since = until = None
    latitude = reader.one("lat", lambda text: _number(text, 90))
    longitude = reader.one("lon", lambda text: _number(text, 180))
    zoom = reader.one("zoom", lambda text: _number(text, MAX_ZOOM))
    state = ViewState(
        filter=ArticleFilter(
            since=since,
            until=until,
            words=reader.one("q", _text) or "",
            countries=frozenset(reader.many("country", _country)),
            features=frozenset(reader.many("kind", lambda text: _member(Feature, text))),
            roles=frozenset(reader.many("role", lambda text: _member(Role, text))),
            publishers=frozenset(reader.many("publisher", _text, separated=False)),
            place=reader.one("place", _text) or "",
        ),
        preset=preset,
        article=reader.one("article", _text) or "",
        view=None
        if latitude is None or longitude is None
        else View(latitude, longitude, 4 if zoom is None else max(0.0, zoom)),
    )
    return state, reader.notices


def write(state: ViewState) -> dict[str, list[str]]:
    """The query parameters that `read` turns into the same state; none for the plain page."""
    f = state.filter
    parameters = {
        "when": [state.preset],
        "from": [f.since.isoformat() if f.since and not state.preset else ""],
        "to": [f.until.isoformat() if f.until and not state.preset else ""],
        "country": [",".join(sorted(f.countries))],
        "q": [f.words],
        "kind": [",".join(sorted(f.features))],
        "role": [",".join(sorted(f.roles))],
        "publisher": sorted(f.publishers),
        "place": [f.place],
        "article": [state.article],
    }
    if state.view:
        parameters |= {
            "lat": [f"{state.view.latitude:.4f}"],
            "lon": [f"{state.view.longitude:.4f}"],
            "zoom": [f"{state.view.zoom:g}"],
        }
    return {name: values for name, values in parameters.items() if any(values)}


class _Reader:
    def __init__(self, parameters: Mapping[str, Sequence[str]]) -> None:
        self._parameters = parameters
        self.notices: list[str] = []

    def _ignored(self, name: str, why: Notice) -> None:
        # The value itself is not repeated: it may be a megabyte, and it is someone else's.
        sentence = why.of(CALLED[name])
        if sentence not in self.notices:
            self.notices.append(sentence)

    def _values(self, name: str) -> list[str]:
        values = []
        for value in self._parameters.get(name, ()):
            if len(value) > MAX_VALUE_CHARS * (8 if name == "country" else 1):
                self._ignored(name, Notice.TOO_LONG)
            elif cleaned := _clean(value):
                values.append(cleaned)
        return values

    def one(self, name: str, parse: Callable[[str], _T | None]) -> _T | None:
        values = self._values(name)
        if len(set(values)) > 1:
            self._ignored(name, Notice.REPEATED)
        if not values:
            return None
        parsed = parse(values[0])
        if parsed is None:
            self._ignored(name, Notice.UNUSABLE)
        return parsed

    def many(self, name: str, parse: Callable[[str], _T | None], *, separated: bool = True) -> Iterable[_T]:
        values = self._values(name)
        if separated:
            values = [part.strip() for value in values for part in value.split(",") if part.strip()]
        found = []
        for value in values[:MAX_CHOICES]:
            parsed = parse(value)
            if parsed is None:
                self._ignored(name, Notice.UNUSABLE)
            else:
                found.append(parsed)
        if len(values) > MAX_CHOICES:
            self._ignored(name, Notice.TOO_LONG)
        return found


def _clean(text: str) -> str:
    """Without control characters and lone surrogates, which neither an address nor the store can hold.

    Marks that join letters or tell their direction stay: words of Persian, Hindi and Hebrew are others without them.
    """
    return "".join(c for c in text if unicodedata.category(c) not in _UNFIT).strip()


def _text(text: str) -> str | None:
    return text or None


def _day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Outside of these years neither the calendar widget nor seconds since 1970 are sure to work.
    return day if 1800 <= day.year <= 2200 else None


def _number(text: str, limit: float) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return round(number, 4) if math.isfinite(number) and abs(number) <= limit else None


def _country(text: str) -> str | None:
    code = text.upper()
    return code if _COUNTRY.fullmatch(code) else None


def _member(kind: type[_E], text: str) -> _E | None:
    try:
        return kind(text.lower())
    except ValueError:
        return None
