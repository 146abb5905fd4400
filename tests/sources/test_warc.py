import gzip
import io
import random
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from map_app.model import Article
from map_app.sources.files import Failure, Item, Note, read_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = """<html lang="en"><head><title>{title}</title><meta property="article:published_time"
content="2025-05-02T10:00:00+02:00"></head><body><nav>Home | World</nav><article><h1>{title}</h1>
<p>The river rose over its banks on Friday night, and the mayor of {title} asked for help from the whole region.</p>
<p>By the morning more than four hundred people had been brought to a school on higher ground, said the fire brigade.
Trains will not run before Sunday, and the old bridge is closed to all traffic until it has been looked at.</p>
</article></body></html>"""


def page(title: str) -> bytes:
    return PAGE.format(title=title).encode()


def chunked(body: bytes) -> bytes:
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Writer(WARCWriter):  # type: ignore[misc]
    """One that leaves no temporary file open."""

    @staticmethod
    def _create_temp_file() -> io.BytesIO:
        return io.BytesIO()


class Archive:
    """A web archive that warcio writes."""

    def __init__(self, *, packed: bool) -> None:
        self.out = io.BytesIO()
        self.writer = Writer(self.out, gzip=packed)
        #: Where each record begins.
        self.offsets: list[int] = []

    def add(self, url: str, body: bytes, status: str = "200 OK", kind: str = "response", **headers: str) -> "Archive":
        self.offsets.append(self.out.tell())
        fields = [(name.replace("_", "-"), value) for name, value in {"Content_Type": "text/html", **headers}.items()]
        http = StatusAndHeaders(status, fields, protocol="HTTP/1.1") if kind == "response" else None
        content_type = "" if http else headers.get("Content_Type", "text/html")
        record = self.writer.create_warc_record(
            url, kind, payload=io.BytesIO(body), http_headers=http, warc_content_type=content_type
        )
        self.writer.write_record(record)
        return self

    @property
    def data(self) -> bytes:
        return self.out.getvalue()


def read(tmp_path: Path, name: str, data: bytes, *, max_bytes: int = 200_000_000) -> list[Item]:
    (tmp_path / name).write_bytes(data)
    return list(read_path(tmp_path / name, max_bytes=max_bytes, max_chars=100_000, now=lambda: NOW))


def titles(items: list[Item]) -> list[str]:
    return [item.title for item in items if isinstance(item, Article)]


def failures(items: list[Item]) -> list[Failure]:
    return [item for item in items if isinstance(item, Failure)]


@pytest.mark.parametrize(("name", "packed"), [("a.warc", False), ("a.warc.gz", True), ("misnamed.warc", True)])
def test_pages_of_a_web_archive_are_articles_at_their_addresses(tmp_path: Path, name: str, packed: bool) -> None:
    archive = Archive(packed=packed)
    archive.add("https://a.example/1", page("Riga"))
    archive.add("https://a.example/2", gzip.compress(page("Oslo")), Content_Encoding="gzip")
    archive.add("https://a.example/3", chunked(page("Rome")), Transfer_Encoding="chunked")
    archive.add("https://a.example/4", page("Lima"), Transfer_Encoding="chunked", Content_Encoding="gzip")
    archive.add("https://a.example/5", page("Bonn"), kind="resource")
    archive.add(
        "https://a.example/6", page("Genève").decode().encode("latin-1"), Content_Type="text/html; charset=latin1"
    )
    archive.add("https://a.example/logo.png", b"\x89PNG", Content_Type="image/png")
    archive.add("https://a.example/gone", page("Gone"), status="404 Not Found")
    archive.add("https://a].example/", page("Nowhere"))
    archive.add("dns:a.example", b"1.2.3.4", kind="resource", Content_Type="text/dns")
    archive.add("https://a.example/1", b"GET / HTTP/1.1\r\n\r\n", kind="request")
    items = read(tmp_path, name, archive.data)
    assert titles(items) == ["Riga", "Oslo", "Rome", "Lima", "Bonn", "Genève"]
    article, note = items[0], items[-1]
    assert isinstance(article, Article)
    assert (article.url, article.source) == ("https://a.example/1", name)
    assert article.published == datetime(2025, 5, 2, 8, tzinfo=UTC)
    assert "Home | World" not in article.text
    assert isinstance(note, Note)
    assert "image/png (1), no web address (2), status 404 (1)" in note.what
    assert failures(items) == []


def test_a_page_that_is_no_article_is_told_apart_as_on_the_web(tmp_path: Path) -> None:
    wall = b"<html><body><script>var x</script><div id=app></div></body></html>"
    archive = Archive(packed=False).add("https://a.example/app", wall)
    [failure] = failures(read(tmp_path, "a.warc", archive.data))
    assert failure.where == "a.warc, record at byte 0 (https://a.example/app)"
    assert "drawn by a script" in failure.why


def three(*, packed: bool) -> Archive:
    archive = Archive(packed=packed)
    for number, town in enumerate(("Riga", "Oslo", "Rome")):
        archive.add(f"https://a.example/{number}", page(town))
    return archive


