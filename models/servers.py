"""How servers are made to go on with a reply, and how each tells what ended what it wrote.

A step ends at a separator, with the answer, or cut off, and a search must know which. OpenAI's own
API says "stop" to the first two alike, so what a server adds to it is read: vLLM `stop_reason` (the
stop string; null or a token's number at the end), SGLang `matched_stop`, llama.cpp `__verbose` with
its `stop_type`. A server that adds nothing is *silent*: its reply is read as it is written, with no
stop strings sent, and the stream is closed at the first of them.

That a reply was gone on with, and not begun anew, must be known too. vLLM and SGLang are told so
(`continue_final_message`), llama.cpp shows the prompt it made, LiteLLM knows some providers that
do; of others the user has to say it. What cannot be known is an error, never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import InputError
from .base import Message, StepFinish
from .replies import Unfit, choices_of, clean, fields_of, first_stop, text_of, with_prefix
from .templates import Template

Way = Literal["prefill", "completions"]
Kind = Literal["vllm", "sglang", "llama.cpp", "silent"]
TELLS: tuple[tuple[str, Kind], ...] = (("stop_reason", "vllm"), ("matched_stop", "sglang"))
STOP_TYPES: dict[str, StepFinish] = {"word": "step", "eos": "answer", "limit": "length"}
"""llama.cpp's."""
MARKED = ("deepseek", "mistral", "codestral")
"""Providers that go on with an assistant's message where it is marked as a prefix."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A reply that has been begun, and where its next step ends."""

    messages: list[Message]
    prefix: str
    stop: Sequence[str] = ()

    @property
    def spaced(self) -> bool:
        """Whether it ends with white space."""
        return self.prefix != self.prefix.rstrip()

    @property
    def whole(self) -> list[Message]:
        """The conversation with the beginning of the reply."""
        return with_prefix(self.messages, self.prefix)


