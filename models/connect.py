"""From the name of a model to the model."""

from typing import Any

from .base import Model


def connect(name: str, **options: Any) -> Model:
    """The model a user names: "embedded/…" runs llama.cpp in this process, "transformers/…"
    torch; anything else goes through LiteLLM ("anthropic/…", "hosted_vllm/…", "ollama/…").
    `options` are the fields of `EmbeddedModel`, `TransformersModel` or `LiteLLMModel`. Loads
    nothing heavy; `Model.ready` checks the rest.

    Raises:
        InputError: no embedded model goes by that name, or there is no such folder or file.
        MissingError: its weights are not here.
    """
    if name.startswith("embedded/"):
        from .embedded import EmbeddedModel

        return EmbeddedModel(name, **options)
    if name.startswith("transformers/"):
        from .transformers_model import TransformersModel

        return TransformersModel(name, **options)
    from .litellm_model import LiteLLMModel

    return LiteLLMModel(name, **options)
