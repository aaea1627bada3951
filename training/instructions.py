"""Instruction data: an instruction with its answer, in the layouts that they come in.

    {"instruction": "Sort these.", "input": "3 1 2", "output": "1 2 3"}                  alpaca
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", …}]}          chat
    {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", …}]}            sharegpt

Further columns are let through unread, and not written.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..tasks import InstructionTask, read_rows
from .bad import Bad
from .examples import Unfit

Layout = Literal["alpaca", "chat", "sharegpt"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one of the two said."""

    role: Literal["system", "user", "assistant"]
    content: str
    input: str = ""
    """What an instruction is to be carried out on, where the data keep it apart (Alpaca)."""

    @property
    def text(self) -> str:
        """All of it. An input follows its instruction, after an empty line."""
        return "\n\n".join(filter(None, (self.content, self.input)))


Conversation = tuple[Turn, ...]
Placed = tuple[Conversation, str]
"""A conversation, with its file and line."""
FROM: Mapping[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
}
"""Who is meant, in chat and sharegpt rows."""
BETWEEN = "\n\n"
"""What stands between a system turn and the user's, where both are one instruction."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """A row of instruction data."""

    task: InstructionTask
    layout: Layout
    where: str
    """File and line, for messages."""
    system: str = ""
    """What a conversation's system turn says. The task's instruction has it too, in front of the
    user's turn and an empty line: whoever rewrites or judges the pair has to know of it."""


def read_instructions(path: Path, bad: Bad | None = None) -> Iterator[Instruction]:
    """The pairs of a file (.jsonl, .jsonl.gz, .json or .parquet), one at a time. The id of each is
    a digest of what it holds, so that it is the same wherever it stands; of equal pairs the second
    has "-2" after it, and so on.

    Raises:
        InputError: there is no such file, it is no JSON, or (unless `bad` skips) a row is bad: it
            is of none of the layouts, has no instruction, more than one turn of each, or text that
            no encoding takes.
    """
    bad, seen = bad or Bad(), Counter[str]()
    for row, where in read_rows(path):
        try:
            layout, system, instruction, given, output = _pair(row)
            content = refuse_halves("\x00".join((instruction, given, output)))
        except Unfit as unfit:
            bad.row(where, unfit.reason, unfit.detail)
            continue
        digest = hashlib.sha256(content).hexdigest()[:12]
        seen[digest] += 1
        id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        yield Instruction(InstructionTask(id, instruction, output, given), layout, where, system)


def read_conversations(path: Path, bad: Bad | None = None) -> Iterator[Placed]:
    """The conversations of a file of any of the layouts, each with its file and line, one at a
    time; of one turn of each or of many. Raises as `read_instructions`."""
    bad = bad or Bad()
    for row, where in read_rows(path):
        try:
            turns = conversation_of(row)[1]
            refuse_halves("".join(turn.text for turn in turns))
        except Unfit as unfit:
            bad.row(where, unfit.reason, unfit.detail)
            continue
        yield turns, where


def to_layout(pair: Mapping[str, str], layout: Layout) -> dict[str, Any]:
    """A pair (`instruction`, `input`, `output`) as a row of that layout. In a conversation the
    input follows the instruction, after an empty line."""
    if layout == "alpaca":
        return {name: pair[name] for name in ("instruction", "input", "output")}
    said = (Turn("user", pair["instruction"], pair["input"]).text, pair["output"])
    if layout == "sharegpt":
        turns = zip(("human", "gpt"), said, strict=True)
        return {"conversations": [{"from": who, "value": text} for who, text in turns]}
    roles = zip(("user", "assistant"), said, strict=True)
    return {"messages": [{"role": role, "content": text} for role, text in roles]}


def conversation_of(row: Any) -> tuple[Layout, Conversation]:
    """A row as a conversation, with what its layout is.

    Raises:
        Unfit: it is of none of the layouts.
    """
    if not isinstance(row, Mapping):
        raise Unfit("not an object")
    if "messages" in row:
        return "chat", _turns(row["messages"], "messages", "role", "content")
    if "conversations" in row:
        return "sharegpt", _turns(row["conversations"], "conversations", "from", "value")
    if "instruction" not in row:
        raise Unfit("it has no `instruction`, `messages` or `conversations`")
    instruction, given, output = _alpaca(row)
    return "alpaca", (Turn("user", instruction, given), Turn("assistant", output))


def rewritten(
    row: Instruction, pair: Mapping[str, str], layout: Layout | None = None
) -> dict[str, Any]:
    """The row with that pair in its place, in its own layout if no other is given. A system turn
    stays with its own instruction alone: a new one was not written for it."""
    layout = layout or row.layout
    if not row.system or layout == "alpaca" or pair["instruction"] != row.task.instruction:
        return to_layout(pair, layout)
    asked = pair["instruction"].removeprefix(row.system + BETWEEN)
    written = to_layout({**pair, "instruction": asked}, layout)
    if layout == "sharegpt":
        written["conversations"].insert(0, {"from": "system", "value": row.system})
    else:
        written["messages"].insert(0, {"role": "system", "content": row.system})
    return written


def _pair(row: Any) -> tuple[Layout, str, str, str, str]:
    """Layout, system turn, instruction, input and output."""
    layout, turns = conversation_of(row)
    if layout == "alpaca":
        return (layout, "", *_alpaca(row))
    roles = ", ".join(turn.role for turn in turns)
    if roles.removeprefix("system, ") != "user, assistant":
        raise Unfit("pairs are of one turn of a user and one of an assistant", roles[:60])
    *before, asked, said = turns
    system = before[0].content if before and before[0].content.strip() else ""
    instruction = f"{system}{BETWEEN}{asked.content}" if system else asked.content
    return layout, system, instruction, "", said.content


def refuse_halves(text: str) -> bytes:
    """The text as it is written.

    Raises:
        Unfit: it cannot be, nor tokenised.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unfit("half of a surrogate pair is in it, which no encoding takes") from None


def _alpaca(row: Mapping[str, Any]) -> tuple[str, str, str]:
    instruction, given, output = (row.get(name) for name in ("instruction", "input", "output"))
    if not isinstance(instruction, str) or not instruction.strip():
        raise Unfit("`instruction` must be text that is not empty")
    if not isinstance(output, str):
        raise Unfit("`output` must be text")
    if not isinstance(given, str | None):
        raise Unfit("`input` must be text")
    return instruction, given or "", output


def _turns(value: Any, name: str, who: str, what: str) -> Conversation:
    if not isinstance(value, list) or not value:
        raise Unfit(f"`{name}` must be a list of turns")
    found: list[Turn] = []
    for number, turn in enumerate(value, 1):
        role = FROM.get(str(turn.get(who))) if isinstance(turn, Mapping) else None
        text = turn.get(what) if isinstance(turn, Mapping) else None
        if role is None or not isinstance(text, str):
            raise Unfit(
                f"a turn must have `{who}` and `{what}`", f"turn {number}, {str(turn)[:60]}"
            )
        if role == "user" and not text.strip():
            raise Unfit("a user's turn is empty", f"turn {number}")
        found.append(Turn(role, text))
    return tuple(found)
