"""Chains of revisions as rows that an outcome model can be fitted to: the verifier of "Scaling LLM
Test-Time Compute Optimally" (section 6.2, arXiv 2408.03314), which sees the answers before the one
it scores."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...errors import InputError
from ...models.store_reader import StoreReader
from ...nodes import Thought
from ...tasks import MathTask, final_answer, task_from_json
from ...training.examples import Example
from ...training.revision.encoding import conversation
from ...training.revision.pairs import Revision
from ..folder import STORE, read_about, read_results
from ..report.thoughts import read_thoughts
from ..results import Result


def chain_examples(folder: Path, left_out: Counter[str]) -> Iterator[Example]:
    """Of a run of `--graph refine` on questions, every answer with what its model was asked (the
    question, and the last answers before it) and its grade. `left_out` counts the others, by
    reason.

    Raises:
        InputError: it is no folder of such a run.
    """
    about = read_about(folder)
    if about.spec.graph != "refine":
        raise InputError(f"{folder}: a run of {about.spec.graph}, and chains are made by refine")
    store = StoreReader(folder / STORE)
    for result in read_results(folder):
        begun = store.record(result.run, "run")
        task = task_from_json(begun["task"]) if begun else None
        if not isinstance(task, MathTask):
            left_out["no question, or not in the store"] += len(result.samples)
            continue
        yield from _of_one(task, result, read_thoughts(result.run, store), left_out)


def _of_one(
    task: MathTask, result: Result, thoughts: Mapping[str, Thought], left_out: Counter[str]
) -> Iterator[Example]:
    for sample in result.samples:
        thought = thoughts.get(sample.id)
        if thought is None or sample.passed is None:
            left_out["not graded" if thought else "not in the store"] += 1
            continue
        before = thought.parents if thought.kind == "revision" else ()
        context = tuple(thoughts[id].text for id in before)
        *_, asked = conversation(Revision(task.id, task.question, context, ""))
        text = thought.text.strip()
        yield Example(asked["content"], (text,), (), sample.passed, final_answer(text), task.id)
