"""Write a report: one HTML file that needs nothing else.

The page's own numbers come first and its searches last, one inert script element each, so that a
browser shows the first view before it has read the rest. What a model wrote is in that data alone,
and reaches the document as text; should that ever fail, the page's policy runs and loads nothing
but the one script whose hash it names.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import IO

from ...errors import InputError
from ...models.store_reader import StoreReader
from ..results import Result
from .embed import inline, packed
from .fit import Spill, bound, within
from .numbers import Rows, numbers
from .source import Source
from .thoughts import LEVELS, Level, search

SCRIPTS = ("text", "charts", "overview", "virtual", "table", "tree", "panel",
           "task", "app")  # fmt: skip
"""Files of the page's script, in their order."""
DETAILS = {"all": LEVELS[0], "chosen": LEVELS[-1]}
"""What of each search is shown, as a user says it; "none" is neither."""
MOST_MB = 64.0


def write_report(
    sources: Sequence[Source], out: Path, thoughts: str = "all", most_mb: float = MOST_MB
) -> dict[str, int]:
    """Write the page of these runs; how many searches of each level are in it.

    Holds one task at a time, and a few numbers of each. `thoughts` is "all", "chosen" (what the
    chosen answers came from) or "none"; searches take `most_mb` megabytes at most.

    Raises:
        InputError: `out` cannot be written, or a folder cannot be read.
        StoreError: a store cannot be read.
    """
    data, rows = numbers(sources)
    with _writing(out) as file:
        head, tail = _page(sources).split("<!-- searches -->")
        file.write(head.replace("<!-- numbers -->", inline(data)))
        levels = Counter[str]()
        if thoughts != "none":
            levels = _Searches(sources, rows, DETAILS[thoughts]).write(file, int(most_mb * 1e6))
        file.write(tail.replace("<!-- levels -->", inline(levels)))
    return dict(levels)


@contextmanager
def _writing(out: Path) -> Iterator[IO[str]]:
    """The file, which comes to its place when it is whole."""
    whole = out.with_name(f".{out.name}.new")
    try:
        with whole.open("w", encoding="utf-8") as file:
            yield file
        whole.replace(out)
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror or error}") from None
    finally:
        whole.unlink(missing_ok=True)


def _page(sources: Sequence[Source]) -> str:
    style, script = _part("report.css"), _script()
    title = " and ".join(dict.fromkeys(source.about.dataset for source in sources))
    return Template(_part("page.html")).substitute(
        title=escape(f"{title} · ponder"),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _script() -> str:
    parts = "\n".join(_part(f"{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();\n'


@cache
def _part(name: str) -> str:
    """A file of the page."""
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass(frozen=True)
class _Searches:
    """The searches of all runs, read from their stores as often as is needed."""

    sources: Sequence[Source]
    rows: Rows
    detail: Level

    def write(self, file: IO[str], room: int) -> Counter[str]:
        """Write each at the first level that has room; how many of each level there are."""
        with closing(Spill()) as spill:
            for run, task, result, store in self._read():
                spill.add(run, task, search(result, store, self.detail))
            most = bound([blob.size for blob in spill.blobs], room)
            fitting = [blob for blob in spill.blobs if most is None or blob.size <= most]
            for blob in fitting:
                _element(file, blob.run, blob.task, spill.read(blob))
            levels = Counter({self.detail.name: len(fitting)})
            if most is not None:
                large = {(blob.run, blob.task) for blob in spill.blobs if blob.size > most}
                levels += self._reduce(file, large, most)
        return +levels

    def _reduce(self, file: IO[str], large: set[tuple[int, int]], most: int) -> Counter[str]:
        levels = Counter[str]()
        lower = LEVELS[LEVELS.index(self.detail) + 1 :]
        for run, task, result, store in self._read():
            if (run, task) in large:
                found = within(partial(_packed, result, store), most, lower)
                levels[found[0] if found else "none"] += 1
                if found:
                    _element(file, run, task, found[1])
        return levels

    def _read(self) -> Iterator[tuple[int, int, Result, StoreReader | None]]:
        for run, source in enumerate(self.sources):
            with ExitStack() as stack:
                file = source.store
                store = stack.enter_context(closing(StoreReader(file))) if file else None
                for result in source.results():
                    yield run, self.rows.place[result.task], result, store


def _packed(result: Result, store: StoreReader | None, level: Level) -> str:
    return packed(search(result, store, level))


def _element(file: IO[str], run: int, task: int, text: str) -> None:
    file.write(f'<script type="application/octet-stream" id="s-{run}-{task}">{text}</script>\n')
