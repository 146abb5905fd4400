"""What there is of the page before its script has loaded, and for whoever runs none: link previews, search engines.

Streamlit serves every page by one index of its own, which says "Streamlit" and is blank until a few megabytes of script
have run. Here the installed index is served with a title, a description, a quiet outline of the page and a sentence for
browsers without JavaScript put in. Where a version of Streamlit has no place for one of these, that one is left out.
"""

import html
import logging
import re
from functools import cache
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

logger = logging.getLogger(__name__)

NAME = "Dateline"
TITLE = f"{NAME} – news on the map"
DESCRIPTION = (
    "Finds the places that news articles mention, works out which places they are, and puts them on a map that you can "
    "filter, read and share."
)

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" fill="#23627c"/>'
    '<circle cx="14" cy="10" r="5" fill="#b83a1b" stroke="#fff"/></svg>'
)

_WITHOUT_SCRIPT = f"{DESCRIPTION} To draw the map, your browser has to run JavaScript, which it does not at the moment."

_HERE = Path(__file__).resolve().parent


def routes() -> list[Route]:
    """The page's own address, for `streamlit.App`; none where Streamlit's index is not where it used to be."""
    if _page() is None:
        return []
    return [Route(f"{base_path()}/", _answer, methods=["GET"])]


def with_first_paint(index: str) -> str:
    """An index page of Streamlit's with ours put in, each part where its place is found."""
    style = " ".join((_HERE / "first_paint.css").read_text(encoding="utf-8").split())
    named = {"og:title": TITLE, "og:description": DESCRIPTION, "og:type": "website", "og:site_name": NAME}
    head = f'<meta name="description" content="{html.escape(DESCRIPTION)}" />'
    head += "".join(f'<meta property="{name}" content="{html.escape(said)}" />' for name, said in named.items())
    head += '<meta name="twitter:card" content="summary" />'
    head += '<meta name="theme-color" content="#fbfaf7" media="(prefers-color-scheme: light)" />'
    head += '<meta name="theme-color" content="#151c21" media="(prefers-color-scheme: dark)" />'
    head += f"<style>{style}</style></head>"
    outline = (_HERE / "first_paint.html").read_text(encoding="utf-8").strip()
    sentence = f"<noscript><style>#first-paint {{ display: none; }}</style><p>{_WITHOUT_SCRIPT}</p></noscript>"
    for what, place, put in (
        ("title", r"<title>[^<]*</title>", f"<title>{TITLE}</title>"),
        ("icon", r'(?<=<link rel="shortcut icon" href=")[^"]*', f"data:image/svg+xml,{quote(ICON)}"),
        ("style and description", r"</head>", head),
        ("sentence without script", r"<noscript>.*?</noscript>", sentence),
        ("outline", r"(?=<div id=\"root\">)", outline),
    ):
        if found := re.search(place, index, re.DOTALL):
            index = index[: found.start()] + put + index[found.end() :]
        else:
            logger.warning("This version of Streamlit has no place for the page's %s", what)
    return index


@cache
def _page() -> str | None:
    path = Path(st.__file__).parent / "static" / "index.html"
    try:
        return with_first_paint(path.read_text(encoding="utf-8"))
    except OSError as e:
        logger.warning("The page starts blank, since Streamlit's index cannot be read: %s", e)
        return None


def base_path() -> str:
    """The path that the page is served below, without a slash at the end."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


async def _answer(_request: Request) -> HTMLResponse:
    # It names files of one version of Streamlit, so that it must be asked for each time.
    return HTMLResponse(_page(), headers={"Cache-Control": "no-cache"})
