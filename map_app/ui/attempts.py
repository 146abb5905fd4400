"""How often a password may be tried: counted over all sessions, so that a new session is no new start."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Wrong passwords that cost nothing: people mistype.
FREE = 4

#: The longest that anybody waits. Each further wrong password doubles the wait up to here, never beyond: whoever keeps
#: guessing gets one guess in this time, and whoever knows the password is not kept out longer than it.
LONGEST_WAIT_S = 60.0

#: After so long without a wrong password the count starts anew.
FORGOTTEN_AFTER_S = 900.0

#: Addresses that are remembered, the latest; what is forgotten is still counted among all.
MAX_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt."""

    accepted: bool
    #: Above 0: the password was not even looked at, and will not be for so long.
    wait_s: float = 0.0


@dataclass(slots=True)
class _Count:
    wrong: int = 0
    last: float = 0.0
    barred_until: float = 0.0

    def add(self, now: float) -> None:
        self.wrong = 1 if now - self.last > FORGOTTEN_AFTER_S else self.wrong + 1
        self.last = now
        if self.wrong > FREE:
            # The exponent is bounded, not only the wait: a month of guessing makes no number of 40,000 digits.
            self.barred_until = now + min(2.0 ** min(self.wrong - FREE, 10), LONGEST_WAIT_S)


class Attempts:
    """Counts wrong passwords for each address and for all together; safe to share between threads.

    An address from which the right password came is held up by its own count alone: others, guessing, cannot keep
    its editor out. An attempt during a wait is refused unseen and makes no wait longer.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells the time in seconds and never goes back."""
        self._now = now
        self._lock = threading.Lock()
        self._all = _Count()
        self._of: OrderedDict[str, _Count] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()

    def attempt(self, address: str, is_right: Callable[[], bool]) -> Answer:
        """Look at one password from one address, unless one of them has to wait; one at a time."""
        with self._lock:
            now = self._now()
            own = self._of.get(address, _Count())
            counts = [own] if address in self._known else [own, self._all]
            wait_s = max(count.barred_until for count in counts) - now
            if wait_s > 0:
                return Answer(accepted=False, wait_s=wait_s)
            if is_right():
                self._of.pop(address, None)
                _keep(self._known, address, None)
                return Answer(accepted=True)
            own.add(now)
            self._all.add(now)
            _keep(self._of, address, own)
            return Answer(accepted=False)


def _keep(kept: "OrderedDict[str, Any]", address: str, value: object) -> None:
    kept[address] = value
    kept.move_to_end(address)
    while len(kept) > MAX_ADDRESSES:
        kept.popitem(last=False)
