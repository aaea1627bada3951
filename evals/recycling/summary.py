"""What has been recycled so far, and the data that come of it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, StoreError
from ...models.base import Usage
from ...training.instructions import Instruction, Layout, to_layout
from ...verifiers.ifd import top
from ..folder import read_results
from .folder import DATA, RECYCLED


@dataclass(frozen=True, slots=True)
class RecycleSummary:
    """The folder's pairs, counted."""

    pairs: int
    """That are done."""
    undone: int
    """That are not."""
    survivors: int
    written: int
    """Rows of data.jsonl."""
    kept: Mapping[str, int]
    """Of all that are done: which pair was kept ("original", "instruction", "response")."""
    left_out: Mapping[str, int]
    """Why the others did not survive."""
    faults: Mapping[str, int]
    """How often each kind of the teacher's faults was met, got over or not."""
    ifd: tuple[float | None, float | None]
    """The mean IFD of the original pairs, and of the survivors."""
    usage: Usage

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
            *(f"kept           {count}: {what}" for what, count in self.kept.items()),
            *(f"left out       {count}: {why}" for why, count in self.left_out.items()),
            *(f"faults         {count}: {kind}" for kind, count in self.faults.items()),
            *([f"not done       {self.undone}: the same command goes on"] if self.undone else []),
            f"{self.usage.calls} calls of the teacher ({calls:.2f} a pair), "
            f"{self.usage.tokens:,} tokens, {cost}",
        ]


def conclude(
    folder: Path,
    data: Iterable[Instruction],
    *,
    layout: Layout | None = None,
    percent: float | None = None,
) -> RecycleSummary:
    """Count what the folder has of these data, and write the survivors in the data's order: those
    of the largest IFD alone, if a `percent` is given; in their own layout, if no other is.

    Raises:
        InputError: a file of the folder cannot be read.
        StoreError: the survivors cannot be written.
    """
    order = list(data)
    ids = {one.task.id for one in order}
    rows = {row["id"]: row for row in _rows(folder / RECYCLED) if row["id"] in ids}
    counts, faults, usage = Counter[str](), Counter[str](), Usage()
    for result in read_results(folder):
        if result.error is None and result.task in rows:
            counts.update(result.left_out)
            faults.update(result.faults)
            usage += result.usage
    chosen = [one for one in order if rows.get(one.task.id, {}).get("survives")]
    survivors = len(chosen)
    if percent is not None:
        places = top([rows[one.task.id]["ifd"] for one in chosen], percent)
        chosen = [chosen[place] for place in places]
    _write(folder / DATA, (to_layout(rows[o.task.id], layout or o.layout) for o in chosen))
    return RecycleSummary(
        len(rows), len(order) - len(rows), survivors, len(chosen),
        dict(Counter(row["kept"] for row in rows.values()).most_common()),
        dict(counts.most_common()), dict(faults.most_common()),
        (
            _mean(row["pairs"]["original"].get("ifd") for row in rows.values()),
            _mean(row["ifd"] for row in rows.values() if row["survives"]),
        ),
        usage,
    )  # fmt: skip


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError:
                raise InputError(f"{path} line {number}: not JSON; was it edited?") from None


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    part = path.with_suffix(".part")
    try:
        with part.open("w") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; the same command writes it") from None


def _mean(scores: Iterable[float | None]) -> float | None:
    found = [score for score in scores if score is not None]
    return sum(found) / len(found) if found else None
