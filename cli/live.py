"""What a user sees while a search runs: a live tree on a terminal, plain lines elsewhere."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from ..tasks import Task
from .plain import printable

if TYPE_CHECKING:
    from ..graphs import Graph
    from ..nodes import Context, Run, Solution, Thought

SHOWN = 24
"""Thoughts shown at once: the newest ones; more would not fit a screen."""
WIDTH = 72
REDRAW = 0.25
"""Seconds between two pictures."""


async def watch(graph: "Graph", task: Task, context: "Context", *, quiet: bool) -> "Solution":
    """Run the graph on the task, showing it on standard error unless `quiet`."""
    console = Console(stderr=True)
    if quiet:
        return await _run(graph, task, context, lambda thought: None)
    if not console.is_terminal:
        started = time.monotonic()
        return await _run(graph, task, context, lambda t: _print_line(t, started))
    view = View(context)
    # Drawn from this loop and not from rich's thread, since it reads what the search is changing.
    with Live(
        get_renderable=view.render, console=console, auto_refresh=False, transient=True
    ) as live:
        drawing = asyncio.create_task(_redraw(live))
        try:
            return await _run(graph, task, context, view.add)
        finally:
            drawing.cancel()


async def _redraw(live: Live) -> None:
    while True:
        live.refresh()
        await asyncio.sleep(REDRAW)


async def _run(
    graph: "Graph", task: Task, context: "Context", tell: Callable[["Thought"], None]
) -> "Solution":
    from ..nodes import Thought

    solution: Solution | None = None
    async for part in _stream(graph, task, context):
        if isinstance(part, Thought):
            tell(part)
        else:
            solution = part
    assert solution is not None
    return solution


async def _stream(graph: "Graph", task: Task, context: "Context") -> AsyncIterator[Any]:
    parts: Any = graph.astream(
        {"task": task}, context=context, stream_mode=["custom", "values"], subgraphs=True
    )
    async for namespace, mode, data in parts:
        if mode == "custom":
            yield data
        elif not namespace and "solution" in data:
            yield data["solution"]


def _print_line(thought: "Thought", started: float) -> None:
    print(f"{time.monotonic() - started:7.1f} s  {_line(thought)}", file=sys.stderr, flush=True)


def _line(thought: "Thought") -> str:
    return f"{thought.id or '.'}: {_what(thought)}"


def _what(thought: "Thought") -> str:
    return printable(_said(thought))


def _said(thought: "Thought") -> str:
    if thought.failure:
        return f"failed: {thought.failure}"[:WIDTH]
    if thought.verdict is not None:
        return verdict_line(thought)
    if thought.kind == "code":
        return f"code, {len(thought.text.splitlines())} lines"
    words = " ".join(thought.text.split())
    return words if len(words) <= WIDTH else words[: WIDTH - 1] + "…"


def verdict_line(thought: "Thought") -> str:
    """A candidate's, or a step's, verdict in a few words."""
    verdict = thought.verdict
    assert verdict is not None
    if verdict.passed is None and verdict.score is not None:
        words = " ".join(thought.text.split())
        return f"{verdict.score:.2f}  {words}"[:WIDTH]
    if verdict.passed is None:
        return f"not judged: {verdict.reason}"
    return "passes the public tests" if verdict.passed else f"fails: {verdict.reason}"


class View:
    """The live picture of one run: the newest thoughts in their tree, and a line of figures."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._thoughts: dict[str, Thought] = {}
        self._started = time.monotonic()

    def add(self, thought: "Thought") -> None:
        """Take in a thought, or a newer state of one."""
        self._thoughts.pop(thought.id, None)
        self._thoughts[thought.id] = thought

    def render(self) -> Group:
        """The picture as it is now."""
        return Group(self._figures(), self._tree())  # a screen too low cuts off its end

    def _tree(self) -> Tree:
        root = Tree(Text("thinking", style="bold"), guide_style="dim")
        branches = {"": root}
        newest = sorted(list(self._thoughts)[-SHOWN:])
        for id in newest:
            self._branch(branches, id)
        return root

    def _branch(self, branches: dict[str, Tree], id: str) -> Tree:
        if id not in branches:
            above, _, name = id.rpartition("/")
            label = Text(name, style="cyan")
            thought = self._thoughts.get(id)
            if thought is not None:
                label.append(f"  {_what(thought)}", style=_style(thought))
            branches[id] = self._branch(branches, above).add(label)
        return branches[id]

    def _figures(self) -> Text:
        seconds = time.monotonic() - self._started
        runs = list(self._context.runs())
        if not runs:
            return Text("starting …", style="dim")
        return Text(_figures(runs[-1], seconds), style="dim")


def _style(thought: "Thought") -> str:
    if thought.failure:
        return "red"
    if thought.verdict is None:
        return "default"
    return "green" if thought.verdict.passed else "yellow"


def _figures(run: "Run", seconds: float) -> str:
    spent, flying = run.calls.ledger.spent, run.calls.in_flight
    rate = spent.completion_tokens / seconds if seconds else 0.0
    parts = [
        f"{seconds:.0f} s",
        f"{spent.calls} calls",
        f"{len(flying)} in flight" + (f" ({_oldest(flying)})" if flying else ""),
        f"{rate:.0f} tokens/s",
        f"{len(run.passing)} pass",
    ]
    left = run.calls.ledger.left(seconds)
    return "  ·  ".join(parts + ([f"left: {left}"] if left else []))


def _oldest(flying: dict[str, float]) -> str:
    path, started = min(flying.items(), key=lambda item: item[1])
    return f"{path} for {asyncio.get_running_loop().time() - started:.0f} s"
