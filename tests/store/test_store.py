from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from map_app.geo import Point
from map_app.model import (
    Article,
    ArticleFilter,
    Candidate,
    Evidence,
    Feature,
    GivenPlace,
    Kind,
    Place,
    Resolution,
    Role,
    Toponym,
)
from map_app.store import PutReport, Store, fingerprint_of

KYIV = Place("city:703448", "Kyiv", Point(50.45, 30.52), Feature.CITY, "UA", "Kyiv City", 2_952_301, 703448)
UKRAINE = Place("country:UA", "Ukraine", Point(49, 32), Feature.COUNTRY, "UA", "", 40_000_000, 690791)
KURSK = Place("admin1:RU.41", "Kursk Oblast", Point(51.7, 36.2), Feature.ADMIN1, "RU", "", 1_000_000, None, 150.0)


def mapped(
    number: int, text: str, places: dict[str, Place | None], *, day: int | None = None, publisher: str = "Wire"
) -> tuple[Article, list[Resolution]]:
    """An article and its resolutions: each name's first occurrence, focus first."""
    published = datetime(2025, 1, day, 12, tzinfo=UTC) if day else None
    article = Article(f"a{number}", f"Title {number}", text, published=published, publisher=publisher)
    resolutions: list[Resolution] = []
    for name, place in places.items():
        start = text.index(name)
        resolutions.append(
            Resolution(
                Toponym(name, start, start + len(name)),
                place,
                0.9 if place else 0.0,
                Role.MENTION if resolutions else Role.FOCUS,
                (Candidate(place, 2.0),) if place else (),
                (Evidence("population", 6.5, name),),
                "" if place else "no candidate",
            )
        )
    return article, resolutions


