import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from map_app.errors import GazetteerDamagedError, GazetteerMissingError
from map_app.gazetteer import build
from map_app.gazetteer.lookup import Gazetteer, open_gazetteer


@pytest.fixture
def cache(gazetteer: Gazetteer, tmp_path: Path) -> Path:
    """A cache of its own with a copy of the built gazetteer."""
    shutil.copytree(gazetteer.directory, tmp_path / gazetteer.directory.name)
    return tmp_path


def test_a_missing_gazetteer_names_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(GazetteerMissingError, match="python -m map_app gazetteer build"):
        Gazetteer.open(tmp_path)


@pytest.mark.parametrize("name", ["rows.npy", "names.marisa", "names.utf8", "facts.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["random bytes", "truncated"])
def test_damage_is_noticed(cache: Path, name: str, damage: str) -> None:
    path = build.folder(cache) / name
    sound = path.read_bytes()
    middle = len(sound) // 2
    path.write_bytes(sound[:middle] + (b"\x93\x00\xfe" + sound[middle + 3 :] if damage == "random bytes" else b""))
    with pytest.raises(GazetteerDamagedError, match="python -m map_app gazetteer build"):
        Gazetteer.open(build.folder(cache))


def test_a_damaged_gazetteer_is_built_anew(cache: Path) -> None:
    (build.folder(cache) / "rows.npy").write_bytes(b"nothing of use")
    steps: list[float] = []
    rebuilt = open_gazetteer(cache, progress=lambda done, what: steps.append(done))
    assert rebuilt.candidates("Kyiv")
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    assert [path.name for path in cache.iterdir() if path.name.startswith("building")] == []


def test_only_what_another_version_built_long_ago_is_removed(cache: Path) -> None:
    built = build.folder(cache)
    for name, age_s in (("gazetteer-old", build.KEPT_S + 60), ("gazetteer-of-another-installation", 60)):
        shutil.copytree(built, cache / name)
        then = (built / build.MANIFEST).stat().st_mtime - age_s
        os.utime(cache / name / build.MANIFEST, (then, then))
    (built / "rows.npy").write_bytes(b"nothing of use")
    open_gazetteer(cache)
    assert sorted(path.name for path in cache.glob("gazetteer-*")) == sorted(
        [built.name, "gazetteer-of-another-installation"]
    )


def test_a_gazetteer_that_is_there_is_not_built_again(cache: Path) -> None:
    before = (build.folder(cache) / build.MANIFEST).stat().st_mtime_ns
    open_gazetteer(cache)
    assert (build.folder(cache) / build.MANIFEST).stat().st_mtime_ns == before


def test_two_processes_that_find_it_damaged_build_it_once(cache: Path) -> None:
    (build.folder(cache) / "starts.npy").write_bytes(b"nothing of use")
    (cache / f"{build.UNFINISHED}by-one-that-was-killed").mkdir()
    program = (
        "import sys, pathlib; from map_app.gazetteer.lookup import open_gazetteer; steps = [];"
        "gazetteer = open_gazetteer(pathlib.Path(sys.argv[1]), progress=lambda done, what: steps.append(done));"
        "print('built' if steps else 'waited', len(gazetteer.candidates('Kursk')))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(cache)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = sorted(process.communicate(timeout=300)[0].strip() for process in running)
    assert [process.returncode for process in running] == [0, 0]
    assert said == ["built 2", "waited 2"]
    assert [path.name for path in cache.iterdir() if path.name.startswith(build.UNFINISHED)] == []


def test_every_country_that_the_packages_know_is_there_but_antarctica_which_is_a_continent(
    gazetteer: Gazetteer,
) -> None:
    left_out = {row.country_code for row in build.read.countries()} - {p.country_code for p in gazetteer.countries()}
    assert left_out == {"AQ"}


def test_the_key_follows_the_curated_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = build.key()
    for name in build.FILES:
        shutil.copy(build.DATA_DIR / name, tmp_path / name)
    monkeypatch.setattr(build, "DATA_DIR", tmp_path)
    assert build.key() == before
    with (tmp_path / build.FILES[0]).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert build.key() != before
    assert re.fullmatch("[0-9a-f]{16}", before)
