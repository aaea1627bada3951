"""Tasks by name: `humaneval:HumanEval/3` from a data set, or a file of one's own."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputError, MissingError
from . import hub, own
from .code_task import CodeTask, LoadedTask
from .files import load_file
from .gsm8k import gsm8k_task
from .humaneval import humaneval_plus_task, humaneval_task
from .lcb_releases import read_release
from .livecodebench import livecodebench_task
from .math_rows import math_task
from .mbpp import mbpp_plus_task, mbpp_task
from .prm800k import LabelledSolution, labelled_solution, prm800k_task
from .rows import read_rows

NAME = re.compile(r"([a-z][\w+-]*(?:@[\w,=-]*)?):(.*)", re.DOTALL)
Row = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where a data set's rows are, and how one is read."""

    read: Callable[[Row], LoadedTask[Any, Any]]
    prefix: str
    """What its ids begin with."""
    original: str
    """The file its authors publish, in words for a user who has to fetch it."""
    hub: tuple[str, str]
    """Its repository on the hub, and which of its files has the rows (a pattern)."""
    id_field: str | None = "task_id"
    """The field with a row's id. None: rows have none, and go by their place, counted from 0, which
    `read` is given as their "task_id"."""
    files: tuple[str, ...] = ()
    """The names of the files that hold it, where it is published in several."""
    alone: bool = False
    """Whether, of those, whatever one file is given is meant."""
    keep: Callable[[Row], bool] = lambda row: True
    """Whether a row is one of those that were asked for."""

    def row_id(self, row: Row, place: int) -> str:
        """How the row is named, its prefix included.

        Raises:
            KeyError: it has no such field.
        """
        if self.id_field is None:
            return f"{self.prefix}{place}"
        id = str(row[self.id_field])
        return self.prefix + (id.rpartition("/")[2] if self.id_field == "task_id" else id)


DATASETS = {
    "humaneval": Dataset(
        humaneval_task,
        "HumanEval/",
        "data/HumanEval.jsonl.gz of openai/human-eval",
        ("openai/openai_humaneval", "*test*"),
    ),
    "humaneval+": Dataset(
        humaneval_plus_task,
        "HumanEval/",
        "HumanEvalPlus.jsonl.gz of evalplus/humanevalplus_release",
        ("evalplus/humanevalplus", "*test*"),
    ),
    "mbpp": Dataset(
        mbpp_task,
        "Mbpp/",
        "mbpp/mbpp.jsonl of google-research/google-research",
        ("google-research-datasets/mbpp", "full/*"),
    ),
    "mbpp+": Dataset(
        mbpp_plus_task,
        "Mbpp/",
        "MbppPlus.jsonl.gz of evalplus/mbppplus_release",
        ("evalplus/mbppplus", "*test*"),
    ),
    "gsm8k": Dataset(
        gsm8k_task,
        "gsm8k/",
        "grade_school_math/data/test.jsonl of openai/grade-school-math",
        ("openai/gsm8k", "main/test*"),
        id_field=None,
    ),
    "math-500": Dataset(
        math_task,
        "",
        "prm800k/math_splits/test.jsonl of openai/prm800k",
        ("HuggingFaceH4/MATH-500", "test*"),
        id_field="unique_id",
    ),
    "math-12k": Dataset(
        math_task,
        "",
        "prm800k/math_splits/train.jsonl of openai/prm800k",
        ("nlile/hendrycks-MATH-benchmark", "data/train*"),
        id_field="unique_id",
    ),
    "prm800k": Dataset(
        prm800k_task,
        "prm800k/",
        "prm800k/data/phase2_train.jsonl of openai/prm800k",
        ("tasksource/PRM800K", "*phase2_train*"),
        id_field=None,
    ),
    "livecodebench": Dataset(
        livecodebench_task,
        "livecodebench/",
        "test.jsonl, test2.jsonl … of livecodebench/code_generation_lite (on the hub)",
        ("livecodebench/code_generation_lite", "test*.jsonl"),
        id_field="question_id",
    ),
}


def load_task(name: str, data: Path | None = None) -> LoadedTask[Any, Any]:
    """One task: a path, `PATH:ID` with data of one's own, or `DATASET:ID` with the data set's file
    in `data` (from the hub if None).

    Raises:
        InputError: no such file, data set or id, or a malformed one.
        MissingError: the data set has to be fetched, and the hub is not reached.
    """
    match = NAME.fullmatch(name)
    path, colon, id = name.rpartition(":")
    of_ones_own = bool(colon) and own.holds_tasks(Path(path))
    if match and not Path(name).exists() and not of_ones_own:
        return _find(match[2], match[1], data)
    if data is not None:
        raise InputError(f"--data {data} goes with a data set's task, not with a file")
    if own.holds_tasks(Path(name)):
        raise InputError(f"{name} holds many tasks: name one of them, as in {name}:ID")
    return own.find(id, Path(path)) if of_ones_own else load_file(Path(name))


