"""A run's folder, as a report reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InputError
from ..folder import RESULTS, STORE, About, read_about, read_results, run_folders
from ..names import short_names
from ..results import Result


@dataclass(frozen=True, slots=True)
class Source:
    """One run of a report."""

    name: str
    """What it is called; no two of a report are called the same."""
    path: Path
    about: About

    def results(self) -> Iterator[Result]:
        """Its results, read anew."""
        return read_results(self.path)

    @property
    def store(self) -> Path | None:
        """The file its thoughts are in, if it is there."""
        file = self.path / STORE
        return file if file.exists() else None


def sources(folders: Sequence[Path]) -> list[Source]:
    """The runs in those folders.

    Raises:
        InputError: one has no run, or a run no results; or its schema is newer.
    """
    paths = list(dict.fromkeys(run for folder in folders for run in run_folders(folder)))
    found: list[Source] = []
    for path in paths:
        about = read_about(path)
        if next(read_results(path), None) is None:
            raise InputError(f"{path / RESULTS}: has no results yet: nothing to report")
        found.append(Source(_name(about.name or path.name, found), path, about))
    names, _ = short_names([one.name for one in found])
    return [replace(one, name=name) for one, name in zip(found, names, strict=True)]


def _name(name: str, taken: Sequence[Source]) -> str:
    names = {one.name for one in taken}
    number = 1
    while (whole := name if number == 1 else f"{name} ({number})") in names:
        number += 1
    return whole
