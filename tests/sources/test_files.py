import csv
import io
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from map_app.model import Article
from map_app.sources import reading, tables
from map_app.sources.files import Failure, Item, Note, read_lines, read_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)

DISPATCH = """TAIPEI, Taiwan – A man who says he drills with a foreign unit near Kursk appealed to other soldiers.

He spoke for a minute. Nobody could tell when it was filmed.
"""


def read(path: Path, *, max_bytes: int = 10_000_000, max_chars: int = 1_000_000) -> list[Item]:
    return list(read_path(path, max_bytes=max_bytes, max_chars=max_chars, now=lambda: NOW))


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def articles(items: list[Item]) -> list[Article]:
    return [item for item in items if isinstance(item, Article)]


def failures(items: list[Item]) -> list[Failure]:
    return [item for item in items if isinstance(item, Failure)]


def notes(items: list[Item]) -> list[str]:
    return [item.what for item in items if isinstance(item, Note)]


def test_plain_text_with_a_dateline_needs_no_metadata(tmp_path: Path) -> None:
    [article] = read(write(tmp_path, "dispatch.txt", DISPATCH))
    assert isinstance(article, Article)
    assert article.text == DISPATCH.strip()
    assert article.title == "A man who says he drills with a foreign unit near Kursk appealed to other soldiers"
    assert article.source == "dispatch.txt"


def test_a_short_first_line_set_apart_is_the_headline(tmp_path: Path) -> None:
    [article] = articles(read(write(tmp_path, "a.txt", "Floods in Valencia\n\nRain fell for days.\nIt has ended.")))
    assert (article.title, article.text) == ("Floods in Valencia", "Rain fell for days.\nIt has ended.")


def test_a_long_first_sentence_is_cut_at_a_word_to_make_a_title(tmp_path: Path) -> None:
    [article] = articles(read(write(tmp_path, "a.txt", "Long words go " * 40)))
    assert article.title.endswith("…")
    assert len(article.title) <= 121
    assert article.title.removesuffix("…").split()[-1] in {"Long", "words", "go"}


def test_markdown_loses_its_marks_and_gives_its_heading_and_front_matter(tmp_path: Path) -> None:
    markdown = (
        "---\ndate: 2024-11-05\nsource: The Gazette\n---\n# Storm over *Manila*\n\n"
        "The **storm** came from the [sea](https://example.org/x). ![map](m.png)\n"
    )
    [article] = articles(read(write(tmp_path, "a.md", markdown)))
    assert article.title == "Storm over Manila"
    assert article.text == "The storm came from the sea."
    assert article.publisher == "The Gazette"
    assert article.published == datetime(2024, 11, 5, tzinfo=UTC)


PAGE = """<!doctype html><html lang="en"><head><title>Quake near Izmir</title>
<meta property="article:published_time" content="2024-11-05T10:00:00+03:00"><meta name="author" content="Ada Ember">
</head><body>
<nav><a href="/">Home</a> <a href="/africa">Africa</a></nav><article><h1>Quake near Izmir</h1>
<p>An earthquake of magnitude five shook the Turkish coast near Izmir on Tuesday morning, officials said.</p>
<p>No one was hurt. Schools stayed open, and ferries to the Greek islands ran as they do on any other day.</p>
<script>var x = "<p>Nowhere</p>";</script></article><footer>Subscribe in Zurich</footer></body></html>"""


def test_a_saved_page_gives_the_article_without_menus_and_scripts(tmp_path: Path) -> None:
    [article] = articles(read(write(tmp_path, "a.html", PAGE)))
    assert article.title == "Quake near Izmir"
    assert "Greek islands" in article.text
    assert "Nowhere" not in article.text
    assert "Zurich" not in article.text
    assert article.published is not None
    assert article.published.date().isoformat() == "2024-11-05"
    assert article.language == "en"
    assert article.author == "Ada Ember"


def test_a_page_too_bare_to_hold_an_article_gives_all_its_text(tmp_path: Path) -> None:
    [article] = articles(read(write(tmp_path, "a.htm", "<title>T &amp; U</title><div>Kyiv</div><b>Lviv")))
    assert (article.title, article.text) == ("T & U", "Kyiv\nLviv")


