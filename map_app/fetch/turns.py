"""One request at a time to each host, with a gap after each."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Hosts remembered before those whose gap is over are forgotten, so that months of running hold no more.
REMEMBERED = 256


class _Host:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        #: Threads that hold or await the lock.
        self.users = 0
        self.next_at = 0.0


class HostTurns:
    """The turns that the threads of one process take at each host."""

    def __init__(
        self,
        gap_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap_s = gap_s
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Wait until nobody else asks the host and the gap since the last answer is over, then hold the turn."""
        with self._lock:
            if len(self._hosts) > REMEMBERED:
                now = self._clock()
                self._hosts = {n: h for n, h in self._hosts.items() if h.users or h.next_at > now}
            host = self._hosts.setdefault(name, _Host())
            host.users += 1
        try:
            with host.lock:
                wait_s = host.next_at - self._clock()
                if wait_s > 0:
                    self._sleep(wait_s)
                try:
                    yield
                finally:
                    host.next_at = self._clock() + self._gap_s
        finally:
            with self._lock:
                host.users -= 1
