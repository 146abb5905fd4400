"""Takes the README's pictures of the page, wide and phone-sized, light and dark.

    python -m scripts.screenshots [--out docs/images] [--all]

Needs Debian's chromium and the development requirements; asks nothing of the network.
"""

import argparse
import tempfile
from pathlib import Path

from scripts.serving import chromium, serve

#: File name, width, height and colour scheme; the first one is the README's.
VIEWS = (
    ("map.png", 1440, 900, "light"),
    ("map-dark.png", 1440, 900, "dark"),
    ("phone.png", 390, 844, "light"),
    ("phone-dark.png", 390, 844, "dark"),
)


def main() -> None:
    """Serve the samples, wait for the markers and take each picture."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.screenshots", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="the folder (default: docs/images)")
    parser.add_argument("--all", action="store_true", help="also dark and phone-sized, to look at")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve({"MAP_APP_STORE": f"{folder}/articles.sqlite"}) as url,
        chromium() as browser,
    ):
        for name, width, height, scheme in VIEWS if options.all else VIEWS[:1]:
            dark = scheme == "dark"
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
            )
            page = context.new_page()
            page.goto(url)
            page.frame_locator("iframe[title*='folium']").locator(".leaflet-marker-icon").first.wait_for(timeout=60_000)
            page.wait_for_timeout(1500)  # the map's own fade-in
            page.screenshot(path=options.out / name)
            print(options.out / name)
            context.close()


if __name__ == "__main__":
    main()
