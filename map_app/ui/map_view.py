"""The map in the page: a constant base map, the results as one layer, and what a visitor does on it."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.components.v1 import declare_component
from streamlit_folium import st_folium

from map_app.model import Place
from map_app.settings import Settings
from map_app.ui import state
from map_app.webmap.basemap import constant_map, static_folders
from map_app.webmap.layers import results_layer
from map_app.webmap.popup import shown_at

#: The map's height before the style sheet makes it fill the window.
HEIGHT_PX = 800

#: A click this close to a pin, in degrees, is a click on it: coordinates come back as the browser rounded them.
SAME_POINT = 1e-4


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
    start = state.start_view()
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
            center=(start.latitude, start.longitude) if start else None,
            zoom=start.zoom if start else None,
            feature_group_to_add=results_layer(drawn, state.fit_number()),
            returned_objects=["last_object_clicked", "last_object_clicked_count"],
        )
    _clicked(out, places)


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
