"""A small teacher's prompts: what `reflect` asks, said shortly and by examples.

The stages and their criteria are those of Selective Reflection-Tuning (2402.10110, appendix B). A
teacher of half a billion parameters on two cores needs three deviations: the criteria are shortened
and stand before the pair, not after it, so that they are read once for all pairs; worked examples
follow them, of no family that is asked here; and replies are short.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from ponder.errors import ModelRejected
from ponder.models import Completion, Message, Model, Store, Usage
from ponder.models.store import digest

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
            ("Name the largest planet of the sun.", "A triangle has three sides."),
            "1. The instruction is clear, but easy. The answer is about something else.\n"
            "2. [New Instruction] Name the two largest planets of the sun. [End]\n"
            "3. [New Answer] The two largest planets of the sun are Jupiter and Saturn. [End]",
        ),
    ),
    "response": (
        (
            ("How many legs have two spiders?", "Two spiders have 8 legs."),
            "1. The number is wrong, since one spider has 8 legs.\n"
            "2. [Better Answer] Two spiders have 16 legs. [End]",
        ),
        (
            ("What do bees make?", "A triangle has three sides."),
            "1. It is about something else.\n2. [Better Answer] Bees make honey. [End]",
        ),
        (
            ("Name the largest planet of the sun.", "The largest planet of the"),
            "1. It ends too early.\n"
            "2. [Better Answer] The largest planet of the sun is Jupiter. [End]",
        ),
        (
            ("How many sides has a triangle?", "A triangle has 3 sides."),
            "1. It is right, and clear.\n2. [Better Answer] A triangle has 3 sides. [End]",
        ),
    ),
    "answer": (),
}


BEGIN, BETWEEN, AFTER = "[Instruction]\n", "\n\n[The Start of Answer]\n", "\n[The End of Answer]"
"""Of the pair in the prompts of `reflect`."""


def prompt(stage: Stage, instruction: str, answer: str = "") -> list[Message]:
    """What is asked of a pair."""
    turns: list[Message] = [{"role": "system", "content": SYSTEM[stage]}]
    for pair, reply in EXAMPLES[stage]:
        turns += [{"role": "user", "content": _shown(*pair)}]
        turns += [{"role": "assistant", "content": reply}]
    content = instruction if stage == "answer" else _shown(instruction, answer)
    return [*turns, {"role": "user", "content": content}]


def _shown(instruction: str, answer: str) -> str:
    return f"{BEGIN}{instruction}{BETWEEN}{answer}{AFTER}"


def asked(messages: list[Message]) -> tuple[Stage, Texts]:
    """What a prompt of `reflect` asks for, and of which pair.

    Raises:
        ModelRejected: it is no prompt of its.
    """
    text = messages[-1]["content"]
    stage: Stage = "instruction" if "[New Instruction]" in text else "response"
    instruction, found, rest = text.removeprefix(BEGIN).partition(BETWEEN)
    answer, ended, _ = rest.partition(AFTER)
    if not (found and ended):
        raise ModelRejected("not a prompt of reflect")
    return stage, (instruction, answer)


@dataclass
class Teacher:
    """Asks a model, in our words, what `reflect` asks in its own. What it said is kept in the
    store: that of a pair is asked for once, whichever arm, seed or command asks."""

    model: Model
    store: Store
    supports_schema: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """See `Model.name`."""
        return f"briefed/{self.model.name}"

    async def ready(self) -> None:
        """See `Model.ready`."""
        await self.model.ready()

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """See `Model.price`."""
        return self.model.price(prompt_tokens, completion_tokens)

    async def chat(self, messages: list[Message], *, path: str, **_: Any) -> list[Completion]:
        """See `Model.chat`. Greedy, whatever else is asked for."""
        stage, pair = asked(messages)
        return [await self.say(stage, pair)]

    async def say(self, stage: Stage, pair: Texts) -> Completion:
        """The reply of that stage to a pair."""
        turns = prompt(stage, *pair)
        key = digest([self.model.name, LONGEST[stage], turns])
        said = self.store.record("recycling", stage, key)
        if said is None:
            (got,) = await self.model.chat(
                turns, path=f"{stage}/{key[:12]}", temperature=0.0, max_tokens=LONGEST[stage]
            )
            said = {"text": got.text, "finish": got.finish, "usage": _usage(got)}
            said = self.store.put_record("recycling", stage, key, said)
        return Completion(said["text"], said["finish"], Usage(1, *said["usage"]))


def _usage(got: Completion) -> list[int]:
    return [got.usage.prompt_tokens, got.usage.completion_tokens]
