import json
import os
import re
import shutil
import subprocess
import sys
import time
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


class Rebuilt:
    """A cache with a damaged gazetteer, which two processes open at once, and what each of them tells."""

    def __init__(self, cache: Path, sound: Path) -> None:
        self.cache, self.built = cache, cache / sound.name
        shutil.copytree(sound, self.built)
        for name, age_s in (("gazetteer-old", build.KEPT_S + 60), ("gazetteer-of-another-installation", 60)):
            shutil.copytree(self.built, cache / name)
            then = time.time() - age_s
            os.utime(cache / name / build.MANIFEST, (then, then))
        (self.built / "rows.npy").write_bytes(b"nothing of use")
        (cache / f"{build.UNFINISHED}by-one-that-was-killed").mkdir()
        program = (
            "import json, pathlib, sys; from map_app.gazetteer.lookup import open_gazetteer; steps = [];"
            "gazetteer = open_gazetteer(pathlib.Path(sys.argv[1]), progress=lambda done, what: steps.append(done));"
            "print(json.dumps([len(gazetteer.candidates('Kursk')), steps]))"
        )
        running = [
            subprocess.Popen([sys.executable, "-c", program, str(cache)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        said = [process.communicate(timeout=300)[0] for process in running]
        assert [process.returncode for process in running] == [0, 0]
        self.candidates, self.steps = zip(*(json.loads(words) for words in said), strict=True)


@pytest.fixture(scope="module")
def rebuilt(gazetteer: Gazetteer, tmp_path_factory: pytest.TempPathFactory) -> Rebuilt:
    return Rebuilt(tmp_path_factory.mktemp("cache"), gazetteer.directory)


def test_a_damaged_gazetteer_is_built_anew(rebuilt: Rebuilt) -> None:
    assert rebuilt.candidates == (2, 2)
    steps = max(rebuilt.steps, key=len)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    assert Gazetteer.open(rebuilt.built).candidates("Kyiv")


def test_of_two_processes_that_find_it_damaged_one_builds_it_and_the_other_waits(rebuilt: Rebuilt) -> None:
    assert sorted(bool(steps) for steps in rebuilt.steps) == [False, True]
    assert [path.name for path in rebuilt.cache.iterdir() if path.name.startswith(build.UNFINISHED)] == []


def test_only_what_another_version_built_long_ago_is_removed(rebuilt: Rebuilt) -> None:
    assert sorted(path.name for path in rebuilt.cache.glob("gazetteer-*")) == sorted(
        [rebuilt.built.name, "gazetteer-of-another-installation"]
    )


def test_a_gazetteer_that_is_there_is_not_built_again(cache: Path) -> None:
    before = (build.folder(cache) / build.MANIFEST).stat().st_mtime_ns
    open_gazetteer(cache)
    assert (build.folder(cache) / build.MANIFEST).stat().st_mtime_ns == before


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
