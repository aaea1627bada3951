"""The files of a fit: what it is of, and what was measured while it went."""

import contextlib
import fcntl
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import TrainerCallback

from ..errors import InputError, PonderError, StoreError
from .examples import Example, to_row

FIT = "fit.json"
METRICS = "metrics.jsonl"
LOCK = ".lock"
OURS = frozenset({LOCK, "fit.part"})
"""What a folder may have before it has a fit: a process was killed just then."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a fit is of. Only the same fit goes on in a folder."""

    kind: str
    base: str
    settings: Mapping[str, Any]
    data: Mapping[str, str]
    """A digest of each set of rows."""

    def to_json(self) -> dict[str, Any]:
        """As it stands in fit.json."""
        return {
            "kind": self.kind,
            "base": self.base,
            "settings": dict(self.settings),
            "data": dict(self.data),
        }


def digest(examples: Iterable[Example]) -> str:
    """Of what examples hold, in their order, wherever they stood."""
    found = hashlib.sha256()
    for example in examples:
        found.update(json.dumps(to_row(example), sort_keys=True).encode("utf-8", "replace"))
    return found.hexdigest()[:16]


def result_in(folder: Path, identity: Identity) -> dict[str, Any] | None:
    """The result of the fit in that folder, if it is the same and finished. Writes nothing.

    Raises:
        InputError: the folder holds another fit, or something that is none.
    """
    path = folder / FIT
    mine = json.loads(json.dumps(identity.to_json()))
    if path.is_file():
        held = _read(path)
        if differing := [name for name in mine if _given(held.get(name)) != _given(mine[name])]:
            raise InputError(
                f"{folder}: holds a fit with other {_differences(held, mine, differing)}; name "
                "another folder, or remove it"
            )
        result: dict[str, Any] | None = held.get("result")
        return result
    if folder.exists() and (not folder.is_dir() or {one.name for one in folder.iterdir()} - OURS):
        raise InputError(f"{folder}: is there already, and holds no fit; name another folder")
    return None


def begin(folder: Path, identity: Identity) -> None:
    """Write down what the fit is of. Only who holds the folder may."""
    _write(folder / FIT, identity.to_json())


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder, for this process alone, as long as it is fitted. It is made if it is not there.

    Raises:
        InputError: another process has it, or it cannot be made.
        StoreError: something could not be written, as on a full disk.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror or error}") from None
    try:
        with (folder / LOCK).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"{folder}: another process is fitting in it") from None
            yield
    except (OSError, SafetensorError) as error:
        if isinstance(error, PonderError):
            raise
        line = " ".join(str(error).split())[:160]
        raise StoreError(f"{folder}: {line}; the same command goes on from there") from error


def finish(folder: Path, result: Mapping[str, Any]) -> None:
    """Write down that the fit is finished, and what came of it."""
    path = folder / FIT
    _write(path, {**_read(path), "result": dict(result)})


def _given(one: Any) -> Any:
    """Without settings that are not given: one that came later is no other fit."""
    if not isinstance(one, Mapping):
        return one
    return {name: value for name, value in one.items() if value is not None}


def _differences(held: Mapping[str, Any], mine: Mapping[str, Any], names: list[str]) -> str:
    if names != ["settings"]:
        return " and ".join(names)
    one, other = held.get("settings") or {}, mine["settings"]
    return ", ".join(
        f"{name} ({one.get(name)}, not {other[name]})"
        for name in other
        if one.get(name) != other[name]
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not isinstance(held, dict):
        raise InputError(f"{path}: must hold an object")
    return held


def _write(path: Path, held: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(held, indent=2) + "\n")
    part.replace(path)


# --- metrics.jsonl ----------------------------------------------------------------------------


def read_metrics(folder: Path, until: int | None = None) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl, up to a step. What a kill tore off the last is left out."""
    path = folder / METRICS
    lines: list[dict[str, Any]] = []
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return [line for line in lines if until is None or line["step"] <= until]


def cut_metrics(folder: Path, until: int) -> None:
    """Leave out what was measured after a step, since that will be measured again."""
    kept = read_metrics(folder, until)
    part = folder / f"{METRICS}.part"
    part.write_text("".join(json.dumps(line) + "\n" for line in kept))
    part.replace(folder / METRICS)


class Journal(TrainerCallback):
    """Appends what the Trainer logs to metrics.jsonl: the loss of the steps since the last line,
    and all measures of validation data."""

    def __init__(self, folder: Path, say: Say | None) -> None:
        self._path, self._say = folder / METRICS, say

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """A line of it."""
        measured = {
            name.removeprefix("eval_"): _number(value)
            for name, value in logs.items()
            if name.startswith("eval_")
        }
        line: dict[str, Any] = {"step": state.global_step, "epoch": round(state.epoch or 0, 4)}
        if measured:
            line["validation"] = measured
        elif "loss" in logs:
            line |= {name: _number(logs[name]) for name in ("loss", "learning_rate")}
        else:
            return  # the Trainer's own summary
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        if self._say is not None:
            self._say(said(line))


def said(line: Mapping[str, Any]) -> str:
    """A line of metrics.jsonl in words."""
    values = line.get("validation") or {"loss": line.get("loss")}
    kind = "validation " if "validation" in line else ""
    parts = [f"{name} {value:.4g}" for name, value in values.items() if value is not None]
    return f"step {line['step']}, epoch {line['epoch']:g}: {kind}{', '.join(parts)}"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
