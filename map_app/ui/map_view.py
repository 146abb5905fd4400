"""The map in the page: a constant base map, the results as one layer, and what a visitor does on it."""

import math
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.components.v1 import declare_component
from streamlit_folium import st_folium

from map_app.model import Pin
from map_app.settings import Settings
from map_app.ui import state
from map_app.ui.share import MAX_ZOOM, View
from map_app.webmap.basemap import constant_map, static_folders
from map_app.webmap.layers import results_layer

#: The map's height before the style sheet makes it fill the window.
HEIGHT_PX = 800

#: A click this close to a pin, in degrees, is a click on it: coordinates come back as the browser rounded them.
SAME_POINT = 1e-4

#: The map may settle by this much on its own.
SETTLING_PX = 20

START = View(22.0, 12.0, 2)


def serve_static() -> None:
    """Have the server hand out Leaflet and our own files from addresses beside the map's frame."""
    for name, folder in static_folders().items():
        declare_component(name, path=str(folder))


def address(name: str) -> str:
    """Where a folder is served, relative to the map's frame, so that it also holds under a base URL path."""
    return f"../{__name__}.{name}"


@st.fragment
def show(settings: Settings, pins: Sequence[Pin], countries: Mapping[str, int]) -> None:
    """Draw the map; moving it runs this alone, a click on a place lists its articles."""
    serve_static()
    start = st.session_state.get("start_view") or START
    target = st.session_state.get("target") or start
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
            center=(target.latitude, target.longitude),
            zoom=target.zoom,
            feature_group_to_add=results_layer(pins, country_counts=countries),
            returned_objects=["last_object_clicked", "last_object_clicked_count", "center", "zoom"],
        )
    _clicked(out, pins)
    _moved(out)


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


def _moved(out: Mapping[str, object] | None) -> None:
    center, zoom = (out or {}).get("center"), (out or {}).get("zoom")
    if not isinstance(center, dict) or not isinstance(zoom, int | float):
        return
    latitude, longitude = center.get("lat"), center.get("lng")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return
    view = View(
        round(max(-90.0, min(90.0, latitude)), 4),
        round((longitude + 180) % 360 - 180, 4),
        max(0, min(MAX_ZOOM, round(zoom))),
    )
    target = st.session_state.get("target") or st.session_state.get("start_view") or START
    if not st.session_state.get("settled"):
        # The map first reports the view that it is made with, before it goes where the link says.
        st.session_state["settled"] = not moved_by_hand(target, view)
        return
    before = st.session_state["view"] or target
    if moved_by_hand(before, view):
        state.moved(view)


def moved_by_hand(before: View, after: View) -> bool:
    """Whether the visitor moved the map: it also moves itself, by a few pixels, when it takes its size."""
    pixel_degrees = 360 / (256 * 2**after.zoom)
    moved = max(abs(after.latitude - before.latitude), abs(after.longitude - before.longitude))
    return after.zoom != before.zoom or moved > SETTLING_PX * pixel_degrees