def test_a_page_in_the_encoding_that_it_declares_is_readable(tmp_path: Path) -> None:
    page = '<html><head><meta charset="windows-1251"><title>Киев</title></head><body><p>Город Курск</p>'
    [article] = articles(read(write(tmp_path, "a.html", page.encode("cp1251"))))
    assert (article.title, article.text) == ("Киев", "Город Курск")


@pytest.mark.parametrize("tags", ["<div>", "<b><a>", "<table><tr><td>", "<p><ul><li>"])
def test_a_hundred_thousand_nested_tags_take_seconds_and_crash_nothing(tmp_path: Path, tags: str) -> None:
    started = time.perf_counter()
    items = read(write(tmp_path, "a.html", "<html><body>" + tags * 100_000 + "Kursk"))
    assert len(items) == 1
    assert isinstance(items[0], Article | Failure)
    assert time.perf_counter() - started < 10


def test_a_ten_megabyte_article_is_cut_and_says_so(tmp_path: Path) -> None:
    started = time.perf_counter()
    items = read(write(tmp_path, "a.txt", "Kursk again. " * 800_000), max_bytes=20_000_000)
    assert len(articles(items)[0].text) <= 1_000_000
    assert notes(items) == ["cut at 1,000,000 of 10,399,999 characters"]
    assert time.perf_counter() - started < 10


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    [failure] = failures(read(write(tmp_path, "a.txt", "x" * 1001), max_bytes=1000))
    assert failure.why.startswith("it has 1,001 bytes, more than the 1,000")


def test_links_in_a_circle_and_names_too_long_for_the_disk_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "b.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    write(tmp_path, "c.txt", "Rain in Riga")
    items = read(tmp_path)
    assert [article.title for article in articles(items)] == ["Rain in Riga"]
    assert [failure.where for failure in failures(items)] == ["a.txt", "b.txt"]
    [failure] = failures(read(tmp_path / ("a" * 300 + ".txt")))
    assert "name too long" in failure.why


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_a_table_maps_usual_columns_whatever_separates_them(tmp_path: Path, delimiter: str) -> None:
    out = io.StringIO()
    rows = csv.writer(out, delimiter=delimiter)
    rows.writerow(["Headline", "Body", "Link", "publishedAt", "Outlet", "Lang", "GUID"])
    rows.writerow(
        ["A; b, c|d", 'He said "no"\nand left', "https://e.org/1", "2024-11-05T10:00:00-05:00", "X", "en", "g-1"]
    )
    [article] = articles(read(write(tmp_path, "a.csv", out.getvalue())))
    assert article == Article(
        id="g-1",
        title="A; b, c|d",
        text='He said "no"\nand left',
        url="https://e.org/1",
        publisher="X",
        published=datetime(2024, 11, 5, 15, tzinfo=UTC),
        language="en",
        domain="e.org",
        source="a.csv",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_in_any_usual_encoding_is_readable(tmp_path: Path, encoding: str) -> None:
    table = "title,text\n" + "São Paulo,Die Straße in Zürich und Köln wurde für längere Zeit gesperrt\n" * 3
    assert {a.title for a in articles(read(write(tmp_path, "a.csv", table.encode(encoding))))} == {"São Paulo"}


def test_bad_rows_of_a_table_are_named_and_the_rest_is_loaded(tmp_path: Path) -> None:
    table = "title,text\nOne,a\nTwo,b,c\n\nThree\nFour,d\n,\nFive,e\n"
    items = read(write(tmp_path, "a.csv", table))
    assert [a.title for a in articles(items)] == ["One", "Four", "Five"]
    assert [f.where for f in failures(items)] == ["a.csv, row 3", "a.csv, row 5"]
    assert "3 cells" in failures(items)[0].why


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    items = read(write(tmp_path, "a.csv", 'title,text\nOne,"a\nTwo,b\nThree,c\n'))
    assert [a.title for a in articles(items)] == ["Two", "Three"]
    assert [f.where for f in failures(items)] == ["a.csv, row 2"]


def test_a_table_cut_off_in_the_middle_of_a_row_keeps_the_rows_before(tmp_path: Path) -> None:
    items = read(write(tmp_path, "a.csv", 'title,text\n"One","a"\n"Two","b'))
    assert [a.title for a in articles(items)] == ["One"]
    assert [f.where for f in failures(items)] == ["a.csv, row 3"]


def test_a_table_without_known_columns_says_which_it_has(tmp_path: Path) -> None:
    [failure] = failures(read(write(tmp_path, "a.csv", "name,age\nx,1\n")))
    assert "name, age" in failure.why


ROW = {"title": "T", "body": "Text.", "publishedAt": "2024-11-05", "source": {"id": None, "name": "The Paper"}}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([ROW]),
        json.dumps({"status": "ok", "articles": [ROW]}),
        json.dumps(ROW),
        "\ufeff" + json.dumps([ROW]),
        json.dumps(ROW) + "\n" + json.dumps({**ROW, "title": "U"}),
    ],
    ids=["list", "wrapped", "single", "mark", "lines"],
)
def test_json_of_every_usual_shape_is_read(tmp_path: Path, content: str) -> None:
    first = articles(read(write(tmp_path, "a.json", content)))[0]
    assert (first.title, first.text, first.publisher) == ("T", "Text.", "The Paper")
    assert first.published == datetime(2024, 11, 5, tzinfo=UTC)


