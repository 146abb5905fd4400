"""`settings`: what is in force."""

import argparse
import dataclasses

from map_app.cli.arguments import Commands, add_command
from map_app.cli.console import ExitCode, put
from map_app.settings import PREFIX, Settings


def add_commands(commands: Commands) -> None:
    """Add `settings`."""
    add_command(commands, "settings", _settings, "print every setting that is in force", store=True)


def _settings(_options: argparse.Namespace, settings: Settings) -> int:
    for setting in dataclasses.fields(Settings):
        put(f"{PREFIX}{setting.name.upper()}={getattr(settings, setting.name)}")
    return ExitCode.DONE
