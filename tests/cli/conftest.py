"""The command line, called in this process."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ponder.cli.app import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Ponder = Callable[..., Ended]


@pytest.fixture
def ponder(capsys: pytest.CaptureFixture[str]) -> Ponder:
    def run(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A model that writes the identity function, at once."""
    command = [sys.executable, str(ROOT / "benchmarks/latency_server.py"), "--median", "0.001"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        process.kill()
