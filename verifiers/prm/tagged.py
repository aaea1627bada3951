"""Solutions as one text in which a tag ends each step: what most formats are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...errors import InputError
from ..aggregation import Aggregate
from .format import Layers, Rendered, Words
from .readout import Readout
from .tokens import Tokens

NUMBER = re.compile(r"Step \d+\b")


@dataclass(frozen=True, slots=True)
class Tagged:
    """PROMPT FIRST STEP GAP TAG JOIN STEP GAP TAG JOIN STEP GAP TAG, read at the tags.

    Steps lose the white space around them, so "x" and "x\\n\\n" are the same step, and an empty
    step is its tag alone. Where a step holds the tag's own token, a space is put after the first
    character of what spells it; of tags that are white space, `inside` is replaced.

    A format of your own is one of these with its fields given by hand.
    """

    name: str
    head: Words | Layers
    readout: Readout
    aggregate: Aggregate
    tag: str
    """What ends each step, with the space before it where that is part of the same token."""
    prompt: str = "{problem}"
    first: str = ""
    """What stands before the first step."""
    join: str = ""
    """What stands before any other."""
    gap: str = ""
    """What stands before the tag."""
    alone: bool = False
    """Whether each piece is tokenised as if it stood alone, not as going on from the last."""
    inside: str = ""
    """A regular expression for the white space that would be a tag inside a step, if any."""
    instead: str = " "
    """What is put in its place."""
    bos: Literal["own", "always", "never"] = "own"
    """"own": what this tokenizer itself begins texts with; "always": its token for that."""
    numbered: bool = False
    """Whether a step that does not begin with "Step 1" (2, …) is given that beginning."""
    read: Literal["first", "last"] = "last"
    """Which of the tag's tokens is read, where it is several."""
    one_token: bool = True
    """Whether the tag must be one token: if it is not, the tokenizer is not the right one."""

    def render(self, tokens: Tokens, problem: str, steps: Sequence[str]) -> Rendered:
        """See `Format.render`."""
        ids = list(self._prompt(tokens, problem))
        tag = self._tag(tokens)
        at = 0 if self.read == "first" else len(tag) - 1
        positions: list[int] = []
        for number, step in enumerate(steps, 1):
            ids += self._step(tokens, number, step, tag)
            positions.append(len(ids) + at)
            ids += tag
        return Rendered(tuple(ids[: positions[-1] + 1] if positions else ids), tuple(positions))

    def _prompt(self, tokens: Tokens, problem: str) -> tuple[int, ...]:
        bos = {"own": tokens.own_bos, "always": tokens.bos, "never": ()}[self.bos]
        return bos + tokens.plain(self.prompt.replace("{problem}", problem))

    def _tag(self, tokens: Tokens) -> tuple[int, ...]:
        tag = tokens.control(self.tag) if self.alone else tokens.control_after(self.tag)
        if not tag or (self.one_token and len(tag) > 1):
            raise InputError(
                f"{self.name}: the step tag {self.tag!r} is {len(tag)} tokens of this tokenizer, "
                "not one; is it the reward model's own?"
            )
        return tag

    def _step(
        self, tokens: Tokens, number: int, step: str, tag: tuple[int, ...]
    ) -> tuple[int, ...]:
        text = step.strip()
        if self.inside:
            text = re.sub(self.inside, self.instead, text)
        if self.numbered and not NUMBER.match(text):
            text = f"Step {number}: {text}"
        text = (self.join if number > 1 else self.first) + text + self.gap
        encode = tokens.plain if self.alone else tokens.after
        ids, mark = encode(text), self.tag.strip()
        if len(tag) > 1 or tag[0] not in ids:
            return ids
        if mark:
            ids = encode(text.replace(mark, f"{mark[0]} {mark[1:]}"))
        # Whatever the tokenizer made of the text, a tag's own token stands at ends of steps only.
        return tuple(id for id in ids if id != tag[0])
