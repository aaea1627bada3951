"""`ponder solve`: think about one task and print the program."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..tasks import AnswerKey, LoadedTask, MathTask, load_task, task_from_statement
from ..tasks.equivalence import require

if TYPE_CHECKING:
    from ..graphs import Graph
    from ..models import Model
    from ..nodes import Context, Solution
    from ..verifiers import Verdict

DEFAULT_MODEL = "embedded/qwen2.5-coder-1.5b"
GRAPHS = {
    "plan-search": "plan_search",
    "idea-search": "idea_search",
    "repeated-sampling": "repeated_sampling",
    "best-of-n": "best_of_n",
    "majority": "majority",
    "self-consistency": "self_consistency",
    "beam-search": "beam_search",
    "lookahead-search": "lookahead_search",
    "dvts": "dvts",
    "refine": "propose_verify_refine",
}
"""What a user calls each graph, and its builder."""


IN_PROCESS = "transformers/"
"""Models that no call is sent to: there is nothing to retry, and no limit on how many at once."""


def solve(
    task: Annotated[
        str,
        typer.Argument(
            help="A task file (YAML, JSON), a dataset's task (humaneval:HumanEval/3, gsm8k:12), "
            "a problem in words, or - for one on standard input."
        ),
    ],
    question: Annotated[
        bool, typer.Option("--question", "-q", help="The words ask for an answer, not a program.")
    ] = False,
    graph: Annotated[str, typer.Option(help=f"One of {', '.join(GRAPHS)}.")] = "plan-search",
    profile: Annotated[str, typer.Option(help="fast, or paper: as published.")] = "fast",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the graph, as in layers=1. Repeatable."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            envvar="PONDER_MODEL", help="Any model LiteLLM knows, embedded/…, or transformers/…"
        ),
    ] = DEFAULT_MODEL,
    idea_model: Annotated[
        str | None, typer.Option(help="Another model for observations and plans.")
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="Another model to judge answers (--verifier judge).")
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(
            help="Who judges: tests (the default for programs), prm:PATH, orm:PATH, "
            "remote-prm:URL, judge or judge:MODEL; with settings: prm:PATH,aggregate=last."
        ),
    ] = None,
    api_base: Annotated[
        str | None, typer.Option(help="Where the model is served, if not at its provider's.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, help="Calls in flight at most, per model.")
    ] = 64,
    attempts: Annotated[
        int, typer.Option(min=1, help="Tries per call when a server fails or is overloaded.")
    ] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 600.0,
    budget: Annotated[
        str, typer.Option(help="Limits, as in calls=40,tokens=20000,usd=0.5,seconds=60.")
    ] = "",
    sandbox: Annotated[
        str,
        typer.Option(
            help="auto (docker, else bubblewrap), docker, bubblewrap, or subprocess (keeps nothing "
            "in); with settings: docker:runtime=runsc,isolation=container,workers=4,image=my:tag."
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Fixes every choice of the search.")] = 0,
    store: Annotated[
        Path | None, typer.Option(help="Keep replies here: what is in it is not paid again.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The dataset's original file, for dataset tasks.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write solution.py, solution.json, thoughts.jsonl here.")
    ] = None,
) -> int:
    """Think about one task and print the program, or the solution of a question.

    Exit codes: 0 it passes the public tests (a question: it has an answer, and the right one where
    that is known), 1 it does not (or there are none), 2 wrong input, 3 something is missing on this
    machine.
    """
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from ..models import Budget
    from ..nodes import Context
    from ..sandboxes import connect as connect_sandbox
    from . import show
    from .tracing import tracing

    asked = load(task, data, question=question)
    if isinstance(asked.key, AnswerKey):
        require(asked.key.grading)
    if judge is not None and (verifier or "").partition(",")[0] != "judge":
        raise InputError(f"--judge {judge} goes with --verifier judge")
    built = build_graph(graph, profile, option or [])
    writer = show.writer(out)
    limits = Budget.parse(budget)
    box = connect_sandbox(sandbox)
    models = connect(
        {"model": model, "idea_model": idea_model, "judge": judge},
        api_base,
        concurrency=concurrency,
        attempts=attempts,
        timeout=timeout,
    )
    context = Context(
        models["model"],
        models.get("idea_model"),
        models.get("judge"),
        budget=limits,
        sandbox=box,
        verifier=verifier,
        store=store,
        seed=seed,
    )
    with tracing(), context:
        solution, grade = asyncio.run(think(built, asked, context, quiet=json))
        writer(solution, context)
        if json:
            show.as_json(solution, grade, context.judging.name)
        else:
            show.as_text(asked.task, solution, grade, context.judging.name)
    return 0 if show.succeeded(asked.task, solution, grade) else 1


async def think(
    graph: "Graph", asked: LoadedTask[Any, Any], context: "Context", *, quiet: bool
) -> "tuple[Solution, Verdict | None]":
    """The solution, and then its verdict by the key, if there is one."""
    from ..models import disconnect
    from .live import watch
    from .show import grade

    try:
        solution = await watch(graph, asked.task, context, quiet=quiet)
        return solution, await grade(asked.key, solution, context)
    finally:
        await disconnect()


def load(task: str, data: Path | None, *, question: bool = False) -> LoadedTask[Any, Any]:
    """A task from whatever the user named it by; words are a programming problem, or a `question`
    with a final answer.

    Raises:
        InputError: there is no such task, or `question` where the task is named, not put in words.
    """
    words = sys.stdin.read() if task == "-" else task
    one_word = task != "-" and bool(words.strip()) and not any(map(str.isspace, words.strip()))
    if question and one_word and (":" in words or Path(words).exists()):
        raise InputError(f"--question goes with a question in words, which {task!r} is not")
    if one_word and not question:
        return load_task(task, data)
    if not question:
        return LoadedTask(task_from_statement(words))
    if not words.strip():
        raise InputError("the question is empty")
    return LoadedTask(MathTask("question", words.strip()))


def build_graph(name: str, profile: str, options: list[str]) -> "Graph":
    """The graph of that name."""
    from .. import graphs

    if name not in GRAPHS:
        raise InputError(f"graph {name!r} is not one of {', '.join(GRAPHS)}")
    build = getattr(graphs, GRAPHS[name])
    built: Graph = build(profile, **dict(map(_option, options)))
    return built


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"option {text!r} must be NAME=VALUE, as in layers=1")
    return name.strip().replace("-", "_"), None if value.strip() == "none" else value.strip()


def connect(names: dict[str, str | None], api_base: str | None, **calls: Any) -> dict[str, "Model"]:
    """The model of each role that has a name. `api_base` is for those that are served elsewhere.

    Raises:
        InputError: an `api_base` that none of them is served at.
    """
    from ..models import connect as connect_model

    named = {role: name for role, name in names.items() if name is not None}
    local = {role for role, name in named.items() if name.startswith(("embedded/", IN_PROCESS))}
    if api_base is not None and len(local) == len(named):
        raise InputError(
            f"--api-base {api_base}: {' and '.join(named.values())} run in this process"
        )
    served = {} if api_base is None else {"api_base": api_base}
    connected: dict[str, Model] = {}
    for role, name in named.items():
        known = [other for other in connected if named[other] == name]
        options = {} if name.startswith(IN_PROCESS) else calls
        options = options if role in local else {**options, **served}
        connected[role] = connected[known[0]] if known else connect_model(name, **options)
    return connected
