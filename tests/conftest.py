"""What the tests of all rooms share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from map_app.gazetteer.lookup import Gazetteer, open_gazetteer
from map_app.settings import Settings
from tests.webserver import WebServer

# A busy machine is no fault of the code: no test fails for the time that it takes.
hypothesis_settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("any machine")


class OneBrowser(LoadFileScheduling):
    """The tests of a file go to one of the workers, and all those with a browser to one: each of these fills a core."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneBrowser:
    return OneBrowser(config, log)


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The real gazetteer, built once into the user's cache folder as the program itself does."""
    return open_gazetteer(Settings().cache)


@pytest.fixture
def server() -> Iterator[WebServer]:
    web = WebServer()
    yield web
    web.close()
