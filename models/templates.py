"""Chat templates, rendered here: for servers that go on with a text and not with a message."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingError
from ..tasks import hub
from .base import Message
from .faults import one_line


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
    files = _files(given)
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


def _files(given: str) -> dict[str, str | None]:
    names = ("tokenizer_config.json", "chat_template.jinja")
    folder = Path(given).expanduser()
    if folder.is_dir():
        paths = {name: folder / name for name in names}
        return {name: path.read_text() if path.is_file() else None for name, path in paths.items()}
    reached = hub.reached()
    files = {name: _from_hub(given, name, reached) for name in names}
    if not (reached or any(files.values())):
        raise MissingError(
            f"template {given!r} is no folder here, and the hub is not reached: give a tokenizer's "
            "folder, or the template's text"
        )
    return files


def _from_hub(repository: str, name: str, reached: bool) -> str | None:
    """The file from the hub, or what is left here of an earlier download."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, HFValidationError

    try:
        path = hf_hub_download(repository, name, local_files_only=not reached)
    except (EntryNotFoundError, FileNotFoundError):
        return None
    except HFValidationError:
        raise InputError(f"template {repository!r} is no folder and no hub id") from None
    except HfHubHTTPError as error:
        raise InputError(f"template {repository!r}: {one_line(str(error))}") from None
    return Path(path).read_text()
