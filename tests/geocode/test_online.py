import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from map_app.errors import SettingsError
from map_app.geo import Point
from map_app.geocode.online import NOMINATIM_CREDIT, OnlineGeocoder, open_service
from map_app.geocode.turns import NotNowError, Turns
from map_app.model import Feature
from map_app.settings import Settings

if TYPE_CHECKING:
    from tests.geocode.conftest import FakeService

ROOT = Path(__file__).resolve().parents[2]
AGENT = "test-map (editor@example.org)"


@pytest.fixture
def geocoder(service: "FakeService", tmp_path: Path) -> OnlineGeocoder:
    return make_geocoder(service.url, tmp_path)


def make_geocoder(
    url: str,
    folder: Path,
    countries_near: Callable[[Point], frozenset[str]] = lambda _point: frozenset(),
    kept: dict[str, str] | None = None,
) -> OnlineGeocoder:
    nominatim = open_service(Settings(geocoder="nominatim", geocoder_url=url, geocoder_user_agent=AGENT))
    assert nominatim is not None
    kept = {} if kept is None else kept
    turns = Turns(folder / "geocoder", interval_s=0.01, max_wait_s=2)
    return OnlineGeocoder(nominatim, turns, recall=kept.get, remember=kept.__setitem__, countries_near=countries_near)


def test_online_geocoding_is_off_unless_it_is_switched_on() -> None:
    assert open_service(Settings()) is None


def test_switched_on_without_a_name_for_its_requests_it_refuses() -> None:
    with pytest.raises(SettingsError, match="MAP_APP_GEOCODER_USER_AGENT"):
        open_service(Settings(geocoder="nominatim"))


def test_an_unknown_name_becomes_a_place(service: "FakeService", geocoder: OnlineGeocoder) -> None:
    outcome = geocoder.look_up("Ivanopillia", "UA")
    assert outcome.pending == ""
    place = outcome.place
    assert place is not None
    assert (place.name, place.feature, place.country_code) == ("Ivanopillia", Feature.CITY, "UA")
    assert place.point == Point(48.5132, 37.7082)
    [(_, asked, agent)] = service.requests
    assert agent == AGENT
    assert asked["q"] == ["Ivanopillia"]
    assert asked["countrycodes"] == ["ua"]
    assert geocoder.credit == NOMINATIM_CREDIT


def test_a_name_is_asked_once_whether_it_is_known_or_not(service: "FakeService", geocoder: OnlineGeocoder) -> None:
    first = geocoder.look_up("Ivanopillia")
    assert geocoder.look_up("IVANOPILLIA") == first
    service.body = b"[]"
    assert geocoder.look_up("Nowhereville").place is None
    service.answer()
    assert geocoder.look_up("Nowhereville").place is None
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"lat": "NaN"},
        {"lon": "inf"},
        {"lat": "91"},
        {"lat": "137.7", "lon": "48.5"},
        {"lon": "500"},
        {"lat": "0", "lon": "0.0"},
        {"lat": None, "lon": None},
        {"lat": "north"},
        {"address": {"country_code": "ru"}},
        {"lat": "37.7082", "lon": "48.5132"},
    ],
    ids=[
        "nan",
        "infinite",
        "over 90",
        "swapped",
        "over 180",
        "null island",
        "absent",
        "words",
        "abroad",
        "in Iran",
    ],
)
def test_impossible_answers_are_thrown_away(service: "FakeService", tmp_path: Path, changes: dict[str, object]) -> None:
    service.answer(**changes)

    def countries_near(point: Point) -> frozenset[str]:
        return frozenset({"UA"}) if point.latitude > 44 else frozenset({"IR", "AZ"})

    outcome = make_geocoder(service.url, tmp_path, countries_near).look_up("Ivanopillia", "UA")
    assert outcome.place is None
    assert outcome.pending == ""


@pytest.mark.parametrize("body", [b"not JSON", b'{"error": "busy"}', b"[3]", b"\xff\xfe", b"x" * 1_100_000])
def test_an_answer_that_is_none_raises_nothing(service: "FakeService", geocoder: OnlineGeocoder, body: bytes) -> None:
    service.body = body
    assert geocoder.look_up("Ivanopillia").place is None


@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_service_that_fails_leaves_the_name_pending_and_is_asked_again_later(
    service: "FakeService", geocoder: OnlineGeocoder, status: int
) -> None:
    service.status = status
    assert "not available" in geocoder.look_up("Ivanopillia").pending
    service.status = 200
    assert geocoder.look_up("Ivanopillia").place is not None


def test_a_service_that_is_down_leaves_the_name_pending(service: "FakeService", geocoder: OnlineGeocoder) -> None:
    service.close()
    assert geocoder.look_up("Ivanopillia").pending


def test_a_request_for_a_pause_is_kept_by_everyone(service: "FakeService", tmp_path: Path) -> None:
    service.status, service.headers = 429, {"Retry-After": "120"}
    outcome = make_geocoder(service.url, tmp_path).look_up("Ivanopillia")
    assert "pause" in outcome.pending
    assert outcome.retry_after_s == 120
    assert make_geocoder(service.url, tmp_path).look_up("Another").pending
    assert len(service.requests) == 1


def test_a_byte_now_and_then_runs_into_a_deadline(
    service: "FakeService", geocoder: OnlineGeocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("map_app.geocode.online.TIMEOUT_S", 0.3)
    service.byte_every_s = 0.05
    started = time.monotonic()
    assert geocoder.look_up("Ivanopillia").pending
    assert time.monotonic() - started < 2


ASK_FIVE = """
import sys
from pathlib import Path
from map_app.geocode.online import OnlineGeocoder, open_service
from map_app.geocode.turns import Turns
from map_app.settings import Settings
url, folder, who = sys.argv[1:]
service = open_service(Settings(geocoder="nominatim", geocoder_url=url, geocoder_user_agent="t (t@example.org)"))
turns = Turns(Path(folder) / "geocoder", interval_s=0.1, max_wait_s=30)
geocoder = OnlineGeocoder(service, turns, recall=lambda key: None, remember=lambda key, answer: None)
for i in range(5):
    assert geocoder.look_up(f"{who} {i}").pending == ""
"""


def test_three_processes_together_keep_the_interval(service: "FakeService", tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASK_FIVE, service.url, str(tmp_path)]
    running = [subprocess.Popen([*command, who], cwd=ROOT) for who in ("a", "b", "c")]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    times = sorted(at for at, _, _ in service.requests)
    assert len(times) == 15
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.1


def test_the_interval_is_a_second_unless_said_otherwise(tmp_path: Path) -> None:
    now = [1000.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    turns = Turns(tmp_path / "t", clock=lambda: now[0], sleep=sleep)
    for _ in range(3):
        with turns.turn():
            now[0] += 0.25
    assert slept == [1.0, 1.0]


def test_a_clock_that_was_set_back_blocks_nobody_for_long(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("99999999999")
    with Turns(tmp_path / "t", clock=lambda: 1000.0).turn():
        pass
    (tmp_path / "t").write_text("torn, not a num")
    with Turns(tmp_path / "t", clock=lambda: 1000.0).turn():
        pass


def test_nobody_waits_longer_than_they_said(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("1060")
    with pytest.raises(NotNowError), Turns(tmp_path / "t", clock=lambda: 1000.0, max_wait_s=5).turn():
        pass
