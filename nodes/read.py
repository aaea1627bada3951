"""Reading replies: text in, data out, and never `eval`.

What a model wrote is parsed as JSON, as a Python literal, or as a list of bullets, in that order;
whatever fits none of them raises `ReadError` with a message that the model itself can act on.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from ..errors import ReadError

MAX_LITERAL = 20_000
"""Characters above which a reply is not tried as a Python literal: no honest list is that long, and
the parser's depth grows with it."""
MAX_ITEM = 1_000
FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([^\n`]*)$")
BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.):])\s+(\S.*)$")


def fenced_blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Each fenced block's content and whether its fence is closed, in order."""
    opened: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        fence = FENCE.match(line)
        if opened is None:
            if fence:
                opened, lines = fence[1], []
        elif fence and fence[1].startswith(opened) and not fence[2].strip():
            yield "\n".join(lines), True
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        yield "\n".join(lines), False


def code(
    text: str, entry_point: str | None = None, which: Literal["last", "first"] = "last"
) -> str:
    """The program in a reply.

    "last" is the last complete fenced block (with an entry point: the last that defines it, so that
    a usage example after the answer is not taken for it). "first" is what the official PlanSearch
    code takes: the first block, to the end of the text if its fence is never closed.
    """
    blocks = list(fenced_blocks(text))
    if which == "first":
        found = [block for block, _ in blocks[:1]]
    else:
        complete = [block for block, closed in blocks if closed]
        found = [block for block in complete if _defines(block, entry_point)] or complete
    if not found or not found[-1].strip():
        unclosed = any(not closed for _, closed in blocks)
        raise ReadError(
            "the fenced code block is never closed" if unclosed else "there is no fenced code block"
        )
    return found[-1].strip("\n") + "\n"


def _defines(block: str, entry_point: str | None) -> bool:
    if entry_point is None:
        return True
    name = re.escape(entry_point.rpartition(".")[2])  # of a method, where it is "Solution.f"
    return re.search(rf"^\s*(?:async\s+)?def\s+{name}\b", block, re.M) is not None


def prose(text: str) -> str:
    """Any text that is not empty."""
    if not text.strip():
        raise ReadError("the reply is empty")
    return text.strip()


def string_list(text: str) -> list[str]:
    """A list of strings, in whatever dress: JSON (bare, in an object, in a fence), a Python list,
    or bullets. Duplicates are dropped, order kept; items are cut to 1,000 characters.
    """
    for found in _lists(text):
        items = [item.strip()[:MAX_ITEM] for item in found if item.strip()]
        if items:
            return list(dict.fromkeys(items))
    raise ReadError("there is no list of strings in it")


def _lists(text: str) -> Iterator[list[str]]:
    blocks = [block for block, _ in fenced_blocks(text)]
    for source in (text, *reversed(blocks), _bracketed(text)):
        for parse in (json.loads, _literal):
            found = _strings_of(_parsed(parse, source))
            if found:
                yield found
    for source in (*reversed(blocks), text):
        yield [match[1].strip("\"'") for match in map(BULLET.match, source.splitlines()) if match]


def _parsed(parse: Any, source: str) -> Any:
    try:
        return parse(source.strip())
    # The parsers' own ways to refuse hostile text: depth, size, digits, null bytes.
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _literal(source: str) -> Any:
    return ast.literal_eval(source) if len(source) <= MAX_LITERAL else None


def _strings_of(value: Any) -> list[str]:
    """The strings of a list, or of the first list among an object's values."""
    if isinstance(value, dict):
        lists = (item for item in value.values() if isinstance(item, list))
        value = next(lists, [])
    if not isinstance(value, list | tuple):
        return []
    # A structured reply may give each item as an object with its reasoning beside it.
    flat = (list(v.values())[-1] if isinstance(v, dict) and v else v for v in value)
    return [item for item in flat if isinstance(item, str)]


def _bracketed(text: str) -> str:
    start, end = text.find("["), text.rfind("]")
    return text[start : end + 1] if 0 <= start < end else ""
