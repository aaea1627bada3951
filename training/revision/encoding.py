"""From revisions to the conversations that `propose_verify_refine` holds, and to their tokens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...errors import InputError
from ...models.base import Message
from ...models.local.prompts import Prompts
from ...nodes.prompt import render
from ...tasks import MathTask
from ..encoding import Encoded
from ..examples import Example
from .pairs import Revision, text_of


def conversation(revision: Revision) -> list[Message]:
    """What the graph asks its model in this place: the question alone for a first answer, else the
    question and the answers before."""
    task = MathTask(revision.question, revision.prompt)
    if not revision.context:
        return render("solve", task=task)
    answers = [{"text": text.rstrip(), "reason": ""} for text in revision.context]
    return render("refine_math", task=task, answers=answers)


def as_examples(revisions: Iterable[Revision]) -> Iterator[Example]:
    """Each as an example, whose prompt is all that its model is asked, and whose one step is the
    answer. The system's words are the same in all of them (`SYSTEM`)."""
    for one in revisions:
        *_, asked = conversation(one)
        yield Example(
            asked["content"], (one.answer,), correct=True, id=one.question, where=one.where
        )


SYSTEM = render("solve", task=MathTask("", "?"))[0]
"""What every conversation begins with."""


@dataclass(frozen=True, slots=True)
class AnswerEncoder:
    """The conversation in the model's own chat template, as a `transformers/` model is asked it,
    and the answer, whose tokens are what is learnt: each from the token before it, and at last the
    one that ends the turn."""

    prompts: Prompts

    def __call__(self, example: Example) -> Encoded:
        """Raises:
        InputError: the model has no chat template, or no token that ends a turn.
        """
        end = self.prompts.tokenizer.eos_token_id
        if end is None:
            raise InputError(f"model {self.prompts.name}: its tokenizer has no end-of-turn token")
        asked = self.prompts.chat([SYSTEM, {"role": "user", "content": _whole(example.prompt)}])
        answer = [*self.prompts.encode(_whole(text_of(example))), end]
        ids = (*asked, *answer)
        places = range(len(asked) - 1, len(ids) - 1)
        # Token ids are whole numbers that float32 holds exactly, up to 16 million.
        return Encoded(ids, tuple(places), tuple((float(id),) for id in answer), example.where)


def _whole(text: str) -> str:
    """The text with question marks for halves of surrogate pairs, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode()
