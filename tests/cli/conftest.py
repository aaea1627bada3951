"""The command line, called in this process."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ponder.cli.app import main


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
