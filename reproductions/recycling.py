"""Selective Reflection-Tuning (arXiv 2402.10110) in miniature: does the student select well?

    python -m reproductions.recycling [--out docs/results] [--folder DIR] [--toy]

A real, small teacher reflects on 210 noisy pairs of instruction data (instructions.py), through
ponder's own graph; a transformer that is trained here (base_student.py) scores them by IFD and
r-IFD; students start from its weights and are tuned on what each way of selecting leaves, for
equally many steps. They are measured on pairs of the same families that none has seen.

The results are written to OUT/recycling.md and .json, with plots. What the teacher says is kept in
DIR: a command that was killed goes on where it was. One core, three seeds.
"""

import argparse
import asyncio
import random
import resource
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from ponder.evals.recycling import recycled_row
from ponder.graphs import reflect
from ponder.models import Message, Model, ScriptedModel, Store
from ponder.nodes import Context
from ponder.sandboxes import ScriptedSandbox
from ponder.verifiers.ifd import Student
from reproductions import base_student
from reproductions.instructions import Pair, noisy, pairs, task
from reproductions.recycling_report import write
from reproductions.recycling_results import (
    AS_MANY,
    CLEAN,
    ORIGINAL,
    RANDOM,
    REFLECTED,
    REFLECTING,
    RESPONSES,
    SELECTED,
    Measured,
    Results,
    Row,
    Scale,
)
from reproductions.reflecting import AFTER, BEGIN, BETWEEN, Teacher
from reproductions.tuning import Texts, Tuned, tune

T = TypeVar("T")
TEACHER = "embedded/qwen2.5-coder-0.5b"
SLOTS, CONTEXT = 8, 1024
"""Of the teacher: requests at a time, and tokens of each. On one core: two that wait for each other
spend more of both."""
NOWHERE = ScriptedSandbox(lambda *_: [])
"""No program is run here."""
TOY = Scale(pairs=20, held=14, base=8, steps=1, seeds=1)


@dataclass(frozen=True)
class World:
    """The base, the teacher, and the pairs."""

    scale: Scale
    base: Path
    store: Store
    teacher: Teacher
    student: Student
    """The base, as what scores pairs."""
    data: Sequence[Pair]
    """Noisy."""
    truth: Sequence[Pair]
    """The same, before anything went wrong with them."""
    held: Sequence[Pair]
    styled: Sequence[Texts]
    """Held-out instructions with the teacher's answers, where they are right."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--folder", type=Path, help="for models and replies; else a passing one")
    parser.add_argument("--toy", action="store_true", help="very small, to see that it runs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        if given.toy:
            run(TOY, folder, given.out, ScriptedModel(scripted))
        else:
            run(Scale(), folder, given.out, embedded())


def embedded() -> Model:
    """The teacher that is asked if no other is given."""
    from ponder.models import EmbeddedModel

    return EmbeddedModel(TEACHER, slots=SLOTS, context=CONTEXT, threads=1)


def scripted(messages: list[Message], path: str, index: int) -> str:
    """A teacher that says everything again, for the toy."""
    text = messages[-1]["content"]
    if path.startswith("answer"):
        return f"You ask: {text}"
    instruction, _, rest = text.removeprefix(BEGIN).partition(BETWEEN)
    answer = rest.removesuffix(AFTER)
    if path.startswith("instruction"):
        return f"[New Instruction] Again: {instruction} [End]\n[New Answer] Well: {answer} [End]"
    return f"[Better Answer] So: {answer} [End]"


def run(scale: Scale, folder: Path, out: Path, teacher: Model) -> Results:
    """All arms, and their report."""
    torch.set_num_threads(1)
    store = Store(folder / "recycling.sqlite")
    results, clock = Results(scale, teacher.name), Clock(store)
    base = base_student.trained(folder, scale.base)
    results.facts["base"] = clock.mark("base")
    asyncio.run(_run(results, base, clock, store, teacher))
    store.close()
    write(results, out)
    return results


class Clock:
    """Seconds of all cores by what they were spent on, those of killed commands too."""

    def __init__(self, store: Store) -> None:
        self._store, self._last = store, 0.0

    def mark(self, phase: str) -> float:
        """All since the last mark was for this. What it has come to."""
        spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        now = sum(one.ru_utime + one.ru_stime for one in spent)
        before: float = self._store.record("recycling", "cpu", phase) or 0.0
        total = before + now - self._last
        self._store.put_latest("recycling", "cpu", phase, total)
        self._last = now
        return total


async def _run(results: Results, base: Path, clock: Clock, store: Store, model: Model) -> None:
    world = await make_world(results.scale, base, store, model)
    for name in REFLECTING:
        results.stages[name] = await recycle(world, name, 0)
        results.facts["recycling"] = clock.mark("recycling")
    describe(world, results)
    for seed in range(results.scale.seeds):
        again = {**results.stages, RANDOM: await recycle(world, RANDOM, seed)}
        for name, data in datasets(world, again, seed).items():
            place = base.parent / "students" / f"{name.replace(' ', '-')}-{seed}"
            tuned = tune(base, data, place, steps=results.scale.steps, seed=seed)
            found = measure(world, tuned, len(data))
            results.students.setdefault(name, []).append(found)
            print(f"seed {seed}: {name}: {len(data)} pairs, {found.loss.mean():.3f}", flush=True)
        results.facts["students"] = clock.mark("students")
    world.student.close()


async def make_world(scale: Scale, base: Path, store: Store, model: Model) -> World:
    """Draw the pairs, none twice, and have the teacher answer what is held out."""
    truth = list(islice(pairs("recycling"), scale.pairs))
    every = pairs("recycling")
    held = list(islice(every, scale.pairs, scale.pairs + scale.held))
    teacher = Teacher(model, store)
    await teacher.ready()
    said = await together([teacher.say("answer", (one.instruction, "")) for one in held])
    styled = [
        (one.instruction, reply.text.strip())
        for one, reply in zip(held, said, strict=True)
        if reply.finish == "stop" and one.right(reply.text)
    ]
    student = Student(str(base), template="chat", max_length=512)
    data = noisy("recycling", scale.pairs)
    return World(scale, base, store, teacher, student, data, truth, held, styled)


# --- recycling ------------------------------------------------------------------------------------


async def recycle(world: World, name: str, seed: int) -> list[Row]:
    """Every pair, recycled in an arm's way."""
    graph = reflect(**{"tries": 1, **REFLECTING[name].options})
    context = Context(
        world.teacher, sandbox=NOWHERE, verifier=world.student, store=world.store, seed=seed
    )

    async def one(place: int, pair: Pair) -> Row:
        ended = await graph.ainvoke({"task": task(pair, f"{place}")}, context=context)
        return recycled_row(context.run(ended["solution"].run))

    rows: list[Row] = await together([one(*each) for each in enumerate(world.data)])
    print(f"{name}: {sum(row['survives'] for row in rows)} pairs", flush=True)
    return rows