ARTICLES = [
    mapped(1, "Talks in Kyiv, Ukraine, went on.", {"Kyiv": KYIV, "Ukraine": UKRAINE}, day=3),
    mapped(2, "Troops are in the Kursk region near Sudzha.", {"Kursk": KURSK, "Sudzha": None}, day=5),
    mapped(3, "A café in Kyiv opened.", {"Kyiv": KYIV}, day=9, publisher="Post"),
    mapped(4, "Nothing happened anywhere.", {}),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(tmp_path / "articles.sqlite")
    store.put(ARTICLES)
    return store


def shown(store: Store, **parts: object) -> list[str]:
    return [story.article_id for story in store.stories(ArticleFilter(**parts))]  # type: ignore[arg-type]


def test_what_is_put_comes_back_as_it_was(store: Store) -> None:
    for article, resolutions in ARTICLES:
        assert store.article(article.id) == article
        assert store.resolutions(article.id) == resolutions


@pytest.mark.parametrize("microsecond", [0, 2364, 999_999])
@pytest.mark.parametrize("year", [1950, 2025])
def test_what_is_read_back_has_the_fingerprint_that_it_came_in_with(store: Store, year: int, microsecond: int) -> None:
    [article, resolutions] = ARTICLES[0]
    came = replace(
        article, id="precise", author="Ada Ember", published=datetime(year, 3, 20, 17, 24, 52, microsecond, tzinfo=UTC)
    )
    store.put([(came, resolutions)], version="v")
    kept = store.article("precise")
    assert kept is not None
    assert kept.author == "Ada Ember"
    assert fingerprint_of(kept, "v") == fingerprint_of(came, "v") == store.known("precise")
    assert fingerprint_of(replace(kept, author=""), "v") != fingerprint_of(kept, "v")


def test_an_updated_article_keeps_its_number_and_nothing_of_what_it_said_before(store: Store) -> None:
    [before] = store.stories(ArticleFilter(words="talks"))
    store.put([mapped(1, "Nothing in the Kursk region.", {"Kursk": KURSK}, day=20)])
    [after] = store.stories(ArticleFilter(words="nothing kursk"))
    assert after.number == before.number
    assert after.places == ((KURSK.id, KURSK.name),)
    assert after.published == datetime(2025, 1, 20, 12, tzinfo=UTC)
    assert shown(store, words="talks") == []
    assert shown(store, countries=frozenset({"UA"})) == ["a3"]


def test_places_that_came_with_an_article_come_back_with_it(store: Store) -> None:
    article, resolutions = ARTICLES[0]
    given = replace(
        article,
        given=(GivenPlace("Kyiv", Point(50.45, 30.52)), GivenPlace("", Point(-1.5, 0.25), is_area=True, radius_km=7.5)),
    )
    assert store.put([(given, resolutions)]) == PutReport(updated=1)
    assert store.article(given.id) == given
    assert store.put([(given, resolutions)]) == PutReport(unchanged=1)


def test_putting_the_same_twice_changes_nothing(store: Store) -> None:
    assert store.put(ARTICLES) == PutReport(unchanged=4)
    assert store.counts().articles == 4


def test_another_version_of_the_geoparser_updates(store: Store) -> None:
    assert store.put(ARTICLES[:1], version="2") == PutReport(updated=1)
    assert store.known("a1") == fingerprint_of(ARTICLES[0][0], "2")


def test_an_updated_article_has_its_text_places_and_date_replaced(store: Store) -> None:
    store.put([mapped(1, "It was in the Kursk region.", {"Kursk": KURSK}, day=8)])
    assert [pin.place.name for pin in store.pins(ArticleFilter(words="kursk"))] == ["Kursk Oblast"]
    assert shown(store, words="talks") == []
    assert {pin.place.name: pin.article_count for pin in store.pins()} == {"Kursk Oblast": 2, "Kyiv": 1}


def test_articles_are_placed_anew_unless_they_were_put_otherwise_meanwhile(store: Store) -> None:
    first, second = store.article("a1"), store.article("a3")
    assert first is not None
    assert second is not None
    store.put([mapped(3, "The café in Kyiv is closed.", {"Kyiv": KYIV}, day=9)])
    revision = store.revision()
    gone = replace(first, id="never there")
    elsewhere = [(a, mapped(1, a.text, {"Kyiv": KURSK})[1]) for a in (first, second)]
    assert store.place_anew([*elsewhere, (gone, [])], version="next") == 1
    assert [r.place for r in store.resolutions("a1")] == [KURSK]
    assert [r.place for r in store.resolutions("a3")] == [KYIV]
    assert store.known("a1") == fingerprint_of(first, "next")
    assert store.revision() > revision
    assert store.article("never there") is None


def test_stories_come_newest_first_and_undated_last(store: Store) -> None:
    assert shown(store) == ["a3", "a2", "a1", "a4"]
    assert [s.article_id for s in store.stories(offset=1, limit=2)] == ["a2", "a1"]


@pytest.mark.parametrize(
    ("parts", "ids"),
    [
        ({"countries": frozenset({"UA"})}, ["a3", "a1"]),
        ({"countries": frozenset({"UA", "RU"})}, ["a3", "a2", "a1"]),
        ({"features": frozenset({Feature.COUNTRY})}, ["a1"]),
        ({"roles": frozenset({Role.FOCUS})}, ["a3", "a2", "a1"]),
        ({"publishers": frozenset({"Post"})}, ["a3"]),
        ({"since": date(2025, 1, 4), "until": date(2025, 1, 5)}, ["a2"]),
        ({"words": "cafe"}, ["a3"]),
        ({"words": '"kursk region"'}, ["a2"]),
        ({"words": "region kursk"}, ["a2"]),
        ({"words": "“kursk region”"}, ["a2"]),
        ({"words": "„region kursk“"}, []),
        ({"words": "«kursk region» troops"}, ["a2"]),
        ({"place": "city:703448"}, ["a3", "a1"]),
        ({"countries": frozenset({"UA"}), "until": date(2025, 1, 4)}, ["a1"]),
        ({"countries": frozenset({"FR"})}, []),
    ],
    ids=lambda value: (
        str({name: sorted(part) if isinstance(part, frozenset) else part for name, part in value.items()})
        if isinstance(value, dict)
        else str(value)
    ),  # a set in another order would be another test
)
def test_the_parts_of_a_filter_are_combined_with_and(store: Store, parts: dict[str, object], ids: list[str]) -> None:
    assert shown(store, **parts) == ids
    assert store.summary(ArticleFilter(**parts)).articles == len(ids)  # type: ignore[arg-type]


def test_only_places_that_pass_are_pinned(store: Store) -> None:
    assert [p.place.name for p in store.pins(ArticleFilter(features=frozenset({Feature.CITY})))] == ["Kyiv"]


def test_a_pin_counts_all_its_articles_and_its_place_gives_the_newest(store: Store) -> None:
    kyiv = store.pins()[0]
    assert (kyiv.place, kyiv.article_count) == (KYIV, 2)
    [story] = store.stories(ArticleFilter(place=kyiv.place.id), limit=1)
    assert story.article_id == "a3"
    assert [story.snippet.text[s:e] for s, e in story.snippet.highlights] == ["Kyiv"]


def test_pins_say_their_articles_where_all_together_are_few(store: Store) -> None:
    numbers = {story.article_id: story.number for story in store.stories()}
    told = {pin.place.name: pin.article_numbers for pin in store.pins(numbers_up_to=4)}
    assert told == {
        "Kyiv": (numbers["a1"], numbers["a3"]), "Kursk Oblast": (numbers["a2"],), "Ukraine": (numbers["a1"],),
    }  # fmt: skip
    assert {pin.article_numbers for pin in store.pins(numbers_up_to=3)} == {()}


def test_facets_lift_their_own_choice_and_keep_the_others(store: Store) -> None:
    facets = store.facets(ArticleFilter(countries=frozenset({"UA"}), publishers=frozenset({"Wire"})))
    assert dict(facets.countries) == {"UA": 1, "RU": 1}
    assert dict(facets.publishers) == {"Post": 1, "Wire": 1}
    assert dict(facets.features) == {Feature.CITY: 1, Feature.COUNTRY: 1}


def test_the_summary_counts_what_is_on_no_place(store: Store) -> None:
    summary = store.summary()
    assert (summary.articles, summary.all_articles, summary.places, summary.unplaced_articles) == (4, 4, 3, 1)
    assert store.summary(ArticleFilter(words="anywhere")).places == 0


def test_names_that_could_not_be_placed_are_listed_with_the_reason(store: Store) -> None:
    [name] = store.unplaced()
    assert (name.name, name.reason, name.articles) == ("Sudzha", "no candidate", 1)


def test_countries_are_counted_where_they_are_named_themselves(store: Store) -> None:
    assert store.country_counts() == {"UA": 1}
    assert store.country_counts(ArticleFilter(features=frozenset({Feature.CITY}))) == {}


def test_peoples_are_no_pins(tmp_path: Path) -> None:
    article = Article("d", "", "Ukrainian grain")
    demonym = Resolution(Toponym("Ukrainian", 0, 9, kind=Kind.DEMONYM), UKRAINE, 0.9)
    with Store.open(tmp_path / "d.sqlite") as store:
        store.put([(article, [demonym])])
        assert store.pins() == []
        assert store.resolutions("d") == [demonym]


@pytest.mark.parametrize(
    "words", ['"', "a AND", "NEAR(", "title:x", "*", "-x", "'; DROP TABLE article", "\0", "\ud800", '""" OR 1', "^a"]
)
def test_nothing_typed_as_words_is_read_as_syntax(store: Store, words: str) -> None:
    store.stories(ArticleFilter(words=words))
    assert store.counts().articles == 4


@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=st.text(), text=st.text(), publisher=st.text())
def test_any_text_is_kept_but_for_lone_surrogates(store: Store, title: str, text: str, publisher: str) -> None:
    article = Article("any", title, text, publisher=publisher)
    store.put([(article, [])])
    assert store.article("any") == article


