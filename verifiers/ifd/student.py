"""A student as a verifier: `ifd:MODEL`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from ...errors import InputError
from ...tasks import InstructionTask, Task
from ..base import Verdict
from ..gather import Gather
from .difficulty import By, Difficulty
from .spans import Mode, Texts
from .templates import CHAT, TEMPLATES, Template, guess

if TYPE_CHECKING:
    from .loading import Engine

MAX_LENGTH = 2048
"""Tokens of a prompt and what follows it, as in the paper (appendix D)."""


@dataclass
class Student:
    """Judges pairs by what a model makes of them: `judge` by IFD, `judge_recovery` by r-IFD
    (2402.10110, equations 3 and 9). Calls that come together, of however many samples, are read
    together; what was read before is remembered.

    A pair that cannot be scored has no score and a reason: never 0, and never no number.
    """

    model: str
    """A folder, an id on the hub, or one of our known weights."""
    mode: Mode = "ids"
    """How texts become tokens: spans.py."""
    template: str | Template = "vicuna"
    """What an instruction is put into: one of `TEMPLATES`, one of your own, or "chat", that of the
    model's tokenizer."""
    by: By = "ppl"
    max_length: int = MAX_LENGTH
    dtype: str | None = None
    device: str | None = None
    name: str = ""
    """See `Verifier.name`; "ifd:MODEL" if empty."""
    _engine: "Engine | None" = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        from ...models.local import find

        find(self.model)
        if "?" in self.model:
            raise InputError(
                f"model {self.model}: a student is scored without pauses; leave ?… out"
            )
        if isinstance(self.template, str) and self.template not in (*TEMPLATES, CHAT):
            known = ", ".join((*TEMPLATES, CHAT))
            raise InputError(f"template {self.template!r} is not one of {known}")
        if self.mode == "official" and self.template == CHAT:
            raise InputError("mode=official has the templates of its time; name one, not chat")
        for name, value, kind in (("mode", self.mode, Mode), ("by", self.by, By)):
            if value not in get_args(kind):
                raise InputError(f"{name} {value!r} is not one of {', '.join(get_args(kind))}")
        if self.max_length < 2:
            raise InputError(f"max_length must be at least 2, not {self.max_length}")
        self.name = self.name or f"ifd:{self.model}"
        self._gather: Gather[Texts, Difficulty] = Gather(self._work, self.name)

    @property
    def settings(self) -> dict[str, Any]:
        """See `Configured.settings`."""
        template = self.template
        shown = template if isinstance(template, str) else [template.plain, template.with_input]
        return {
            "mode": self.mode, "template": shown, "by": self.by, "max_length": self.max_length,
        }  # fmt: skip

    @property
    def forwards(self) -> int:
        """Texts that the model has read so far; the others were remembered."""
        return 0 if self._engine is None else self._engine.losses.counters.forwards

    async def ready(self) -> None:
        """Load the model, if it is not. Idempotent.

        Raises:
            InputError: there is no such model, or it cannot be a student.
            MissingError: it is not here, or a library is not.
        """
        await self._gather.ask([])

    async def engine(self) -> "Engine":
        """The model in memory, and what it has done: for who wants more than verdicts."""
        await self.ready()
        assert self._engine is not None
        return self._engine

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `StudentVerifier.judge`."""
        return [self._verdict("ifd", one) for one in await self.difficulty(task, candidates)]

    async def judge_recovery(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `StudentVerifier.judge_recovery`."""
        return [self._verdict("r-ifd", one) for one in await self.recovery(task, candidates)]

    async def difficulty(self, task: Task, answers: Sequence[str]) -> Sequence[Difficulty]:
        """Of each answer y to the task's instruction x: L(y|x) and L(y)."""
        asked = _pair(task)
        prompt = await self._prompt(asked.instruction, asked.input)
        return await self._gather.ask([Texts(prompt, answer, answer) for answer in answers])

    async def recovery(self, task: Task, answers: Sequence[str]) -> Sequence[Difficulty]:
        """Of the task's instruction x and each answer y: L(x|y') and L(x), where y' asks for the
        instruction that y answers."""
        asked = _pair(task)
        between = "\n" if asked.input and self.mode == "ids" else ""
        whole = f"{asked.instruction}{between}{asked.input}"
        texts = [
            Texts(await self._prompt(guess(answer)), whole, asked.instruction) if answer else None
            for answer in answers
        ]
        found = iter(await self._gather.ask([one for one in texts if one is not None]))
        empty = Difficulty(reason="the answer is empty")
        return [empty if one is None else next(found) for one in texts]

    def close(self) -> None:
        """End the model's thread. Idempotent."""
        self._gather.close()

    async def _prompt(self, instruction: str, input: str = "") -> str:
        if isinstance(self.template, Template):
            return self.template(instruction, input)
        if self.template in TEMPLATES:
            return TEMPLATES[self.template](instruction, input)
        content = f"{instruction}\n{input}" if input else instruction
        return (await self.engine()).chat(content)

    def _work(self, asked: list[Texts]) -> list[Difficulty]:
        if self._engine is None:
            from .loading import load_engine

            self._engine = load_engine(self)
        return self._engine(asked)

    def _verdict(self, what: str, found: Difficulty) -> Verdict:
        ratio = found.ratio(self.by)
        if ratio is None or found.given is None or found.alone is None:
            return Verdict(reason=f"{what}: {found.reason or 'L(y) is 0'}")
        given, alone = found.given, found.alone
        sides = f"{given.value:.6g} given, {alone.value:.6g} alone"
        return Verdict(ratio, reason=f"{what} {ratio:.4g}: {sides}, {given.tokens} tokens")


def _pair(task: Task) -> InstructionTask:
    if not isinstance(task, InstructionTask):
        raise InputError(f"task {task.id}: ifd: judges pairs of instruction data")
    return task
