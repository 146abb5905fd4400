"""The map that never changes: Leaflet from this machine, country outlines, and tiles where they are asked for."""

import importlib.metadata
import itertools
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import folium
from branca.element import MacroElement
from jinja2 import Template

from map_app.errors import MapAppError

STATIC = Path(__file__).parent / "static"

#: Packages that carry JavaScript, by the name that their folder is served under.
_PACKAGES = {
    "leaflet": ("XStatic-Leaflet", "xstatic/pkg/leaflet/data"),
    "markercluster": ("XStatic-Leaflet-MarkerCluster", "xstatic/pkg/leaflet_markercluster/data"),
}


def static_folders() -> dict[str, Path]:
    """Folders to serve, by name: "leaflet", "markercluster" and "newsmap".

    Found through the packages' metadata: importing them relies on namespace packages that newer Pythons drop.
    """
    folders = {"newsmap": STATIC}
    for name, (package, inside) in _PACKAGES.items():
        try:
            folder = Path(str(importlib.metadata.distribution(package).locate_file(inside)))
        except importlib.metadata.PackageNotFoundError as e:
            raise MapAppError(f"the package {package} is not installed: pip install -r requirements.txt") from e
        folders[name] = folder
    return folders


#: The silhouette's own pixels: as many as a large window has, so that no coast is a staircase.
_WIDTH, _HEIGHT = 2000, 1280

#: Bends of the coast closer to the one before, in those pixels, are left out.
_SHORTEST = 3


def silhouette() -> str:
    """All land as an SVG in Mercator's projection, filling its box: what can be shown before there is a map."""
    outlines = json.loads((STATIC / "outlines.json").read_text(encoding="utf-8"))
    path = []
    for feature in outlines["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            points = _thinned(_on_silhouette(lon, lat) for lon, lat in polygon[0])
            if len(points) > 2:  # what is left of an island smaller than that is no area
                steps = (f"{x - x0},{y - y0}" for (x0, y0), (x, y) in itertools.pairwise(points))
                path.append(f"m{points[0][0]},{points[0][1]} {' '.join(steps)}z")
    land = "".join(f'<path d="{part}"/>' for part in path)
    # The stroke closes the gaps that thinning leaves between neighbours.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'preserveAspectRatio="xMidYMid slice" stroke="#000" stroke-width="2">{land}</svg>'
    )


def _thinned(points: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for x, y in points:
        if not kept or abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= _SHORTEST:
            kept.append((x, y))
    return kept


def _on_silhouette(longitude: float, latitude: float) -> tuple[int, int]:
    northing = math.log(math.tan(math.pi / 4 + math.radians(max(-80.0, min(83.0, latitude))) / 2))
    return round((longitude + 180) / 360 * _WIDTH), round(0.42 * _WIDTH - northing * _WIDTH / (2 * math.pi))


class _Map(folium.Map):
    """A Folium map that asks no CDN; jQuery, Bootstrap and the rest are not needed."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 Folium declares it so
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _Base(MacroElement):
    """Hands the map to our script. Nothing but settings enters the template."""

    _template = Template(
        "{% macro script(this, kwargs) %}newsMap.base({{ this.map_name }}, {{ this.options }});{% endmacro %}"
    )

    def __init__(self, map_name: str, options: dict[str, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca types only part of itself
        self._name = "base"
        self.map_name = map_name
        # "<" would end the script early, braces would be read as a template.
        text = json.dumps(options)
        self.options = "".join(f"\\u{ord(c):04x}" if c in "<>&{}%" and i not in (0, len(text) - 1) else c
                               for i, c in enumerate(text))  # fmt: skip


def constant_map(
    address: Callable[[str], str], *, tiles_url: str = "", tiles_credit: str = "", theme: str = "light"
) -> folium.Map:
    """The map without any result; its script depends on the arguments alone.

    `address` gives where each of `static_folders` is served, without a slash at the end. `theme` is "light" or "dark".
    """

    class NewsMap(_Map):
        """A class of its own, for Folium reads the links from the class: others of the process keep theirs."""

        default_js: list[tuple[str, str]] = [  # noqa: RUF012
            ("leaflet", f"{address('leaflet')}/leaflet.js"),
            ("markercluster", f"{address('markercluster')}/leaflet.markercluster.js"),
            ("names", f"{address('newsmap')}/names.js"),
            ("view", f"{address('newsmap')}/view.js"),
            ("newsmap", f"{address('newsmap')}/newsmap.js"),
        ]
        # Names differ from those of the scripts: a page keeps one link to a name.
        default_css: list[tuple[str, str]] = [  # noqa: RUF012
            ("leaflet_css", f"{address('leaflet')}/leaflet.css"),
            ("markercluster_css", f"{address('markercluster')}/MarkerCluster.css"),
            ("newsmap_css", f"{address('newsmap')}/newsmap.css"),
        ]

    # Folium refuses a URL template without a credit, and ours is added by the script, which can drop dead tiles.
    news_map = NewsMap(
        location=[22, 12], zoom_start=2, tiles=None, world_copy_jump=True,
        zoom_control=False, attribution_control=False, max_bounds=False,
    )  # fmt: skip
    options = {
        "outlines": f"{address('newsmap')}/outlines.json",
        "theme": theme,
        "tiles": tiles_url,
        "tilesCredit": tiles_credit,
    }
    _Base(news_map.get_name(), options).add_to(news_map)
    return news_map
