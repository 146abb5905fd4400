"""Online geocoders for names that the gazetteer does not know: off unless a setting switches one on.

Only the unknown names are sent, never an article. Usage policy of the public Nominatim server:
https://operations.osmfoundation.org/policies/nominatim/ (at most one request a second, answers cached, a
User-Agent that names the application, credit shown). All four are kept here, for any server.
"""

import json
import logging
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from geopy.adapters import AdapterHTTPError, BaseSyncAdapter
from geopy.exc import GeocoderParseError, GeocoderRateLimited, GeocoderTimedOut, GeocoderUnavailable, GeopyError
from geopy.geocoders import Nominatim
from geopy.geocoders.base import Geocoder

from map_app.errors import FetchError, FetchTimeoutError, HttpStatusError, SettingsError, TooLargeError
from map_app.fetch import Fetcher
from map_app.gazetteer.names import fold
from map_app.geo import Point
from map_app.geocode.turns import NotNowError, Turns
from map_app.model import Feature, Place
from map_app.settings import Settings

logger = logging.getLogger(__name__)

#: What the provider of Nominatim's data asks to be shown.
NOMINATIM_CREDIT = "© OpenStreetMap contributors"

TIMEOUT_S = 10.0

#: Longer answers are no answers: a place is a few hundred bytes.
MAX_ANSWER_BYTES = 1_000_000

#: Back-off after a failure where the service names none.
DEFAULT_BACK_OFF_S = 60.0

