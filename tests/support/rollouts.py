"""A generator whose steps' truth is known, and its questions labelled."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any

from ponder.evals.folder import STORE, About, RunFolder, read_results
from ponder.evals.labelling import Labeller
from ponder.evals.labelling.folder import ROWS
from ponder.evals.results import Result
from ponder.evals.runner import Arm, evaluate
from ponder.evals.spec import Spec
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import AnswerKey, LoadedTask, MathTask, read_rows
from tests.support.server import Body, Reply, ok
from tests.support.stepping import counting

Loaded = LoadedTask[MathTask, AnswerKey]
STEPS = 4
SLIP, MEND = 0.3, 0.2
"""How often a step that follows a right one is wrong, and one that follows a wrong one is right."""


def question(number: int) -> Loaded:
    """Its answer is 2."""
    return LoadedTask(MathTask(f"q/{number}", f"What is {number}?"), AnswerKey(f"q/{number}", "2"))


def truth(right: bool, left: int) -> float:
    """How likely an answer is right, `left` steps after one that is right, or wrong."""
    p = float(right)
    for _ in range(left):
        p = p * (1 - SLIP) + (1 - p) * MEND
    return p


def truth_of(step: str, place: int) -> float:
    """Of the step at that place (from 1) of an answer."""
    return truth(step.endswith("right."), STEPS - place)


def chain(messages: list[Message], path: str, index: int) -> str:
    """A script: `going_on` by where in the search it is."""
    return going_on(messages, path, index)


def going_on(messages: list[Message], *seeds: object) -> str:
    """Goes on with a chain of steps that say whether they are right, to its answer: 2 where the
    last one is."""
    begun = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
    draw = random.Random(hashlib.sha256(repr((messages[1], seeds)).encode()).digest())
    steps = begun.split("\n\n")[:-1]
    right = steps[-1].endswith("right.") if steps else True
    said: list[str] = []
    while len(steps) + len(said) < STEPS:
        right = draw.random() >= SLIP if right else draw.random() < MEND
        ends = len(steps) + len(said) == STEPS - 1
        words = f"{len(steps) + len(said) + 1} is {'right' if right else 'wrong'}."
        said.append(f"So \\boxed{{{2 if right else 3}}}" if ends else words)
    return "\n\n".join(said)


def vllm_chain(body: Body, count: int) -> Reply:
    """What a vLLM server says that goes on so, each choice by its own seed."""
    said = [going_on(body["messages"], body["seed"] + i) for i in range(body.get("n", 1))]
    reply = json.loads(ok(*said).body)
    reply["choices"] = [{**choice, "stop_reason": None} for choice in reply["choices"]]
    return Reply(json.dumps(reply))


serving_chains = counting(vllm_chain, trims=False)


def arm(folder: Path, model: Any = None, **more: Any) -> Arm:
    """What labels questions in `folder`; `more` are options of the graph, or fields of `Labeller`
    and `Context`."""
    labels, given = (
        {str(name): more.pop(name) for name in names if name in more}
        for names in (("labels", "unfinished"), ("budget", "seed"))
    )
    labeller = Labeller(more.get("separator", "\n\n"), **labels)
    spec = Spec("rollouts", options=more, model="scripted", labels=labels)
    held = RunFolder(folder, About("labels", "questions", spec), ROWS)
    context = Context(
        model or ScriptedModel(chain),
        sandbox=ScriptedSandbox(lambda program, given: None),
        store=folder / STORE,
        **given,
    )
    return Arm(held, spec.build(), context, labeller)


async def label(folder: Path, model: Any = None, count: int = 1, **more: Any) -> list[Any]:
    """The rows of that many questions, each with its result's place in the folder."""
    one = arm(folder, model, **more)
    try:
        await evaluate([question(number) for number in range(count)], [one])
    finally:
        one.context.close()
        one.folder.close()
    return rows_of(folder)


def rows_of(folder: Path) -> list[Any]:
    """As they are in the file."""
    return [row for row, _ in read_rows(folder / "labels.jsonl")]


def results(folder: Path) -> dict[str, Result]:
    """By task."""
    return {result.task: result for result in read_results(folder)}
