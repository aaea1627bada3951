"""What has been recycled so far, and the data that come of it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, StoreError
from ...models.base import Usage
from ...tasks import read_rows
from ...training.instructions import Instruction, Layout, rewritten
from ...verifiers.ifd import top
from ..folder import read_results
from .folder import RECYCLED
from .recycler import STAGES, outcome


@dataclass(frozen=True, slots=True)
class RecycleSummary:
    """The folder's pairs, counted."""

    pairs: int
    """That are done."""
    undone: int
    """That are not."""
    survivors: int
    written: int
    """Rows of the data that come of it."""
    stages: Mapping[str, Mapping[str, int]]
    """Of each stage, how often the new pair was taken, and why not (`recycler.outcome`)."""
    left_out: Mapping[str, int]
    """Why the others did not survive."""
    faults: Mapping[str, int]
    """How often each kind of the teacher's faults was met, got over or not."""
    ifd: tuple[float | None, float | None]
    """The mean IFD of the original pairs, and of the survivors."""
    usage: Usage
    read: int = 0
    """Texts that the student read in this run; the others it remembered."""
    read_for: int = 0
    """Pairs that it read them for."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The same for a human."""
        cost = "price unknown" if self.usage.cost is None else f"${self.usage.cost:.2f}"
        calls = self.usage.calls / max(1, self.pairs)
        before, after = ("–" if one is None else f"{one:.3f}" for one in self.ifd)
        return [
            f"{self.survivors} of {self.pairs} pairs survive; mean IFD {before} before, {after} of "
            "those",
            *(f"{stage:<14} {_counted(found)}" for stage, found in self.stages.items()),
            *(f"left out       {count}: {why}" for why, count in self.left_out.items()),
            *(f"faults         {count}: {kind}" for kind, count in self.faults.items()),
            *([f"not done       {self.undone}: the same command goes on"] if self.undone else []),
            f"{self.usage.calls} calls of the teacher ({calls:.2f} a pair), "
            f"{self.usage.tokens:,} tokens, {cost}",
            *([self._read()] if self.read_for else []),
        ]

    def _read(self) -> str:
        each = self.read / self.read_for
        return f"{self.read} texts read by the student in this run ({each:.2f} a pair)"


@dataclass(frozen=True, slots=True)
class _Done:
    """What counts of a pair's row: tens of thousands of rows are more than need be held."""

    pair: Mapping[str, str]
    survives: bool
    before: float | None
    """IFD of the original."""
    ifd: float | None
    choices: Mapping[str, str]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "_Done":
        survives: bool = row["survives"]
        pair = {name: row[name] for name in ("instruction", "input", "output")} if survives else {}
        return cls(pair, survives, row["pairs"]["original"].get("ifd"), row["ifd"], row["choices"])


def conclude(
    folder: Path,
    data: Iterable[Instruction],
    into: Path,
    *,
    layout: Layout | None = None,
    percent: float | None = None,
) -> RecycleSummary:
    """Count what the folder has of these data, and write the survivors `into` a file (a list, if it
    is a .json), in the data's order: those of the largest IFD alone, if a `percent` is given; in
    their own layout, if no other is.

    Raises:
        InputError: a file of the folder cannot be read.
        StoreError: the survivors cannot be written.
    """
    order = list(data)
    ids = {one.task.id for one in order}
    done = {id: one for id, one in _done(folder / RECYCLED) if id in ids}
    counts, faults, usage = Counter[str](), Counter[str](), Usage()
    for result in read_results(folder):
        if result.error is None and result.task in done:
            counts.update(result.left_out)
            faults.update(result.faults)
            usage += result.usage
    survive = [one for one in order if one.task.id in done and done[one.task.id].survives]
    chosen = survive
    if percent is not None:
        chosen = [survive[i] for i in top([done[one.task.id].ifd for one in survive], percent)]
    _write(into, (rewritten(one, done[one.task.id].pair, layout) for one in chosen))
    return RecycleSummary(
        pairs=len(done),
        undone=len(order) - len(done),
        survivors=len(survive),
        written=len(chosen),
        stages={stage: _outcomes(done.values(), stage) for stage in STAGES},
        left_out=dict(counts.most_common()),
        faults=dict(faults.most_common()),
        ifd=(
            _mean(one.before for one in done.values()),
            _mean(one.ifd for one in done.values() if one.survives),
        ),
        usage=usage,
    )


def _outcomes(done: Iterable[_Done], stage: str) -> dict[str, int]:
    choices = (one.choices.get(stage) for one in done)
    return dict(Counter(outcome(stage, one) for one in choices if one).most_common())


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in found.items()) or "left out"


def _done(path: Path) -> Iterator[tuple[str, _Done]]:
    for row, where in read_rows(path):
        try:
            yield row["id"], _Done.of(row)
        except (KeyError, TypeError, AttributeError):
            raise InputError(f"{where}: no row of a pair; was it edited?") from None


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    part = path.with_suffix(".part")
    try:
        with part.open("w") as file:
            lines = map(json.dumps, rows)
            if path.suffix == ".json":
                file.write("[\n" + ",\n".join(lines) + "\n]\n")
            else:
                file.writelines(line + "\n" for line in lines)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; the same command writes it") from None


def _mean(scores: Iterable[float | None]) -> float | None:
    found = [score for score in scores if score is not None]
    return sum(found) / len(found) if found else None
