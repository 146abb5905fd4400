"""What is shown, to keep: a table of the articles and their places, and the places for other maps."""

import csv
import io
import json
from collections.abc import Callable
from functools import cache
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from map_app.app import App
from map_app.errors import MapAppError
from map_app.model import ArticleFilter, Place
from map_app.settings import Settings
from map_app.ui import state
from map_app.ui.first_paint import base_path
from map_app.ui.map_answers import asked_about
from map_app.ui.opening import opened
from map_app.ui.report import cell
from map_app.ui.share import ViewState, write
from map_app.ui.text import clean, number
from map_app.ui.turns import Turns

#: The newest articles of a table; of more, filters choose.
MOST = 10_000

CREDITS = "Places: GeoNames (https://www.geonames.org), CC BY 4.0"

#: One row for each article and place of it, all of them; one without a place has one row. Kinds and roles are called as
#: in the page's address, an article's strongest role at a place first.
COLUMNS = ("published", "title", "publisher", "url", "place", "kind", "region", "country", "latitude", "longitude",
           "role")  # fmt: skip

_TABLE, _PLACES = "map/articles.csv", "map/places.geojson"

#: A table of many articles takes a processor for a second.
_making = Turns(at_once=1, waiting=20)


def routes() -> list[Route]:
    """For `streamlit.App`."""
    return [
        Route(f"{base_path()}/{_TABLE}", _table, methods=["GET"]),
        Route(f"{base_path()}/{_PLACES}", _places, methods=["GET"]),
    ]


def links(f: ArticleFilter, articles: int) -> str:
    """HTML: where to fetch the `articles` that pass the filter."""
    query = urlencode(write(ViewState(f)), doseq=True)
    newest = f"The newest {number(MOST)} of them. " if articles > MOST else ""
    return (
        f'<p class="downloads">Download <a href="{base_path()}/{_TABLE}?{query}" download '
        f'title="{newest}A row for each article and place">CSV</a> '
        f'<a href="{base_path()}/{_PLACES}?{query}" download title="The places, with their numbers of articles">'
        "GeoJSON</a></p>"
    )


def as_csv(app: App, f: ArticleFilter) -> bytes:
    """The articles that pass, newest first, in UTF-8 with a byte order mark for spreadsheets."""

    @cache
    def known(place_id: str) -> Place | None:
        return app.store.place(place_id)

    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for story in app.store.stories(f, limit=MOST):
        published = story.published.isoformat().replace("+00:00", "Z") if story.published else ""
        about = [published, cell(clean(story.title)), cell(clean(story.publisher)), cell(clean(story.url))]
        there = [(known(place_id), roles) for (place_id, _), roles in zip(story.places, story.place_roles, strict=True)]
        for place, roles in there:
            if place is not None:
                rows.writerow([*about, *_described(app, place), " ".join(roles)])
        if not there:
            rows.writerow(about + [""] * (len(COLUMNS) - len(about)))
    return out.getvalue().encode("utf-8-sig")


def _described(app: App, place: Place) -> list[str | float]:
    country = app.gazetteer.country(place.country_code) if place.country_code else None
    return [
        cell(clean(place.name)),
        place.feature.value,
        cell(clean(place.admin1)),
        country.name if country else place.country_code,
        place.point.latitude,
        place.point.longitude,
    ]


def as_geojson(app: App, f: ArticleFilter) -> bytes:
    """The places that pass, those of most articles first, as points: of an area, as its kind says, the middle."""
    features = []
    for pin in app.store.pins(f):
        name, kind, region, country, latitude, longitude = _described(app, pin.place)
        about = {"name": name, "kind": kind, "region": region, "country": country, "articles": pin.article_count}
        about |= {"role": pin.role.value} | ({"radius_km": pin.place.radius_km} if pin.place.radius_km else {})
        geometry = {"type": "Point", "coordinates": [longitude, latitude]}
        features.append({"type": "Feature", "id": pin.place.id, "properties": about, "geometry": geometry})
    collection = {"type": "FeatureCollection", "attribution": CREDITS, "features": features}
    return json.dumps(collection, ensure_ascii=False).encode("utf-8", "replace")


async def _table(request: Request) -> Response:
    return await _sent(request, as_csv, "csv", "text/csv; charset=utf-8")


async def _places(request: Request) -> Response:
    return await _sent(request, as_geojson, "geojson", "application/geo+json")


async def _sent(request: Request, make: Callable[[App, ArticleFilter], bytes], ending: str, kind: str) -> Response:
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return Response(status_code=403)
    app = opened(Settings.from_environment())
    async with _making.turn() as granted:
        if app is None or not granted:
            return Response(status_code=503, headers={"Retry-After": "2"})
        try:
            body = await run_in_threadpool(make, app, asked_about(request))
        except MapAppError:
            return Response(status_code=503)
    name = f"news-on-the-map-{state.today()}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=kind, headers=headers)
