import os
from pathlib import Path

import pytest

from map_app.errors import UnreadableError
from map_app.sources.watch import FolderWatch

NOW = 1_760_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def write(path: Path, content: str, at: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    os.utime(path, (at, at))


def names(watch: FolderWatch) -> list[str]:
    return [where for _, where in watch.ready()]


def test_each_file_is_handed_out_once_when_it_no_longer_grows(tmp_path: Path) -> None:
    clock = Clock()
    write(tmp_path / "old.txt", "x", NOW - 3600)
    write(tmp_path / "new.txt", "x", NOW)
    watch = FolderWatch(tmp_path, now=clock)
    assert names(watch) == ["old.txt"]
    write(tmp_path / "new.txt", "xy", NOW + 1)
    assert names(watch) == []
    write(tmp_path / "new.txt", "xyz", NOW + 2)
    assert names(watch) == []
    assert names(watch) == ["new.txt"]
    assert names(watch) == []
    write(tmp_path / "sub" / "slow.txt", "x", NOW)
    assert names(watch) == []
    clock.now += 60
    assert names(watch) == [str(Path("sub/slow.txt"))]


def test_a_changed_file_and_one_that_comes_back_are_handed_out_again(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path, now=lambda: NOW)
    path = tmp_path / "a.csv"
    for content, at in (("x", NOW - 300), ("y", NOW - 200), ("z", NOW - 100)):
        write(path, content, at)
        assert names(watch) == ["a.csv"]
        assert names(watch) == []
    path.unlink()
    assert names(watch) == []
    write(path, "z", NOW - 100)
    assert names(watch) == ["a.csv"]


def test_hidden_files_other_kinds_and_links_out_are_not_handed_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    write(outside, "secret", NOW - 300)
    folder = tmp_path / "in"
    for name in (".part.txt", "photo.jpg", "a.txt"):
        write(folder / name, "x", NOW - 300)
    (folder / "link.txt").symlink_to(outside)
    assert names(FolderWatch(folder, now=lambda: NOW)) == ["a.txt"]


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no folder"):
        FolderWatch(tmp_path / "none")
