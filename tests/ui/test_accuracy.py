"""What the page shows of the documents on how it was measured."""

from pathlib import Path

import pytest

from map_app.settings import GEOPARSER_DOC
from map_app.ui import accuracy


def test_the_page_shows_what_the_documents_say_of_the_measurements_and_the_mistakes() -> None:
    told = accuracy.how_measured()
    assert "hand-checked set" in told
    assert told.endswith(GEOPARSER_DOC.read_text("utf-8").strip()[-60:])
    assert "](" not in told.replace("](http", "")
    assert "Model card" not in told


def test_links_between_the_documents_are_text_and_money_is_no_formula(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "geoparser.md"
    path.write_text(
        "# Doc\n\n## Measured\n\n[so](ingest.md), [by](https://example.org/a) $5 or $6\n\n## Wrong\n", "utf-8"
    )
    monkeypatch.setattr(accuracy, "GEOPARSER_DOC", path)
    assert accuracy.how_measured() == "so, [by](https://example.org/a) \\$5 or \\$6\n\n#### Wrong"
