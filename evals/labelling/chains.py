"""Chains of revisions as rows that an outcome model can be fitted to: the verifier of "Scaling LLM
Test-Time Compute Optimally" (section 6.2, arXiv 2408.03314), which sees the answers before the one
it scores."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ...errors import InputError
from ...models.store_reader import StoreReader
from ...tasks import MathTask, final_answer, task_from_json
from ...training.examples import Example
from ...training.revision.encoding import conversation
from ...training.revision.pairs import Revision
from ..folder import STORE, read_about, read_results, run_folders
from ..report.thoughts import read_thoughts
from ..results import Result


def chain_examples(folder: Path, left_out: Counter[str]) -> Iterator[Example]:
    """Of the runs of `--graph refine` in a folder, every answer to a question with what its model
    was asked (the question, and the last answers before it) and its grade. `left_out` counts the
    others, by reason.

    Raises:
        InputError: there is no such run.
    """
    found = run_folders(folder)
    chains = [path for path in found if read_about(path).spec.graph == "refine"]
    if not chains:
        made = ", ".join(sorted({read_about(path).spec.graph for path in found}))
        raise InputError(f"{folder}: has runs of {made}, and chains are made by refine")
    for path in chains:
        with closing(StoreReader(path / STORE)) as store:
            for result in read_results(path):
                yield from _of_one(result, store, left_out)


def _of_one(result: Result, store: StoreReader, left_out: Counter[str]) -> Iterator[Example]:
    begun = store.record(result.run, "run")
    task = task_from_json(begun["task"]) if begun else None
    if not isinstance(task, MathTask):
        left_out["no question, or not in the store"] += len(result.samples)
        return
    thoughts = read_thoughts(result.run, store)
    for sample in result.samples:
        thought = thoughts.get(sample.id)
        if thought is None or sample.passed is None:
            left_out["not graded" if thought else "not in the store"] += 1
            continue
        before = thought.parents if thought.kind == "revision" else ()
        text = thought.text.strip()
        if not text or not thoughts.keys() >= set(before):
            left_out["empty" if not text else "an answer before it is not in the store"] += 1
            continue
        context = tuple(thoughts[id].text for id in before)
        *_, asked = conversation(Revision(task.id, task.question, context, ""))
        yield Example(asked["content"], (text,), (), sample.passed, final_answer(text), task.id)
