import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from map_app.cli import build_parser
from map_app.settings import documentation

ROOT = Path(__file__).resolve().parent.parent


def commands(parser: argparse.ArgumentParser, words: str = "") -> Iterator[str]:
    """Every command of the parser that has no commands below it, as it is typed."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below and words:
        yield words
    for action in below:
        for name, child in action.choices.items():
            yield from commands(child, f"{words} {name}".strip())


@pytest.mark.parametrize("command", sorted(commands(build_parser())))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"python -m map_app {re.escape(command)}\b", (ROOT / "README.md").read_text("utf-8"))


@pytest.mark.parametrize("variable", [name for name, _, _ in documentation()])
def test_every_setting_is_documented(variable: str) -> None:
    assert f"| `{variable}` |" in (ROOT / "docs" / "settings.md").read_text("utf-8")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(r"MAP_APP_[A-Z_]+", (ROOT / "docs" / "settings.md").read_text("utf-8")))
    assert named == {name for name, _, _ in documentation()}


def test_every_link_of_the_readme_into_the_project_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / "README.md").read_text("utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
