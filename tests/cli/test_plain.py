"""What a model wrote, on a terminal."""

from ponder.cli.live import _what
from ponder.cli.plain import printable
from ponder.nodes import Thought


def test_no_escape_sequence_reaches_the_terminal() -> None:
    hostile = "\x1b]0;owned\x07 red\x1b[31m\r\x9b2J \ud800"

    shown = _what(Thought("o1", "observation", hostile)) + printable(hostile)

    assert not set(shown) & set("\x1b\x07\r\x9b\ud800")
    assert "red" in shown


def test_code_keeps_its_lines() -> None:
    assert printable("def f():\n\treturn 1\n") == "def f():\n\treturn 1\n"
