"""Pins as one layer whose data no template sees as text."""

import folium
from branca.element import MacroElement
from jinja2 import Template


class _Results(MacroElement):
    """Calls our script with the payload, whose alphabet is that of base64 alone."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        'newsMap.show({{ this.group_name }}, "{{ this.payload }}", {{ this.fit }});{% endmacro %}'
    )

    def __init__(self, group: folium.FeatureGroup, payload: str, fit: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca types only part of itself
        self._name = "results"
        self._group = group
        self.payload = payload
        self.fit = fit

    @property
    def group_name(self) -> str:
        """The group's name at the time of rendering: streamlit-folium renames it."""
        return str(self._group.get_name())


def results_layer(drawn: str, fit: int = 0) -> folium.FeatureGroup:
    """What `payload` made of the pins, as a feature group; another `fit` than before has the map go there."""
    group = folium.FeatureGroup(name="results")
    _Results(group, drawn, fit).add_to(group)
    return group
