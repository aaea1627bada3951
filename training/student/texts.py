"""Texts to pretrain on."""

from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError
from ...tasks import read_rows
from ..bad import Bad
from ..examples import Unfit
from ..instructions import refuse_halves


def read_texts(path: Path, bad: Bad | None = None) -> Iterator[str]:
    """The texts of a file: all of a .txt as one, or the `text` of each row of a .jsonl, .jsonl.gz,
    .json or .parquet.

    Raises:
        InputError: there is no such file, or (unless `bad` skips) a row has no text.
    """
    if path.suffix == ".txt":
        try:
            yield path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read: {error}") from None
        return
    bad = bad or Bad()
    for row, where in read_rows(path):
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(text, str) or not text.strip():
            bad.row(where, 'a row must have a "text" that is not empty')
            continue
        try:
            refuse_halves(text)
        except Unfit as unfit:
            bad.row(where, unfit.reason)
            continue
        yield text
