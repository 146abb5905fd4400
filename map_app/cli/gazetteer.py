"""`gazetteer`: building it, adding a GeoNames dump, and looking names up."""

import argparse
from pathlib import Path

from map_app.cli.arguments import Commands, add_command, add_group, at_least_one
from map_app.cli.console import ExitCode, progress_of, put, put_fields, say
from map_app.cli.parts import gazetteer_of
from map_app.errors import SettingsError
from map_app.settings import Settings

# ruff: noqa: PLC0415  # see the package's docstring


def add_commands(commands: Commands) -> None:
    """Add `gazetteer` and what follows it."""
    gazetteer = add_group(commands, "gazetteer", "the offline list of the world's places")
    doc = "build the gazetteer if it is missing or out of date, or import a full one"
    parser = add_command(gazetteer, "build", _build, doc)
    parser.add_argument(
        "--geonames",
        metavar="FILE",
        type=Path,
        help="add the places of a GeoNames dump, such as allCountries.zip or UA.zip, and use that from now on; "
        "without it, the gazetteer that comes along is used",
    )
    parser.add_argument(
        "--alternate-names", metavar="FILE", type=Path, help="names in other languages: alternateNamesV2.zip"
    )
    parser.add_argument("--admin1", metavar="FILE", type=Path, help="first-level divisions: admin1CodesASCII.txt")
    parser.add_argument("--admin2", metavar="FILE", type=Path, help="second-level divisions: admin2Codes.txt")

    add_command(gazetteer, "info", _info, "say what the gazetteer holds and where it is")

    parser = add_command(gazetteer, "search", _search, "list the places of a name, most important first")
    parser.add_argument("name", metavar="NAME", nargs="+")
    parser.add_argument("--limit", metavar="N", type=at_least_one, default=10, help="at most so many (default: 10)")
    parser.add_argument("--country", metavar="CODE", action="append", default=[], help="only in it, such as US")


def _build(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.gazetteer.build import choose, ensure, import_geonames
    from map_app.gazetteer.geonames import Dump

    report = None
    with progress_of(options) as line:
        if options.geonames is None:
            if given := [name for name in ("alternate_names", "admin1", "admin2") if getattr(options, name)]:
                raise SettingsError(f"--{given[0].replace('_', '-')} belongs to a dump: name that with --geonames too")
            choose(settings.cache, None)
            directory = ensure(settings.cache, progress=line)
        else:
            dump = Dump(options.geonames, options.alternate_names, options.admin1, options.admin2)
            directory, report = import_geonames(settings.cache, dump, progress=line)
    if report is not None:
        for row in report.bad_rows:
            say(f"not understood: {row}")
        put(
            f"{report.added:,} places added, {report.known:,} known already, {report.left_out:,} of other kinds "
            f"left out, {report.alternate_names:,} alternate names, {report.bad:,} rows not understood"
        )
    put(f"The gazetteer is in {directory}")
    return ExitCode.DONE


def _info(options: argparse.Namespace, settings: Settings) -> int:
    with progress_of(options) as line:
        info = gazetteer_of(settings, line).info()
    put_fields(info)
    return ExitCode.DONE


def _search(options: argparse.Namespace, settings: Settings) -> int:
    with progress_of(options) as line:
        gazetteer = gazetteer_of(settings, line)
    name = " ".join(options.name)
    places = gazetteer.search(name, limit=options.limit, countries=[code.upper() for code in options.country])
    for place in places:
        parts = [place.name, place.admin1, place.country_code]
        people = f"{place.population:,} people" if place.population else ""
        where = f"{place.point.latitude:.4f}, {place.point.longitude:.4f}"
        label = ", ".join(dict.fromkeys(part for part in parts if part))
        put("\t".join((place.id, label, place.feature.value, where, people)).rstrip())
    if not places:
        say(f"map_app: the gazetteer knows no place named {name!r}")
        return ExitCode.FAILED
    return ExitCode.DONE
