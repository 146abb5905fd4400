"""What is written down by the libraries that people write files with is read as it was."""

import csv
import gzip
import io
import json
import mailbox
import tempfile
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from map_app.model import Article
from map_app.sources.files import read_path
from map_app.sources.markup import looks_like_html

NOW = datetime(2026, 1, 1, tzinfo=UTC)

#: No line separators but the newline, and nothing that is taken off: what a field holds is compared to the letter.
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co"])
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=6).map(" ".join)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map("\n".join).filter(lambda text: not looks_like_html(text))
STORIES = st.lists(st.tuples(WORDS, TEXTS), min_size=1, max_size=6)

Stories = list[tuple[str, str]]


def as_csv(stories: Stories, delimiter: str = ",", *, quote_all: bool = False) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    writer.writerows([("Headline", "Body"), *stories])
    return out.getvalue().encode()


def as_json_lines(stories: Stories) -> bytes:
    return b"".join(json.dumps({"title": t, "text": x}).encode() + b"\n" for t, x in stories)


def as_json(stories: Stories) -> bytes:
    return json.dumps({"articles": [{"headline": t, "content": x} for t, x in stories]}, ensure_ascii=False).encode()


def as_zip(stories: Stories) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, story in enumerate(stories):
            archive.writestr(f"part {number}.json", as_json([story]))
    return out.getvalue()


def as_mailbox(stories: Stories) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "box"
        box = mailbox.mbox(path)
        for title, text in stories:
            message = EmailMessage(policy=SMTP.clone(utf8=False))
            message["Subject"] = title
            message.set_content(text + "\n")
            box.add(message)
        box.close()
        return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.csv", as_csv),
        ("a.tsv", lambda stories: as_csv(stories, "\t")),
        ("semicolons.csv", lambda stories: as_csv(stories, ";", quote_all=True)),
        ("a.jsonl", as_json_lines),
        ("a.json", as_json),
        ("a.zip", as_zip),
        ("a.jsonl.gz", lambda stories: gzip.compress(as_json_lines(stories))),
        ("a.mbox", as_mailbox),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@settings(max_examples=40)
@given(stories=STORIES)
def test_what_was_written_is_read(name: str, write, stories: Stories) -> None:  # type: ignore[no-untyped-def]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(write(stories))
        found = list(read_path(path, max_bytes=10_000_000, max_chars=100_000, now=lambda: NOW))
    assert [(item.title, item.text) for item in found if isinstance(item, Article)] == stories
    assert len(found) == len(stories)
