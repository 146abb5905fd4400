import logging
import re
from pathlib import Path

import pytest
import streamlit as st

from map_app.ui.first_paint import DESCRIPTION, TITLE, with_first_paint

INSTALLED = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")


def test_the_installed_index_gets_all_of_ours_and_keeps_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        made = with_first_paint(INSTALLED)
    assert caplog.messages == []
    assert f"<title>{TITLE}</title>" in made
    assert f'<meta property="og:description" content="{DESCRIPTION}" />' in made
    assert made.count("<noscript>") == 1
    assert re.findall(r"<(?:script|link)[^>]*static/[^>]*>", made) == re.findall(
        r"<(?:script|link)[^>]*static/[^>]*>", INSTALLED
    )
    body = made.partition("<body>")[2]
    assert body.index('<div id="first-paint" aria-hidden="true">') < body.index('<div id="root">')


def test_nothing_of_ours_is_loaded_from_anywhere() -> None:
    ours = with_first_paint("<head><title>x</title></head><body><noscript></noscript></body>")
    assert re.findall(r"https?:|url\(|src=|href=|@import", ours) == []


def test_an_index_of_another_make_is_left_as_it_is_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert with_first_paint("<main>Other</main>") == "<main>Other</main>"
        assert "<title>" not in with_first_paint("<body>Other</body>")
    assert "has no place for the page's title" in caplog.text
