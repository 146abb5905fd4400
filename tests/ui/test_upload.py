import json
from pathlib import Path

import pytest

from map_app.settings import Settings
from map_app.sources.files import READERS, Failure, read_path
from map_app.ui.upload import Upload, file_name, items_of, read_upload


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
    data = json.dumps([{"id": 1, "title": "A", "text": "Rain in Osaka."}, {"id": 2, "title": "B"}, 7]).encode()
    path = tmp_path / "export.json"
    path.write_bytes(data)
    settings = Settings()
    from_folder = list(read_path(path, max_bytes=settings.max_file_bytes, max_chars=settings.max_article_chars))
    assert list(read_upload(Upload("export.json", data), settings)) == from_folder


def test_the_columns_that_were_chosen_are_the_ones_that_are_read() -> None:
    data = b"Kopf,Rumpf\nRain,Rain fell in Osaka.\n"
    assert isinstance(next(read_upload(Upload("a.csv", data), Settings())), Failure)
    (article,) = read_upload(Upload("a.csv", data, {"title": "Kopf", "text": "Rumpf"}), Settings())
    assert (article.title, article.text) == ("Rain", "Rain fell in Osaka.")  # type: ignore[union-attr]


def test_a_kind_that_cannot_be_read_says_which_can() -> None:
    (failure,) = items_of([Upload("photo.jpg", b"\xff\xd8")], Settings())
    assert isinstance(failure, Failure)
    assert all(ending in failure.why for ending in READERS)