def test_a_lone_surrogate_becomes_a_mark_and_breaks_nothing(store: Store) -> None:
    store.put([(Article("s", "x\ud800", "\udfff y"), [])])
    kept = store.article("s")
    assert kept is not None
    assert (kept.title, kept.text) == ("x\ufffd", "\ufffd y")


hostile = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["\0", "\ud800", '"', "a\0b", "\u202eabc", "👨‍👩‍👧"]
)


@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=hostile, text=hostile)
def test_hostile_text_and_names_are_kept_and_can_be_shown(store: Store, name: str, text: str) -> None:
    whole = name + text
    place = Place("x:1", name, Point(1, 1), Feature.OTHER, admin1=name)
    found = Resolution(Toponym(name, 0, len(name)), place, candidates=(Candidate(place, 1.0),))
    lost = Resolution(Toponym(text, len(name), len(whole)), None, unplaced_because="no candidate")
    store.put([(Article(f"h{name}", text, whole, url=name, publisher=text), [found, lost])])
    kept = store.article(f"h{name}")
    assert kept is not None
    kept.text.encode()
    assert len(kept.text) == len(whole)
    assert [len(r.toponym.name) for r in store.resolutions(f"h{name}")] == [len(name), len(text)]
    assert all(r.toponym.name == kept.text[r.toponym.start : r.toponym.end] for r in store.resolutions(f"h{name}"))
    repr([store.pins(), store.unplaced(), store.stories(ArticleFilter(place="x:1"))]).encode()


