"""The map in the page: a constant base map, the results as one layer, and what a visitor does on it."""

import math
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.components.v1 import declare_component
from streamlit_folium import st_folium

from map_app.model import Pin
from map_app.settings import Settings
from map_app.ui import state
from map_app.ui.share import View
from map_app.webmap.basemap import constant_map, static_folders
from map_app.webmap.layers import results_layer

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
def show(settings: Settings, pins: Sequence[Pin], countries: Mapping[str, int]) -> None:
    """Draw the map; a click on a place lists its articles. Where it is moved its own script tells the address."""
    serve_static()
    start = st.session_state.get("start_view") or START
    target = st.session_state.get("target") or start
    apart = st.session_state.get("looks", 0) * OTHER_VIEW
    if pins:
        st.button("Fit to results", key="fit", on_click=_fit, args=(pins,))
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
            feature_group_to_add=results_layer(pins, country_counts=countries),
            returned_objects=["last_object_clicked", "last_object_clicked_count"],
        )
    _clicked(out, pins)


def _fit(pins: Sequence[Pin]) -> None:
    state.look_at(fitting(pins))


def fitting(pins: Sequence[Pin]) -> View:
    """A view that shows all the pins, of those that are not whole continents."""
    latitudes = sorted(pin.place.point.latitude for pin in pins)
    longitudes = sorted(pin.place.point.longitude for pin in pins)
    south, north, west, east = latitudes[0], latitudes[-1], longitudes[0], longitudes[-1]
    degrees = max(east - west, (north - south) * 1.6, 4.0)
    # A map of 1000 pixels shows 360 degrees at about zoom 2.
    zoom = max(1, min(9, math.floor(math.log2(360 / degrees) + 1.6)))
    return View(round((south + north) / 2, 4), round((west + east) / 2, 4), zoom)


def _clicked(out: Mapping[str, object] | None, pins: Sequence[Pin]) -> None:
    at = (out or {}).get("last_object_clicked")
    click = (at, (out or {}).get("last_object_clicked_count"))
    if not isinstance(at, dict) or click == st.session_state.get("click"):
        return
    st.session_state["click"] = click
    pin = pin_at(pins, at.get("lat"), at.get("lng"))
    if pin and not state.trying() and pin.place.id != st.session_state["place"]:
        state.open_place(pin.place.id)
        st.rerun()


def pin_at(pins: Sequence[Pin], latitude: object, longitude: object) -> Pin | None:
    """The pin at a clicked point, or None; of several the one with most articles."""
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    for pin in pins:
        at = pin.place.point
        if abs(at.latitude - latitude) < SAME_POINT and abs(at.longitude - longitude) < SAME_POINT:
            return pin
    return None
