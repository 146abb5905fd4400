"""A place can be more than one thing to a story: what it is about and where it was filed."""

import gzip
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.cli import main
from map_app.errors import StoreVersionError
from map_app.geo import Point
from map_app.model import Article, ArticleFilter, Feature, Kind, Place, Resolution, Role, Toponym, strongest_first
from map_app.store import Store, upkeep
from map_app.store.roles import packed, unpacked

TAIPEI = Place("city:1668341", "Taipei", Point(25.05, 121.53), Feature.CITY, "TW", "Taipei City", 7_871_900, 1668341)
KURSK = Place("admin1:RU.41", "Kursk Oblast", Point(51.75, 36.25), Feature.ADMIN1, "RU")

BOTH = (
    Article("both", "Rain", "TAIPEI - It rained in Taipei.", published=datetime(2025, 1, 2, tzinfo=UTC)),
    [
        Resolution(Toponym("TAIPEI", 0, 6), TAIPEI, 0.9, Role.DATELINE),
        Resolution(Toponym("Taipei", 22, 28), TAIPEI, 0.9, Role.FOCUS),
    ],
)
FILED = (
    Article("filed", "War", "TAIPEI - Troops are in Kursk.", published=datetime(2025, 1, 1, tzinfo=UTC)),
    [
        Resolution(Toponym("TAIPEI", 0, 6), TAIPEI, 0.9, Role.DATELINE),
        Resolution(Toponym("Kursk", 23, 28), KURSK, 0.9, Role.FOCUS),
    ],
)

#: Written by the last version that kept the strongest role alone: four of the sample digests.
OLD_STORE = Path(__file__).parent / "data" / "version-8.sqlite.gz"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(tmp_path / "articles.sqlite")
    store.put([BOTH, FILED])
    return store


def shown(store: Store, *roles: Role) -> list[str]:
    return [story.article_id for story in store.stories(ArticleFilter(roles=frozenset(roles)))]


def test_a_place_in_focus_and_in_the_dateline_is_found_as_either(store: Store) -> None:
    assert shown(store, Role.FOCUS) == ["both", "filed"]
    assert shown(store, Role.DATELINE) == ["both", "filed"]
    assert shown(store, Role.MENTION) == []
    [pin] = store.pins(ArticleFilter(roles=frozenset({Role.DATELINE})))
    assert (pin.place, pin.article_count) == (TAIPEI, 2)
    assert dict(store.facets().roles) == {Role.FOCUS: 2, Role.DATELINE: 2}


def test_it_is_drawn_by_its_strongest_role_and_each_story_says_all_of_them(store: Store) -> None:
    [pin] = [pin for pin in store.pins() if pin.place == TAIPEI]
    assert pin.role == Role.FOCUS
    assert [story.roles for story in store.stories(ArticleFilter(place=TAIPEI.id))] == [
        (Role.FOCUS, Role.DATELINE),
        (Role.DATELINE,),
    ]
    both, filed = store.stories()
    assert both.place_roles == ((Role.FOCUS, Role.DATELINE),)
    assert dict(zip(filed.places, filed.place_roles, strict=True)) == {
        (KURSK.id, "Kursk Oblast"): (Role.FOCUS,),
        (TAIPEI.id, "Taipei"): (Role.DATELINE,),
    }


@given(st.frozensets(st.sampled_from(Role), min_size=1), st.frozensets(st.sampled_from(Role), min_size=1))
def test_roles_come_out_of_their_number_strongest_first(roles: frozenset[Role], wanted: frozenset[Role]) -> None:
    assert unpacked(packed(roles)) == strongest_first(roles)
    assert (packed(roles) & packed(wanted) > 0) == bool(roles & wanted)


@pytest.mark.parametrize("number", [0, 8, 255])
def test_a_number_that_is_of_no_roles_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no sum of roles"):
        unpacked(number)


def open_once(path: Path) -> None:
    with Store.open(path):
        pass


def migrate(path: Path) -> None:
    assert main(["store", "migrate", "--store", str(path)]) == 0


@pytest.mark.parametrize("brought", [open_once, migrate], ids=["opened", "store migrate"])
def test_an_older_store_learns_all_the_roles_from_what_the_geoparser_said(
    tmp_path: Path, brought: Callable[[Path], None]
) -> None:
    path = tmp_path / "old.sqlite"
    path.write_bytes(gzip.decompress(OLD_STORE.read_bytes()))
    with pytest.raises(StoreVersionError, match="older version"):
        Store.open(path, read_only=True)
    brought(path)
    assert upkeep.check(path) == []
    with Store.open(path, read_only=True) as store:
        stories = store.stories()
        assert len(stories) == 4
        several = 0
        for story in stories:
            said: dict[str, set[Role]] = defaultdict(set)
            for r in store.resolutions(story.article_id):
                if r.place is not None and r.toponym.kind is Kind.TOPONYM:
                    said[r.place.id].add(r.role)
            kept = {place_id: set(roles) for (place_id, _), roles in zip(story.places, story.place_roles, strict=True)}
            assert kept == said
            several += sum(len(roles) > 1 for roles in said.values())
        assert several >= 2, "the file holds what this is about"
        assert len(shown(store, Role.DATELINE)) == 2


def test_a_place_whose_resolutions_are_lost_keeps_the_role_that_is_known(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    path.write_bytes(gzip.decompress(OLD_STORE.read_bytes()))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE resolutions SET json = '[{'")
    migrate(path)
    with Store.open(path, read_only=True) as store:
        assert {len(roles) for story in store.stories() for roles in story.place_roles} == {1}
        assert len(shown(store, Role.FOCUS)) == 4
