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
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import IO

from ...errors import InputError
from ...models.store_reader import StoreReader
from ..results import Result
from .embed import inline
from .fit import Place, Spill
from .numbers import Rows, numbers
from .source import Source
from .thoughts import LEVELS, search

SCRIPTS = ("text", "charts", "overview", "virtual", "table", "tree", "panel",
           "task", "app")  # fmt: skip
"""Files of the page's script, in their order."""
DETAILS = {"all": range(len(LEVELS)), "chosen": range(len(LEVELS) - 1, len(LEVELS))}
"""Which levels of a search may be shown, as a user says it; "none" is neither."""
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
    levels: Sequence[int]
    """Places in `LEVELS`, from most to least."""

    def write(self, file: IO[str], room: int) -> Counter[str]:
        """Write each at the first level that has room; how many of each level there are."""
        with closing(Spill()) as spill:
            lost = 0
            for place, result, store in self._read():
                spill.put(place, self.levels[0], search(result, store, LEVELS[self.levels[0]]))
            while larger := spill.larger(room):
                lost += self._reduce(spill, larger)
            for place in sorted(spill.blobs):
                _element(file, place, spill.read(place))
            levels = Counter(LEVELS[blob.level].name for blob in spill.blobs.values())
        return +(levels + Counter(none=lost))

    def _reduce(self, spill: Spill, larger: set[Place]) -> int:
        """Pack those anew with a level less in them; how many have none left, and are gone."""
        lost = 0
        for place, result, store in self._read():
            if place in larger:
                level = spill.blobs[place].level + 1
                if level in self.levels:
                    spill.put(place, level, search(result, store, LEVELS[level]))
                else:
                    del spill.blobs[place]
                    lost += 1
        return lost

    def _read(self) -> Iterator[tuple[Place, Result, StoreReader | None]]:
        for run, source in enumerate(self.sources):
            with ExitStack() as stack:
                file = source.store
                store = stack.enter_context(closing(StoreReader(file))) if file else None
                for result in source.results():
                    yield (run, self.rows.place[result.task]), result, store


def _element(file: IO[str], place: Place, text: str) -> None:
    name = "s-{}-{}".format(*place)
    file.write(f'<script type="application/octet-stream" id="{name}">{text}</script>\n')
