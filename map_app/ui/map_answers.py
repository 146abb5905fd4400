"""What the map's script asks of the server by itself: a place's stories when its popup opens, and clusters' counts.

The map is told of every place how many articles it has, and no more, so that what it is told grows with the places it
shows and not with the articles. Who may see the page may ask: all of it is on the page too.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qs, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from map_app.app import App
from map_app.errors import MapAppError
from map_app.model import ArticleFilter
from map_app.settings import Settings
from map_app.ui import state
from map_app.ui.first_paint import base_path
from map_app.ui.opening import opened
from map_app.ui.share import ViewState, read, write
from map_app.ui.turns import Turns
from map_app.webmap import story_row

#: Stories in a popup.
STORIES = 5

#: The largest tree of clusters that is read: some 60,000 places.
MAX_TREE_BYTES = 1_000_000

#: How many trees with their counts are kept for all visitors together: whoever shows the same places asks the same.
KEPT = 16

#: Counting a large map takes a processor for a second.
_counting = Turns(at_once=1, waiting=20)

_STORIES, _CLUSTERS = "map/stories", "map/clusters"


def routes() -> list[Route]:
    """For `streamlit.App`."""
    return [
        Route(f"{base_path()}/{_STORIES}", _stories, methods=["GET"]),
        Route(f"{base_path()}/{_CLUSTERS}", _clusters, methods=["POST"]),
    ]


def addresses(f: ArticleFilter) -> dict[str, str]:
    """Where the map's frame asks about what passes the filter, relative to its own address."""
    query = urlencode(write(ViewState(f)), doseq=True)
    return {"stories": f"../../{_STORIES}?{query}", "clusters": f"../../{_CLUSTERS}?{query}"}


async def _stories(request: Request) -> Response:
    f = asked_about(request)

    def answer(app: App) -> object:
        return [story_row(story) for story in app.store.stories(f, limit=STORIES)]

    return await _answered(request, answer) if f.place else _refused()


async def _clusters(request: Request) -> Response:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_TREE_BYTES:
            return _refused()
    f = replace(asked_about(request), place="")

    def answer(app: App) -> object:
        return _counted(app, str(app.store.path), app.store.revision(), f, bytes(body))

    async with _counting.turn() as granted:
        return await _answered(request, answer) if granted else JSONResponse(None, 503, {"Retry-After": "2"})


@lru_cache(maxsize=KEPT)
def _counted(app: App, _store: str, _revision: int, f: ArticleFilter, tree: bytes) -> list[int]:
    return app.store.cluster_counts(f, json.loads(tree))


def asked_about(request: Request) -> ArticleFilter:
    """The filter in an address, as in the page's own."""
    asked, _ = read(parse_qs(request.url.query))
    return asked.applied(state.today())


async def _answered(request: Request, answer: Callable[[App], object]) -> Response:
    # Pages of other sites cannot read an answer, and need not make the server look for it either.
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return JSONResponse(None, 403)
    app = opened(Settings.from_environment())
    if app is None:
        return JSONResponse(None, 503)
    try:
        return JSONResponse(await run_in_threadpool(answer, app), headers={"Cache-Control": "no-store"})
    except (ValueError, RecursionError):
        return _refused()
    except MapAppError:
        return JSONResponse(None, 503)


def _refused() -> Response:
    return JSONResponse(None, 400)
