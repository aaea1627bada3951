"""What a user sees of an evaluation: a live line a run on a terminal, a line a task elsewhere."""

from collections.abc import Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ..evals.headway import Headway
from ..evals.results import Result
from .plain import printable


class Progress:
    """Tells of results on standard error."""

    def __init__(self, runs: Mapping[str, Headway]) -> None:
        self._runs = runs
        self._console = Console(stderr=True)
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._picture, console=self._console)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def finished(self, run: str, result: Result) -> None:
        """A task of that run has ended."""
        self._runs[run].add(result)
        if self._live is None or result.error is not None:
            line = f"{run}  {result.task}: {_what(result)}"
            if self._live is None and result.error is None:
                line += f"  ·  {self._runs[run].line()}"
            self._console.print(Text(printable(line)), soft_wrap=True)

    def _picture(self) -> Group:
        width = max(map(len, self._runs))
        lines = [f"{run:<{width}}  {far.line()}" for run, far in self._runs.items()]
        return Group(*(Text(line, style="dim") for line in lines))


def _what(result: Result) -> str:
    if result.error is not None:
        return f"no result: {result.error}"
    if result.solved is None:
        return f"{result.drawn} samples"
    return f"{result.right}/{result.drawn} right, {'solved' if result.solved else 'not solved'}"
