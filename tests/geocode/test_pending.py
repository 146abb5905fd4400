from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.resolve import Recognised
from map_app.ingest import UNKNOWN_NAME, GeocodeReport, geocode_pending, ingest, open_geocoder
from map_app.model import Article, Place, Resolution, Toponym
from map_app.settings import Settings
from map_app.store import Store

if TYPE_CHECKING:
    from tests.geocode.conftest import FakeService

VERSION = "rules-of-the-test"
TEXT = "Shells fell on Ivanopillia. Qwxville was quiet."


class KnowsNothing:
    """A geoparser that finds the two names and knows neither."""

    version = VERSION

    def recognise_all(self, articles: Sequence[Article]) -> list[list[Toponym]]:
        found = [[(name, a.text.find(name)) for name in ("Ivanopillia", "Qwxville")] for a in articles]
        return [[Toponym(name, at, at + len(name)) for name, at in names if at >= 0] for names in found]

    def resolve_all(self, documents: Iterable[Recognised]) -> list[list[Resolution]]:
        return [
            [Resolution(t, None, unplaced_because=UNKNOWN_NAME) for t in document.toponyms] for document in documents
        ]

    def namesakes(self, _name: str) -> tuple[Place, ...]:
        return ()


@pytest.fixture
def news(tmp_path: Path) -> Path:
    path = tmp_path / "news.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture
def settings(service: "FakeService", tmp_path: Path) -> Settings:
    return Settings(
        geocoder="nominatim", geocoder_url=service.url, geocoder_user_agent="t (t@example.org)", cache=tmp_path
    )


@pytest.fixture
def store(tmp_path: Path, news: Path, settings: Settings) -> Iterator[Store]:
    with Store.open(tmp_path / "s.sqlite") as opened:
        ingest([news], geoparser=KnowsNothing(), store=opened, limits=settings)
        yield opened


def run(store: Store, settings: Settings, gazetteer: Gazetteer) -> GeocodeReport:
    geocoder = open_geocoder(settings, gazetteer, store)
    assert geocoder is not None
    return geocode_pending(store, geocoder, version=VERSION)


def test_an_answer_puts_the_article_on_the_map_and_stays_when_it_is_ingested_again(
    store: Store, settings: Settings, gazetteer: Gazetteer, service: "FakeService", news: Path
) -> None:
    service.answers_only("Ivanopillia")
    assert store.pins() == []
    assert run(store, settings, gazetteer) == GeocodeReport(placed=1, unknown=1, articles=1)
    assert [pin.place.name for pin in store.pins()] == ["Ivanopillia"]
    assert [entry.name for entry in store.unplaced()] == ["Qwxville"]

    again = ingest([news], geoparser=KnowsNothing(), store=store, limits=settings)
    assert (again.updated, again.unchanged) == (0, 1)
    newer = KnowsNothing()
    newer.version = "newer"
    assert ingest([news], geoparser=newer, store=store, limits=settings).updated == 1
    assert [pin.place.name for pin in store.pins()] == ["Ivanopillia"], "the answer was kept"
    assert len(service.requests) == 2


def test_a_service_that_is_down_leaves_names_pending_and_a_later_run_places_them(
    store: Store, settings: Settings, gazetteer: Gazetteer, service: "FakeService"
) -> None:
    service.status = 503
    report = run(store, settings, gazetteer)
    assert (report.placed, report.pending) == (0, 2)
    assert "not available" in report.why_pending
    assert len(service.requests) == 1, "who is down is not asked for the rest"
    assert store.summary().all_articles == 1, "the article is there all the same"

    service.status = 200
    service.answers_only("Ivanopillia")
    assert run(store, settings, gazetteer).placed == 1
    assert [pin.place.name for pin in store.pins()] == ["Ivanopillia"]


def test_an_answer_in_another_country_than_it_says_is_not_put_on_the_map(
    store: Store, settings: Settings, gazetteer: Gazetteer, service: "FakeService"
) -> None:
    service.answer(lat="37.7082", lon="48.5132")
    assert run(store, settings, gazetteer).placed == 0
    assert store.pins() == []
