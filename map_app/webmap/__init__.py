"""Pins become a Folium map."""

from map_app.webmap.basemap import constant_map, silhouette, static_folders
from map_app.webmap.layers import results_layer
from map_app.webmap.popup import payload, shown_at, story_row

__all__ = ["constant_map", "payload", "results_layer", "shown_at", "silhouette", "static_folders", "story_row"]