def load_dataset(name: str, data: Path | None = None) -> Iterator[LoadedTask[Any, Any]]:
    """All tasks of a data set, in the order of its file; or those in a folder, a .jsonl file or a
    task file of one's own (tasks/own.py). Each is read when it is asked for, and none is kept.

    Raises:
        InputError, MissingError: as `load_task`.
    """
    if Path(name).exists() and name not in DATASETS:
        if data is not None:
            raise InputError(f"--data {data} goes with a data set, not with {name}")
        yield from own.load(Path(name))
        return
    dataset = _dataset(name)
    for place, (row, where) in enumerate(_rows(dataset, name, data)):
        yield _read(dataset, row, place, where)


def load_labels(data: Path | None = None) -> Iterator[LabelledSolution]:
    """PRM800K's labelled solutions, in the order of their file (phase 2's training file from the
    hub if None).

    Raises:
        InputError, MissingError: as `load_task`.
    """
    for row, where in _rows(DATASETS["prm800k"], "prm800k", data):
        yield _checked(labelled_solution, row, where)


def task_from_statement(statement: str, id: str = "statement") -> CodeTask:
    """A task from words alone, without tests: it can be answered, but not judged."""
    if not statement.strip():
        raise InputError("the statement is empty")
    return CodeTask(id, statement.strip())


def _dataset(name: str) -> Dataset:
    base, at, which = name.partition("@")
    if base not in DATASETS:
        close = difflib.get_close_matches(base, DATASETS, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise InputError(
            f"data set {base!r} is not one of {', '.join(DATASETS)}{hint} (and there is no folder "
            "or .jsonl file of that name)"
        )
    if base == "livecodebench":
        return _released(DATASETS[base], which)
    if at:
        raise InputError(f"{base} has no releases: leave out @{which}")
    return DATASETS[base]


def _released(dataset: Dataset, which: str) -> Dataset:
    release = read_release(which)
    return replace(
        dataset,
        read=partial(livecodebench_task, harness=release.harness),
        files=release.files,
        alone=not release.named,
        keep=release.has,
    )


def _find(id: str, name: str, data: Path | None) -> LoadedTask[Any, Any]:
    dataset = _dataset(name)
    first = last = "?"
    count = 0
    for place, (row, where) in enumerate(_rows(dataset, name, data)):
        last, count = _checked(partial(dataset.row_id, place=place), row, where), place + 1
        first = first if place else last
        if id in (last, last.removeprefix(dataset.prefix)):
            return _read(dataset, row, place, where)
    raise InputError(f"{name} has no task {id!r}; its {count} ids run from {first} to {last}")


def _read(dataset: Dataset, row: Row, place: int, where: str) -> LoadedTask[Any, Any]:
    row = row if dataset.id_field else {**row, "task_id": place}
    return _checked(dataset.read, row, where)


def _checked(read: Callable[[Row], T], row: Row, where: str) -> T:
    try:
        return read(row)
    except KeyError as error:
        raise InputError(f"{where}: the field {error} is missing") from None
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(f"{where}: {' '.join(str(error).split())[:160]}") from None


def _rows(dataset: Dataset, name: str, data: Path | None) -> Iterator[tuple[Row, str]]:
    """Each row that was asked for, and where it stands, in words."""
    for path in _given(dataset, name, data) if data is not None else _from_hub(dataset, name):
        for row, where in read_rows(path):
            if not isinstance(row, dict):
                raise InputError(f"{where}: not a mapping")
            if _checked(dataset.keep, row, where):
                yield row, where


def _given(dataset: Dataset, name: str, data: Path) -> list[Path]:
    """The user's file, or those of the data set's files in the user's folder that are needed."""
    if not dataset.files or not (data.is_dir() or data.exists()):
        return [data]
    if not data.is_dir():
        if dataset.alone or dataset.files == (data.name.removesuffix(".gz"),):
            return [data]
        needed = ", ".join(dataset.files)
        raise InputError(f"{name} is {needed}: --data {data} must be the folder that has it")
    paths = [data / file for file in dataset.files]
    paths = [path if path.exists() else path.with_name(f"{path.name}.gz") for path in paths]
    for file, path in zip(dataset.files, paths, strict=True):
        if not path.exists():
            raise InputError(f"{name} needs {file}, which {data} does not have")
    return paths


def _from_hub(dataset: Dataset, name: str) -> list[Path]:
    from huggingface_hub import snapshot_download

    repository, pattern = dataset.hub
    fetch = f"fetch {dataset.original} and give it with --data"
    if not hub.reached():
        raise MissingError(f"{name}: the hub is not reached; {fetch}")
    try:
        patterns = list(dataset.files) or [pattern]
        folder = Path(snapshot_download(repository, repo_type="dataset", allow_patterns=patterns))
    except Exception as error:  # noqa: BLE001  blocked, moved, cut off: one thing to do in any case
        raise MissingError(f"{name}: the hub fails ({type(error).__name__}); {fetch}") from None
    if dataset.files:
        return _given(dataset, name, folder)
    kinds = (".jsonl", ".gz", ".json", ".parquet")
    return sorted(path for path in folder.rglob("*") if path.suffix in kinds)
