"""What the browser is told of the pins: one compressed value that no template engine and no parser can misread."""

import base64
import json
import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from map_app.model import Pin, Place, Story

#: Degrees between places that share a point: a tenth of a metre, which nobody sees.
APART = 1e-6


def shown_at(places: Sequence[Place]) -> list[tuple[float, float]]:
    """Latitude and longitude of each place on the map: no two have the same, so that a click says which was meant."""
    there: Counter[tuple[float, float]] = Counter()
    shown = []
    for place in places:
        latitude, longitude = place.point.latitude, place.point.longitude
        before = there[latitude, longitude]
        there[latitude, longitude] += 1
        shown.append((latitude - math.copysign(before * APART, latitude), longitude))
    return shown


def payload(
    pins: Sequence[Pin],
    country_counts: Mapping[str, int],
    *,
    ask: Mapping[str, str] | None = None,
) -> str:
    """Everything that the map shows, as JSON, deflated, in base64: its alphabet holds nothing that a template reads.

    Countries are shaded by `country_counts`, code to number of articles. `ask` says where the "stories" of pins without
    any are asked for, and the counts of "clusters" of pins without numbers of articles.
    """
    stories: dict[tuple[int, str], int] = {}
    rows: list[dict[str, Any]] = []
    places = []
    for pin, (latitude, longitude) in zip(pins, shown_at([pin.place for pin in pins]), strict=True):
        indices = []
        for story in pin.stories:
            row = story_row(story)
            key = (story.number, json.dumps(row, sort_keys=True))
            if key not in stories:
                stories[key] = len(rows)
                rows.append(row)
            indices.append(stories[key])
        place = pin.place
        places.append(
            {
                "id": place.id,
                "name": place.name,
                "lat": latitude,
                "lon": longitude,
                "kind": place.feature.value,
                "country": place.country_code,
                "admin1": place.admin1,
                "radius": place.radius_km,
                "count": pin.article_count,
                "articles": _differences(pin.article_numbers),
                "role": pin.role.value,
                "stories": indices,
            }
        )
    data = {"pins": places, "stories": rows, "countries": dict(country_counts)}
    if ask:
        data["ask"] = dict(ask)
    text = json.dumps(data, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def story_row(story: Story) -> dict[str, Any]:
    """What a popup shows of a story."""
    return {
        "title": story.title,
        "url": story.url if story.url.startswith(("http://", "https://")) else "",
        "publisher": story.publisher,
        "published": int(story.published.timestamp()) if story.published else None,
        "text": story.snippet.text,
        # The browser counts in UTF-16 units, Python in characters.
        "marks": [
            [_utf16(story.snippet.text[:s]), _utf16(story.snippet.text[:e])] for s, e in story.snippet.highlights
        ],
        "roles": [role.value for role in story.roles],
        "also": story.also_in,
    }


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _differences(numbers: Sequence[int]) -> list[int]:
    """Each number less the one before: small values compress well."""
    return [number - before for number, before in zip(numbers, (0, *numbers), strict=False)]
