"""Tasks by name: `humaneval:HumanEval/3` from a data set, or a file of one's own."""

import difflib
import gzip
import importlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputError, MissingError
from . import hub
from .code_task import CodeTask, LoadedTask
from .files import load_file
from .gsm8k import gsm8k_task
from .humaneval import humaneval_plus_task, humaneval_task
from .math_rows import math_task
from .mbpp import mbpp_plus_task, mbpp_task
from .prm800k import LabelledSolution, labelled_solution, prm800k_task

NAME = re.compile(r"([a-z][\w+-]*):(.*)", re.DOTALL)
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
}


def load_task(name: str, data: Path | None = None) -> LoadedTask[Any, Any]:
    """One task: a path, or `DATASET:ID` with the data set's file in `data` (from the hub if None).

    Raises:
        InputError: no such file, data set or id, or a malformed one.
        MissingError: the data set has to be fetched, and the hub is not reached.
    """
    match = NAME.fullmatch(name)
    if match is None or Path(name).exists():
        if data is not None:
            raise InputError(f"--data {data} goes with a data set's task, not with a file")
        return load_file(Path(name))
    dataset, id = match.groups()
    return _find(id, dataset, data)


def load_dataset(name: str, data: Path | None = None) -> Iterator[LoadedTask[Any, Any]]:
    """All tasks of a data set, in the order of its file.

    Raises:
        InputError, MissingError: as `load_task`.
    """
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
    if name not in DATASETS:
        close = difflib.get_close_matches(name, DATASETS, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise InputError(f"data set {name!r} is not one of {', '.join(DATASETS)}{hint}")
    return DATASETS[name]


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
    """Each row, and where it stands, in words."""
    for path in [data] if data is not None else _from_hub(dataset, name):
        for number, row in _file_rows(path):
            where = f"{path} row {number}"
            if not isinstance(row, dict):
                raise InputError(f"{where}: not a mapping")
            yield row, where


def _file_rows(path: Path) -> Iterable[tuple[int, Any]]:
    """The rows of a .jsonl, .jsonl.gz, .json (a list) or .parquet file, one at a time, with their
    numbers from 1; in .jsonl files these are of lines, empty ones included."""
    if path.suffix == ".parquet":
        return enumerate(_parquet_rows(path), 1)
    return _json_rows(path)


def _json_rows(path: Path) -> Iterator[tuple[int, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            if path.suffix == ".json":
                rows = json.load(file)
                if not isinstance(rows, list):
                    raise InputError(f"{path}: not a list of rows")
                yield from enumerate(rows, 1)
                return
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _row(line, f"{path} line {number}")
    except FileNotFoundError:
        raise InputError(f"--data: there is no file {path}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path} line {error.lineno}: not JSON: {error.msg}") from None
    except (OSError, EOFError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())[:100]}") from None


def _row(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        if line.startswith("version https://git-lfs"):
            raise InputError(f"{where}: a pointer of Git LFS: fetch it with git lfs pull") from None
        raise InputError(f"{where}: not JSON: {error.msg}") from None


def _parquet_rows(path: Path) -> Iterable[Any]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise MissingError(f"{path} is Parquet: pip install pyarrow") from None
    try:
        rows: list[Any] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {str(error)[:100]}") from None
    return rows


def _from_hub(dataset: Dataset, name: str) -> list[Path]:
    from huggingface_hub import snapshot_download

    repository, pattern = dataset.hub
    fetch = f"fetch {dataset.original} and give it with --data"
    if not hub.reached():
        raise MissingError(f"{name}: the hub is not reached; {fetch}")
    try:
        folder = Path(snapshot_download(repository, repo_type="dataset", allow_patterns=[pattern]))
    except Exception as error:  # noqa: BLE001  blocked, moved, cut off: one thing to do in any case
        raise MissingError(f"{name}: the hub fails ({type(error).__name__}); {fetch}") from None
    kinds = (".jsonl", ".gz", ".json", ".parquet")
    return sorted(path for path in folder.rglob("*") if path.suffix in kinds)
