import pytest

from map_app.geoparse.confidence import THRESHOLD
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


def test_a_place_that_the_gazetteer_lacks_stands_beside_its_neighbour_and_says_so(resolver):
    text = "Police in Pittsburgh looked for a man in Quibbly Hill, Pennsylvania. Pittsburgh and Penn Hills were quiet."
    resolutions = resolve(resolver, text, "Pittsburgh", "Quibbly Hill", "Pittsburgh", "Penn Hills")
    assert resolutions[1].place == resolutions[0].place
    assert [evidence.reason for evidence in resolutions[1].evidence] == ["beside"]
    assert resolutions[1].confidence < resolutions[0].confidence


def test_a_small_namesake_far_from_a_local_story_is_not_believed(resolver, gazetteer):
    [lebanon] = [m.place for m in gazetteer.candidates("Lebanon") if m.place.admin1 == "Pennsylvania"][:1]
    text = "From Annville and Palmyra to Grantville roads were closed."
    resolutions = resolve(resolver, text, "Annville", "Palmyra", "Grantville", home=Home("US", "Pennsylvania", lebanon))
    assert resolutions[2].place is None or resolutions[2].place.admin1 == "Pennsylvania"
    assert "Georgia" in {candidate.place.admin1 for candidate in resolutions[2].candidates}


def test_a_guess_that_is_more_often_wrong_than_right_is_not_placed_and_says_so(resolver):
    text = "Gilchrist flew to Rome."
    toponyms = [Toponym("Gilchrist", 0, 9, confidence=0.3), Toponym("Rome", 18, 22)]
    gilchrist, rome = resolver.resolve(Article(id="a", title="", text=text), toponyms)
    assert gilchrist.place is None
    assert gilchrist.unplaced_because == "below the threshold"
    assert gilchrist.candidates
    assert gilchrist.confidence < THRESHOLD < rome.confidence


@pytest.mark.parametrize(
    ("text", "names", "name"),
    [
        ("in Mt. Pleasant, Iowa, on", ["Mt. Pleasant", "Iowa"], "Mount Pleasant"),
        ("in Saint Louis, Mo., on", ["Saint Louis", "Mo."], "St. Louis"),
        ("in Ft. Worth, Texas, on", ["Ft. Worth", "Texas"], "Fort Worth"),
        ("in Loudon Co., Tenn., on", ["Loudon Co.", "Tenn."], "Loudon County"),
        ("at Delhi High Court on", ["Delhi High Court"], "Delhi"),
    ],
)
def test_short_forms_are_written_out_and_what_is_named_after_its_town_found(resolver, text, names, name):
    assert resolve(resolver, text, *names)[0].place.name == name


def test_a_county_may_be_named_without_the_word_in_its_own_states_news(resolver, gazetteer):
    [atlanta] = [m.place for m in gazetteer.candidates("Atlanta") if m.place.population > 100_000]
    text = "Schools in DeKalb, Gwinnett and Atlanta are closed."
    resolutions = resolve(resolver, text, "DeKalb", "Gwinnett", "Atlanta", home=Home("US", "Georgia", atlanta))
    assert [r.place.name for r in resolutions] == ["DeKalb County", "Gwinnett County", "Atlanta"]
