"""The container's file, line by line against what it copies: where these tests run there may be no Docker."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

from map_app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8")).splitlines()


def all_of(instruction: str) -> list[str]:
    return [line.removeprefix(f"{instruction} ") for line in LINES if line.startswith(f"{instruction} ")]


def ignored(path: str) -> bool:
    """Whether .dockerignore leaves out a path or a folder that it lies in."""
    patterns = (ROOT / ".dockerignore").read_text("utf-8").split()
    parents = [path, *(str(parent) for parent in Path(path).parents)]
    return any(fnmatch(parent, pattern.removeprefix("**/")) for parent in parents for pattern in patterns)


def test_all_that_is_copied_is_there_and_in_the_context() -> None:
    copied = [source for line in all_of("COPY") for source in line.split()[:-1]]
    assert {
        "requirements.txt",
        "map_app",
        "data",
        "docs/geoparser.md",
        "streamlit_app.py",
        ".streamlit/config.toml",
    } == set(copied)
    assert [source for source in copied if not (ROOT / source).exists() or ignored(source)] == []
    needed = [path for folder in ("map_app", "data") for path in (ROOT / folder).rglob("*") if path.is_file()]
    left_out = [path.name for path in needed if ignored(str(path.relative_to(ROOT)))]
    assert [name for name in left_out if not name.endswith(".pyc")] == []


def test_no_secret_and_no_store_of_the_builder_is_in_the_context() -> None:
    assert ignored(".streamlit/secrets.toml")
    assert ignored("articles.sqlite")
    assert ignored("articles.sqlite-wal")


def test_what_it_writes_to_belongs_to_its_user_and_is_what_the_settings_name() -> None:
    [variables] = all_of("ENV")
    named = dict(part.split("=", 1) for part in variables.split())
    assert {name.removeprefix("MAP_APP_").lower() for name in named} <= set(Settings.__dataclass_fields__)
    [made] = [line for line in all_of("RUN") if "chown" in line]
    user = all_of("USER")[0]
    for path in (str(Path(named["MAP_APP_STORE"]).parent), named["MAP_APP_CACHE"]):
        assert re.search(rf"mkdir -p .*{path}\b.*chown {user} .*{path}\b", made)
    assert all_of("VOLUME") == [str(Path(named["MAP_APP_STORE"]).parent)]


def test_its_health_is_asked_at_the_port_that_it_serves_with_what_the_image_has() -> None:
    command = json.loads(all_of("HEALTHCHECK")[0].removeprefix("CMD "))
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    [port] = all_of("EXPOSE")
    assert f"http://127.0.0.1:{port}/_stcore/health" in command[2]
    served = json.loads(all_of("CMD")[0])
    assert served[:3] == ["streamlit", "run", "streamlit_app.py"]
    assert "--server.address=0.0.0.0" in served


def test_an_editor_can_sign_in_in_each_way_that_is_documented() -> None:
    assert any(line.startswith("pip install") and '"streamlit[auth]"' in line for line in all_of("RUN"))


def test_what_runs_while_it_is_built_can_be_run() -> None:
    [program] = [re.fullmatch(r'python -c "(.*)"', line) for line in all_of("RUN") if line.startswith("python -c")]
    assert program
    names = compile(program[1], "Dockerfile", "exec").co_names
    assert {"open_app", "Settings", "from_environment"} <= set(names)
