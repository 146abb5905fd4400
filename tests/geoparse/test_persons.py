"""What an article uses for a person's name is no place."""

import pytest

from map_app.geoparse.exact import EXACT_CONFIDENCE
from map_app.geoparse.lexicon import Lexicon
from map_app.geoparse.persons import Persons
from map_app.model import Article, Field, Kind, Toponym


@pytest.fixture(scope="module")
def persons():
    return Persons(Lexicon(), frozenset(["Israel", "Kenya", "Virginia"]).__contains__)


def left(persons, text, *names, title="", confidence=0.9, kind=Kind.TOPONYM):
    """Which of the names, found in this order in the title and then in the text, are left."""
    toponyms = []
    for field, whole in ((Field.TITLE, title), (Field.TEXT, text)):
        end = 0
        for name in names:
            start = whole.find(name, end)
            if start >= 0:
                end = start + len(name)
                toponyms.append(Toponym(name, start, end, field, kind, confidence))
    article = Article(id="a", title=title, text=text)
    return [(t.name, t.field, t.start) for t in persons.without(article, toponyms)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Jordan Tyler was arrested. Tyler said he was sorry.", ["Jordan", "Tyler"]),
        ("The brothers Jason and Tyler Williams. Tyler was 21.", ["Tyler", "Tyler"]),
        (
            "Denzel Washington spoke. Judge Marion Richmond listened. Richmond agreed.",
            ["Marion", "Richmond", "Richmond"],
        ),
        ("Mr. Lincoln was late. Then Lincoln left.", ["Lincoln", "Lincoln"]),
        ("Ms Holland, of Poole, said that Holland was her name.", ["Holland", "Holland"]),
        ("Her eldest, Harrison, 8, held a plate. Harrison ate.", ["Harrison", "Harrison"]),
        ("Carter Lake Hamilton, 19, ran away. Hamilton is back.", ["Carter Lake Hamilton", "Hamilton"]),
        ("Michael J. Houston's wife said Houston was ill.", ["Houston", "Houston"]),
        ("Charlotte Smith set the mark.", ["Charlotte"]),
        ("Tropical Storm Florence hit the coast. Florence weakened.", ["Florence", "Florence"]),
    ],
)
def test_the_names_of_a_person_are_no_places_anywhere_in_the_article(persons, text, names):
    assert left(persons, text, *names) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Desmond Durham, 61, of Charlotte, and Charlotte Durham came.", ["Charlotte"]),
        ("Greenville police spoke of Marcus Greenville, 27.", ["Greenville"]),
        ("Austin (AP) - Mayor Austin Baker spoke. Austin grew.", ["Austin"]),
        # no surname
        ("The Georgia Bureau of Investigation and Austin Police said.", ["Georgia", "Austin"]),
        ("She wrote for the Augusta Herald in Alexandria Friday.", ["Augusta", "Alexandria"]),
        ("Victoria Park was closed. Jordan Valley farmers left Jordan.", ["Victoria", "Jordan", "Jordan"]),
        ("In May Iran said no. In April Georgia said yes.", ["Iran", "Georgia"]),
        ("He fled to Jordan. Michael went with him.", ["Jordan"]),
        ("Will Ukraine win? Paris Saint-Germain won.", ["Ukraine", "Paris"]),
        ("A man from Leeds, 34, and a woman from New York, 27, were hurt.", ["Leeds", "New York"]),
        # no age
        ("Flights from Paris, 12 of them, were late. In Lyon, 8 people died.", ["Paris", "Lyon"]),
    ],
)
def test_places_are_left(persons, text, names):
    assert [name for name, _, _ in left(persons, text, *names)] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Whitney Houston sang in Houston. Houston cheered.", ["Houston", "Houston", "Houston"]),
        ("Sam Houston founded Houston, Texas. Houston grew.", ["Houston", "Houston", "Texas", "Houston"]),
    ],
)
def test_what_is_a_place_as_well_is_left_out_only_within_the_full_name(persons, text, names):
    assert [name for name, _, _ in left(persons, text, *names)] == names[1:]


def test_a_country_that_is_somebodys_first_name_is_one_in_the_rest_of_the_article(persons):
    text = "Israel Katz said that Israel would answer."
    assert left(persons, text, "Israel", "Israel") == [("Israel", Field.TEXT, text.rindex("Israel"))]


def test_a_full_name_in_the_text_explains_the_headline(persons):
    assert left(persons, "Matthew and Tyler Williams were jailed.", "Tyler", title="Tyler is given 21 years") == []


def test_peoples_and_names_found_without_a_model_are_not_asked_about(persons):
    text = "Tyler Jordan said. Jordan left."
    assert len(left(persons, text, "Jordan", "Jordan", kind=Kind.DEMONYM)) == 2
    assert len(left(persons, text, "Jordan", "Jordan", confidence=EXACT_CONFIDENCE)) == 2


def test_an_endless_row_of_capitals_is_read_at_once(persons):
    for text in ("A" * 200_000, "Al " * 70_000, "Tyler Tyler, 8, " * 20_000, "Mr. " * 50_000, "A’A-A" * 40_000):
        assert left(persons, text + " Paris", "Paris") == [("Paris", Field.TEXT, len(text) + 1)]
