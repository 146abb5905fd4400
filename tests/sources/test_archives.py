import gzip
import io
import stat
import struct
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from map_app.model import Article
from map_app.sources.files import Failure, Item, Note, read_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CSV = b"title,text\nOne,Riga\nTwo\nThree,Oslo\n"


def read(path: Path, *, max_bytes: int = 50_000_000) -> list[Item]:
    return list(read_path(path, max_bytes=max_bytes, max_chars=1_000_000, now=lambda: NOW))


def titles(items: list[Item]) -> list[str]:
    return [item.title for item in items if isinstance(item, Article)]


def failures(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.where, item.why) for item in items if isinstance(item, Failure)]


def zipped(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def zip_bytes(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, empty again when the test ends."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_all_readable_kinds_in_a_zip_come_in_with_their_rows_named(tmp_path: Path, nothing_left: Path) -> None:
    path = zipped(
        tmp_path / "news.zip",
        {
            "a/one.txt": b"Rain\n\nIt rained.",
            "a/rows.csv": CSV,
            "b.jsonl.gz": gzip.compress(b'{"title": "Four"}\n'),
            "within.zip": zip_bytes({"five.md": b"# Five\n\nText."}),
            "__MACOSX/a/._one.txt": b"x",
            ".hidden.txt": b"x",
            "photo.jpg": b"x",
        },
    )
    items = read(path)
    assert titles(items) == ["Rain", "One", "Three", "Four", "Five"]
    assert failures(items) == [
        ("news.zip/a/rows.csv, row 3", "it has 1 cells where the first row names 2 columns"),
    ]
    assert [item.source for item in items if isinstance(item, Article)][-1] == "news.zip/within.zip/five.md"
    assert [item.what for item in items if isinstance(item, Note)] == [
        "passed over files that are not articles by their name: .jpg (1)"
    ]
    assert list(nothing_left.iterdir()) == []


def test_a_file_in_an_archive_is_the_same_articles_as_the_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"id,title\n1,One\n2,Two\n")
    path = zipped(tmp_path / "rows.zip", {"rows.csv": b"id,title\n1,One\n2,Two\n"})
    ids = [item.id for item in read(tmp_path / "rows.csv") if isinstance(item, Article)]
    assert ids == [item.id for item in read(path) if isinstance(item, Article)]


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.tar.gz", "rows.tgz"])
def test_gz_and_tar_gz_are_unpacked_as_they_are_read(tmp_path: Path, name: str, nothing_left: Path) -> None:
    path = tmp_path / name
    if name == "rows.csv.gz":
        path.write_bytes(gzip.compress(CSV))
    else:
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo("folder/rows.csv")
            info.size = len(CSV)
            archive.addfile(info, io.BytesIO(CSV))
    assert titles(read(path)) == ["One", "Three"]
    first = next(item for item in read_path(path, max_bytes=1_000_000, max_chars=100) if isinstance(item, Article))
    assert first.title == "One"
    assert list(nothing_left.iterdir()) == [], "also where nobody reads to the end"


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "..\\out.txt", "C:\\out.txt"])
def test_names_that_lead_out_of_an_archive_are_refused_and_nothing_is_written_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = zipped(tmp_path / "in" / "a.zip", {name: b"Out", "in.txt": b"In"})
    before = set(tmp_path.rglob("*"))
    items = read(path)
    assert titles(items) == ["In"]
    assert [why for _, why in failures(items)] == ["refused: its name leads out of the archive"]
    assert set(tmp_path.rglob("*")) == before


def test_links_and_devices_in_archives_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("link.txt")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    for name, count in (("a.zip", 1), ("a.tgz", 4)):
        items = read(tmp_path / name)
        assert titles(items) == []
        assert len([why for _, why in failures(items) if why.startswith("refused: it is a link")]) == count


def test_a_bomb_stops_at_the_ratio_long_before_the_limit_in_bytes(tmp_path: Path, nothing_left: Path) -> None:
    zeros = b"0" * 30_000_000
    zipped(tmp_path / "bomb.zip", {"good.txt": b"Good", "bomb.txt": zeros})
    (tmp_path / "bomb.txt.gz").write_bytes(gzip.compress(zeros))
    for name in ("bomb.zip", "bomb.txt.gz"):
        items = read(tmp_path / name)
        assert "unpacks to over 250 times its size" in failures(items)[0][1]
    assert titles(read(tmp_path / "bomb.zip")) == ["Good"], "what came before is kept"
    assert list(nothing_left.iterdir()) == []


@pytest.mark.parametrize("kind", ["zip", "gz", "tgz"])
def test_an_archive_unpacks_to_no_more_than_a_file_may_have(tmp_path: Path, kind: str) -> None:
    half = bytes(range(256)) * 2400
    path = tmp_path / f"a.txt.{kind}"
    if kind == "zip":
        zipped(path, {"a.txt": half, "b.txt": half})
    elif kind == "gz":
        path.write_bytes(gzip.compress(half * 2))
    else:
        with tarfile.open(path, "w:gz") as tar:
            for name in ("a.txt", "b.txt"):
                info = tarfile.TarInfo(name)
                info.size = len(half)
                tar.addfile(info, io.BytesIO(half))
    assert "MAP_APP_MAX_FILE_BYTES" in failures(read(path, max_bytes=1_000_000))[-1][1]


