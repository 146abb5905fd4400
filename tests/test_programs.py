import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def programs() -> Iterator[str]:
    """What is run as `python -m scripts...` or `python -m benchmarks...`."""
    for folder in ("scripts", "benchmarks"):
        for path in (ROOT / folder).glob("*.py"):
            if "__main__" in path.read_text("utf-8"):
                yield f"{folder}.{path.stem}"


@pytest.mark.parametrize("program", sorted(programs()))
def test_every_script_and_benchmark_says_what_it_does_and_what_it_takes(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", program, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: python -m {program} ")
    assert f"\n    python -m {program}" in done.stdout
