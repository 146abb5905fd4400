"""How long until the first markers are in the browser: on a server just started, and on reload.

    python -m benchmarks.start [--runs 3]

Everything is built beforehand; the browser finds no machine but this one. Times are from opening the address to the
first marker that can be seen.
"""

import argparse
import statistics
import tempfile
import time

from scripts.serving import chromium, serve

#: A pin or cluster; names of countries are markers too.
MARKER = ".leaflet-marker-icon.nm-pin"


def main() -> None:
    """Print the median over the runs of the cold and the warm time."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.start", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="how many starts (default: 3)")
    runs = parser.parse_args().runs
    served: list[float] = []
    cold: list[float] = []
    warm: list[float] = []
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        environment = {"MAP_APP_STORE": f"{folder}/articles.sqlite"}
        with serve(environment) as url:  # builds what is missing
            page = browser.new_page()
            page.goto(url)
            page.frame_locator("iframe[title*='folium']").locator(MARKER).first.wait_for(timeout=120_000)
            page.close()
        for _ in range(runs):
            start = time.perf_counter()
            with serve(environment) as url:
                served.append(time.perf_counter() - start)
                page = browser.new_page()
                for times in (cold, warm):
                    start = time.perf_counter()
                    page.goto(url)
                    page.frame_locator("iframe[title*='folium'][data-ready]").locator(MARKER).first.wait_for(
                        timeout=60_000
                    )
                    times.append(time.perf_counter() - start)
                page.close()
    print(f"server answers after      {statistics.median(served):.2f} s")
    print(f"first markers, cold       {statistics.median(cold):.2f} s   ({', '.join(f'{t:.2f}' for t in cold)})")
    print(f"first markers, on reload  {statistics.median(warm):.2f} s   ({', '.join(f'{t:.2f}' for t in warm)})")


if __name__ == "__main__":
    main()
