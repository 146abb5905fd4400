"""Where outlets live: learned from where their own articles are and from their domains, without anybody's labels.

A local paper hardly ever says which Springfield it means. All its articles together do: of all divisions, its home is
the one that explains most of the names, each by one of its candidates there.
"""

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from map_app.errors import SettingsError
from map_app.gazetteer.lookup import Gazetteer
from map_app.gazetteer.names import fold
from map_app.model import Feature, Place, domain_of

#: Fewer articles of one outlet say nothing of where it lives, unless its domain does.
MIN_ARTICLES = 2
#: An outlet's home division holds more than this share of the places it names; from the trial.
MIN_ADMIN1_SHARE = 0.22
#: One that writes of its whole country names that country's places at least this often.
MIN_COUNTRY_SHARE = 0.5
#: What a candidate in a supposed home gains while homes are compared; more would let large divisions, in which every
#: name has some namesake, win over the one where the names are towns that news knows.
SUPPOSED_HOME = 2.5
#: What a candidate in the home gains once it is found: country and division of the resolver's weights.
FOUND_HOME = 3.5
#: What a place gains that the domain is named after.
IN_DOMAIN = 2.5
#: A town in this share of the articles, weighed by how likely it is meant, is the one that the outlet is published in.
MIN_CITY_SHARE = 0.1

#: The shortest names that are looked for at the ends of a domain's words, and inside of them.
MIN_END, MIN_INSIDE = 4, 6

#: Country codes in domains that are used for what they spell, or by everybody.
_ANYBODYS = frozenset({
    "ai", "am", "cc", "cd", "co", "eu", "fm", "gg", "im", "io", "is", "la", "ly", "me", "nu", "sh", "st", "tk", "to",
    "tv", "vc", "ws",
})  # fmt: skip
#: Parts of domains that say nothing.
_GENERIC = frozenset({
    "www", "com", "org", "net", "co", "ac", "gov", "edu", "info", "news", "online", "press", "media", "web", "mobile",
})  # fmt: skip
_OTHER_CODES = {"uk": "GB"}

_SETTLED = frozenset({Feature.CITY, Feature.ADMIN1, Feature.ADMIN2})


@dataclass(frozen=True, slots=True)
class Home:
    """Where an outlet lives."""

    country_code: str
    #: English name of the first-level division, or empty.
    admin1: str = ""
    #: The town that it is published in, or None where that is not known.
    city: Place | None = None

    @property
    def admin1_key(self) -> str:
        """The division as candidates are labelled by it ("US.texas"), or empty."""
        return f"{self.country_code}.{fold(self.admin1)}" if self.admin1 else ""


@dataclass(frozen=True, slots=True)
class NameSenses:
    """What one name of an article may mean."""

    #: The folded name.
    key: str
    places: tuple[Place, ...]
    #: Natural logarithms of how likely each is meant, up to a constant, without any home.
    scores: npt.NDArray[np.float64]


def learn_home(domain: str, articles: Sequence[Sequence[NameSenses]]) -> Home | None:
    """The home of the outlet at that domain, from what the names of its articles may mean; None where it shows none."""
    code = country_of_domain(domain)
    names = [(number, name.places, _with_domain(domain, code, name)) for number, a in enumerate(articles) for name in a]
    country = Home(code) if code else None
    division = _best_division(names, len(articles), domain, code)
    if division is None:
        return country or _home_country(names, len(articles))
    return Home(*division, _home_city(names, division, domain, len(articles)))


def read_homes(path: Path, gazetteer: Gazetteer) -> dict[str, Home]:
    """Homes by domain from a CSV file with the columns domain, country, division and town; the last two may be empty.

    Raises SettingsError where the file cannot be read or a line names no place that is known.
    """
    homes = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                values = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
                try:
                    homes[domain_of(values["domain"])] = _stated_home(values, gazetteer)
                except (KeyError, ValueError) as e:
                    raise SettingsError(
                        f"{path}, line {number} says no outlet's home ({e}): the columns are domain, country, "
                        "division, town, as in lfpress.com,CA,Ontario,London"
                    ) from e
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise SettingsError(f"the outlets' homes in {path} cannot be read: {e}") from e
    return homes


def _stated_home(values: dict[str, str], gazetteer: Gazetteer) -> Home:
    code, division, town = values["country"].upper(), values.get("division", ""), values.get("town", "")
    if not domain_of(values["domain"]) or gazetteer.country(code) is None:
        raise ValueError(f"no domain, or no country {code!r}")
    if division:
        names = [
            match.place.name
            for match in gazetteer.candidates(division)
            if match.place.feature is Feature.ADMIN1 and match.place.country_code == code
        ]
        if not names:
            raise ValueError(f"no division {division!r} in {code}")
        division = names[0]
    if not town:
        return Home(code, division)
    for match in gazetteer.candidates(town):
        place = match.place
        if place.feature is Feature.CITY and place.country_code == code and division in ("", place.admin1):
            return Home(code, place.admin1, place)
    raise ValueError(f"no town {town!r} in {division or code}")


