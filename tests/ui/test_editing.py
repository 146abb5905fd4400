import csv
import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import AccessError, MapAppError, StoreBusyError, StoreFullError, StoreReadOnlyError
from map_app.ingest import IngestReport
from map_app.model import Article
from map_app.sources.files import Failure, Note
from map_app.ui.editing import add, why_failed
from map_app.ui.jobs import Job
from map_app.ui.report import as_csv, cell


def test_nothing_is_written_for_whoever_is_not_an_editor() -> None:
    class NeverAsked:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} was asked for")

    for nobody in (None, "editor", True):
        with pytest.raises(AccessError):
            add(NeverAsked(), nobody, lambda: iter(()), 1)  # type: ignore[arg-type]


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
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "\x1f@a", "\u200b=1", "＝1+1"],
    ids=repr,
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
        (StoreBusyError("/var/lib/x.sqlite: its feeds are being refreshed already"), "refreshed already"),
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
