"""Work that costs a processor, a few pieces at a time: who comes when many wait already is turned away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many at once, and so many that wait; for one event loop."""

    def __init__(self, at_once: int, waiting: int) -> None:
        """Nobody is there yet."""
        self._free = asyncio.Semaphore(at_once)
        self._there = 0
        self._most = at_once + waiting

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Wait for a turn, which lasts as long as the block; False, at once, where too many wait."""
        if self._there >= self._most:
            yield False
            return
        self._there += 1
        try:
            async with self._free:
                yield True
        finally:
            self._there -= 1