async def together(waiting: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All of them, `SLOTS` at a time, in order: what is asked for together is of one stage."""
    gate = asyncio.Semaphore(SLOTS)

    async def one(each: Coroutine[Any, Any, T]) -> T:
        async with gate:
            return await each

    return list(await asyncio.gather(*map(one, waiting)))


def describe(world: World, results: Results) -> None:
    """What the pairs are, and became."""
    results.noise = [one.noise for one in world.data]
    results.was_right = [one.right(one.answer) for one in world.data]
    answers = [row["output"] for row in results.stages[RESPONSES]]
    results.made_right = [one.right(text) for one, text in zip(world.data, answers, strict=True)]
    results.sound = {name: sound(world, rows) for name, rows in results.stages.items()}
    results.sound[ORIGINAL] = results.was_right
    results.base = measure(world, Tuned.read(world.base), 0)
    results.facts["teacher is right"] = len(world.styled) / len(world.held)
    spent(world, results)


def spent(world: World, results: Results) -> None:
    """What was asked of the teacher, by whichever command: a run that is done asks no more."""
    for stage in ("instruction", "response", "answer"):
        usage = [said["usage"] for _, said in world.store.records("recycling", stage)]
        results.facts[f"{stage} calls"] = len(usage)
        results.facts[f"{stage} prompt"] = sum(read for read, _ in usage)
        results.facts[f"{stage} written"] = sum(written for _, written in usage)


# --- students -------------------------------------------------------------------------------------


def datasets(world: World, kept: Mapping[str, Sequence[Row]], seed: int) -> dict[str, list[Texts]]:
    """What each arm's student is tuned on."""
    found = {ORIGINAL: [(one.instruction, one.answer) for one in world.data]}
    for name, rows in kept.items():
        found[name] = [texts(row) for row in rows if row["survives"]]
    count, numbers = len(found[SELECTED]), random.Random(f"as many/{seed}")
    found[AS_MANY] = numbers.sample(found[REFLECTED], count)
    found[CLEAN] = [(one.instruction, one.answer) for one in world.truth]
    return found


def sound(world: World, rows: Sequence[Row]) -> list[bool]:
    """See `Results.sound`."""
    return [
        one.right(row["output"])
        for one, row in zip(world.data, rows, strict=True)
        if row["survives"] and row["instruction"] == one.instruction
    ]


def texts(row: Row) -> Texts:
    """The pair that was kept."""
    return row["instruction"], row["output"]


def measure(world: World, tuned: Tuned, count: int) -> Measured:
    """A student on what is held out."""
    held = world.held
    written = tuned.answers([one.instruction for one in held])
    right = [one.right(text) for one, text in zip(held, written, strict=True)]
    losses = tuned.losses([(one.instruction, one.answer) for one in held])
    return Measured(count, losses, tuned.losses(world.styled), np.array(right, dtype=np.float64))


if __name__ == "__main__":
    main()
