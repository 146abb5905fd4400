"""The parts that several commands work with, opened with the progress of building what is missing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from map_app.settings import Settings

if TYPE_CHECKING:
    from map_app.gazetteer.lookup import Gazetteer
    from map_app.geoparse.pipeline import Geoparser

# ruff: noqa: PLC0415  # see the package's docstring


def gazetteer_of(settings: Settings, progress: Callable[[float, str], None]) -> "Gazetteer":
    """The gazetteer, built first where it is missing."""
    from map_app.gazetteer.lookup import open_gazetteer

    return open_gazetteer(settings.cache, progress=progress)


def geoparser_of(settings: Settings, progress: Callable[[float, str], None]) -> "Geoparser":
    """The geoparser as the settings have it."""
    from map_app.app import open_geoparser

    return open_geoparser(settings, gazetteer_of(settings, progress))
