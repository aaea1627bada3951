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
from contextlib import ExitStack, contextmanager
from functools import cache
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
from .thoughts import LEVELS, search

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
    with _writing(out) as file, ExitStack() as stack:
        head, tail = _page(sources).split("<!-- searches -->")
        file.write(head.replace("<!-- numbers -->", inline(data)))
        levels = Counter[str]()
        if thoughts != "none":
            spill = Spill()
            stack.callback(spill.close)
            for place, source in enumerate(sources):
                _spill(spill, place, source, rows, thoughts)
            levels = _searches(file, spill, sources, rows, thoughts, int(most_mb * 1e6))
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


def _spill(spill: Spill, run: int, source: Source, rows: Rows, thoughts: str) -> None:
    with _reading(source) as store:
        for result in source.results():
            found = search(result, store, DETAILS[thoughts])
            spill.add(run, rows.place[result.task], found)


def _searches(
    file: IO[str], spill: Spill, sources: Sequence[Source], rows: Rows, thoughts: str, room: int
) -> Counter[str]:
    """Write every search at the first level that has room."""
    most = bound([blob.size for blob in spill.blobs], room)
    small = [blob for blob in spill.blobs if most is None or blob.size <= most]
    levels = Counter({DETAILS[thoughts].name: len(small)})
    for blob in small:
        _element(file, blob.run, blob.task, spill.read(blob))
    if most is not None:
        large = {(blob.run, blob.task) for blob in spill.blobs if blob.size > most}
        for run, source in enumerate(sources):
            with _reading(source) as store:
                for result in source.results():
                    place = rows.place[result.task]
                    if (run, place) in large:
                        levels[_reduced(file, run, place, result, store, most, thoughts)] += 1
    return +levels


def _reduced(
    file: IO[str], run: int, place: int, result: Result, store: StoreReader | None, most: int,
    thoughts: str,
) -> str:  # fmt: skip
    levels = LEVELS[1:] if thoughts == "all" else ()
    found = within(lambda level: packed(search(result, store, level)), most, levels)
    if found is None:
        return "none"
    level, text = found
    _element(file, run, place, text)
    return level


def _element(file: IO[str], run: int, task: int, text: str) -> None:
    file.write(f'<script type="application/octet-stream" id="s-{run}-{task}">{text}</script>\n')


@contextmanager
def _reading(source: Source) -> Iterator[StoreReader | None]:
    reader = StoreReader(source.store) if source.store else None
    try:
        yield reader
    finally:
        if reader:
            reader.close()
