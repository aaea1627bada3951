"""The wheel, in a virtual environment that has nothing else."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = [
    "cli.app",
    "evals.diversity",
    "evals.labelling.labeller",
    "evals.optimal.analysis",
    "evals.summary",
    "graphs",
    "nodes",
    "verifiers",
    "models",
    "sandboxes",
    "tasks",
    "errors",
]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a build leaves its traces where it is made
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source)]
    subprocess.run([*pip, *build], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names} == {"ponder", "ponder-0.1.0.dist-info"}
    ours = ("/tests/", "/benchmarks/", "/reproductions/")
    assert not [name for name in names if any(folder in name for folder in ours)]
    for needed in ("py.typed", "nodes/prompts/plan.jinja", "sandboxes/inside/runner.py"):
        assert f"ponder/{needed}" in names


def test_every_room_imports_from_it_and_only_by_its_full_name(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "-q",
        "--disable-pip-version-check",
    ]
    constraints = str(ROOT / "constraints.txt")
    subprocess.run([*pip, "install", "-c", constraints, str(wheel)], check=True)
    check = (
        "import importlib, importlib.util\n"
        f"for room in {ROOMS}: importlib.import_module('ponder.' + room)\n"
        f"assert not [r for r in {ROOMS} if importlib.util.find_spec(r.split('.')[0])]\n"
        "import ponder; assert 'site-packages' in ponder.__file__"
    )

    subprocess.run([python, "-c", check], check=True, cwd=tmp_path)
    done = subprocess.run(
        [tmp_path / "venv/bin/ponder", "--help"], check=True, cwd=tmp_path, capture_output=True
    )

    assert b"solve" in done.stdout
