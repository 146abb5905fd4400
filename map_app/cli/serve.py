"""`serve`: the page itself."""

import argparse
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from map_app.cli.arguments import Commands, add_command
from map_app.errors import SettingsError
from map_app.settings import STREAMLIT_CONFIG, Settings

#: Beside the package, in a checkout as well as where it is installed.
SCRIPT = Path(__file__).resolve().parents[2] / "streamlit_app.py"


def add_commands(commands: Commands) -> None:
    """Add `serve`."""
    parser = add_command(
        commands, "serve", _serve, "open the map, for this machine alone unless told otherwise", store=True
    )
    parser.add_argument("--port", type=int, default=8501, help="where it is served (default: 8501)")
    parser.add_argument(
        "--address", default="127.0.0.1", help="what it listens on; all but this machine itself see it read-only"
    )
    parser.add_argument("--no-browser", action="store_true", help="open no browser")


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    config = tomllib.loads(STREAMLIT_CONFIG.read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "streamlit", "run", str(SCRIPT), *_flags(config)]
    command += [f"--server.port={options.port}", f"--server.address={options.address}"]
    command += ["--server.headless=true"] if options.no_browser else []
    if not SCRIPT.exists():
        raise SettingsError(f"{SCRIPT} is missing: install the project again")
    chosen = {"MAP_APP_STORE": str(settings.store), "MAP_APP_CACHE": str(settings.cache)}
    # This process becomes the server: signals meant for it reach it.
    os.execve(sys.executable, command, os.environ | chosen)  # noqa: S606  # no shell, and nothing of it is foreign


def _flags(config: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """The configuration of a checkout as options, since Streamlit looks for it in the current folder alone."""
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flags(value, f"{within}{name}.")
        else:
            yield f"--{within}{name}={str(value).lower() if isinstance(value, bool) else value}"
