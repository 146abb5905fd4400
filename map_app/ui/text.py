"""Text as it is shown: numbers and dates as people write them, and other people's text that stays text."""

import html
import re
from collections.abc import Iterable
from datetime import date, datetime

from map_app.model import Feature, Place, Role

FEATURES = {
    Feature.COUNTRY: "Country",
    Feature.ADMIN1: "State or province",
    Feature.ADMIN2: "District or county",
    Feature.CITY: "City or town",
    Feature.REGION: "Region",
    Feature.WATER: "Sea or river",
    Feature.CONTINENT: "Continent",
    Feature.OTHER: "Other place",
}

ROLES = {Role.FOCUS: "What it is about", Role.MENTION: "Mentioned", Role.DATELINE: "Filed from here"}

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
_SPACE = re.compile(r"\s+")


def plain(text: str, *, limit: int = 160) -> str:
    """Text for a label that is read as Markdown: every sign of it, of LaTeX and of emoji codes escaped."""
    text = _SPACE.sub(" ", clean(text)).strip()
    if len(text) > limit:
        text = text[:limit].rstrip() + "…"
    return _MARKDOWN.sub(r"\\\1", text)


def clean(text: str) -> str:
    """Without what a web page cannot carry: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def escaped(text: str) -> str:
    """Text for HTML."""
    return html.escape(clean(text))


def apart(text: str) -> str:
    """Text for HTML amid other text, whose order it leaves alone whichever way it is written itself."""
    return f"<bdi>{escaped(text)}</bdi>" if text else ""


def marked(text: str, spans: Iterable[tuple[int, int, str, str]]) -> str:
    """HTML of the text with its spans marked; each is (start, end, what to say about it, CSS class), apart."""
    out, position = [], 0
    for start, end, title, css in sorted(spans):
        if not position <= start < end <= len(text):
            continue
        about = f' class="{escaped(css)}"' if css else ""
        about += f' title="{escaped(title)}"' if title else ""
        out += [escaped(text[position:start]), f"<mark{about}>", escaped(text[start:end]), "</mark>"]
        position = end
    out.append(escaped(text[position:]))
    return "".join(out)


def day(value: date | datetime | None) -> str:
    """A date as "3 Nov 2024"."""
    return f"{value.day} {value:%b} {value.year}" if value else "undated"


def number(value: int) -> str:
    """A whole number with thin groups: 12,345."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 article", "2 articles"."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def lower_first(text: str) -> str:
    """For the middle of a sentence."""
    return text[:1].lower() + text[1:]


def whereabouts(place: Place, country: str) -> str:
    """Kind and whereabouts of a place: "City or town in Texas, United States"."""
    around = [part for part in (place.admin1, country) if part and part != place.name]
    return FEATURES[place.feature] + (f" in {', '.join(around)}" if around else "")


def web_link(url: str) -> str:
    """The address if it may be a link: http and https alone, without spaces or control characters."""
    usable = url.lower().startswith(("https://", "http://")) and url.isprintable() and " " not in url
    return url if usable and len(url) < 2000 else ""