@dataclass(slots=True)
class Server:
    """What is known of a model's server, and so what must be sent to it and how it is read."""

    name: str
    asked: str
    """LiteLLM's name for the model."""
    provider: str
    way: Way | None
    """As the user says; None is prefill where the server shows that it goes on with a reply."""
    template: Template | None
    open: bool
    """Whether it may be sent fields that OpenAI's API does not have."""
    prefills: bool
    """Whether LiteLLM knows that it goes on with an assistant's message."""
    kind: Kind | None = field(init=False)
    """What its answers have shown it to be."""
    trims: bool | None = field(default=None, init=False)
    """Whether its chat template drops the white space at the end of a message, as Llama 3's does;
    None until that matters."""

    def __post_init__(self) -> None:
        if self.way == "completions" and self.template is None:
            raise InputError(
                f'model {self.name}: steps="completions" needs template=, the text of a chat '
                "template, or a tokenizer's folder or hub id"
            )
        if self.template is not None and self.way is None:
            self.way = "completions"
        self.kind = None if self.open or self.way == "completions" else "silent"

    def check(self) -> None:
        """Raise Unfit if it cannot be known that the server goes on with replies."""
        if self.kind == "silent" and not (self.prefills or self.way):
            raise Unfit(
                f"no steps: it is not known that {self.provider} goes on with replies; "
                f"{self._advice}"
            )

    def takes_n(self, reply: Begun) -> bool:
        """Whether one request brings several choices, choice `i` sampled with the seed
        `seed + i`."""
        return self.kind == "vllm" and not self.streams(reply)

    def several(self, reply: Begun) -> bool | None:
        """As `takes_n`; None while that is not known."""
        return None if self.kind is None or self.may_trim(reply) else self.takes_n(reply)

    def sent(self, reply: Begun) -> dict[str, Any]:
        """LiteLLM's arguments that make the model go on, without those of sampling."""
        if self.way == "completions" and self.template is not None:
            prompt = self.template.render(reply.messages) + reply.prefix
            fields = {"add_special_tokens": self.template.bare, **self._fields("")}
            sent = {"prompt": prompt, **({"extra_body": fields} if self.open else {})}
            if self.provider == "openai":  # LiteLLM takes some of its models for chat models only
                sent["model"] = self.asked.replace("openai", "text-completion-openai", 1)
            return sent
        prefix = reply.prefix.rstrip() if self.withholds(reply) else reply.prefix
        messages: list[Any] = list(reply.messages)
        if prefix:
            mark = {"prefix": True} if self.provider in MARKED else {}
            messages.append({"role": "assistant", "content": prefix, **mark})
        fields = self._fields(prefix)
        return {"messages": messages, **({"extra_body": fields} if fields else {})}

    def _fields(self, prefix: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if self.open and self.kind in (None, "llama.cpp"):
            fields["verbose"] = True
        if self.open and prefix and self.kind != "llama.cpp":
            fields |= {"continue_final_message": True, "add_generation_prompt": False}
        return fields

    def withholds(self, reply: Begun) -> bool:
        """Whether the prefix is sent without the white space at its end, and the white space at the
        beginning of what comes back dropped: Claude refuses it there, and where a template drops it
        the model begins with it, and would end its step at once."""
        trims = "claude" in self.asked or bool(self.trims)
        return trims and reply.spaced and self.way != "completions"

    def may_trim(self, reply: Begun) -> bool:
        """Whether the template may have dropped the end of the prefix. llama.cpp and SGLang add the
        prefix to what the template makes of the rest."""
        return (
            self.kind == "vllm"
            and self.trims is None
            and (reply.spaced and self.way != "completions")
        )

    def streams(self, reply: Begun) -> bool:
        """Whether the reply is read as it is written."""
        return self.kind == "silent" or self.withholds(reply)

    def read(self, response: Any, reply: Begun) -> list[tuple[str, StepFinish | None]]:
        """What each choice adds to the reply and what ended it, None if that is not said.

        Raises:
            Unfit: the server does not show that it went on with the reply.
            ModelRefused, ModelUnavailable: as `text_of` and `choices_of`.
        """
        verbose = getattr(response, "__verbose", None)
        if isinstance(verbose, dict) and "stop_type" in verbose:
            self.kind = "llama.cpp"
            self.check_went_on(response, reply)
            for choice in choices_of(response):
                text_of(choice)  # for refusals; it repeats the prefix, and `content` does not
            return [_cut(clean(verbose["content"]), STOP_TYPES.get(verbose["stop_type"]), reply)]
        read = [
            _cut(text_of(choice), self._ended(response, choice, reply), reply)
            for choice in choices_of(response)
        ]
        self.check_went_on(response, reply)
        return read

    def _ended(self, response: Any, choice: Any, reply: Begun) -> StepFinish | None:
        said = fields_of(choice)
        told: StepFinish | None = None
        for key, kind in TELLS:
            by = said.get(key)
            if by in reply.stop or isinstance(by, int) or self._is_vllm(key, response, said):
                self.kind = kind
                told = "step" if isinstance(by, str) else "answer"
        if choice.finish_reason == "length":
            return "length"
        if self.kind is None and not any(key in said for key, _ in TELLS):
            self.kind = "silent"
        return told

    def _is_vllm(self, key: str, response: Any, said: dict[str, Any]) -> bool:
        """Whether a `stop_reason` of null is vLLM's, and not one that means nothing."""
        return (
            key == "stop_reason"
            and said.get(key, "") is None
            and (
                self.kind == "vllm"
                or self.provider == "hosted_vllm"
                or "prompt_logprobs" in {**fields_of(response), **said}
            )
        )

    def check_went_on(self, response: Any, reply: Begun) -> None:
        """Raise Unfit unless it is known that the reply was gone on with."""
        verbose = getattr(response, "__verbose", None)
        if not reply.prefix or self.way == "completions":
            return
        if isinstance(verbose, dict) and "prompt" in verbose:
            if verbose["prompt"].endswith(reply.prefix):
                return
        elif self.prefills or self.way == "prefill" or self._was_told:
            return
        raise Unfit(
            f"no steps: nothing in the server's answer shows that it went on with the reply; "
            f"{self._advice}"
        )

    @property
    def _was_told(self) -> bool:
        """Whether the server understands `continue_final_message`, and was sent it."""
        return self.open and self.kind in ("vllm", "sglang")

    @property
    def _advice(self) -> str:
        return (
            f'give {self.name} steps="prefill" if it does go on with an assistant\'s message, or '
            "template= if it serves text completions"
        )


def _cut(text: str, finish: StepFinish | None, reply: Begun) -> tuple[str, StepFinish | None]:
    """The text up to the first stop string, should the server have left one in it."""
    at = first_stop(text, reply.stop)
    return (text, finish) if at is None else (text[:at], "step")
