"""Templates of instructions as templates of chats, which a tokenizer keeps: so a student is asked
as it was finetuned, by whatever asks it."""

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError

from ...verifiers.ifd.templates import FIELD, TEMPLATES

TURNS: Mapping[str, str] = {"vicuna": "USER:", "alpaca": "### Instruction:"}
"""Where a turn begins in a template. What stands before is said once, unless there is a system
prompt, which takes its place (as in FastChat's templates of these names)."""
AFTER: Mapping[str, str] = {"vicuna": " "}
"""What follows a system prompt; an empty line elsewhere."""
INPUT = "m.input"
FIELDS: Mapping[str, str] = {"instruction": "m.content", "input": INPUT}
"""How a message has what a template has fields for."""


def chat_template(name: str, *, begin: bool) -> str:
    """A template of ours in Jinja, for any conversation: the `input` of a message of the user's, if
    it has any, goes where the template puts it, and an answer ends with the tokenizer's end token.
    `begin` puts the tokenizer's first token before all."""
    template, mark = TEMPLATES[name], TURNS.get(name, "")
    head, turn = _parted(template.plain, mark)
    other, fuller = _parted(template.with_input, mark)
    after = _quoted(AFTER.get(name, "\n\n"))
    return "".join(
        (
            "{{ bos_token }}" if begin else "",
            "{% for m in messages %}{% if m.role == 'system' %}",
            f"{{{{ m.content ~ {after} }}}}",
            "{% elif m.role == 'user' %}{% if loop.first %}",
            f"{{{{ {_quoted(other)} if {INPUT} else {_quoted(head)} }}}}",
            "{% endif %}",
            f"{{{{ ({_filled(fuller)}) if {INPUT} else ({_filled(turn)}) }}}}",
            "{% else %}{{ m.content ~ eos_token }}{% endif %}{% endfor %}",
        )
    )


def begun_with(tokenizer: Any) -> list[int]:
    """The token that the tokenizer puts before each text, if it does."""
    bos = tokenizer.bos_token_id
    return [bos] if bos is not None and tokenizer.encode("")[:1] == [bos] else []


def ending(tokenizer: Any) -> int:
    """The token that ends an answer: what the chat template writes after one, if that is a special
    token, else the tokenizer's end token."""
    said = "An answer"
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": said}]
    try:
        text = str(tokenizer.apply_chat_template(turns, tokenize=False))
    except TemplateError:
        text = ""
    after = text.rpartition(said)[2]
    ids = tokenizer.encode(after, add_special_tokens=False)
    added = tokenizer.added_tokens_decoder
    special = (id for id in ids if id in added and added[id].special)
    return int(next(special, tokenizer.eos_token_id))


def _parted(text: str, mark: str) -> tuple[str, str]:
    begin, found, rest = text.partition(mark) if mark else ("", "", text)
    return begin, found + rest


def _filled(text: str) -> str:
    """A template's text as an expression of Jinja."""
    parts = FIELD.split(text)  # text, field, text, ...
    named = [FIELDS[part] if place % 2 else _quoted(part) for place, part in enumerate(parts)]
    return " ~ ".join(part for part in named if part != '""')


def _quoted(text: str) -> str:
    return json.dumps(text)
