"""A student in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from ...errors import InputError
from ...models.local import Loaded, load, require_torch
from .difficulty import Difficulty, Loss
from .losses import Losses
from .spans import ById, Cut, Official, Spans, Texts, Unscored
from .templates import CHAT

if TYPE_CHECKING:
    from .student import Student


@dataclass(frozen=True)
class Engine:
    """The model, how texts become its tokens, and what it has read."""

    loaded: Loaded
    how: Cut
    losses: Losses

    def __call__(self, asked: Sequence[Texts]) -> list[Difficulty]:
        """What came of each, in order. Blocks."""
        return difficulties(cut(asked, self.how), self.losses)

    def chat(self, content: str) -> str:
        """The prompt in the tokenizer's own template.

        Raises:
            InputError: it has none, or refuses this.
        """
        name, tokenizer = self.loaded.source.name, self.loaded.tokenizer
        if not tokenizer.chat_template:
            raise InputError(f"model {name} has no chat template; name one of ours (template=)")
        try:
            found: str = tokenizer.apply_chat_template(
                [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
            )
        except TemplateError as error:
            raise InputError(f"{name}'s chat template refuses: {error}") from None
        return found


def load_engine(student: "Student") -> Engine:
    """The student's model, read into memory unless this process holds it.

    Raises:
        InputError: it is no language model, or has no token that texts begin with.
        MissingError: it is not here, or a library is not.
    """
    require_torch()
    loaded = load(student.model, dtype=student.dtype, device=student.device)
    if loaded.model.get_output_embeddings() is None:
        raise InputError(
            f"model {student.model} has no language model head, and cannot be a student"
        )
    limit = min(student.max_length, loaded.decoder.limit)
    how: Cut
    if student.mode == "official":
        how = Official(loaded.tokenizer, limit)
    else:
        chat = student.template == CHAT
        how = ById.of(loaded.tokenizer, limit, chat=chat, name=student.model)
    return Engine(loaded, how, Losses(loaded.decoder))


def difficulties(
    spans: Sequence[Spans | str], losses: Callable[..., list[Loss | str]]
) -> list[Difficulty]:
    """The difficulty of each; those that have a reason instead keep it."""
    flat = [span for pair in spans if not isinstance(pair, str) for span in pair]
    found = iter(losses(flat))
    results: list[Difficulty] = []
    for pair in spans:
        if isinstance(pair, str):
            results.append(Difficulty(reason=pair))
            continue
        given, alone = next(found), next(found)
        bad = next((one for one in (given, alone) if isinstance(one, str)), "")
        sound = isinstance(given, Loss) and isinstance(alone, Loss)
        results.append(Difficulty(given, alone) if sound else Difficulty(reason=bad))  # type: ignore[arg-type]
    return results


def cut(asked: Sequence[Texts], how: Callable[[Texts], Spans]) -> list[Spans | str]:
    """The spans of each, or why there are none."""
    found: list[Spans | str] = []
    for texts in asked:
        try:
            found.append(how(texts))
        except Unscored as unscored:
            found.append(str(unscored))
        except Exception as error:  # noqa: BLE001  whatever a text does to a tokenizer
            line = " ".join(str(error).split())[:200]
            found.append(f"could not be put into tokens: {line or type(error).__name__}")
    return found
