import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from map_app.errors import ImpossibleValueError
from map_app.model import Article
from map_app.sources.files import Failure, Preview, preview, read_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = {"max_bytes": 1_000_000, "max_chars": 10_000}
TABLE = b"Slug,Kop,Wat er gebeurde,Bron\nx1,Regen,Het regende in Riga.,De Krant\nx2,Sneeuw,Het sneeuwde in Oslo.,Post\n"


def of(content: bytes, name: str, **how: object) -> Preview:
    return preview(content, name, **LIMITS, now=lambda: NOW, **how)  # type: ignore[arg-type]


def test_a_preview_shows_columns_what_they_are_taken_for_and_the_first_articles() -> None:
    rows = "title,Body,When\n" + "".join(f"Story {n},Text {n},2025-01-0{n}\n" for n in range(1, 6)) + "One cell\n"
    shown = of(rows.encode(), "a.csv", limit=3)
    assert shown.columns == ("title", "Body", "When")
    assert shown.mapping == {"title": "title", "text": "Body"}
    assert [article.title for article in shown.articles] == ["Story 1", "Story 2", "Story 3"]
    assert shown.more
    whole = of(rows.encode(), "a.csv")
    assert (len(whole.articles), whole.more) == (5, False)
    assert whole.problems == (Failure("a.csv, row 7", "it has 1 cells where the first row names 3 columns"),)


def test_columns_that_nobody_knows_are_shown_and_can_be_mapped(tmp_path: Path) -> None:
    shown = of(TABLE, "krant.csv")
    assert shown.columns == ("Slug", "Kop", "Wat er gebeurde", "Bron")
    assert (shown.mapping, shown.articles) == ({}, ())
    assert isinstance(shown.problems[0], Failure)
    mapping = {"id": "Slug", "title": "Kop", "text": "Wat er gebeurde", "publisher": "Bron"}
    shown = of(TABLE, "krant.csv", mapping=mapping)
    assert shown.mapping == {"title": "Kop", "text": "Wat er gebeurde", "publisher": "Bron", "id": "Slug"}
    assert [(a.id, a.title, a.text, a.publisher) for a in shown.articles] == [
        ("x1", "Regen", "Het regende in Riga.", "De Krant"),
        ("x2", "Sneeuw", "Het sneeuwde in Oslo.", "Post"),
    ]
    upload = tmp_path / "upload-7"
    upload.write_bytes(TABLE)
    assert tuple(read_path(upload, name="krant.csv", mapping=mapping, **LIMITS, now=lambda: NOW)) == shown.articles


def test_a_mapping_can_take_a_column_away_and_keeps_what_it_does_not_name() -> None:
    rows = json.dumps([{"title": "T", "text": "Text", "summary": "Short", "publisher": "P"}]).encode()
    [article] = of(rows, "a.json", mapping={"text": "summary", "publisher": ""}).articles
    assert (article.title, article.text, article.publisher) == ("T", "Short", "")


def test_a_mapping_of_a_field_that_does_not_exist_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ImpossibleValueError, match="'colour'"):
        of(TABLE, "a.csv", mapping={"colour": "Kop"})
    with pytest.raises(ImpossibleValueError, match="'colour'"):
        list(read_path(tmp_path, mapping={"colour": "Kop"}, **LIMITS))


def test_a_preview_of_one_article_has_no_columns_and_of_nothing_its_reason() -> None:
    shown = of(b"Rain\n\nIt rained in Riga.", "a.txt")
    assert (shown.columns, shown.mapping, shown.more) == ((), {}, False)
    assert [type(article) for article in shown.articles] == [Article]
    assert "cannot be read" in str(of(b"x", "a.pdf").problems[0])


def test_a_preview_of_a_long_file_reads_only_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text('{"title": "T", "text": "Text"}\n' * 30 + "broken\n" * 1000, "utf-8")
    shown = preview(path, **LIMITS)
    assert (len(shown.articles), shown.problems, shown.more) == (20, (), True)