@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=hostile, value=hostile)
def test_no_filter_raises_whatever_is_asked_for(store: Store, words: str, value: str) -> None:
    f = ArticleFilter(
        since=date.min,
        until=date.max,
        words=words,
        countries=frozenset({value}),
        publishers=frozenset({value}),
        place=value,
    )
    for answer in (store.pins, store.stories, store.summary, store.facets, store.country_counts, store.unplaced):
        answer(f)
        answer(ArticleFilter(words=words))


def test_words_of_scripts_without_spaces_are_found_inside_a_clause(store: Store) -> None:
    store.put([(Article("zh", "会谈", "双方代表昨天在北京举行了会谈。"), [])])
    assert shown(store, words="北京") == ["zh"]
    assert shown(store, words="东京") == []


def test_an_emoji_or_a_currency_is_looked_for_and_mere_punctuation_is_not(store: Store) -> None:
    store.put([(Article("fair", "Fair 🎪", "It costs € 5 – no more."), [])])
    assert shown(store, words="🎪 €") == ["fair"]
    assert shown(store, words="€ 6") == shown(store, words="🎉") == []
    assert shown(store, words="fair – &") == ["fair"]


def test_all_words_are_asked_for_in_title_or_text_without_case_or_accents(store: Store) -> None:
    assert shown(store, words="TITLE Café") == ["a3"]
    assert shown(store, words="cafe troops") == []
    assert shown(store, words='"cafe in kyiv"') == ["a3"]
    assert shown(store, words='"kyiv in cafe"') == []


def test_an_article_from_the_future_is_never_on_top(tmp_path: Path) -> None:
    with Store.open(tmp_path / "f.sqlite", now=lambda: datetime(2025, 1, 10, tzinfo=UTC)) as store:
        store.put(ARTICLES)
        article, resolutions = mapped(7, "Kyiv in 2099.", {"Kyiv": KYIV})
        store.put([(replace(article, published=datetime(2099, 1, 1, tzinfo=UTC)), resolutions)])
        store.put([mapped(8, "Kyiv undated.", {"Kyiv": KYIV})])
        assert [s.article_id for s in store.stories()] == ["a3", "a2", "a1", "a7", "a8", "a4"]
        pages = [store.stories(offset=offset, limit=2) for offset in (0, 2, 4, 6)]
        assert [s.article_id for page in pages for s in page] == ["a3", "a2", "a1", "a7", "a8", "a4"]
        at_kyiv = store.stories(ArticleFilter(place=KYIV.id))
        assert [s.article_id for s in at_kyiv] == ["a3", "a1", "a7", "a8"]
        assert store.summary().newest == datetime(2025, 1, 9, 12, tzinfo=UTC)