def test_archives_within_archives_share_one_limit_and_end_at_the_second(tmp_path: Path) -> None:
    third = zip_bytes({"deep.txt": b"Deep"})
    second = zip_bytes({"third.zip": third, "second.txt": b"Second"})
    items = read(zipped(tmp_path / "first.zip", {"second.zip": second, "first.txt": b"First"}))
    assert titles(items) == ["Second", "First"]
    assert failures(items) == [
        ("first.zip/second.zip/third.zip", "refused: it is an archive within 2 others"),
    ]
    inner = zip_bytes({"a.txt": b"word " * 100_000})
    many = zipped(tmp_path / "many.zip", {f"{n}.zip": inner for n in range(10)})
    items = read(many, max_bytes=1_200_000)
    assert len(titles(items)) == 2
    assert "MAP_APP_MAX_FILE_BYTES" in failures(items)[0][1]


def test_an_archive_of_more_than_ten_thousand_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_050):
            archive.writestr(f"{number}.txt", "")
    assert "more than 10,000 files" in failures(read(path))[-1][1]


@pytest.mark.parametrize("hidden", [False, True], ids=["as it is", "in a longer record that the usual one hides"])
def test_a_list_of_files_that_would_fill_the_memory_is_not_read(tmp_path: Path, hidden: bool) -> None:
    entry = zip_bytes({"a": b""}).partition(b"PK\x01\x02")[2].partition(b"PK\x05\x06")[0]
    listed = (b"PK\x01\x02" + entry) * 150_000
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, 60 if hidden else len(listed), 0, 0)
    if hidden:
        end64 = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 20, 20, 0, 0, 150_000, 150_000, len(listed), 0)
        end = end64 + b"PK\x06\x07" + struct.pack("<LQL", 0, len(listed), 1) + end
    (tmp_path / "many.zip").write_bytes(listed + end)
    [(where, why)] = failures(read(tmp_path / "many.zip"))
    assert (where, "lists more than 10,000 files" in why) == ("many.zip", True)


def test_what_cannot_be_unpacked_a_piece_at_a_time_is_refused(tmp_path: Path) -> None:
    for kind in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = zipped(tmp_path / "a.zip", {"bomb.txt": b"0" * 30_000_000}, kind)
        assert failures(read(path)) == [("a.zip/bomb.txt", "it is packed in a way that is not read: only deflate is")]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE])
def test_a_tar_that_says_megabytes_of_one_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("good.txt")
    info.size = 4
    long = tarfile.TarInfo("long")
    long.type, long.size = kind, 5_000_000
    path = tmp_path / "a.tgz"
    path.write_bytes(gzip.compress(info.tobuf() + b"Good".ljust(512, b"\0") + long.tobuf() + b"a" * 5_000_000))
    items = read(path)
    assert titles(items) == ["Good"]
    assert ["100,000 bytes of one file" in why or "GNU sparse" in why for _, why in failures(items)] == [True]


def test_damage_in_the_middle_of_a_tar_is_not_taken_for_its_end(tmp_path: Path) -> None:
    info = tarfile.TarInfo("good.txt")
    info.size = 4
    member = info.tobuf() + b"Good".ljust(512, b"\0")
    (tmp_path / "a.tgz").write_bytes(gzip.compress(member + b"damage" * 256 + member))
    items = read(tmp_path / "a.tgz")
    assert titles(items) == ["Good"]
    assert failures(items) == [("a.tgz", "the archive is damaged; what came before is kept")]


def test_damaged_encrypted_and_misnamed_archives_are_reported(tmp_path: Path) -> None:
    sound = zip_bytes({"a.txt": b"First text. " * 500, "b.txt": b"Second"})
    (tmp_path / "cut.zip").write_bytes(sound[:-40])
    damaged = bytearray(sound)
    damaged[45:60] = b"\xff" * 15
    (tmp_path / "damaged.zip").write_bytes(damaged)
    encrypted = bytearray(sound)
    encrypted[sound.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "encrypted.zip").write_bytes(encrypted)
    (tmp_path / "no.gz").write_bytes(b"no")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"Text " * 1000)[:-20])
    (tmp_path / "no.tgz").write_bytes(gzip.compress(b"no tar"))
    (tmp_path / "empty.zip").write_bytes(b"")
    assert titles(read(tmp_path / "damaged.zip")) == ["Second"]
    assert titles(read(tmp_path / "encrypted.zip")) == ["Second"]
    for name in ("cut.zip", "damaged.zip", "encrypted.zip", "no.gz", "cut.txt.gz", "no.tgz", "empty.zip"):
        [(where, why)] = failures(read(tmp_path / name))
        assert where.startswith(name)
        assert "damaged" in why or "encrypted" in why
