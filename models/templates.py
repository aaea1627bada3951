"""Chat templates, rendered here: for servers that go on with a text and not with a message."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingError
from .base import Message


@dataclass(frozen=True)
class Template:
    """A model's chat template (Jinja, as in its tokenizer's files)."""

    text: str
    tokens: dict[str, str] = field(default_factory=dict)
    """The special tokens that it may name, such as `bos_token`."""

    @property
    def bare(self) -> bool:
        """Whether the text comes without the token that begins every prompt, for the server to
        add."""
        return not self.tokens

    @cached_property
    def _compiled(self) -> Any:
        from jinja2 import TemplateError
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        def refuse(says: str) -> None:
            raise TemplateError(says)

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.globals["raise_exception"] = refuse
        environment.filters["tojson"] = lambda given, **options: json.dumps(
            given, ensure_ascii=False, **options
        )
        try:
            return environment.from_string(self.text)
        except TemplateError as error:
            raise InputError(f"chat template: {error}") from None

    def render(self, messages: list[Message]) -> str:
        """The prompt for the assistant's next reply.

        Raises:
            InputError: the template does not take these messages.
        """
        from jinja2 import TemplateError

        try:
            rendered: str = self._compiled.render(
                messages=messages, add_generation_prompt=True, **self.tokens
            )
        except TemplateError as error:
            raise InputError(f"chat template: {error}") from None
        return rendered


def load(given: str) -> Template:
    """The template that a text is, or that the tokenizer's files in a folder or of a hub repository
    hold. Blocks.

    Raises:
        InputError: there is none.
        MissingError: the hub is not reached.
    """
    if "{%" in given or "{{" in given:
        return Template(given)
    files = {name: _file(given, name) for name in ("tokenizer_config.json", "chat_template.jinja")}
    settings = json.loads(files["tokenizer_config.json"] or "{}")
    text = files["chat_template.jinja"] or settings.get("chat_template")
    if isinstance(text, list):
        text = next((one["template"] for one in text if one["name"] == "default"), None)
    if not text:
        raise InputError(
            f"template {given!r}: name a tokenizer's folder or hub id with a chat template in its "
            "tokenizer_config.json or chat_template.jinja, or give the template's text"
        )
    named = {name: settings.get(name) for name in ("bos_token", "eos_token", "pad_token")}
    tokens = {
        name: token["content"] if isinstance(token, dict) else token
        for name, token in named.items()
        if token
    }
    return Template(text, tokens)


def _file(given: str, name: str) -> str | None:
    folder = Path(given).expanduser()
    if folder.is_dir():
        path = folder / name
        return path.read_text() if path.is_file() else None
    return _from_hub(given, name)


def _from_hub(repository: str, name: str) -> str | None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HFValidationError,
        RepositoryNotFoundError,
    )

    try:
        return Path(hf_hub_download(repository, name)).read_text()
    except EntryNotFoundError:
        return None
    except (HFValidationError, RepositoryNotFoundError):
        raise InputError(
            f"template {repository!r} is no folder, no hub id, and no template's text"
        ) from None
    except Exception as error:  # noqa: BLE001  offline, blocked, cut off
        raise MissingError(
            f"template {repository!r}: the hub is not reached ({type(error).__name__}); "
            "give a tokenizer's folder"
        ) from None
