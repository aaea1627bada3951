"""What a teacher wrote when it reflected on a pair: read from JSON, or from tagged text.

Tolerant of how models write tags ([End] left out, any case, bold, headings, "New Answer:"), and
strict in what counts as an answer: an instruction never goes without its own. The released code of
Selective Reflection-Tuning ends an answer at any word "End", takes the old one wherever a new one
has "N/A" in it, and pairs a new instruction with the old answer.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
OURS = re.compile(
    r"\[(\s?(?:instruction|system|end|the (?:start|end) of (?:input|answer)|"
    rf"{_NAMED})\s?)\]",
    re.I,
)
"""The marks of our prompts and of the replies to them."""
END = re.compile(
    # [End], [End of New Answer], [/New Answer]
    rf"[*_`]{{0,4}}\[\s?(?:end(?: (?:of )?(?:the )?(?:{_NAMED}))?|/(?:end|{_NAMED}))\s?\]"
    r"[*_`]{0,4}",
    re.I,
)
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


def shown(pair: Pair) -> Pair:
    """The pair as a prompt shows it. What looks like a mark of the prompt's own, or of a reply, has
    round brackets: no text of the data ends its part of the prompt, or is read as the teacher's."""
    instruction, output, given = (
        OURS.sub(r"(\1)", text) for text in (pair.instruction, pair.output, pair.input)
    )
    return Pair(instruction, output, given)


def new_pair(reply: str) -> Pair:
    """The last new instruction that has its answer, of one draft both. It stands by itself: it has
    no input.

    Raises:
        ReadError: either is missing.
    """
    reply = _said(reply)
    for data in _objects(reply):
        instruction, answer = _text(data, INSTRUCTION), _text(data, ANSWER)
        if instruction and answer:
            return Pair(instruction, answer)
    blocks = _blocks(reply, INSTRUCTION, ANSWER)
    drafts = [(_last(asked), _last(said)) for asked, said in _drafts(blocks)]
    whole = [(asked, said) for asked, said in drafts if asked and said]
    # The last that is closed: what comes before may be talk of it.
    closed = [(asked, said) for asked, said in whole if asked.closed and said.closed]
    if whole:
        asked, said = (closed or whole)[-1]
        return Pair(asked.text, said.text)
    # In the other order, if nothing can be taken for another's.
    alone = [[one for one in _named(blocks, name) if one.says] for name in (INSTRUCTION, ANSWER)]
    if all(len(some) == 1 for some in alone):
        return Pair(alone[0][0].text, alone[1][0].text)
    raise _missing(blocks, INSTRUCTION if not alone[0] else ANSWER)


def better_answer(reply: str) -> str:
    """The last better answer that is closed; if none is, the last.

    Raises:
        ReadError: there is none.
    """
    reply = _said(reply)
    for data in _objects(reply):
        if answer := _text(data, BETTER):
            return answer
    blocks = _blocks(reply, BETTER)
    found = _last(_named(blocks, BETTER))
    if found is None:
        raise _missing(blocks, BETTER)
    return found.text


def schema(*fields: str) -> dict[str, Any]:
    """The JSON schema of a reply with these fields, after what is not good."""
    named = ("critique", *(name.lower().replace(" ", "_") for name in fields))
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in named},
        "required": list(named),
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class _Block:
    """What follows a mark."""

    name: str
    text: str
    closed: bool
    """By [End]."""

    @property
    def says(self) -> bool:
        """Whether it is more than what stands for an answer."""
        return not _is_nothing(self.text)


def _said(reply: str) -> str:
    """Without what a model thinks first, where its server leaves that in."""
    thought, ends, said = reply.rpartition("</think>")
    return said if ends and thought.lstrip().startswith("<think>") and said.strip() else reply


def _blocks(reply: str, *names: str) -> list[_Block]:
    """What stands behind the marks of those names: each up to the last [End] before the next, so
    that one which speaks of [End] is whole."""
    marks = _marks(reply, names)
    return [_block(reply, *two) for two in zip(marks, [*marks[1:], None], strict=False)]


def _marks(reply: str, names: Sequence[str]) -> list[re.Match[str]]:
    """Where one is in brackets, a line that begins so is no mark, but part of an answer; and so is
    a mark of the other prompt's, unless an [End] stands before it."""
    found = [(mark, _letters(mark["tag"] or mark["head"])) for mark in MARK.finditer(reply)]
    tagged = {name for mark, name in found if mark["tag"]}
    wanted = {_letters(name) for name in names}
    return [
        mark
        for mark, name in found
        if (name in wanted and (mark["tag"] or name not in tagged))
        or (name not in wanted and mark["tag"] and _after_end(reply, mark))
    ]


def _after_end(reply: str, mark: re.Match[str]) -> bool:
    before = reply[max(0, mark.start() - 60) : mark.start()].rstrip()
    return any(end.end() == len(before) for end in END.finditer(before))


def _block(reply: str, mark: re.Match[str], after: re.Match[str] | None) -> _Block:
    text = reply[mark.end() : after.start() if after else None]
    closing = [one.start() for one in END.finditer(text)]
    text = (text[: closing[-1]] if closing else text).strip()
    before, _, last = text.rpartition("\n")
    if after and not closing and before and NUMBER.fullmatch(last):
        text = before.strip()  # the number that the next mark has in a list
    return _Block(_letters(mark["tag"] or mark["head"]), text, bool(closing))


def _named(blocks: Iterable[_Block], name: str) -> list[_Block]:
    return [one for one in blocks if one.name == _letters(name)]


def _drafts(blocks: Iterable[_Block]) -> list[tuple[list[_Block], list[_Block]]]:
    """The instructions that stand together, with the answers that follow them before the next."""
    drafts: list[tuple[list[_Block], list[_Block]]] = []
    for one in blocks:
        if one.name == _letters(INSTRUCTION):
            if not drafts or drafts[-1][1]:
                drafts.append(([], []))
            drafts[-1][0].append(one)
        elif one.name == _letters(ANSWER) and drafts:
            drafts[-1][1].append(one)
    return drafts


def _last(blocks: Iterable[_Block]) -> _Block | None:
    """The last that is closed; if none is, the last."""
    said = [one for one in blocks if one.says]
    closed = [one for one in said if one.closed]
    return next(reversed(closed or said), None)


def _missing(blocks: Sequence[_Block], name: str) -> ReadError:
    # Without the mark itself, or this would be read where it is said back.
    empty = bool(_named(blocks, name))
    return ReadError(f'its "{name}" is empty' if empty else f'there is no "{name}" in it')


def _is_nothing(text: str) -> bool:
    return NOTHING.fullmatch(text.strip(BRACKETS)[:80]) is not None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _text(data: Mapping[str, Any], name: str) -> str:
    """What the object has under that name, however it is written; "" if that is nothing."""
    for key, value in data.items():
        if _letters(key) == _letters(name) and isinstance(value, str) and not _is_nothing(value):
            return value.strip()
    return ""


def _objects(reply: str) -> Iterator[Mapping[str, Any]]:
    """What of it is a JSON object, the last first: all, a fenced block, or what braces hold."""
    braces = reply[reply.find("{") : reply.rfind("}") + 1]
    fenced = [block for block, _ in fenced_blocks(reply)]
    for text in (reply, *reversed(fenced), braces):
        if not text.lstrip().startswith("{"):
            continue
        try:
            data = json.loads(text, strict=False)  # models leave line breaks as they are
        except (ValueError, RecursionError):
            continue
        if isinstance(data, Mapping):
            yield data
