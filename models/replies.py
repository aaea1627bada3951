"""What a response of LiteLLM's holds. Its objects are read by their fields; nothing of it is
imported."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError, ModelRefused, ModelRejected, ModelUnavailable
from .base import Finish, Message, Usage
from .budget import estimate_tokens
from .faults import one_line


class Unfit(ModelRejected):
    """The server can, or did, answer, but without what must be known."""


def reply_of(choice: Any) -> tuple[str, Finish]:
    """A choice's text and why it ended.

    Raises:
        ModelRefused: the model declined, or a filter did.
        ModelUnavailable: there is no text, for no reason given.
    """
    text = text_of(choice)
    if not text and choice.finish_reason != "length":
        raise ModelUnavailable("empty reply: the server sent no text")
    return text, "length" if choice.finish_reason == "length" else "stop"


def text_of(choice: Any) -> str:
    """A choice's text, which may be empty.

    Raises:
        ModelRefused: the model declined, or a filter did.
    """
    message = getattr(choice, "message", None)
    # LiteLLM keeps what is OpenAI's own beside the message's fields.
    refusal = (getattr(message, "provider_specific_fields", None) or {}).get("refusal")
    if refusal or choice.finish_reason == "content_filter":
        raise ModelRefused(f"refused: {one_line(refusal or 'by the content filter')}")
    return clean(choice.text if hasattr(choice, "text") else choice.message.content)


def clean(text: str | None) -> str:
    """Half of a surrogate pair cannot be sent on in a later prompt by every client."""
    return (text or "").encode("utf-8", "replace").decode()


def fields_of(given: Any) -> dict[str, Any]:
    """All fields of a response or a choice, those among them that OpenAI's API does not have."""
    more = getattr(given, "provider_specific_fields", None) or {}
    return {**vars(given), **(given.model_extra or {}), **more}


def choices_of(response: Any) -> list[Any]:
    """The response's choices.

    Raises:
        ModelUnavailable: it has none.
    """
    if not response.choices:
        raise ModelUnavailable("empty reply: the server sent no choices")
    return list(response.choices)


def usage_of(response: Any, messages: list[Message], texts: Sequence[str], seconds: float) -> Usage:
    """What the response says it cost; estimated where it does not say."""
    reported = getattr(response, "usage", None)
    prompt = getattr(reported, "prompt_tokens", None) or estimate_tokens(
        sum(len(message["content"]) for message in messages)
    )
    completion = getattr(reported, "completion_tokens", None) or sum(
        estimate_tokens(len(text)) for text in texts
    )
    return Usage(1, prompt, completion, response._hidden_params.get("response_cost"), seconds)


def with_prefix(messages: list[Message], prefix: str) -> list[Message]:
    """The conversation with the beginning of the reply to it."""
    return [*messages, {"role": "assistant", "content": prefix}] if prefix else messages


def first_stop(text: str, stop: Sequence[str], start: int = 0) -> int | None:
    """Where the first of the stop strings begins, at `start` or after it."""
    found = [at for at in (text.find(word, start) for word in stop) if at >= 0]
    return min(found, default=None)


def first_tokens(choice: Any) -> list[tuple[str, float]]:
    """The likeliest first tokens of a reply, each with the natural logarithm of its probability.

    Raises:
        Unfit: the response has no such numbers.
    """
    logprobs = getattr(choice, "logprobs", None)
    content = getattr(logprobs, "content", None)
    if content:  # a chat's, or llama.cpp's for a text completion too
        return [(_field(top, "token"), _field(top, "logprob")) for top in _tops(content[0])]
    legacy = getattr(logprobs, "top_logprobs", None)
    if legacy and legacy[0]:
        return list(legacy[0].items())
    raise Unfit("no probabilities: the server sent none of the first token")


def _tops(first: Any) -> Sequence[Any]:
    tops: Sequence[Any] = _field(first, "top_logprobs") or [first]
    return tops


def _field(given: Any, name: str) -> Any:
    return given[name] if isinstance(given, dict) else getattr(given, name)


def probabilities(
    choices: Sequence[str], tokens: Sequence[tuple[str, float]]
) -> Mapping[str, float]:
    """How likely each of the choices is, among them all, by the likeliest first tokens: the sum of
    the tokens that it begins with. Those are the tokens whose text, less one leading space, is the
    choice, or else the longest beginning of it that is a token; one that has none counts as 0.

    Raises:
        InputError: two of the choices begin with the same token.
        Unfit: none of the choices is among the tokens.
    """
    texts = [(text.removeprefix(" "), logprob) for text, logprob in tokens]
    known = [text for text, _ in texts]
    firsts = {choice: _first_token(choice.removeprefix(" "), known) for choice in choices}
    found = [first for first in firsts.values() if first]
    if len(set(found)) < len(found):
        raise InputError(f"choices {', '.join(choices)}: two begin with the same token")
    sums = {
        choice: sum(math.exp(logprob) for text, logprob in texts if first and text == first)
        for choice, first in firsts.items()
    }
    total = sum(sums.values())
    if not total:
        shown = ", ".join(repr(text) for text, _ in tokens[:5])
        raise Unfit(
            f"none of {', '.join(choices)} is among the {len(tokens)} likeliest next tokens "
            f"({shown}, …)"
        )
    return {choice: part / total for choice, part in sums.items()}


def _first_token(choice: str, texts: Sequence[str]) -> str:
    return max((text for text in texts if text and choice.startswith(text)), key=len, default="")
