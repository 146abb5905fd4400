import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from map_app.errors import GeoparseError
from map_app.geoparse.pipeline import Geoparser
from map_app.model import Article, Feature, Field, Kind, Role

#: Our own words on the story that the project began with.
STORY = """TAIPEI, Taiwan – Officers from North Korea have been seen beside Russian units in the Kursk border region, \
South Korea’s intelligence service said in March.
Radio Free Asia could not confirm the account. “We saw them near the river,” said Ken Rhee, a South Korean volunteer \
who went to Ukraine two years ago and is charged under the Passport Act at home.
G7 ministers urged China to oppose Russia-North Korea trade, and the U.S. said about 9,000 North Koreans had reached \
Kursk. Ukrainian troops have held parts of it since August.
"""


@pytest.fixture(scope="session")
def geoparser(gazetteer):
    return Geoparser.load(gazetteer)


def placed(geoparser, text, title=""):
    article = Article(id="a", title=title, text=text)
    return {
        (r.toponym.name, r.place.name, r.place.feature, r.place.country_code)
        for r in geoparser.geoparse(article)
        if r.place and r.toponym.kind is Kind.TOPONYM
    }


def test_the_story_of_north_koreans_in_kursk_is_put_where_it_belongs(geoparser):
    found = placed(geoparser, STORY)
    assert {(country, kind) for _, _, kind, country in found if kind is not Feature.CITY} == {
        ("TW", Feature.COUNTRY),
        ("KP", Feature.COUNTRY),
        ("KR", Feature.COUNTRY),
        ("RU", Feature.COUNTRY),
        ("UA", Feature.COUNTRY),
        ("CN", Feature.COUNTRY),
        ("US", Feature.COUNTRY),
        ("RU", Feature.ADMIN1),
    }
    assert {place for _, place, kind, _ in found if kind is Feature.CITY} == {"Taipei"}
    assert not {name for name, *_ in found} & {"March", "Passport Act", "Ken Rhee", "Radio Free Asia", "G7", "Rhee"}


def test_a_plain_kursk_means_the_region_that_the_article_speaks_of(geoparser):
    article = Article(id="a", title="", text=STORY)
    kursk = [r for r in geoparser.geoparse(article) if r.toponym.name.startswith("Kursk")]
    assert len(kursk) == 2
    assert {r.place.feature for r in kursk} == {Feature.ADMIN1}


def test_the_dateline_is_told_from_what_the_story_is_about(geoparser):
    roles = {}
    for r in geoparser.geoparse(Article(id="a", title="", text=STORY)):
        if r.place:
            roles.setdefault(r.place.name, set()).add(r.role)
    assert roles["Taipei"] == roles["Taiwan"] == {Role.DATELINE}
    assert roles["Kursk Oblast"] == {Role.FOCUS}
    assert roles["China"] == {Role.MENTION}


def test_demonyms_are_of_a_kind_of_their_own(geoparser):
    article = Article(id="a", title="", text="The Ukrainian army said that Syrian and Turkish envoys met in Ankara.")
    kinds = {r.toponym.name: r.toponym.kind for r in geoparser.geoparse(article)}
    assert kinds == {
        "Ukrainian": Kind.DEMONYM,
        "Syrian": Kind.DEMONYM,
        "Turkish": Kind.DEMONYM,
        "Ankara": Kind.TOPONYM,
    }


def test_title_and_text_have_offsets_of_their_own(geoparser):
    article = Article(id="a", title="Floods in Kenya", text="Floods in Kenya. Rain fell over Nairobi.")
    for r in geoparser.geoparse(article):
        source = article.title if r.toponym.field is Field.TITLE else article.text
        assert source[r.toponym.start : r.toponym.end] == r.toponym.name
    assert {r.toponym.field for r in geoparser.geoparse(article)} == {Field.TITLE, Field.TEXT}


@pytest.mark.parametrize(
    ("text", "language", "name", "country"),
    [
        ("Київ знову під обстрілом, повідомляє влада.", "uk", "Київ", "UA"),
        ("總統今天在台北發表談話", "zh", "台北", "TW"),
        (
            "Gestern trafen sich die Minister aus Frankreich in Berlin.",
            "de",
            "Berlin",
            "DE",
        ),
    ],
    ids=["Ukrainian", "Chinese", "German"],
)
def test_a_language_without_a_model_falls_back_to_big_names(geoparser, text, language, name, country):
    found = geoparser.geoparse(Article(id="a", title="", text=text, language=language))
    [match] = [r for r in found if r.toponym.name == name]
    assert match.place.country_code == country
    assert match.confidence < 0.7


def test_given_spans_are_placed_as_they_are(geoparser):
    text = "A fair in Paris, Texas drew crowds."
    [paris, texas] = geoparser.resolve_spans(Article(id="a", title="", text=text), [(10, 15), (17, 22)])
    assert (paris.place.country_code, paris.place.admin1) == ("US", "Texas")
    assert texas.place.feature is Feature.ADMIN1


def test_a_span_outside_the_text_is_refused(geoparser):
    with pytest.raises(GeoparseError, match="no span 3-99"):
        geoparser.resolve_spans(Article(id="a", title="", text="short"), [(3, 99)])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(), max_size=80))
def test_no_text_is_too_strange(geoparser, text):
    article = Article(id="a", title=text, text=f"In Paris {text} \ud800 \x00 London \U0001f600")
    for r in geoparser.geoparse(article):
        source = article.title if r.toponym.field is Field.TITLE else article.text
        assert source[r.toponym.start : r.toponym.end] == r.toponym.name


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "A" * 300_000,
        " " * 300_000,
        "Springfield " * 20_000,
        "台" * 50_000,
        "a.B." * 30_000,
        "Ки" * 30_000,
    ],
    ids=["no spaces", "capitals", "blanks", "one name", "no word borders", "dots", "other script"],
)
def test_a_long_text_of_one_kind_comes_to_an_end(geoparser, text):
    geoparser.geoparse(Article(id="a", title="", text=text))


def test_many_different_capitalised_words_come_to_an_end(geoparser):
    text = " ".join(f"{chr(65 + i % 26)}{chr(97 + i % 25)}{chr(97 + i // 625 % 26)}a" for i in range(50_000))
    geoparser.geoparse(Article(id="a", title="", text=text))


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("APIA, Samoa - The harbour was closed.", "APIA"),
        ("BASEL, Switzerland – The final is tonight.", "BASEL"),
        ("KYIV (Reuters) - Power is back.", "KYIV"),
    ],
)
def test_a_dateline_in_capitals_is_found(geoparser, text, city):
    names = [r.toponym.name for r in geoparser.geoparse(Article(id="a", title="", text=text)) if r.place]
    assert names[0] == city


def test_a_broadcaster_is_not_pinned_to_its_continent(geoparser):
    text = "Radio Free Asia and the Voice of America reported it. The New York Times did not."
    assert not geoparser.geoparse(Article(id="a", title="", text=text))
