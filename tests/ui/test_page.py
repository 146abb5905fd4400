"""The page's own run, in this process: what it asks for and what it says."""

from collections import Counter
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from map_app.app import App, open_app
from map_app.gazetteer.lookup import Gazetteer
from map_app.geo import Point
from map_app.geoparse.given import with_given
from map_app.model import Article, ArticleFilter, GivenPlace, Resolution, Story, Toponym
from map_app.settings import Settings
from map_app.store import Store
from map_app.ui.article_list import UNPLACED_SHOWN
from map_app.ui.state import PAGE

SCRIPT = Path(__file__).resolve().parents[2] / "streamlit_app.py"

ARTICLES = [
    Article("kyiv", "Talks in Kyiv", "KYIV, Ukraine - Talks in Kyiv went on."),
    Article("tokyo", "Rain in Tokyo", "TOKYO, Japan - Heavy rain fell in Tokyo and in Osaka."),
    Article("reef", "A quake at sea", "A quake was felt on Monday.", given=(GivenPlace("Reef Nine", Point(-10, 160)),)),
]


@pytest.fixture(scope="module")
def app(gazetteer: Gazetteer) -> App:
    del gazetteer
    return open_app(Settings())


@pytest.fixture
def page(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    path = tmp_path / "articles.sqlite"
    with Store.open(path) as store:
        store.put((article, with_given(article, app.geoparser.geoparse(article))) for article in ARTICLES)
    monkeypatch.setenv("MAP_APP_STORE", str(path))
    return AppTest.from_file(str(SCRIPT), default_timeout=120)


def said(page: AppTest) -> str:
    return "\n".join(str(element.proto) for element in page.get("html"))


def test_a_run_that_shows_the_same_again_asks_the_store_for_nothing_that_grows_with_it(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.run()
    assert "3 of 3 articles" in said(page)
    asked: Counter[str] = Counter()
    for name in ("pins", "country_counts", "facets", "summary", "unplaced", "stories"):
        real = getattr(Store, name)

        def counting(store: Store, *values: object, name: str = name, real: object = real, **named: object) -> object:
            asked[name] += 1
            return real(store, *values, **named)  # type: ignore[operator]

        monkeypatch.setattr(Store, name, counting)
    monkeypatch.setattr("map_app.ui.page.payload", lambda *_, **__: asked.update(["payload"]))
    page.run()
    assert "3 of 3 articles" in said(page)
    assert not asked


def test_showing_more_asks_for_the_next_page_alone(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.sqlite"
    with Store.open(path) as store:
        store.put((Article(f"m{n}", f"Story {n}", f"Nothing of number {n}."), []) for n in range(2 * PAGE + 5))
    monkeypatch.setenv("MAP_APP_STORE", str(path))
    page = AppTest.from_file(str(SCRIPT), default_timeout=120).run()
    asked: list[tuple[int, int]] = []
    real = Store.stories

    def counting(store: Store, f: ArticleFilter, *, offset: int, limit: int) -> list[Story]:
        asked.append((offset, limit))
        return real(store, f, offset=offset, limit=limit)

    monkeypatch.setattr(Store, "stories", counting)
    for shown in (2 * PAGE, 2 * PAGE + 5):
        page.button(key="more").click().run()
        titles = [button.label for button in page.button if button.label.startswith("Story")]
        assert len(set(titles)) == len(titles) == shown
    assert asked == [(PAGE, PAGE), (2 * PAGE, PAGE)]
    assert not [button for button in page.button if button.key == "more"]


def test_the_counts_beside_the_choices_hold_for_the_place_that_is_chosen_too(page: AppTest) -> None:
    page.query_params["place"] = "country:UA"
    page.run()
    assert "1 of 3 articles" in said(page)
    [countries] = [choice for choice in page.multiselect if choice.label == "Country"]
    assert countries.options == ["Ukraine · 1"]


def test_a_page_whose_cache_was_cleaned_meanwhile_goes_on(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page.run()
    monkeypatch.setattr("map_app.ui.page.is_ready", lambda _settings: False)
    page.run(timeout=30)
    assert "3 of 3 articles" in said(page)


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ({"from": "2026-13-45"}, "The date in this link cannot be used"),
        ({"lat": "NaN", "lon": "200", "zoom": "99"}, "The view of the map in this link cannot be used"),
        ({"article": "none"}, "The article in this link is not known here"),
        ({"place": "city:0"}, "The place in this link is not known here"),
        ({"country": "XX"}, "The country in this link is not known here"),
    ],
    ids=str,
)
def test_what_was_ignored_of_a_link_is_said_until_something_is_chosen(
    page: AppTest, query: dict[str, str], notice: str
) -> None:
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert said(page).count(notice) == 1
    assert not page.query_params
    page.run()
    assert notice in said(page)
    page.text_input(key="f_words").input("rain").run()
    assert "1 of 3 articles" in said(page)
    assert notice not in said(page)


@pytest.mark.parametrize(
    ("place", "name"),
    [("given:-10.0000,160.0000", "Reef Nine"), ("country:FJ", "Fiji")],
    ids=["the source's own", "of the gazetteer alone"],
)
def test_the_place_that_is_chosen_is_named(page: AppTest, place: str, name: str) -> None:
    page.query_params["place"] = place
    page.run()
    assert any(f"Place\\: {name}" in button.label for button in page.button)


def test_an_article_says_what_speaks_for_each_place_and_names_the_next(page: AppTest) -> None:
    page.query_params["article"] = "tokyo"
    page.run()
    [table] = [part for part in said(page).split("<tr>")[1:] if ">Osaka</mark>" in part]
    assert "many people live there" in table
    assert "near another place" not in table
    assert "Next best: Osaka (" in table


def test_what_a_place_is_to_its_story_and_why_a_name_has_none_is_said_in_words(page: AppTest) -> None:
    page.query_params["article"] = "kyiv"
    page.run()
    assert "below the threshold" not in said(page)
    [kyiv] = [part for part in said(page).split("<tr>")[1:] if ">KYIV</mark>" in part]
    assert "Filed from here: " in kyiv


def test_names_that_are_not_on_the_map_are_counted_though_their_articles_are(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = Article("odd", "A note", "In Xyzzyville nothing was known.")
    unknown = Toponym("Xyzzyville", 3, 13)
    path = tmp_path / "names.sqlite"
    with Store.open(path) as store:
        placed = app.geoparser.geoparse(ARTICLES[0])
        store.put([(ARTICLES[0], [*placed, Resolution(unknown, None, unplaced_because="no candidate")]), (article, [])])
    monkeypatch.setenv("MAP_APP_STORE", str(path))
    page = AppTest.from_file(str(SCRIPT), default_timeout=120).run()
    assert "Not on the map: 1 name, 1 article without a place" in [box.label for box in page.expander]


def test_the_figures_are_those_of_a_text_of_ones_own_while_the_map_shows_it(page: AppTest) -> None:
    page.run()
    page.button(key="open-try").click().run()
    page.text_area(key="own-text").input("Rain fell in Nairobi and in Mombasa.")
    next(button for button in page.button if button.label == "Find the places").click().run()
    assert "Your own text · 2 places" in said(page)
    page.button(key="close-try").click().run()
    assert "3 of 3 articles" in said(page)


def test_names_that_are_not_on_the_map_are_not_said_to_be_all_where_they_are_more(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "unplaced.sqlite"
    with Store.open(path) as store:
        for n in range(UNPLACED_SHOWN + 1):
            name = f"Xyzzy{n}ville"
            store.put([(Article(f"x{n}", "", f"In {name}."), [Resolution(Toponym(name, 3, 3 + len(name)), None, 0.0)])])
    monkeypatch.setenv("MAP_APP_STORE", str(path))
    page = AppTest.from_file(str(SCRIPT), default_timeout=120).run()
    assert any(f"over {UNPLACED_SHOWN} names" in box.label for box in page.expander)
    [table] = [html for html in page.get("html") if "<table>" in str(html.proto)]
    assert str(table.proto).count("ville") == UNPLACED_SHOWN


def test_many_choices_of_one_filter_are_one_chip(page: AppTest) -> None:
    page.query_params["country"] = "UA,JP,FR,DE,IT,ES,PL,US"
    page.run()
    [chip] = [button for button in page.button if (button.key or "").startswith("chip-")]
    assert chip.label.startswith("8 countries")
    chip.click().run()
    assert "3 of 3 articles" in said(page)
    assert not page.query_params


@pytest.mark.parametrize(
    ("query", "words"),
    [({"q": "zebra"}, "passes this filter"), ({"q": "zebra", "kind": "city"}, "passes all of these")],
)
def test_what_leaves_nothing_is_called_what_it_is(page: AppTest, query: dict[str, str], words: str) -> None:
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert words in said(page)


def test_who_tries_no_text_is_told_so(page: AppTest) -> None:
    page.run()
    page.button(key="open-try").click().run()
    [find] = [button for button in page.button if button.label == "Find the places"]
    find.click().run()
    assert "There is no text yet" in said(page)