def test_a_truncated_json_list_keeps_the_whole_items(tmp_path: Path) -> None:
    content = json.dumps({"articles": [{"title": "One", "text": "a"}, {"title": "Two", "text": "b"}]})
    items = read(write(tmp_path, "a.json", content[:-12]))
    assert [a.title for a in articles(items)] == ["One"]
    assert [f.where for f in failures(items)] == ["a.json, item 2"]


def test_lists_within_a_broken_item_are_neither_articles_nor_the_end(tmp_path: Path) -> None:
    people = '"authors": [{"name": "Ann"}, {"name": "Bob"}, {"name": "Cem"}]'
    listed = f'[{{"title": "A", {people}, "text": oops}}, {{"title": "B", {people}}}, {{"title": "C"}}]'
    items = read(write(tmp_path, "a.json", listed))
    assert [article.title for article in articles(items)] == ["B", "C"]
    assert [failure.where for failure in failures(items)] == ["a.json, item 1"]


def test_a_broken_item_of_a_json_list_is_named_and_the_rest_is_loaded(tmp_path: Path) -> None:
    items = read(write(tmp_path, "a.json", '[{"title": "One"}, {"title": oops}, {"title": "Three"}, 7]'))
    assert [a.title for a in articles(items)] == ["One", "Three"]
    assert [f.where for f in failures(items)] == ["a.json, item 2", "a.json, item 4"]


def test_json_nested_a_hundred_thousand_deep_is_refused(tmp_path: Path) -> None:
    assert failures(read(write(tmp_path, "a.json", "[" * 100_000)))
    assert failures(read(write(tmp_path, "a.jsonl", '{"title":' * 100_000)))


def test_a_long_json_list_is_read_in_pieces_like_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"title": f"Story {n}", "text": 'In "Kyiv" é\n[{},: ' * (n % 7)} for n in range(60)]
    content = json.dumps(rows, ensure_ascii=False, indent=1)
    broken = content.replace('"Story 20"', "oops").replace('"Story 40"', '"Story 40')
    expected = [read(write(tmp_path, "a.json", text)) for text in (content, broken, content[:-300])]
    monkeypatch.setattr(tables, "WHOLE_BYTES", 100)
    for chunk in (1, 7, 50, 1000):
        monkeypatch.setattr(tables, "CHUNK_CHARS", chunk)
        for text, whole in zip((content, broken, content[:-300]), expected, strict=True):
            pieces = read(write(tmp_path, "a.json", f"\ufeff \n{text}"))
            assert articles(pieces) == articles(whole)
            assert [f.where for f in failures(pieces)] == [f.where for f in failures(whole)]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"status": "ok", "data": [1], "articles": [{"title": f"Story {n}"} for n in range(9)], "page": 1}),
        "\n".join(json.dumps({"title": f"Story {n}", "data": [1]}) for n in range(9)),
        json.dumps(
            {"type": "FeatureCollection", "features": [{"properties": {"title": f"Story {n}"}} for n in range(9)]}
        ),
    ],
    ids=["wrapped", "lines", "features"],
)
def test_long_json_of_every_shape_is_read_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(tables, "WHOLE_BYTES", 100)
    monkeypatch.setattr(tables, "CHUNK_CHARS", 10)
    monkeypatch.setattr(tables, "START_CHARS", 120)
    monkeypatch.setattr(reading, "MAX_WHOLE_BYTES", 100)
    assert [a.title for a in articles(read(write(tmp_path, "a.json", content)))] == [f"Story {n}" for n in range(9)]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.eml", "a.json"])
