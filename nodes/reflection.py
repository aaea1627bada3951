"""What a teacher wrote when it reflected on a pair: read from JSON, or from tagged text.

Tolerant of how models write tags ([End] left out, any case, bold, headings, "New Answer:"), and
strict in what counts as an answer: an instruction never goes without its own. The released code of
Selective Reflection-Tuning ends an answer at any word "End", takes the old one wherever a new one
has "N/A" in it, and pairs a new instruction with the old answer.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ReadError
from ..tasks import InstructionTask
from .read import fenced_blocks

INSTRUCTION, ANSWER, BETTER = "New Instruction", "New Answer", "Better Answer"
_NAMED = "|".join((INSTRUCTION, ANSWER, BETTER)).replace(" ", r"[ _]?")
MARK = re.compile(
    # [New Answer], **[New Answer]:** — or at the beginning of a line ### New Answer, 3. New Answer:
    rf"[*_#`]{{0,4}}\[\s?(?P<tag>{_NAMED})\s?\][*_`]{{0,4}}:?[*_]{{0,4}}"
    r"|^[ \t]{0,8}(?:\d{1,2}[.)][ \t]{0,4})?[*_#`]{0,4}[ \t]{0,4}"
    rf"(?P<head>{_NAMED})[*_`]{{0,4}}(?::[*_]{{0,4}}|[ \t]{{0,8}}$)",
    re.I | re.M,
)
END = re.compile(r"[*_`]{0,4}\[\s?end\s?\][*_`]{0,4}", re.I)
NUMBER = re.compile(r"\s{0,8}[*_#]{0,4}\d{1,2}[.)][*_]{0,4}")
"""A last line that is left of the list in which the tags are."""
NOTHING = re.compile(
    r"(n/a|((your|the|a|its) )?((new|better|detailed) )?(instruction|answer)( here)?)?",
    re.I,
)
"""What stands for an answer and is none, as a whole: an empty block, "N/A", or what the prompt
has there."""
BRACKETS = " \t\r\n.…-_*()<>[]\"'`"
"""What it may be dressed in."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An instruction with an answer."""

    instruction: str
    output: str
    input: str = ""

    @classmethod
    def of(cls, task: InstructionTask) -> "Pair":
        """A task's own."""
        return cls(task.instruction, task.output, task.input)

    def task(self, id: str) -> InstructionTask:
        """The pair as a task."""
        return InstructionTask(id, self.instruction, self.output, self.input)

    def to_text(self) -> str:
        """As a thought holds it: JSON."""
        held = {"instruction": self.instruction, "input": self.input, "output": self.output}
        return json.dumps(held, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "Pair":
        """The inverse of `to_text`."""
        return cls(**json.loads(text))


def new_pair(reply: str) -> Pair:
    """The new instruction and its answer. The new instruction stands by itself: it has no input.

    Raises:
        ReadError: either is missing.
    """
    return Pair(_field(reply, INSTRUCTION), _field(reply, ANSWER))


def better_answer(reply: str) -> str:
    """The better answer.

    Raises:
        ReadError: there is none.
    """
    return _field(reply, BETTER)


def schema(*fields: str) -> dict[str, Any]:
    """The JSON schema of a reply with these fields, after what is not good."""
    named = ("critique", *map(_key, fields))
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in named},
        "required": list(named),
        "additionalProperties": False,
    }


def _key(name: str) -> str:
    return name.lower().replace(" ", "_")


def _field(reply: str, name: str) -> str:
    for data in _objects(reply):
        value = data.get(_key(name))
        if isinstance(value, str) and not _is_nothing(value):
            return value.strip()
    blocks = list(_blocks(reply, name))
    # The last that is closed: what comes before may be talk of it.
    for wanted in (True, False):
        for text, closed in reversed(blocks):
            if closed is wanted and not _is_nothing(text):
                return text
    # Without the mark itself, or this would be read where it is said back.
    raise ReadError(f'its "{name}" is empty' if blocks else f'there is no "{name}" in it')


def _is_nothing(text: str) -> bool:
    return NOTHING.fullmatch(text.strip(BRACKETS)[:80]) is not None


def _blocks(reply: str, name: str) -> Iterator[tuple[str, bool]]:
    """Each block of that name, and whether it was closed: up to the last [End] before the next
    mark, so that one which speaks of [End] is whole."""
    marks = list(MARK.finditer(reply))
    for mark, after in zip(marks, [*marks[1:], None], strict=False):
        named = re.sub(r"[ _]", "", (mark["tag"] or mark["head"]).lower())
        if named != name.lower().replace(" ", ""):
            continue
        text = reply[mark.end() : after.start() if after else None]
        closing = [one.start() for one in END.finditer(text)]
        text = (text[: closing[-1]] if closing else text).strip()
        before, _, last = text.rpartition("\n")
        yield (before.strip() if before and NUMBER.fullmatch(last) else text), bool(closing)


def _objects(reply: str) -> Iterator[Mapping[str, Any]]:
    """What of it is a JSON object: all, or a fenced block."""
    for text in (reply, *(block for block, _ in fenced_blocks(reply))):
        if not text.lstrip().startswith("{"):
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, Mapping):
            yield data
