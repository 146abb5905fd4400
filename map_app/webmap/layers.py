"""Pins as one layer whose data no template sees as text."""

from collections.abc import Mapping, Sequence

import folium
from branca.element import MacroElement
from jinja2 import Template

from map_app.model import Pin
from map_app.webmap.popup import payload


class _Results(MacroElement):
    """Calls our script with the payload, whose alphabet is that of base64 alone."""

    _template = Template(
        '{% macro script(this, kwargs) %}newsMap.show({{ this.group_name }}, "{{ this.payload }}");{% endmacro %}'
    )

    def __init__(self, group: folium.FeatureGroup, payload: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca types only part of itself
        self._name = "results"
        self._group = group
        self.payload = payload

    @property
    def group_name(self) -> str:
        """The group's name at the time of rendering: streamlit-folium renames it."""
        return str(self._group.get_name())


def results_layer(
    pins: Sequence[Pin], *, country_counts: Mapping[str, int], selected_place: str = ""
) -> folium.FeatureGroup:
    """All pins as a feature group; countries are shaded by `country_counts`, code to number of articles.

    `selected_place` is the id of a place whose popup opens.
    """
    group = folium.FeatureGroup(name="results")
    _Results(group, payload(pins, country_counts, selected_place)).add_to(group)
    return group
