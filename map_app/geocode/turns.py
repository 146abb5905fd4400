"""One request at a time, and no more than one an interval, over all processes of a machine."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

#: A time written this far ahead is no request to wait but a clock that was set back.
MAX_BACK_OFF_S = 24 * 3600.0


class NotNowError(Exception):
    """No turn came within the time that the caller can wait."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"no turn in the next {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Turns:
    """Turns that processes take by a lock file; beside it stands when the next one may begin."""

    def __init__(
        self,
        path: Path,
        *,
        interval_s: float = 1.0,
        max_wait_s: float = 10.0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._interval_s = interval_s
        self._max_wait_s = max_wait_s
        self._clock = clock
        self._sleep = sleep
        self._back_off_s = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and hold it; the interval is counted from its end. Raises NotNowError.

        Counting from the end is what keeps the service from ever seeing two requests closer than the interval,
        however long each was on its way.
        """
        try:
            self._lock.acquire(timeout=self._max_wait_s)
        except Timeout as e:
            raise NotNowError(self._max_wait_s) from e
        try:
            wait_s = self._read() - self._clock()
            if wait_s > self._max_wait_s:
                raise NotNowError(wait_s)
            if wait_s > 0:
                self._sleep(wait_s)
            self._back_off_s = 0.0
            try:
                yield
            finally:
                self._write(self._clock() + max(self._interval_s, self._back_off_s))
        finally:
            self._lock.release()

    def back_off(self, seconds: float) -> None:
        """Within a turn: let nobody have the next one before that, as the service asked."""
        self._back_off_s = min(max(seconds, 0.0), MAX_BACK_OFF_S)

    def _read(self) -> float:
        try:
            at = float(self._path.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0.0  # never used, or torn by a crash while writing: one interval at most is lost
        return at if at - self._clock() <= MAX_BACK_OFF_S else 0.0

    def _write(self, at: float) -> None:
        self._path.write_text(repr(at), "ascii")
