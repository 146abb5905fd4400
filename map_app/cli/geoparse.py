"""`geoparse`, `evaluate` and `train`: the geoparser by itself, without a store."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from map_app.cli.arguments import Commands, add_command
from map_app.cli.console import ExitCode, lines_in, lines_out, progress_of, put
from map_app.cli.parts import gazetteer_of, geoparser_of
from map_app.settings import GOLD_SET, Settings

# ruff: noqa: PLC0415  # see the package's docstring


def add_commands(commands: Commands) -> None:
    """Add the three."""
    parser = add_command(
        commands, "geoparse", _geoparse, "find and place the names in documents, one JSON object a line"
    )
    parser.add_argument("input", metavar="IN", help="JSON Lines with id, title, text, ...; - for standard input")
    parser.add_argument("output", metavar="OUT", help="JSON Lines with id and toponyms; - for standard output")
    parser.add_argument("--explain", action="store_true", help="add each toponym's runners-up and the evidence")

    parser = add_command(commands, "evaluate", _evaluate, "measure the geoparser against documents annotated by people")
    parser.add_argument(
        "gold",
        metavar="GOLD",
        type=Path,
        nargs="?",
        default=GOLD_SET,
        help="JSON Lines with toponyms and their true places (default: the project's own hand-checked set)",
    )
    parser.add_argument("--json", action="store_true", help="print the measures as one JSON object")

    parser = add_command(commands, "train", _train, "train the recogniser of place names anew")
    parser.add_argument("--corpora", metavar="DIR", type=Path, required=True, help="a folder of annotated .jsonl files")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--output", metavar="MODEL", type=Path, help="where to write the model")
    what.add_argument(
        "--cross-validate",
        action="store_true",
        help="write no model: measure on each fifth of the articles models trained on the others",
    )
    what.add_argument(
        "--leave-one-out",
        action="store_true",
        help="write no model: measure on each corpus a model trained on the others",
    )


def _geoparse(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.geoparse.jsonl import geoparse_lines

    with progress_of(options) as line:
        geoparser = geoparser_of(settings, line)
        with lines_in(options.input) as lines, lines_out(options.output) as write:
            for number, result in enumerate(geoparse_lines(lines, geoparser, explain=options.explain), start=1):
                write(result)
                line.show(f"{number:,} documents")
    return ExitCode.DONE


def _evaluate(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.geoparse.evaluate import evaluate, report
    from map_app.geoparse.gold import read_gold

    with progress_of(options) as line:
        geoparser = geoparser_of(settings, line)
        figures = evaluate(read_gold(options.gold), lambda document: geoparser.geoparse(document.article))
    put(json.dumps(_with_properties(figures)) if options.json else report(figures))
    return ExitCode.DONE


def _with_properties(value: Any) -> Any:
    """A frozen value as JSON takes it, with what it computes of itself: scores are that."""
    if isinstance(value, tuple | list):
        return [_with_properties(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    names = [field.name for field in dataclasses.fields(value)]
    names += [name for name, member in vars(type(value)).items() if isinstance(member, property)]
    return {name: _with_properties(getattr(value, name)) for name in names}


def _train(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.geoparse.train import cross_validate, leave_one_out, read_corpora, table, train

    with progress_of(options) as line:
        gazetteer = gazetteer_of(settings, line)
        if options.output is None:
            measure = cross_validate if options.cross_validate else leave_one_out
            figures = measure(read_corpora(options.corpora), gazetteer, progress=line)
            told = table(figures)
        else:
            # Paths of this machine are nobody's business: the model's notes name the corpora, not where they were.
            command = f"python -m map_app train --corpora {options.corpora.name} -o {options.output.name}"
            made = train(options.corpora, options.output, gazetteer, command=command, progress=line)
            told = (
                f"{options.output}: {made.bytes:,} bytes from {made.documents:,} documents, "
                f"{made.words:,} words near capitals, {made.toponyms:,} toponyms, {made.demonyms:,} demonyms"
            )
    put(told)
    return ExitCode.DONE
