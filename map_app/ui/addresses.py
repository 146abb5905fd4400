"""Web addresses that an editor pastes, one a line; each becomes an article."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import streamlit as st

from map_app.fetch import open_fetcher
from map_app.settings import Settings
from map_app.sources.files import Item
from map_app.sources.web import read_web

#: Addresses that may be added at a time: one server is asked once a second, and somebody waits.
MOST = 100


def draw(on_add: Callable[[tuple[str, ...]], None]) -> None:
    """Draw the box for addresses; what is in it is handed on, each address once."""
    key = f"addresses-{st.session_state.setdefault('addresses-round', 0)}"
    with st.form("addresses", border=False):
        st.text_area(
            "Web addresses",
            key=key,
            height=130,
            placeholder="https://…\none a line",
            max_chars=20_000,
            help=f"Of articles, not of front pages; {MOST} at a time. Paywalls, consent pages and errors are told "
            "apart, and not kept.",
        )
        st.form_submit_button(
            "Fetch and add",
            type="primary",
            width="stretch",
            on_click=lambda: on_add(addresses_in(st.session_state[key])),
        )


def forget() -> None:
    """Begin with an empty box."""
    st.session_state["addresses-round"] = st.session_state.get("addresses-round", 0) + 1


def addresses_in(text: str) -> tuple[str, ...]:
    """The first MOST addresses of a text, between spaces or line breaks, each once; "example.org/a" means https."""
    words = (word.strip("<>,;\"'") for word in text.split())
    return tuple(dict.fromkeys(word if "://" in word else f"https://{word}" for word in words if word))[:MOST]


def items_of(addresses: Sequence[str], settings: Settings) -> Iterator[Item]:
    """The articles at these addresses, or why there is none."""
    with open_fetcher(settings) as fetcher:
        for address in addresses:
            yield from read_web(fetcher, address, max_chars=settings.max_article_chars, now=datetime.now(UTC))
