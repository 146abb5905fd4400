"""Where outlets live, learned from where their own articles are, without anybody's labels."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from map_app.model import Feature, Kind, Resolution

#: Fewer articles of one outlet say nothing of where it lives.
MIN_ARTICLES = 2
#: An outlet's home division holds more than this share of the places it names; from the trial.
MIN_ADMIN1_SHARE = 0.22
#: One that writes of its whole country names that country's places at least this often.
MIN_COUNTRY_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Home:
    """Where an outlet lives."""

    country_code: str
    #: English name of the first-level division, or empty.
    admin1: str = ""


def learn_homes(articles: Iterable[tuple[str, Sequence[Resolution]]]) -> dict[str, Home]:
    """The homes of the outlets that have one, by domain; takes each article's domain and resolutions."""
    counts: dict[str, int] = Counter()
    divisions: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for domain, resolutions in articles:
        if not domain:
            continue
        counts[domain] += 1
        # A place counts once in an article: one long story is not where an outlet lives.
        places = {r.place for r in resolutions if r.place is not None and r.toponym.kind is Kind.TOPONYM}
        for place in places:
            if place.country_code and place.feature is not Feature.COUNTRY:
                admin1 = place.name if place.feature is Feature.ADMIN1 else place.admin1
                divisions[domain][place.country_code, admin1] += 1
    homes = {}
    for domain, shares in divisions.items():
        if counts[domain] < MIN_ARTICLES:
            continue
        total = shares.total()
        (country, admin1), most = max(shares.items(), key=lambda item: (item[1], item[0]))
        if admin1 and most > MIN_ADMIN1_SHARE * total:
            homes[domain] = Home(country, admin1)
            continue
        countries: Counter[str] = Counter()
        for (code, _), n in shares.items():
            countries[code] += n
        country, most = max(countries.items(), key=lambda item: (item[1], item[0]))
        if most > MIN_COUNTRY_SHARE * total:
            homes[domain] = Home(country)
    return homes
