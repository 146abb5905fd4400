import csv
import io
import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import AccessError, MapAppError, StoreFullError, StoreReadOnlyError
from map_app.ingest import IngestReport
from map_app.model import Article
from map_app.settings import Settings
from map_app.sources.files import Failure, Note
from map_app.ui.editing import Upload, add, file_name, preview, read_upload, why_failed
from map_app.ui.jobs import Job
from map_app.ui.report import as_csv, cell


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("export.csv", "export.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\news.json", "news.json"),
        ("a\x00b\x1b[2Jc.txt", "ab[2Jc.txt"),
        ("invoice\u202exslx.csv", "invoicexslx.csv"),
        ("..", ".."),
        ("", "file"),
        ("/", "file"),
        ("x" * 500 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_an_uploaded_name_is_shown_without_folders_and_control_characters(sent: str, shown: str) -> None:
    assert file_name(sent) == shown


@pytest.mark.parametrize(
    "name", ["../evil.csv", "..", "a/../../b.csv", "/etc/cron.d/x.csv", "x.csv/../../y.csv", "\0.csv"]
)
def test_an_uploaded_name_never_becomes_a_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.parent.rglob("*"))
    list(read_upload(Upload(name, b"title,text\nA,B c d.\n"), Settings()))
    assert set(tmp_path.parent.rglob("*")) == before


def test_an_upload_gives_the_articles_that_the_same_file_gives_from_a_folder(tmp_path: Path) -> None:
    from map_app.sources.files import read_path

    data = json.dumps([{"id": "a", "title": "A", "text": "Rain in Osaka."}, {"id": "b", "title": "B"}, 7]).encode()
    path = tmp_path / "export.json"
    path.write_bytes(data)
    settings = Settings()
    from_folder = list(read_path(path, max_bytes=settings.max_file_bytes, max_chars=settings.max_article_chars))
    assert list(read_upload(Upload("export.json", data), settings)) == from_folder


def test_a_preview_shows_the_first_articles_counts_all_and_names_the_problems() -> None:
    rows = "".join(f"Title {number},Text of number {number}.\n" for number in range(50))
    shown = preview(Upload("export.csv", f"title,text\n{rows}only one cell\n".encode()), Settings())
    assert (shown.articles, shown.failed) == (50, 1)
    assert [article.title for article in shown.first] == ["Title 0", "Title 1", "Title 2"]
    assert shown.problems == ("export.csv, row 52: it has 1 cells where the first row names 2 columns",)


def test_a_preview_of_a_kind_that_cannot_be_read_says_which_can() -> None:
    shown = preview(Upload("photo.jpg", b"\xff\xd8"), Settings())
    assert (shown.articles, shown.failed) == (0, 1)
    assert ".csv" in shown.problems[0]


def test_nothing_is_written_for_whoever_is_not_an_editor() -> None:
    class NeverAsked:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} was asked for")

    for nobody in (None, "editor", True):
        with pytest.raises(AccessError):
            add(NeverAsked(), nobody, [Upload("a.txt", b"Text.")], 1)  # type: ignore[arg-type]


def test_a_report_is_a_table_of_what_became_of_everything() -> None:
    report = IngestReport(
        added=2, updated=1, failed=(Failure("=cmd()", "it is empty"),), notes=(Note("a.csv, row 7", "undated"),)
    )
    rows = list(csv.reader(io.StringIO(as_csv(report).decode("utf-8-sig"))))
    assert rows == [
        ["what", "where", "how many or why"],
        ["added", "", "2"],
        ["updated", "", "1"],
        ["unchanged", "", "0"],
        ["failed", "", "1"],
        ["failed", "'=cmd()", "it is empty"],
        ["note", "a.csv, row 7", "undated"],
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "＝1+1"], ids=repr
)
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-12.5", "+3", "-1,200.50", "0", "Rain", "", "a=b", "row -7"], ids=repr)
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


@given(st.text())
def test_no_cell_begins_like_a_formula_but_numbers(text: str) -> None:
    written = cell(text)
    assert not written.lstrip().startswith(("=", "@"))
    if written.startswith(("+", "-")):
        assert written[1:].replace(",", "").replace(".", "").isdecimal()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (StoreFullError("storage full: /var/lib/x.sqlite cannot grow"), "storage is full"),
        (StoreReadOnlyError("/var/lib/x.sqlite may only be read"), "write-protected"),
        (MapAppError("SELECT * FROM /var/lib/x"), "log"),
    ],
)
def test_what_went_wrong_is_told_without_paths(error: MapAppError, says: str) -> None:
    assert says in why_failed(error)
    assert "/var" not in why_failed(error)


def test_a_job_tells_how_far_it_is_and_gives_its_result() -> None:
    go_on = threading.Event()
    told = threading.Event()

    def work(tell: object) -> Article:
        assert callable(tell)
        tell(0.5, "half")
        told.set()
        go_on.wait(30)
        return Article(id="a", title="A", text="")

    job = Job(work, "starting")
    told.wait(30)
    assert (job.over, job.fraction, job.phrase) == (False, 0.5, "half")
    go_on.set()
    assert job.result().id == "a"
    assert job.over


def test_a_job_that_fails_raises_what_went_wrong_and_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    def work(_tell: object) -> None:
        raise StoreFullError("storage full")

    job = Job(work, "starting")
    with pytest.raises(StoreFullError):
        job.result()
    assert "storage full" in caplog.text