def country_of_domain(domain: str) -> str:
    """ISO code of the country that a domain ends in, or empty where it may be anybody's."""
    last = domain.rpartition(".")[2].lower()
    return _OTHER_CODES.get(last, last.upper()) if len(last) == 2 and last not in _ANYBODYS else ""


def names_place(domain: str, name: str) -> bool:
    """Whether a domain is named after a place ("chicagotribune.com", "winnipeg.ctvnews.ca")."""
    squeezed = fold(name).replace(" ", "")
    if len(squeezed) < MIN_END:
        return False
    for label in domain.lower().replace("-", ".").split(".")[:-1]:
        part = label.removeprefix("the")
        if part in _GENERIC:
            continue
        if part.startswith(squeezed) or part.endswith(squeezed) or (len(squeezed) >= MIN_INSIDE and squeezed in part):
            return True
    return False


_Names = Sequence[tuple[int, tuple[Place, ...], npt.NDArray[np.float64]]]


def _with_domain(domain: str, code: str, name: NameSenses) -> npt.NDArray[np.float64]:
    """The likelihoods of what a name means, in the light of the domain's name and country."""
    scores = name.scores.copy()  # the ranking's own
    named = names_place(domain, name.key)
    for i, place in enumerate(name.places):
        if named and place.feature in _SETTLED and fold(place.name) == name.key:
            scores[i] += IN_DOMAIN
        if code and place.country_code and place.country_code != code:
            scores[i] -= 1.0
    weights: npt.NDArray[np.float64] = np.exp(scores - scores.max())
    weights /= weights.sum()
    return weights


def _division_of(place: Place) -> tuple[str, str] | None:
    if place.feature not in _SETTLED or not place.country_code:
        return None
    admin1 = place.name if place.feature is Feature.ADMIN1 else place.admin1
    return (place.country_code, admin1) if admin1 else None


def _best_division(names: _Names, articles: int, domain: str, code: str) -> tuple[str, str] | None:
    """The division under which the names are most likely, if it holds a fair share of them."""
    gains: dict[tuple[str, str], float] = defaultdict(float)
    shares = []
    names_of = Counter(number for number, _, _ in names)
    for number, places, weights in names:
        inside: dict[tuple[str, str], float] = defaultdict(float)
        for place, weight in zip(places, weights.tolist(), strict=True):
            division = _division_of(place)
            if division and (not code or division[0] == code):
                inside[division] += weight
        shares.append(inside)
        for division, share in inside.items():
            # The names of one article are about one thing: ten of them are no ten witnesses.
            gains[division] += math.log1p(share * (math.exp(SUPPOSED_HOME) - 1)) / math.sqrt(names_of[number])
    if not gains:
        return None
    best = max(gains, key=lambda division: (gains[division], division))
    named = any(
        names_place(domain, place.name) and _division_of(place) == best and weight > 0.3
        for _, places, weights in names
        for place, weight in zip(places, weights.tolist(), strict=True)
    )
    if articles < MIN_ARTICLES and not named:
        return None
    settled = inside_best = 0.0
    for inside in shares:
        at_home = inside.get(best, 0.0) * math.exp(SUPPOSED_HOME)
        total = at_home + 1 - inside.get(best, 0.0)
        inside_best += at_home / total
        settled += (at_home + sum(share for division, share in inside.items() if division != best)) / total
    return best if inside_best > MIN_ADMIN1_SHARE * settled else None


def _home_country(names: _Names, articles: int) -> Home | None:
    if articles < MIN_ARTICLES:
        return None
    countries: dict[str, float] = defaultdict(float)
    for _, places, weights in names:
        for place, weight in zip(places, weights.tolist(), strict=True):
            if place.feature in _SETTLED and place.country_code:
                countries[place.country_code] += weight
    if not countries:
        return None
    best = max(countries, key=lambda code: (countries[code], code))
    return Home(best) if countries[best] > MIN_COUNTRY_SHARE * sum(countries.values()) else None


def _home_city(names: _Names, division: tuple[str, str], domain: str, articles: int) -> Place | None:
    """The town of the division that the domain is named after, or else the one in most of the articles."""
    seen: dict[Place, dict[int, float]] = defaultdict(dict)
    for number, places, weights in names:
        home = [_division_of(place) == division for place in places]
        raised = weights * np.where(home, math.exp(FOUND_HOME), 1.0)
        raised /= raised.sum()
        for place, at_home, weight in zip(places, home, raised.tolist(), strict=True):
            if at_home and place.feature is Feature.CITY:
                seen[place][number] = max(seen[place].get(number, 0.0), weight)
    if not seen:
        return None
    totals = {place: sum(by_article.values()) for place, by_article in seen.items()}
    named = {place: total for place, total in totals.items() if names_place(domain, place.name)}
    best = max(named or totals, key=lambda place: (totals[place], place.population, place.id))
    return best if named or totals[best] >= MIN_CITY_SHARE * articles else None
