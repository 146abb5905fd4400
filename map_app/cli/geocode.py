"""`geocode`: the online geocoder, for names that the gazetteer lacks."""

import argparse

from map_app.cli.arguments import Commands, add_command
from map_app.cli.console import ExitCode, progress_of, put, say
from map_app.cli.parts import gazetteer_of
from map_app.errors import SettingsError
from map_app.settings import Settings

# ruff: noqa: PLC0415  # see the package's docstring


def add_commands(commands: Commands) -> None:
    """Add `geocode`."""
    doc = "ask the online geocoder, if one is on, for names still unknown"
    add_command(commands, "geocode", _geocode, doc, store=True)


def _geocode(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.app import open_geoparser
    from map_app.ingest import geocode_pending, open_geocoder
    from map_app.store import Store

    if settings.geocoder == "off":
        raise SettingsError(
            "no online geocoder is on: set MAP_APP_GEOCODER to nominatim and MAP_APP_GEOCODER_USER_AGENT to your site "
            "and an address to write to; its usage policy: https://operations.osmfoundation.org/policies/nominatim/"
        )
    with progress_of(options) as line:
        gazetteer = gazetteer_of(settings, line)
        with Store.open(settings.store, progress=line) as store:
            geocoder = open_geocoder(settings, gazetteer, store)
            if geocoder is None:
                return ExitCode.DONE
            version = open_geoparser(settings, gazetteer).version
            report = geocode_pending(store, geocoder, version=version, progress=line)
    put(
        f"{report.placed:,} names placed in {report.articles:,} articles, {report.unknown:,} unknown, "
        f"{report.pending:,} pending"
    )
    put(geocoder.credit)
    if report.pending:
        say(f"map_app: {report.why_pending}; run it again later to go on")
    return ExitCode.FAILED if report.pending else ExitCode.DONE
