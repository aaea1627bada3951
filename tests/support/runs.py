"""A run's folder as an evaluation leaves it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ponder.evals.folder import STORE, About, RunFolder
from ponder.evals.results import Result, Sample
from ponder.evals.spec import Spec
from ponder.models import Store
from ponder.tasks import Task, task_to_json


def run_of(path: Path, tasks: Sequence[Task], texts: Mapping[str, Sequence[str]]) -> Path:
    """A run whose samples of each task, s1, s2, …, have those texts."""
    folder = RunFolder(path, About("run", "none", Spec(model="scripted")))
    store = Store(path / STORE)
    for task in tasks:
        ids = [f"s{place + 1}" for place in range(len(texts[task.id]))]
        rows = [
            {"task_id": task.id, "id": id, "solution": text}
            for id, text in zip(ids, texts[task.id], strict=True)
        ]
        folder.add(Result(task.id, f"run-{task.id}", tuple(map(Sample, ids))), rows)
        store.put_record(f"run-{task.id}", "run", "", {"task": task_to_json(task)})
    store.close()
    folder.close()
    return path
