"""What pip installs: the whole app, in a folder that has nothing else of the project."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from map_app.settings import GEOPARSER_DOC, Settings
from scripts.serving import ROOT, free_port, wait_for
from tests.browser.raw_session import connected

pytestmark = pytest.mark.browser

SOURCES = (
    "map_app",
    "data",
    "docs",
    ".streamlit",
    "streamlit_app.py",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "requirements.txt",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that pip makes of the project, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name)
    (tree / ".streamlit" / "secrets.toml").write_text(
        "[editors]\npassword = 'of whoever builds it'\n", encoding="utf-8"
    )
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*pip, str(folder), str(tree)], check=True, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def environment(installed: Path, folder: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAP_APP_", "STREAMLIT_"))}
    return kept | {
        "PYTHONPATH": str(installed),
        "MAP_APP_CACHE": str(Settings().cache),
        "MAP_APP_STORE": str(folder / "articles.sqlite"),
    }


def test_all_files_of_the_package_come_along_and_no_secret_does(installed: Path) -> None:
    def files(folder: Path) -> set[str]:
        found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {str(path.relative_to(folder)) for path in found}

    assert files(ROOT / "map_app") <= files(installed / "map_app")
    assert files(ROOT / "data") == files(installed / "map_app" / "data")
    assert (installed / "map_app" / "docs" / "geoparser.md").read_bytes() == GEOPARSER_DOC.read_bytes()
    assert files(installed / "map_app" / "streamlit_config") == {"config.toml"}
    assert not list(installed.rglob("secrets.toml"))


def test_an_installed_app_serves_the_samples_from_any_folder(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "map_app", "serve", "--port", str(port), "--no-browser"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(installed, tmp_path)) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, 120)
            with connected(f"http://127.0.0.1:{port}") as owner:
                drawn = owner.run()
                while "figures" not in drawn.text:
                    drawn = owner.run()
                assert "111 of 111 articles" in drawn.text
                assert "open-add" in drawn.ids, "the owner at the machine edits"
                assert "#b83a1b" in drawn.text, "in the page's own colours"
        finally:
            server.terminate()


def test_an_installed_command_finds_the_hand_checked_files(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "map_app", "evaluate"],
        cwd=tmp_path,
        env=environment(installed, tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "111" in done.stdout
