"""What a teacher makes of pairs: a new instruction with its answer, and a better answer.

The stages and criteria are those of Selective Reflection-Tuning (2402.10110, appendix B), with
three deviations that a teacher of half a billion parameters on two cores needs: the criteria are
shortened and stand before the pair, not after it, so that they are read once for all pairs; three
worked examples follow them, of no family that is asked here; and replies are short.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from ponder.errors import ModelError
from ponder.models import Message, Model, Store
from ponder.models.store import digest

T = TypeVar("T")
Stage = Literal["instruction", "response", "answer"]
Texts = tuple[str, str]
"""An instruction and its answer."""

LONGEST: dict[Stage, int] = {"instruction": 128, "response": 96, "answer": 48}
"""Tokens of a reply."""
SYSTEM: dict[Stage, str] = {
    "instruction": """\
You are a helpful, precise but picky assistant for checking the quality of a given instruction.
1. Why is the instruction not good? Mind the complexity of the topic, the level of detail, \
the knowledge required, ambiguity, and the reasoning involved. Then, why is the answer not good? \
Mind helpfulness, relevance, accuracy and level of detail. Be brief.
2. Write a new and complete instruction that is harder to answer: [New Instruction] ... [End]
3. Answer it correctly: [New Answer] ... [End]""",
    "response": """\
You are a helpful, precise but picky assistant for checking the quality of the answer to a given \
instruction.
1. Why is the answer not good? Mind helpfulness, relevance, accuracy and level of detail. Be brief.
2. Write a better answer: [Better Answer] ... [End]""",
    "answer": "You answer in one short sentence.",
}
EXAMPLES: dict[Stage, tuple[tuple[Texts, str], ...]] = {
    "instruction": (
        (
            ("How many legs has a spider?", "It has 8."),
            "1. The instruction asks for one fact and no reasoning. The answer is right, but does "
            "not say of what.\n2. [New Instruction] How many legs have three spiders? [End]\n"
            "3. [New Answer] Three spiders have 24 legs. [End]",
        ),
        (
            ("Multiply.", "The product is 12."),
            "1. The instruction does not say what to multiply. The answer cannot be checked.\n"
            "2. [New Instruction] Multiply 3 by 4 and add 1. [End]\n"
            "3. [New Answer] 3 times 4 plus 1 is 13. [End]",
        ),
        (
            ('Translate "bread" into French.', "A week has seven days."),
            "1. The instruction is clear, but only one word. The answer is about something else.\n"
            '2. [New Instruction] Translate "bread" and "water" into French. [End]\n'
            '3. [New Answer] "Bread" is "pain" and "water" is "eau". [End]',
        ),
    ),
    "response": (
        (
            ("How many legs have two spiders?", "Two spiders have 8 legs."),
            "1. The number is wrong, since one spider has 8 legs.\n"
            "2. [Better Answer] Two spiders have 16 legs. [End]",
        ),
        (
            ('Translate "bread" into French.', "A week has seven days."),
            "1. It does not answer this instruction.\n"
            '2. [Better Answer] "Bread" is "pain" in French. [End]',
        ),
        (
            ("Name the largest planet of the solar system.", "The largest planet of the"),
            "1. It ends too early.\n"
            "2. [Better Answer] The largest planet of the solar system is Jupiter. [End]",
        ),
    ),
    "answer": (),
}


def messages(stage: Stage, instruction: str, answer: str = "") -> list[Message]:
    """What is asked of a pair."""
    turns: list[Message] = [{"role": "system", "content": SYSTEM[stage]}]
    for pair, reply in EXAMPLES[stage]:
        turns += [{"role": "user", "content": _shown(*pair)}]
        turns += [{"role": "assistant", "content": reply}]
    content = instruction if stage == "answer" else _shown(instruction, answer)
    return [*turns, {"role": "user", "content": content}]


def _shown(instruction: str, answer: str) -> str:
    return f"[Instruction]\n{instruction}\n\n[The Start of Answer]\n{answer}\n[The End of Answer]"


def block(reply: str, name: str) -> str | None:
    """What stands in the last block of that name that has something in it, up to its end or the
    next mark; None if there is none. (The released script takes a bare "End" for the end.)"""
    found = re.findall(rf"\[{name}\](.*?)\[", reply, re.DOTALL | re.IGNORECASE)
    texts = [text.strip() for text in found if text.strip()]
    return texts[-1] if texts else None


@dataclass
class Teacher:
    """A model, and what it has said: a command that was killed goes on where it was."""

    model: Model
    store: Store
    together: int = 8
    """Requests at a time."""
    asked: int = 0
    unread: dict[Stage, int] = field(default_factory=dict)
    """Replies in which there was not what was asked for: cut off, or without its marks."""
    prompt_tokens: int = 0
    """Read and written, by this command or the one before it."""
    completion_tokens: int = 0

    async def instructions(self, pairs: Sequence[Texts]) -> list[Texts | None]:
        """Of each a new instruction and its answer; None where there are not both (the released
        script would then mix new and old)."""
        return await self._each("instruction", pairs, _pair)

    async def responses(self, pairs: Sequence[Texts]) -> list[str | None]:
        """Of each a better answer."""
        return await self._each("response", pairs, lambda reply: block(reply, "Better Answer"))

    async def answers(self, instructions: Iterable[str]) -> list[str | None]:
        """Of each its answer, without more ado."""
        return await self._each("answer", [(one, "") for one in instructions], str.strip)

    async def _each(
        self, stage: Stage, pairs: Sequence[Texts], read: Callable[[str], T | None]
    ) -> list[T | None]:
        gate = asyncio.Semaphore(self.together)

        async def one(pair: Texts) -> T | None:
            async with gate:
                reply = await self._ask(stage, pair)
            found = read(reply) if reply is not None else None
            if found is None:
                self.unread[stage] = self.unread.get(stage, 0) + 1
            return found

        asked: list[Awaitable[T | None]] = [one(pair) for pair in pairs]
        return list(await asyncio.gather(*asked))

    async def _ask(self, stage: Stage, pair: Texts) -> str | None:
        """The reply; None if there is none, or it was cut off."""
        asked = messages(stage, *pair)
        key = digest([self.model.name, LONGEST[stage], asked])
        said = self.store.record("recycling", stage, key)
        if said is None:
            try:
                (got,) = await self.model.chat(
                    asked, path=f"{stage}/{key}", temperature=0.0, max_tokens=LONGEST[stage]
                )
            except ModelError as error:
                print(f"teacher: {stage}: {error}", flush=True)
                return None
            usage = [got.usage.prompt_tokens, got.usage.completion_tokens]
            said = {"text": got.text, "finish": got.finish, "usage": usage}
            said = self.store.put_record("recycling", stage, key, said)
        self.asked += 1
        self.prompt_tokens += said["usage"][0]
        self.completion_tokens += said["usage"][1]
        return str(said["text"]) if said["finish"] == "stop" else None


def _pair(reply: str) -> Texts | None:
    instruction, answer = block(reply, "New Instruction"), block(reply, "New Answer")
    return (instruction, answer) if instruction and answer else None
