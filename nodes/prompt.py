"""Prompts: text files apart from logic, where a missing variable is an error.

A prompt is `prompts/NAME.jinja`: parts headed `=== system`, `=== user` or `=== assistant`, each a
Jinja template. Parts are split before anything is rendered, so no statement or reply can open one.
"""

import re
from functools import cache
from typing import Any, Literal, cast

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..models.base import Message

Role = Literal["system", "user", "assistant"]
PART = re.compile(r"^=== (system|user|assistant)\n", re.M)


@cache
def _environment() -> Environment:
    return Environment(  # noqa: S701  prompts are plain text, not HTML
        loader=PackageLoader("ponder.nodes", "prompts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


@cache
def _parts(name: str) -> tuple[tuple[Role, Template], ...]:
    environment = _environment()
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, f"{name}.jinja")
    pieces = PART.split(source)[1:]
    pairs = zip(pieces[::2], pieces[1::2], strict=True)
    return tuple((cast(Role, role), environment.from_string(text)) for role, text in pairs)


def render(name: str, **values: Any) -> list[Message]:
    """The messages of a prompt.

    Raises:
        jinja2.UndefinedError: a variable the prompt uses is not given.
    """
    return [
        {"role": role, "content": template.render(**values).strip()}
        for role, template in _parts(name)
    ]