def test_one_mention_must_pass_all_that_chooses_mentions(store: Store) -> None:
    assert shown(store, place=UKRAINE.id, roles=frozenset({Role.FOCUS})) == []
    assert shown(store, countries=frozenset({"UA"}), features=frozenset({Feature.ADMIN1})) == []
    assert [pin.place for pin in store.pins(ArticleFilter(place=UKRAINE.id))] == [UKRAINE]


def test_stories_on_one_place_are_cut_there_and_say_its_role(store: Store) -> None:
    [story] = store.stories(ArticleFilter(place=UKRAINE.id))
    assert [story.snippet.text[s:e] for s, e in story.snippet.highlights] == ["Ukraine"]
    assert story.roles == (Role.MENTION,)
    assert {s.roles for s in store.stories(ArticleFilter(place=KYIV.id))} == {(Role.FOCUS,)}
    assert story.places == ((KYIV.id, "Kyiv"), (UKRAINE.id, "Ukraine"))
    assert story.place_roles == ((Role.FOCUS,), (Role.MENTION,))


def test_places_of_a_story_come_most_often_named_first(store: Store) -> None:
    article, [kyiv, ukraine] = mapped(9, "Kyiv, Ukraine. Ukraine!", {"Kyiv": KYIV, "Ukraine": UKRAINE}, day=20)
    store.put([(article, [kyiv, ukraine, replace(ukraine, toponym=Toponym("Ukraine", 15, 22))])])
    assert [name for _, name in store.stories()[0].places] == ["Ukraine", "Kyiv"]


def test_two_records_of_one_place_in_an_article_are_one_mention(store: Store) -> None:
    article, [kyiv, _] = mapped(9, "Kyiv and Kyiv, Ukraine", {"Kyiv": KYIV, "Ukraine": UKRAINE})
    other = replace(kyiv, toponym=Toponym("Kyiv", 9, 13), place=replace(KYIV, population=1))
    store.put([(article, [kyiv, other])])
    assert store.stories(ArticleFilter(words="and"))[0].places == ((KYIV.id, "Kyiv"),)


def test_the_revision_grows_with_what_any_other_has_put(store: Store) -> None:
    before = store.revision()
    assert store.revision() == before
    with Store.open(store.path) as other:
        other.put([mapped(1, "Other words.", {})])
        after = store.revision()
        assert after > before
        other.put([mapped(1, "Other words.", {})])  # nothing that was counted before is stale
    assert store.revision() == after


def test_a_page_far_past_the_end_is_empty(store: Store) -> None:
    assert store.stories(offset=10**30, limit=10**30) == []
    assert store.stories(offset=-5, limit=1)[0].article_id == "a3"


def test_a_batch_is_collected_before_anybody_else_has_to_wait(store: Store) -> None:
    def slowly() -> Iterator[tuple[Article, list[Resolution]]]:
        with Store.open(store.path) as other:
            yield mapped(20, "One.", {})
            assert other.put([mapped(21, "Two.", {})]) == PutReport(added=1)

    assert store.put(slowly()) == PutReport(added=1)


def test_answers_of_a_geocoder_are_kept_with_their_provider(store: Store) -> None:
    assert store.cached_answer("https://one.example", "Sudzha") is None
    store.remember_answer("https://one.example", "Sudzha", "[]")
    store.remember_answer("https://one.example", "Sudzha", '["later"]')
    assert store.cached_answer("https://one.example", "Sudzha") == '["later"]'
    assert store.cached_answer("https://two.example", "Sudzha") is None
