"""What became of what an editor added, as a table to keep."""

import csv
import io
import re

from map_app.ingest import IngestReport

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")

# Spreadsheets take a cell that begins so for a formula, also after what they do not show.
_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def cell(text: str) -> str:
    """Text that a spreadsheet shows and does not run; numbers stay numbers."""
    text = text.replace("\0", "")
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def as_csv(report: IngestReport) -> bytes:
    """The report as CSV, in UTF-8 with a byte order mark for spreadsheets; one row for each count, failure and note."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(["what", "where", "how many or why"])
    for name in ("added", "updated", "unchanged"):
        rows.writerow([name, "", getattr(report, name)])
    rows.writerow(["failed", "", len(report.failed)])
    rows.writerows(["failed", cell(failure.where), cell(failure.why)] for failure in report.failed)
    rows.writerows(["note", cell(note.where), cell(note.what)] for note in report.notes)
    return out.getvalue().encode("utf-8-sig", "replace")
