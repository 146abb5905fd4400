"""The map in the page: a constant base map, the results as one layer, and what a visitor does on it."""

import itertools
import math
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.components.v1 import declare_component
from streamlit_folium import st_folium

from map_app.model import Feature, Place
from map_app.settings import Settings
from map_app.ui import state
from map_app.ui.share import View
from map_app.webmap.basemap import constant_map, static_folders
from map_app.webmap.layers import results_layer
from map_app.webmap.popup import shown_at

#: The map's height before the style sheet makes it fill the window.
HEIGHT_PX = 800

#: A click this close to a pin, in degrees, is a click on it: coordinates come back as the browser rounded them.
SAME_POINT = 1e-4

START = View(22.0, 12.0, 2)

#: streamlit-folium goes only where it was not sent last; this much, far below what anybody sees, makes a view another.
OTHER_VIEW = 1e-9


def serve_static() -> None:
    """Have the server hand out Leaflet and our own files from addresses beside the map's frame."""
    for name, folder in static_folders().items():
        declare_component(name, path=str(folder))


def address(name: str) -> str:
    """Where a folder is served, relative to the map's frame, so that it also holds under a base URL path."""
    return f"../{__name__}.{name}"


@st.fragment
def show(settings: Settings, places: Sequence[Place], drawn: str) -> None:
    """Draw the map with what `webmap.payload` made of the pins of these places; a click on one lists its articles.

    Where it is moved its own script tells the address, and nobody here.
    """
    serve_static()
    start = st.session_state.get("start_view") or START
    target = st.session_state.get("target") or start
    apart = st.session_state.get("looks", 0) * OTHER_VIEW
    if places:
        st.button("Fit to results", key="fit", on_click=_fit, args=(places,))
    with st.container(key="mapframe"):
        out = st_folium(
            constant_map(
                address,
                tiles_url=settings.tiles_url,
                tiles_credit=settings.tiles_credit,
                theme=st.context.theme.type or "light",
            ),
            key="map",
            height=HEIGHT_PX,
            use_container_width=True,
            center=(target.latitude, target.longitude + apart),
            zoom=target.zoom + apart,
            feature_group_to_add=results_layer(drawn),
            returned_objects=["last_object_clicked", "last_object_clicked_count"],
        )
    _clicked(out, places)


def _fit(places: Sequence[Place]) -> None:
    state.look_at(fitting(places))


def fitting(places: Sequence[Place]) -> View:
    """A view that shows all of the places; whole continents only where there is nothing else."""
    shown = [place for place in places if place.feature is not Feature.CONTINENT] or places
    latitudes = sorted(place.point.latitude for place in shown)
    longitudes = sorted({place.point.longitude for place in shown})
    # The widest stretch without a place is what the view leaves out: the shortest way round may cross 180 degrees.
    around = [*longitudes, longitudes[0] + 360]
    empty, east = max((after - before, before) for before, after in itertools.pairwise(around))
    wide = 360 - empty
    tall = latitudes[-1] - latitudes[0]
    # A map of 1000 pixels shows 360 degrees at about zoom 2.
    zoom = max(1, min(9, math.floor(math.log2(360 / max(wide, tall * 1.6, 4.0)) + 1.6)))
    middle = (east - wide / 2 + 180) % 360 - 180
    return View(round((latitudes[0] + latitudes[-1]) / 2, 4), round(middle, 4), zoom)


def _clicked(out: Mapping[str, object] | None, places: Sequence[Place]) -> None:
    at = (out or {}).get("last_object_clicked")
    click = (at, (out or {}).get("last_object_clicked_count"))
    if not isinstance(at, dict) or click == st.session_state.get("click"):
        return
    st.session_state["click"] = click
    place = place_at(places, at.get("lat"), at.get("lng"))
    if place and not state.trying() and (place.id != st.session_state["place"] or st.session_state["article"]):
        state.open_place(place.id)
        st.rerun()


def place_at(places: Sequence[Place], latitude: object, longitude: object) -> Place | None:
    """The place that is shown at a clicked point, or None."""
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    off = [max(abs(north - latitude), abs(east - longitude)) for north, east in shown_at(places)]
    nearest = min(range(len(off)), key=off.__getitem__, default=None)
    return None if nearest is None or off[nearest] >= SAME_POINT else places[nearest]
