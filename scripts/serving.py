"""Starts the real page on a free loopback port, and a real Chromium that can reach nothing else."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def serve(environment: dict[str, str], *options: str, at: str = "", timeout_s: float = 120) -> Iterator[str]:
    """Serve the page with these MAP_APP_ variables and Streamlit's options; yields its address once it answers.

    `at` is the path that the options have it served below.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
    command += options
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAP_APP_")}
    with subprocess.Popen(command, cwd=ROOT, env=kept | environment, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}{at}/_stcore/health", server, timeout_s)
            yield f"http://127.0.0.1:{port}{at}"
        finally:
            server.terminate()


def wait_for(url: str, server: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Wait until the server answers there; raises RuntimeError if it stops first, TimeoutError if it takes too long."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server stopped with exit code {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer within {timeout_s} s")


#: Has Chromium find no machine but this one, whether by name or by number.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless, which can reach this machine alone, without services that call home."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                ALONE,
            ],
        )
        yield browser
        browser.close()


def asked_elsewhere(page: Page) -> list[str]:
    """A list that will name every request of the page for another machine, none of which arrives."""
    tried: list[str] = []

    def look(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            tried.append(request.url)

    page.on("request", look)
    return tried
