"""What the tests of all rooms share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from map_app.gazetteer.lookup import Gazetteer, open_gazetteer
from map_app.settings import Settings
from tests.webserver import WebServer

# A busy machine is no fault of the code: no test fails for the time that it takes.
hypothesis_settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("any machine")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several workers one runs the tests of a file, and one those with a browser: each of these fills a core."""
    for item in items:
        browser = item.get_closest_marker("browser")
        item.add_marker(pytest.mark.xdist_group("browser" if browser else item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The real gazetteer, built once into the user's cache folder as the program itself does."""
    return open_gazetteer(Settings().cache)


@pytest.fixture
def server() -> Iterator[WebServer]:
    web = WebServer()
    yield web
    web.close()
