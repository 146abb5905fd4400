"""Opens the app once for all visitors, off to the side, so that everyone who waits sees how far it is."""

import logging
import threading
from collections.abc import Iterator

from map_app.app import App, open_app
from map_app.errors import MapAppError
from map_app.settings import Settings

logger = logging.getLogger(__name__)

#: How often those who wait are told.
TICK_S = 0.15


class Opening:
    """One opening under way or done; `result` raises what went wrong."""

    def __init__(self, settings: Settings) -> None:
        self.fraction = 0.0
        self.phrase = "Opening"
        self._app: App | None = None
        self._error: MapAppError | OSError | None = None
        self._thread = threading.Thread(target=self._open, args=(settings,), name="open the app", daemon=True)
        self._thread.start()

    def _open(self, settings: Settings) -> None:
        try:
            self._app = open_app(settings, self._progress)
        except (MapAppError, OSError) as e:
            logger.exception("The app cannot be opened")
            self._error = e

    def _progress(self, fraction: float, phrase: str) -> None:
        self.fraction, self.phrase = fraction, phrase

    @property
    def failed(self) -> bool:
        """Whether it is over and brought nothing."""
        return self._app is None and not self._thread.is_alive()

    @property
    def done(self) -> bool:
        """Whether the app is there."""
        return self._app is not None

    def ticks(self) -> Iterator[tuple[float, str]]:
        """How far it is, again and again until it is done."""
        while self._thread.is_alive():
            self._thread.join(TICK_S)
            yield self.fraction, self.phrase

    def result(self) -> App:
        """The opened app, waited for."""
        self._thread.join()
        if self._app is None:
            raise MapAppError("the app could not be opened") from self._error
        return self._app


_openings: dict[Settings, Opening] = {}
_lock = threading.Lock()


def opening(settings: Settings) -> Opening:
    """The one opening of these settings; one that failed is tried again by the next visitor."""
    with _lock:
        current = _openings.get(settings)
        if current is None or current.failed:
            current = _openings[settings] = Opening(settings)
        return current


def opened(settings: Settings) -> App | None:
    """The app of these settings where a visit has opened it, without opening it."""
    with _lock:
        current = _openings.get(settings)
    return current.result() if current is not None and current.done else None
