"""`ponder solve`: think about one task and print the program."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..evals.connect import (
    GRAPHS,
    build_graph,
    connect_models,
    read_options,
    refuse_idle_judge,
)
from ..tasks import AnswerKey, LoadedTask, MathTask, load_task, task_from_statement
from ..tasks.equivalence import require

if TYPE_CHECKING:
    from ..graphs import Graph
    from ..nodes import Context, Solution
    from ..verifiers import Verdict

DEFAULT_MODEL = "embedded/qwen2.5-coder-1.5b"


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
    refuse_idle_judge(judge, verifier)
    built = build_graph(graph, profile, read_options(option or []))
    writer = show.writer(out)
    limits = Budget.parse(budget)
    box = connect_sandbox(sandbox)
    models = connect_models(
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
