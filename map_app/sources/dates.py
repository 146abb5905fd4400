"""When something was published, as sources write it."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from dateutil import parser as dateparser

#: News with a date further ahead than this was not published then: clocks and time zones explain no more.
MAX_AHEAD = timedelta(days=1)

#: Numbers below this are no seconds since 1970 that a news article could have (1973); 0 stands for "unknown".
MIN_EPOCH_S = 100_000_000

#: Names of zones that RFC 822 defines; any other name without an offset counts as no zone.
_ZONE_HOURS = {"UT": 0, "GMT": 0, "UTC": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
               "MDT": -6, "PST": -8, "PDT": -7}  # fmt: skip

#: "202411101230", as no news is of 1976 in milliseconds.
_TO_THE_MINUTE = re.compile(r"\s*(?:19|20)\d{10}\s*")
_DAY_FIRST = re.compile(r"\s*\d{1,2}\.\d{1,2}\.\d")


def published_of(value: object, *, now: datetime) -> tuple[datetime | None, str]:
    """A date in any usual writing as aware UTC, or None and the reason.

    A date without a zone is taken as UTC; "10/11/2024" is read with the month first, "10.11.2024", as nobody writes it
    who puts the month first, with the day; numbers are seconds or milliseconds since 1970. What is impossible, or more
    than a day ahead of `now`, gives None.
    """
    if value is None or value == "":
        return None, ""
    written = str(value).strip()[:100]
    moment = _epoch(value) or _parse(written)
    if moment is None:
        return None, f"undated: {written[:40]!r} is not a date"
    if moment > now + MAX_AHEAD:
        return None, f"undated: {written[:40]!r} lies in the future"
    return moment, ""


def published_on_page(written: str, *, now: datetime) -> tuple[datetime | None, str]:
    """The date of a web page like `published_of`, on the day that the page names.

    Late in the day and far from Greenwich it is another day in UTC already. A page is known by the day that its
    readers see, and so is the article: its time is then the end of that day nearest to it, at most 14 hours away.
    """
    moment, note = published_of(written, now=now)
    named = re.match(r"(\d{4})-(\d{2})-(\d{2})", written)
    if moment is None or named is None:
        return moment, note
    start = datetime(int(named[1]), int(named[2]), int(named[3]), tzinfo=UTC)
    return min(max(moment, start), start + timedelta(hours=23, minutes=59, seconds=59)), note


def _epoch(value: object) -> datetime | None:
    if _TO_THE_MINUTE.fullmatch(str(value)):
        return None
    if isinstance(value, str):
        if not re.fullmatch(r"\s*\d{9,13}(?:\.\d{1,9})?\s*", value):
            return None
    elif not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None  # ValueError: a separator that regular expressions count as space and float() does not
    seconds = number / 1000 if number >= 1e11 else number
    if not MIN_EPOCH_S <= seconds < 1e10:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _zone(name: str | None, offset_s: int | None) -> tzinfo | None:
    if offset_s is not None:
        return timezone(timedelta(seconds=offset_s))
    hours = _ZONE_HOURS.get((name or "").upper())
    return None if hours is None else timezone(timedelta(hours=hours))


def _parse(written: str) -> datetime | None:
    if len(re.findall(r"\d", written)) < 3:
        return None  # "Monday" and "May" are no dates
    try:
        # What is missing is filled in from the default: two defaults tell a whole date from half of one.
        one, other = (
            dateparser.parse(
                written,
                default=datetime(year, month, day),  # noqa: DTZ001
                tzinfos=_zone,
                dayfirst=_DAY_FIRST.match(written) is not None,
            )
            for year, month, day in ((2004, 1, 1), (2008, 2, 2))
        )
        if one.date() != other.date():
            return None
        moment = one if one.tzinfo is not None else one.replace(tzinfo=UTC)
        return moment.astimezone(UTC) if moment.year > 1000 else None
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        return None