def test_a_file_too_large_for_one_article_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(tables, "WHOLE_BYTES", 100)
    monkeypatch.setattr(reading, "MAX_WHOLE_BYTES", 100)
    [failure] = failures(read(write(tmp_path, name, '{"title": "' + "x" * 100 + '"}')))
    assert "as one article or object no more than 100 are read" in failure.why


def test_bad_lines_of_json_lines_are_named_and_the_rest_is_loaded(tmp_path: Path) -> None:
    items = read(
        write(tmp_path, "a.jsonl", '\ufeff{"title": "One"}\n{"title": \n\n[1]\n{"url": "x"}\n{"title": "Two"}')
    )
    assert [a.title for a in articles(items)] == ["One", "Two"]
    assert [f.where for f in failures(items)] == ["a.jsonl, line 2", "a.jsonl, line 4", "a.jsonl, line 5"]


def test_json_lines_come_through_a_pipe_too() -> None:
    [article] = read_lines(['{"title": "One"}\n'], "standard input", max_chars=100, now=NOW)
    assert isinstance(article, Article)
    assert article.source == "standard input"


def test_a_folder_is_read_in_order_without_hidden_files_and_folders(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.txt", ".hidden.txt", ".git/x.txt", "a/d.pdf", "e.pdf"):
        write(tmp_path, name, f"Text of {name}")
    items = read(tmp_path)
    assert [a.source for a in articles(items)] == ["b.txt", str(Path("a/c.txt"))]
    assert failures(items) == []
    assert notes(items) == ["passed over files that are not articles by their name: .pdf (2)"]


def test_links_that_lead_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.txt", "Secret")
    inside = tmp_path / "inside"
    write(inside, "a.txt", "Open")
    (inside / "file.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "loop").symlink_to(inside)
    items = read(inside)
    assert [a.text for a in articles(items)] == ["Open"]
    assert [f.where for f in failures(items)] == ["file.txt", "folder"]


def test_what_is_no_article_file_fails_with_the_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    whys = [
        failures(read(path))[0].why
        for path in (
            tmp_path / "absent.txt",
            tmp_path / "pipe.txt",
            write(tmp_path, "a.pdf", b"%PDF"),
            write(tmp_path, "b.txt", ""),
            write(tmp_path, "c.json", "{"),
            write(tmp_path, "d.html", "<html></html>"),
            write(tmp_path, "e.csv", ""),
        )
    ]
    assert whys[0] == "there is no such file or folder"
    assert whys[1] == "it is not a regular file"
    assert whys[2].startswith("files ending in '.pdf' cannot be read")
    assert whys[3] == "it has neither a title nor text"
    assert whys[4].startswith("it is not sound JSON")
    assert whys[5] == "the page holds no text"
    assert whys[6] == "it is empty"


ENDINGS = [".txt", ".md", ".html", ".json", ".jsonl", ".csv", ".tsv", ".eml", ".mbox", ".zip", ".gz", ".tgz"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text('{}[]",:\n\ttitleex1<>/p\\', max_size=200).map(str.encode)))
@pytest.mark.parametrize("ending", ENDINGS)
def test_no_bytes_make_a_reader_raise(tmp_path: Path, ending: str, content: bytes) -> None:
    for item in read(write(tmp_path, f"a{ending}", content)):
        assert isinstance(item, Article | Failure | Note)
        if isinstance(item, Article):
            assert "\0" not in item.title + item.text
            (item.title + item.text).encode()
