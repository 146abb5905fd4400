"""Work that an editor starts and that goes on by itself, whatever the editor does meanwhile or closes."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Told how far the work is: a fraction from 0 to 1, or None where nobody can know, and what is being done.
Tell = Callable[[float | None, str], None]


class Job(Generic[T]):
    """One piece of work in a thread of its own."""

    def __init__(self, work: Callable[[Tell], T], phrase: str) -> None:
        """Start it; `phrase` says what it does until it tells more."""
        self.fraction: float | None = None
        self.phrase = phrase
        self._future: Future[T] = Future()
        # A daemon: stopping the server does not wait, and what was not committed comes again with the next try.
        threading.Thread(target=self._run, args=(work,), name="editor's job", daemon=True).start()

    def _run(self, work: Callable[[Tell], T]) -> None:
        try:
            self._future.set_result(work(self._tell))
        except BaseException as e:
            logger.exception("What an editor started has failed")
            self._future.set_exception(e)

    def _tell(self, fraction: float | None, phrase: str) -> None:
        self.fraction, self.phrase = fraction, phrase

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self._future.done()

    def result(self) -> T:
        """What came of it, waited for; raises what went wrong."""
        return self._future.result()
