"""Work that only a few may have done at a time."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from map_app.ui import map_answers
from map_app.ui.turns import Turns


def test_one_works_some_wait_and_the_rest_are_turned_away() -> None:
    async def scene() -> None:
        turns = Turns(at_once=1, waiting=2)
        done, at_work, most = asyncio.Event(), 0, 0

        async def come() -> bool:
            nonlocal at_work, most
            async with turns.turn() as granted:
                if granted:
                    at_work += 1
                    most = max(most, at_work)
                    await done.wait()
                    at_work -= 1
                return granted

        comers = [asyncio.create_task(come()) for _ in range(5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [comer.done() and not comer.result() for comer in comers] == [False, False, False, True, True]
        done.set()
        assert [await comer for comer in comers] == [True, True, True, False, False]
        assert most == 1
        assert await come(), "there is room again"

    asyncio.run(scene())


def test_one_who_gives_up_or_fails_makes_room() -> None:
    async def scene() -> None:
        turns = Turns(at_once=1, waiting=0)

        async def fail() -> None:
            async with turns.turn():
                raise ValueError

        async def stay() -> None:
            async with turns.turn():
                await asyncio.Event().wait()

        for work in (fail(), stay()):
            task = asyncio.create_task(work)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with turns.turn() as granted:
                assert granted

    asyncio.run(scene())


def test_whoever_has_clusters_counted_when_many_wait_is_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_answers, "_counting", Turns(at_once=0, waiting=0))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"[]", "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/map/clusters", "query_string": b"", "headers": []}
    answer = asyncio.run(map_answers._clusters(Request(scope, receive)))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
