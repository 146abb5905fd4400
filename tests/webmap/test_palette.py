import re

import pytest

from map_app.webmap import static_folders

CSS = (static_folders()["newsmap"] / "newsmap.css").read_text("utf-8")

#: What the three common kinds of colour blindness leave of linear RGB (Viénot, Brettel and Mollon 1999; for blue,
#: the usual linear approximation of Brettel, Viénot and Mollon 1997).
BLINDNESS = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
    "tritanopia": ((1.0, 0.14461, -0.14461), (0.0, 0.85924, 0.14076), (0.0, 0.85924, 0.14076)),
}


def palette(theme: str) -> dict[str, tuple[float, float, float]]:
    """The variables of a theme as linear red, green and blue."""
    start = ":root {" if theme == "light" else ':root[data-theme="dark"] {'
    block = CSS.split(start, 1)[1].split("}", 1)[0]
    return {name: linear(value) for name, value in re.findall(r"--nm-([a-z0-9-]+): #([0-9a-f]{6})", block)}


def linear(hexadecimal: str) -> tuple[float, float, float]:
    parts = [int(hexadecimal[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return r, g, b


def luminance(colour: tuple[float, float, float]) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """The contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def seen(colour: tuple[float, float, float], kind: str) -> tuple[float, float, float]:
    r, g, b = (max(0.0, sum(m * c for m, c in zip(row, colour, strict=True))) for row in BLINDNESS[kind])
    return r, g, b


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"), ("quiet", "paper"), ("ink", "mark"), ("on-accent", "accent"), ("accent", "paper"),
        ("paper", "water"), ("quiet", "land"), ("ink", "land"), ("ink", "pale"),
    ],
)  # fmt: skip
def test_text_has_the_contrast_that_wcag_aa_asks(theme: str, text: str, ground: str) -> None:
    colours = palette(theme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_pins_stand_out_from_every_ground_for_the_colour_blind(theme: str, kind: str) -> None:
    colours = palette(theme)
    for ground in ("land", "sea", "1"):
        assert contrast(seen(colours["accent"], kind), seen(colours[ground], kind)) >= 3
    for ground in ("land", "sea"):
        assert contrast(seen(colours["water"], kind), seen(colours[ground], kind)) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_shades_of_countries_go_one_way_for_the_colour_blind(theme: str, kind: str) -> None:
    colours = palette(theme)
    steps = [luminance(seen(colours[name], kind)) for name in ("land", "1", "2", "3", "4")]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
