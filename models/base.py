"""Who answers: the Model protocol and what it trades in. A leaf: imports nothing of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypedDict, runtime_checkable

Finish = Literal["stop", "length"]
StepFinish = Literal["step", "answer", "length"]


class Message(TypedDict):
    """One turn of a conversation, in OpenAI's shape."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What something cost. Adds up with `+`."""

    calls: int = 0
    """Requests answered by a model (or by the store in its stead)."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0
    """US dollars; None as soon as any part of it has no known price."""
    seconds: float = 0.0
    """Time spent waiting for the model's own answer, summed over calls."""

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        unknown = self.cost is None or other.cost is None
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=None if unknown else (self.cost or 0.0) + (other.cost or 0.0),
            seconds=self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """One sampled reply."""

    text: str
    finish: Finish = "stop"
    """"stop": the model ended by itself or at a stop string; "length": it was cut off."""
    usage: Usage = field(default_factory=Usage)
    faults: tuple[str, ...] = ()
    """Attempts that failed before this one succeeded, oldest first, one line each."""


@runtime_checkable
class Model(Protocol):
    """Anything that continues a conversation."""

    @property
    def name(self) -> str:
        """How a user names it, e.g. "ollama/qwen2.5-coder:7b". Part of the store's key."""

    async def ready(self) -> None:
        """Do everything that must work before a call can, and costs nothing. Idempotent.

        Raises:
            InputError: there is no such model.
            MissingError: this machine lacks its weights, its key, or a library.
        """

    async def chat(
        self,
        messages: list[Message],
        *,
        path: str,
        n: int = 1,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int = 4096,
        stop: list[str] | None = None,
        seed: int | None = None,
        schema: dict[str, Any] | None = None,
    ) -> list[Completion]:
        """Sample `n` replies.

        `path` is the call's place in the search, for scripted models and logs; it does not change
        what is asked. `schema` is a JSON schema the reply should follow; a model whose
        `supports_schema` is false ignores it. None for temperature or top_p leaves it to the model.

        Raises:
            ModelUnavailable: after the last retry; ModelTimeout if that one timed out.
            ModelRejected: the request itself is wrong.
            ModelRefused: the model declined, or a filter did.
        """

    @property
    def supports_schema(self) -> bool:
        """Whether `schema` constrains the reply."""

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """US dollars such a call would cost; None if the price is not known."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a model added to a reply that it writes step by step."""

    text: str
    """Without the separator that ended it."""
    finish: StepFinish
    """"step": at a separator; "answer": the model ended its reply; "length": it was cut off."""
    usage: Usage = field(default_factory=Usage)
    faults: tuple[str, ...] = ()
    """As a completion's."""


@runtime_checkable
class StepModel(Protocol):
    """A model that can be made to go on with a reply, one step at a time."""

    async def extend(
        self,
        messages: list[Message],
        prefix: str,
        *,
        path: str,
        stop: Sequence[str],
        n: int = 1,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int = 2048,
        seed: int | None = None,
    ) -> list[Step]:
        """Sample `n` continuations of the assistant's reply to `messages` that begins with
        `prefix`, each up to the first of the separators in `stop`. Sample `i` has the seed
        `seed + i`. The prefix is continued as it stands: it ends with its last separator.

        Raises:
            ModelError: as `Model.chat`.
        """


@runtime_checkable
class StepPreparable(Protocol):
    """A step model that may know, before it is asked, that it cannot be made to go on."""

    async def ready_to_extend(self) -> None:
        """See that nothing speaks against `extend`; costs nothing. Idempotent.

        Raises:
            InputError: it cannot be known that the model goes on with a reply.
        """


@runtime_checkable
class Several(Protocol):
    """A step model whose server may give several samples for one request."""

    def takes_n(self, prefix: str) -> bool | None:
        """Whether `extend` gets the samples of what follows `prefix` by one request, so that the
        prefix is sent, and paid for, once. None while no answer has shown it."""


@runtime_checkable
class Bounded(Protocol):
    """A model that takes only so many calls at once; more wait for their turn."""

    @property
    def most_in_flight(self) -> int:
        """Calls it works on at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How likely a model is to say each of some words next."""

    probabilities: Mapping[str, float]
    """Of each of the choices, among them all: they add up to 1."""
    usage: Usage = field(default_factory=Usage)
    faults: tuple[str, ...] = ()
    """As a completion's."""


@runtime_checkable
class ChoosingModel(Protocol):
    """A model that tells how likely it is to say something, besides saying it."""

    async def choose(
        self, messages: list[Message], choices: Sequence[str], *, path: str, prefix: str = ""
    ) -> Choice:
        """How likely the reply to `messages`, after `prefix`, goes on with each of `choices` (short
        words that differ in their first token).

        Raises:
            ModelRejected: this model's server gives no such numbers.
            ModelError: as `Model.chat`.
        """


@runtime_checkable
class ScoringModel(Protocol):
    """A model that tells how likely a given text is."""

    async def score(self, prompt: str, completion: str) -> list[float]:
        """The natural logarithm of the probability of every token of `completion`, each given
        `prompt` and the tokens before it. Neither is put into a chat template.

        Raises:
            ModelError: as `Model.chat`.
        """
