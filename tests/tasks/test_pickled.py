"""Pickles of a text: read as pickle does, and nothing else in a pickle is."""

import contextlib
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.tasks.pickled import pickled_text

TEXTS = ["", "a", "é\ud800\U0001f600", "a\nb\\c\0d\x1a", "x" * 256, "y" * 100_000]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("text", TEXTS, ids=len)
def test_a_text_comes_out_of_every_protocol(text: str, protocol: int) -> None:
    assert pickled_text(pickle.dumps(text, protocol)) == text


class Runs:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_a_pickle_would_run_is_not_run(tmp_path: Path, protocol: int) -> None:
    made = tmp_path / "made"
    hostile = pickle.dumps(Runs(made), protocol)
    pickle.loads(hostile)  # it does run
    made.rmdir()

    with pytest.raises(ValueError, match="holds more than a text"):
        pickled_text(hostile)

    assert not made.exists()


@pytest.mark.parametrize(
    "hostile",
    [
        pickle.dumps(["a"]),
        pickle.dumps(b"a"),
        b"Pabc\n.",  # a persistent id
        b"\x82\x01.",  # an extension
        b"X\x01\0\0\0a0X\x01\0\0\0b.",  # another text in its place
    ],
)
def test_a_pickle_of_anything_else_is_refused(hostile: bytes) -> None:
    with pytest.raises(ValueError, match="holds more than a text"):
        pickled_text(hostile)


@pytest.mark.parametrize(
    "cut", [b"", b".", b"\x80", b"X\xff\xff\xff\xffab.", b"\x8d" + b"\xff" * 8, b"Vabc", b"p1"]
)
def test_a_pickle_that_is_cut_off_is_refused(cut: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|holds more"):
        pickled_text(cut)


@given(
    st.lists(st.sampled_from([b"\x80", b"q", b"V", b"X", b"\x8c", b".", b"\n", b"\0", b"\x01a"]))
)
def test_any_bytes_are_either_a_text_or_refused(pieces: list[bytes]) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(pickled_text(b"".join(pieces)), str)


def test_a_pickle_cannot_ask_for_memory() -> None:
    text = b"X\x01\0\0\0a"
    # To be remembered in place 2,147,483,647: pickle itself makes room for as many.
    far = b"r\xff\xff\xff\x7f"

    assert pickled_text(text + far + b".") == "a"
