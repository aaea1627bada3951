"""A fit's folder: who has it, and what becomes of it on a disk that is full."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.training import building, fit_prm, prm_options
from tests.training.tiny import base, examples

ROOT = Path(__file__).parents[2]
QUICK: dict[str, Any] = {"lr": 1e-3, "batch": 8, "dropout": 0.1, "validation": 0.25}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"))


def test_two_processes_do_not_fit_in_one_folder(folder: Path, tmp_path: Path) -> None:
    options = prm_options(**QUICK, epochs=1)
    told: list[str] = []

    def say(line: str) -> None:
        with pytest.raises(InputError, match="another process is fitting in it"):
            fit_prm(examples(), folder, tmp_path / "out", options)
        told.append(line)

    fit_prm(examples(), folder, tmp_path / "out", options, say=say)

    assert told


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_fit_that_another_process_makes_while_the_base_loads_stands(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epochs: int
) -> None:
    build, out = building.build, tmp_path / "out"
    made: list[Any] = []

    def after_another(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(building, "build", build)
        made.append(fit_prm(examples(), folder, out, prm_options(**QUICK, epochs=1)))
        return build(*given, **more)

    monkeypatch.setattr(building, "build", after_another)

    if epochs == 1:
        assert fit_prm(examples(), folder, out, prm_options(**QUICK, epochs=1)) == made[0]
    else:
        with pytest.raises(InputError, match=r"a fit with other epochs \(1, not 2\)"):
            fit_prm(examples(), folder, out, prm_options(**QUICK, epochs=2))

    assert json.loads((out / "fit.json").read_text())["settings"]["epochs"] == 1
    assert [line["step"] for line in made[0].metrics] == [
        json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()
    ]


def test_a_folder_that_cannot_be_made_is_said_in_a_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="file/out: cannot be made: "):
        fit_prm(examples(), folder, tmp_path / "file/out", prm_options(**QUICK, epochs=1))


FULL = """
import resource, signal, sys
from pathlib import Path
from ponder.errors import StoreError
from ponder.training import fit_prm, prm_options
from tests.training.tiny import examples

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
base, out = map(Path, sys.argv[1:])
try:
    fit_prm(examples(), base, out, prm_options(lr=1e-3, batch=8, epochs=2))
except StoreError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_the_fit_goes_on_later(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(folder), str(tmp_path / "out")]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    fitted = fit_prm(examples(), folder, tmp_path / "out", prm_options(lr=1e-3, batch=8, epochs=2))

    assert "the same command goes on from there" in ended.stdout
    assert len(ended.stdout.splitlines()) == 1
    assert fitted.steps > 0


def test_a_fit_from_before_a_setting_was_there_goes_on(folder: Path, tmp_path: Path) -> None:
    options = prm_options(**QUICK, epochs=1)
    done = fit_prm(examples(), folder, tmp_path / "out", options)
    path = tmp_path / "out/fit.json"
    held = json.loads(path.read_text())
    given = {name: value for name, value in held["settings"].items() if value is not None}
    path.write_text(json.dumps({**held, "settings": given}))

    again = fit_prm(examples(), folder, tmp_path / "out", options)

    assert len(given) < len(held["settings"])
    assert again == done
