"""Pins become a Folium map."""

from map_app.webmap.basemap import constant_map, silhouette, static_folders
from map_app.webmap.layers import results_layer

__all__ = ["constant_map", "results_layer", "silhouette", "static_folders"]
