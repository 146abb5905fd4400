import pytest

from map_app.geoparse.homes import Home
from map_app.geoparse.resolve import Resolver
from map_app.model import Article, Feature, Toponym


@pytest.fixture(scope="session")
def resolver(gazetteer):
    return Resolver(gazetteer)


def resolve(resolver, text, *names, home=None):
    toponyms, at = [], 0
    for name in names:
        start = text.index(name, at)
        at = start + len(name)
        toponyms.append(Toponym(name, start, at))
    return resolver.resolve(Article(id="a", title="", text=text), toponyms, home)


def where(resolution):
    return resolution.place.country_code, resolution.place.admin1 or resolution.place.name


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("PARIS, Texas - A fair", ["PARIS", "Texas"], ("US", "Texas")),
        ("in Springfield, Ill., on", ["Springfield", "Ill."], ("US", "Illinois")),
        ("in London, Ontario, on", ["London", "Ontario"], ("CA", "Ontario")),
        ("in Birmingham, Alabama", ["Birmingham", "Alabama"], ("US", "Alabama")),
    ],
)
def test_the_container_named_after_a_place_decides(resolver, text, names, expected):
    assert where(resolve(resolver, text, *names)[0]) == expected


def test_a_name_alone_is_the_best_known_place(resolver):
    [paris] = resolve(resolver, "They met in Paris.", "Paris")
    assert paris.place.country_code == "FR"


def test_washington_alone_is_the_capital(resolver):
    [washington] = resolve(resolver, "Talks with Washington went on.", "Washington")
    assert washington.place.feature is Feature.CITY
    assert washington.place.country_code == "US"


def test_the_country_that_the_article_speaks_of_decides(resolver):
    text = "Floods hit Alberta and Calgary. In Vancouver and Victoria rain fell."
    resolutions = resolve(resolver, text, "Alberta", "Calgary", "Vancouver", "Victoria")
    assert [r.place.country_code for r in resolutions] == ["CA"] * 4


def test_a_later_plain_name_takes_the_sense_that_was_stated(resolver):
    text = "A fire in Paris, Texas burned on. Paris was dark."
    resolutions = resolve(resolver, text, "Paris", "Texas", "Paris")
    assert resolutions[2].place == resolutions[0].place


def test_the_outlets_home_decides_between_namesakes(resolver):
    [springfield] = resolve(resolver, "A man from Springfield", "Springfield", home=Home("US", "Oregon"))
    assert springfield.place.admin1 == "Oregon"


def test_a_choice_keeps_its_reasons_and_runners_up(resolver):
    paris = resolve(resolver, "PARIS, Texas - A fair", "PARIS", "Texas")[0]
    assert "container" in {evidence.reason for evidence in paris.evidence}
    assert paris.candidates[0].place == paris.place
    assert len({candidate.place for candidate in paris.candidates}) > 1
    assert 0 < paris.confidence <= 1


def test_a_name_that_nobody_knows_says_so(resolver):
    [unknown] = resolve(resolver, "In Xyzzyqua it rains", "Xyzzyqua")
    assert unknown.place is None
    assert unknown.unplaced_because == "no candidate"
