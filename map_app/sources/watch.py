"""A folder into which files keep coming, and which of them are complete."""

import time
from collections.abc import Callable
from pathlib import Path

from map_app.errors import UnreadableError
from map_app.sources.files import files_in

#: A file that was last written this long ago is complete, also where it is seen for the first time.
SETTLED_S = 10.0

_State = tuple[int, int]


class FolderWatch:
    """Remembers what of a folder has been handed out; each file once, and again when it has changed.

    Looks at sizes and times alone, which every kind of disk and network drive has.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        """Raises UnreadableError where there is no such folder; `now` gives seconds since 1970."""
        if not folder.is_dir():
            raise UnreadableError(f"{folder} is no folder that could be watched")
        self._folder = folder
        self._now = now
        self._handed_out: dict[Path, _State] = {}
        self._growing: dict[Path, _State] = {}

    def ready(self) -> list[tuple[Path, str]]:
        """Files that have come or changed and no longer grow, with their path in the folder.

        A file is complete when it is as it was at the last look, or has not been written for a while.
        """
        found: dict[Path, tuple[str, _State]] = {}
        for file in files_in(self._folder):
            if isinstance(file, tuple):
                path, where = file
                try:
                    status = path.stat()
                except OSError:
                    continue  # gone again: whoever puts files here renames them, too
                found[path] = where, (status.st_size, status.st_mtime_ns)
        new = {path: (where, state) for path, (where, state) in found.items() if self._handed_out.get(path) != state}
        settled = self._now() - SETTLED_S
        complete = {
            path: (where, state)
            for path, (where, state) in new.items()
            if self._growing.get(path) == state or state[1] / 1e9 < settled
        }
        self._growing = {path: state for path, (_, state) in new.items() if path not in complete}
        self._handed_out = {path: state for path, state in self._handed_out.items() if path in found}
        self._handed_out |= {path: state for path, (_, state) in complete.items()}
        return [(path, where) for path, (where, _) in complete.items()]
