import pytest

from map_app.geo import Point
from map_app.geoparse.roles import dateline_end, give_roles
from map_app.model import Article, Feature, Field, Kind, Place, Resolution, Role, Toponym


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("TAIPEI, Taiwan – A man", "TAIPEI, Taiwan –"),
        ("KYIV (Reuters) - Two", "KYIV (Reuters) -"),
        ("KHARTOUM, Sudan — Fighting", "KHARTOUM, Sudan —"),
        ("Seoul, March 3 - The", "Seoul, March 3 -"),
        ("Springfield, Ill. (AP) — A", "Springfield, Ill. (AP) —"),
        ("ST. LOUIS -- Rain", "ST. LOUIS --"),
        ("DAR ES SALAAM, Tanzania - A", "DAR ES SALAAM, Tanzania -"),
        ("Rio de Janeiro (dpa) – The", "Rio de Janeiro (dpa) –"),
        ("NEW DELHI: The court", "NEW DELHI:"),
        ("By Ann Example\nOSLO, Norway — The", "By Ann Example\nOSLO, Norway —"),
        ("КИЇВ – Уряд", "КИЇВ –"),
    ],
)
def test_a_dateline_ends_at_its_dash(text, line):
    assert text[: dateline_end(text)].strip() == line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "–",
        "The man - who was tall - left",
        "Rain fell on Nairobi. Later - much later",
        "Nobody knew. Paris - the city",
        "Trump's America – a view",
        "Kenya: what to know",
        "Police in Ohio – the state",
        "Tokyo-based firms met",
    ],
)
def test_a_sentence_with_a_dash_is_no_dateline(text):
    assert dateline_end(text) == 0


def _place(name, feature=Feature.CITY, country="", admin1=""):
    return Place(f"{feature}:{country}:{name}", name, Point(0, 0), feature, country, admin1)


PLACES = {
    place.name: place
    for place in (
        _place("Taipei", country="TW"),
        _place("Taiwan", Feature.COUNTRY, "TW"),
        _place("Kursk", Feature.ADMIN1, "RU"),
        _place("Sudzha", country="RU", admin1="Kursk"),
        _place("Russia", Feature.COUNTRY, "RU"),
        _place("Seoul", country="KR"),
        _place("Washington", country="US"),
        _place("Kremlin", Feature.OTHER, "RU"),
        _place("Kenya", Feature.COUNTRY, "KE"),
        _place("Mombasa", country="KE"),
        _place("Nairobi", country="KE"),
        _place("Kisumu", country="KE"),
        _place("Uganda", Feature.COUNTRY, "UG"),
        _place("Indian Ocean", Feature.WATER),
        _place("Mali", Feature.COUNTRY, "ML"),
        _place("Niger", Feature.COUNTRY, "NE"),
        _place("Chad", Feature.COUNTRY, "TD"),
        _place("Togo", Feature.COUNTRY, "TG"),
    )
}


def roles(text, title=""):
    """Name to the set of its roles, every name of PLACES being recognised and placed right."""
    resolutions = [
        Resolution(Toponym(source[start : start + len(name)], start, start + len(name), field), place)
        for field, source in ((Field.TITLE, title), (Field.TEXT, text))
        for name, place in PLACES.items()
        for start in _starts(source, name)
    ]
    resolutions.sort(key=lambda r: (r.toponym.field is Field.TEXT, r.toponym.start))
    found = {}
    for r in give_roles(Article(id="a", title=title, text=text), resolutions):
        found.setdefault(r.place.name, set()).add(r.role)
    return found


def _starts(text, name):
    start = text.casefold().find(name.casefold())
    while start >= 0:
        yield start
        start = text.casefold().find(name.casefold(), start + 1)


def focus(text, title=""):
    return {name for name, found in roles(text, title).items() if Role.FOCUS in found}


def test_a_story_filed_in_taipei_about_kursk_is_on_both_and_each_has_its_role():
    found = roles("TAIPEI, Taiwan – Fighting went on in Kursk. The army holds most of Kursk.", "Fighting in Kursk")
    assert found == {"Taipei": {Role.DATELINE}, "Taiwan": {Role.DATELINE}, "Kursk": {Role.FOCUS}}


def test_a_place_in_the_dateline_and_the_story_has_both_roles():
    text = "NAIROBI, Kenya - Schools in Nairobi stay closed. Nairobi had floods."
    assert roles(text)["Nairobi"] == {Role.DATELINE, Role.FOCUS}


def test_the_title_and_the_lead_outweigh_what_is_mentioned_later():
    assert focus("Rain fell in Mombasa. Later there was talk of Uganda.", "Floods in Mombasa") == {"Mombasa"}


def test_who_speaks_is_not_what_is_spoken_about():
    text = "Soldiers fight in Kursk, officials in Washington and Seoul said. Kursk is cold."
    assert focus(text, "Soldiers fight in Kursk, Washington and Seoul say") == {"Kursk"}
    assert focus("The Kremlin said that soldiers fight in Kursk. The Kremlin denied more.") == {"Kursk"}


def test_a_country_whose_towns_are_named_is_what_the_story_is_about():
    text = "Schools are closed. Mombasa, Nairobi and Kisumu wait, as all of Kenya does, and so does Uganda."
    assert focus(text) == {"Kenya"}


def test_a_sea_beside_a_country_is_where_to_look_and_not_the_story():
    text = "A ship sank in the Indian Ocean off Kenya. Kenya sent boats."
    assert focus(text, "Ship sinks off Kenya") == {"Kenya"}


def test_no_more_than_three_places_are_the_focus():
    assert len(focus("Mali, Niger, Chad and Togo agreed.", "Mali, Niger, Chad and Togo agree")) == 3


def test_an_article_with_places_has_a_focus_wherever_they_stand():
    assert focus("Nothing happened. Nobody came. Then Mombasa was mentioned.") == {"Mombasa"}


def test_without_places_there_is_no_focus():
    assert roles("TODAY - Nothing happened.") == {}


def test_a_demonym_is_only_a_mention():
    article = Article(id="a", title="Kenyan wins", text="")
    demonym = Resolution(Toponym("Kenyan", 0, 6, Field.TITLE, Kind.DEMONYM), PLACES["Kenya"])
    assert [r.role for r in give_roles(article, [demonym])] == [Role.MENTION]


def test_a_name_without_a_place_is_only_a_mention():
    article = Article(id="a", title="Xyzzy burns", text="")
    assert [r.role for r in give_roles(article, [Resolution(Toponym("Xyzzy", 0, 5, Field.TITLE), None)])] == [
        Role.MENTION
    ]
