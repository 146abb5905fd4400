"""The commands of `python -m map_app`: a module for each group, which adds them to the parser and carries them out.

What a command needs is imported within it, so that --help and mistakes are answered at once.
"""

from map_app.cli.entry import build_parser, main

__all__ = ["build_parser", "main"]
