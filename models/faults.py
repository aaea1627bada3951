"""What LiteLLM raises, in our terms: its kind before the colon, in one line."""

import difflib
import json
from typing import Any

from ..errors import ModelRefused, ModelRejected, ModelTimeout, ModelUnavailable

TOO_LONG = "too long"
"""The kind of fault that a prompt is for which a model's context has no room."""


def as_model_error(error: Exception, timeout: float, litellm: Any) -> Exception:
    """The `ModelError` that LiteLLM's exception amounts to, in a call of `timeout` seconds."""
    status = getattr(error, "status_code", None)
    line = one_line(str(error))
    if isinstance(error, litellm.Timeout) or status == 408:
        return ModelTimeout(f"timeout: no reply within {timeout:g} s")
    if isinstance(error, litellm.ContentPolicyViolationError):
        return ModelRefused(f"refused: {line}")
    if status == 429:
        return ModelUnavailable(f"429: {line}", retry_after=_retry_after(error))
    # LiteLLM gives these two whatever status it likes; what it caught tells them apart.
    causes = _causes(error)
    if any(isinstance(cause, json.JSONDecodeError) for cause in causes):
        return ModelUnavailable(f"not JSON: {line}")
    lost = (litellm.APIConnectionError, litellm.httpx.TransportError)
    if any(isinstance(cause, lost) for cause in causes):
        return ModelUnavailable(f"connection lost: {line}")
    if isinstance(error, litellm.ContextWindowExceededError):
        return ModelRejected(f"{TOO_LONG}: {line}")
    if isinstance(status, int) and 400 <= status < 500:
        return ModelRejected(f"{status}: {line}")
    return ModelUnavailable(
        f"{status or type(error).__name__}: {line}", retry_after=_retry_after(error)
    )


def one_line(text: str) -> str:
    """The text without line breaks, its first 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and what led to it, back to the first."""
    causes: list[BaseException] = []
    while error is not None:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes


def _retry_after(error: Exception) -> float | None:
    headers = getattr(error, "litellm_response_headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def unknown_model(name: str, litellm: Any) -> str:
    """What to say to the name of a model that LiteLLM has no provider for."""
    provider, slash, _ = name.partition("/")
    providers = [str(getattr(known, "value", known)) for known in litellm.provider_list]
    known = [*providers, "embedded"] if slash else list(litellm.model_cost)
    close = difflib.get_close_matches(provider, known, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return (
        f"model {name!r}: name it provider/model, as in anthropic/…, hosted_vllm/…, ollama/…, "
        f"embedded/qwen2.5-coder-1.5b{hint}"
    )
