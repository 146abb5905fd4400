"""What sites let programs read: robots.txt by RFC 9309."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

from protego import Protego

from map_app.errors import HttpStatusError, RedirectError
from map_app.fetch.addresses import WebAddress

#: How much of a robots.txt is read (RFC 9309, section 2.5).
MAX_BYTES = 512_000

#: RFC 9309, section 2.4: no longer than a day.
KEPT_S = 24 * 3600.0

#: After a server's failure it is asked again sooner.
KEPT_AFTER_FAILURE_S = 600.0

#: Sites remembered at once; beyond it, those longest known are forgotten.
REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class _Rules:
    #: None where everything is allowed, or nobody knows.
    rules: Protego | None
    until: float
    #: The status with which the server failed to tell.
    failed: int = 0


class Robots:
    """The rules of each site, asked for once and kept for a while."""

    def __init__(
        self,
        ask: Callable[[WebAddress, int], bytes],
        user_agent: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ask` fetches an address, cut at so many bytes, and raises FetchError."""
        self._ask = ask
        self._agent = user_agent.partition("/")[0].split(" ")[0]
        self._clock = clock
        self._known: dict[str, _Rules] = {}
        self._lock = Lock()

    def allow(self, address: WebAddress) -> bool:
        """Whether the address may be read; raises FetchError where nobody answers, or the server fails to."""
        site = str(replace(address, target=""))
        with self._lock:
            rules = self._known.get(site)
        if rules is None or rules.until < self._clock():
            rules = self._learn(replace(address, target="/robots.txt"))
            with self._lock:
                self._known.pop(site, None)
                self._known[site] = rules
                while len(self._known) > REMEMBERED:
                    del self._known[next(iter(self._known))]
        if rules.failed:
            raise HttpStatusError(rules.failed)
        return rules.rules is None or rules.rules.can_fetch(str(address), self._agent)

    def _learn(self, address: WebAddress) -> _Rules:
        now = self._clock()
        try:
            text = self._ask(address, MAX_BYTES).decode("utf-8", errors="replace")
        except RedirectError:
            return _Rules(None, until=now + KEPT_S)
        except HttpStatusError as e:
            if 400 <= e.status < 500 and e.status != 429:
                return _Rules(None, until=now + KEPT_S)
            return _Rules(None, until=now + KEPT_AFTER_FAILURE_S, failed=e.status)
        return _Rules(Protego.parse(text), until=now + KEPT_S)