@pytest.mark.parametrize("length", [b"0", b"7", b"99999999", b"-1", b"9" * 40, b"many", b""], ids=repr)
def test_a_length_that_lies_costs_one_record_and_names_its_place(tmp_path: Path, length: bytes) -> None:
    archive = three(packed=False)
    second = archive.offsets[1]
    start = archive.data.index(b"Content-Length: ", second)
    end = archive.data.index(b"\r\n", start)
    items = read(tmp_path, "a.warc", archive.data[:start] + b"Content-Length: " + length + archive.data[end:])
    assert titles(items) == ["Riga", "Rome"]
    assert [failure.where for failure in failures(items)] == [f"a.warc, record at byte {second:,}"]


def test_damage_to_one_part_of_a_packed_archive_costs_that_part(tmp_path: Path) -> None:
    archive = three(packed=True)
    second, third = archive.offsets[1:]
    damaged = bytearray(archive.data)
    damaged[second + 40 : third - 20] = bytes(third - second - 60)
    items = read(tmp_path, "a.warc.gz", bytes(damaged))
    assert titles(items) == ["Riga", "Rome"]
    assert failures(items)[0].where == f"a.warc.gz, record at byte {second:,}"


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_that_was_cut_off_gives_what_is_whole(tmp_path: Path, packed: bool) -> None:
    archive = three(packed=packed)
    items = read(tmp_path, "a.warc.gz" if packed else "a.warc", archive.data[: archive.offsets[2] + 100])
    assert titles(items) == ["Riga", "Oslo"]
    assert "cut off" in failures(items)[0].why


def test_an_archive_that_is_packed_as_a_whole_is_read_as_well(tmp_path: Path) -> None:
    assert titles(read(tmp_path, "a.warc.gz", gzip.compress(three(packed=False).data))) == ["Riga", "Oslo", "Rome"]


def test_what_is_no_web_archive_says_so(tmp_path: Path) -> None:
    [failure] = failures(read(tmp_path, "a.warc", b"<html>no</html>" * 100))
    assert "no web archive" in failure.why


def test_bombs_are_stopped(tmp_path: Path) -> None:
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/\r\nContent-Length: %d\r\n\r\n"
    big = 300_000_000
    # A record that unpacks to far more than the file has; headers without an end; one whose page is itself a bomb.
    pack = zlib.compressobj(9, wbits=31)
    record = pack.compress(head % big) + b"".join(pack.compress(bytes(1 << 20)) for _ in range(300)) + pack.flush()
    [failure] = failures(read(tmp_path, "a.warc.gz", record))
    assert "times its size" in failure.why
    endless = gzip.compress(b"WARC/1.0\r\n" + b"X: y\r\n" * 1_000_000)
    assert "headers have more" in failures(read(tmp_path, "b.warc.gz", endless))[0].why
    one_line = gzip.compress(b"WARC/1.0\r\nX: " + b"y" * 5_000_000)
    assert "headers have more" in failures(read(tmp_path, "c.warc.gz", one_line))[0].why
    page_bomb = gzip.compress(b"<p>" + bytes(60_000_000))
    archive = Archive(packed=False).add("https://a.example/1", page_bomb, Content_Encoding="gzip")
    [failure] = failures(read(tmp_path, "d.warc", archive.data))
    assert "20,000,000" in failure.why


def test_a_record_that_is_too_large_is_passed_over_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("map_app.sources.warc.MAX_RECORD_BYTES", 5_000)
    for packed in (False, True):
        archive = Archive(packed=packed).add("https://a.example/1", page("Riga") + b" " * 9_000)
        archive.add("https://a.example/2", page("Oslo"))
        items = read(tmp_path, "a.warc.gz" if packed else "a.warc", archive.data)
        assert titles(items) == ["Oslo"]
        assert "no page has more" in failures(items)[0].why


def test_a_part_that_is_damaged_behind_a_broken_record_counts_once(tmp_path: Path) -> None:
    broken = gzip.compress(b"no record\r\n" + bytes(random.Random(7).randbytes(200_000)))
    for end in (-9, -100_000):
        items = read(tmp_path, "a.warc.gz", broken[:end] + three(packed=True).data)
        assert titles(items) == ["Riga", "Oslo", "Rome"]
        assert len([failure for failure in failures(items) if failure.where.endswith("byte 0")]) == 1


def test_very_many_damaged_records_end_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("map_app.sources.warc.MAX_BROKEN", 10)
    for name, data in (("a.warc", b"WARC/1.0\r\nX: y\r\n\r\n" * 1000), ("a.warc.gz", b"\x1f\x8b\x08" * 1000)):
        assert len(failures(read(tmp_path, name, data))) == 11


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=30), st.integers(0, 60)), max_size=4))
def test_no_damage_whatever_raises(
    tmp_path_factory: pytest.TempPathFactory, packed: bool, edits: list[tuple[float, bytes, int]]
) -> None:
    data = three(packed=packed).data
    for place, put, cut in edits:
        at = int(place * len(data))
        data = data[:at] + put + data[at + cut :]
    items = read(tmp_path_factory.mktemp("warc"), "a.warc.gz" if packed else "a.warc", data)
    assert set(titles(items)) <= {"Riga", "Oslo", "Rome"} or edits
