"""What a visitor is told when something is wrong with the page itself."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.serving import serve
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        pytest.param("MAP_APP_STORE", "damaged", "The articles cannot be read at the moment", id="damaged store"),
        pytest.param("MAP_APP_MAX_PASTED_CHARS", "many", "This page is not set up right", id="impossible setting"),
    ],
)
def test_trouble_is_told_plainly_without_paths_sql_or_a_traceback(
    tmp_path: Path, new_page: Open, setting: str, value: str, said: str
) -> None:
    if value == "damaged":
        damaged = tmp_path / "secret-folder" / "articles.sqlite"
        damaged.parent.mkdir()
        damaged.write_bytes(b"no database" * 1000)
        value = str(damaged)
    with serve({setting: value}) as url:
        page = new_page()
        page.goto(url)
        expect(page.get_by_role("alert")).to_contain_text(said, timeout=40_000)
        shown = page.locator("body").inner_text()
    for word in ("Traceback", "secret-folder", "sqlite", "SELECT", "map_app", "MAP_APP", "Error"):
        assert word not in shown