_FEATURES = {
    "country": Feature.COUNTRY, "continent": Feature.CONTINENT, "state": Feature.ADMIN1,
    "province": Feature.ADMIN1, "region": Feature.REGION, "county": Feature.ADMIN2, "district": Feature.ADMIN2,
    "city": Feature.CITY, "town": Feature.CITY, "village": Feature.CITY, "hamlet": Feature.CITY,
    "suburb": Feature.CITY, "municipality": Feature.CITY, "sea": Feature.WATER, "ocean": Feature.WATER,
    "water": Feature.WATER,
    "river": Feature.WATER, "bay": Feature.WATER, "strait": Feature.WATER, "island": Feature.REGION,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of asking for a name."""

    #: None where the service knows no such place, or where it has not answered yet.
    place: Place | None
    #: Why there is no answer yet, or empty: then the answer stands, and is cached.
    pending: str = ""
    #: Earliest sensible time to ask again, in seconds from now; only with `pending`.
    retry_after_s: float = 0.0


class OnlineGeocoder:
    """Any geopy geocoder, asked politely: in turns over all processes, answers kept, nonsense thrown away."""

    def __init__(
        self,
        service: Geocoder,
        turns: Turns,
        *,
        recall: Callable[[str], str | None],
        remember: Callable[[str, str], None],
        countries_near: Callable[[Point], frozenset[str]] = lambda _point: frozenset(),
        credit: str = NOMINATIM_CREDIT,
    ) -> None:
        """`recall` and `remember` keep answers as JSON; `countries_near` tells what is around a point."""
        self._service = service
        self._turns = turns
        self._recall = recall
        self._remember = remember
        self._countries_near = countries_near
        self.credit = credit

    def look_up(self, name: str, country_code: str = "") -> Outcome:
        """Ask for a name, in one country if it is known; never raises for what the service does."""
        key = answer_key(name, country_code)
        kept = self._recall(key)
        if kept is not None:
            return Outcome(_from_json(kept))
        try:
            with self._turns.turn():
                # Another process may have asked while this one waited.
                kept = self._recall(key)
                if kept is not None:
                    return Outcome(_from_json(kept))
                place = self._ask(name, country_code)
                self._remember(key, _to_json(place))
                return Outcome(place)
        except NotNowError as e:
            return Outcome(None, pending=f"waiting for the geocoder: {e}", retry_after_s=e.retry_after_s)
        except _UnansweredError as e:
            logger.warning("The geocoder did not answer for %r: %s", name, e)
            return Outcome(None, pending=str(e), retry_after_s=e.retry_after_s)

    def _ask(self, name: str, country_code: str) -> Place | None:
        more: dict[str, Any] = {}
        if isinstance(self._service, Nominatim):
            more = {"addressdetails": True, "language": "en"}
            if country_code:
                more["country_codes"] = country_code.lower()
        try:
            with warnings.catch_warnings():
                # geopy warns and then raises on a latitude over 90; raising is enough.
                warnings.simplefilter("ignore", UserWarning)
                location = self._service.geocode(name, exactly_one=True, timeout=TIMEOUT_S, **more)
        except GeocoderRateLimited as e:
            self._turns.back_off(e.retry_after or DEFAULT_BACK_OFF_S)
            raise _UnansweredError("the geocoder asks for a pause", e.retry_after or DEFAULT_BACK_OFF_S) from e
        except GeopyError as e:
            self._turns.back_off(0)
            raise _UnansweredError(f"the geocoder is not available ({e})", DEFAULT_BACK_OFF_S) from e
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as e:
            logger.warning("An impossible answer of the geocoder for %r is thrown away: %s", name, e)
            return None
        if location is None:
            return None
        place = _place(name, location.latitude, location.longitude, location.raw)
        why_not = self._unbelievable(place, country_code) if place else "its coordinates cannot exist"
        if why_not:
            logger.warning("An answer of the geocoder for %r is thrown away: %s", name, why_not)
            return None
        return place

    def _unbelievable(self, place: Place, country_code: str) -> str:
        if country_code and place.country_code and place.country_code != country_code.upper():
            return f"it is in {place.country_code}, not {country_code.upper()}"
        claimed = place.country_code or country_code.upper()
        around = self._countries_near(place.point)
        if claimed and around and claimed not in around:
            return f"its coordinates lie outside {claimed}, to which it is said to belong"
        return ""


def answer_key(name: str, country_code: str = "") -> str:
    """What an answer is kept under: the same for every writing of a name."""
    return f"{fold(name)}|{country_code.upper()}"


def recalled(recall: Callable[[str], str | None], name: str) -> Place | None:
    """The place that a service gave for a name earlier; nothing is asked now."""
    kept = recall(answer_key(name))
    return None if kept is None else _from_json(kept)


class _UnansweredError(Exception):
    def __init__(self, why: str, retry_after_s: float) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


def open_service(settings: Settings) -> Nominatim | None:
    """The geopy geocoder that the settings name, or None where they name none; raises SettingsError."""
    if settings.geocoder == "off":
        return None
    agent = settings.geocoder_user_agent.strip()
    if not agent:
        raise SettingsError(
            "MAP_APP_GEOCODER is on but MAP_APP_GEOCODER_USER_AGENT is empty: set it to your site and an address "
            "to write to, as the provider's usage policy asks"
        )
    address = urlsplit(settings.geocoder_url)
    return Nominatim(
        domain=f"{address.netloc}{address.path}".rstrip("/"),
        scheme=address.scheme,
        user_agent=agent,
        adapter_factory=partial(FetchAdapter, user_agent=agent),
    )


class FetchAdapter(BaseSyncAdapter):  # type: ignore[misc]  # geopy publishes no types
    """What geopy asks through: this program's own client, which ends whatever comes.

    The service may lie in your own network, since the settings name it; it is not followed anywhere else.
    """

    def __init__(self, *, user_agent: str, proxies: Any, ssl_context: Any) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        self._fetcher = Fetcher(
            user_agent=user_agent, allow_private=True, max_bytes=MAX_ANSWER_BYTES, max_redirects=0, gap_s=0
        )

    def __exit__(self, *_: object) -> None:
        self._fetcher.close()

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
        """The answer as JSON has it; raises what geopy expects."""
        text = self.get_text(url, timeout=timeout, headers=headers)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as e:
            raise GeocoderParseError(f"the answer is not JSON: {e}") from e

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        """The answer as text; raises what geopy expects."""
        try:
            return self._fetcher.get(url, timeout_s=timeout).body.decode("utf-8")
        except HttpStatusError as e:
            pause = {} if e.retry_after_s is None else {"retry-after": str(math.ceil(e.retry_after_s))}
            raise AdapterHTTPError(str(e), status_code=e.status, headers=pause, text="") from e
        except FetchTimeoutError as e:
            raise GeocoderTimedOut(str(e)) from e
        except FetchError as e:
            raise GeocoderUnavailable(str(e)) from e
        except (TooLargeError, UnicodeDecodeError) as e:
            raise GeocoderParseError(str(e)) from e


def _place(name: str, latitude: object, longitude: object, raw: Any) -> Place | None:
    """The answer as a place, or None where its coordinates cannot exist or are the usual sign of "unknown"."""
    if not (isinstance(latitude, float) and isinstance(longitude, float)):
        return None
    raw = raw if isinstance(raw, dict) else {}
    try:
        # geopy wraps longitudes around; what the service itself said is what counts.
        longitude = float(raw.get("lon", longitude))
    except (TypeError, ValueError):
        return None
    possible = math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    if not possible or (abs(latitude) < 1e-6 and abs(longitude) < 1e-6):
        return None
    address = raw.get("address") if isinstance(raw.get("address"), dict) else {}
    kind = str(raw.get("addresstype") or raw.get("type") or "")
    number = f"{raw.get('osm_type', '')}{raw.get('osm_id', '')}" or f"{latitude:.5f},{longitude:.5f}"
    return Place(
        id=f"online:{number}",
        name=str(raw.get("name") or name),
        point=Point(latitude, longitude),
        feature=_FEATURES.get(kind, Feature.OTHER),
        country_code=str(address.get("country_code") or "").upper()[:2],
        admin1=str(address.get("state") or ""),
    )


def _to_json(place: Place | None) -> str:
    if place is None:
        return "null"
    return json.dumps(
        {"id": place.id, "name": place.name, "latitude": place.point.latitude, "longitude": place.point.longitude,
         "feature": place.feature.value, "country_code": place.country_code, "admin1": place.admin1}
    )  # fmt: skip


def _from_json(text: str) -> Place | None:
    row = json.loads(text)
    if row is None:
        return None
    point = Point(row.pop("latitude"), row.pop("longitude"))
    return Place(point=point, feature=Feature(row.pop("feature")), **row)
