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
FIELDS = {"instruction": "m.content", "input": "m.input"}


def chat_template(name: str, *, begin: bool) -> str:
    """A template of ours in Jinja, for any conversation: what a message of the user's has in `input`
    goes where the template puts it, and an answer ends with the tokenizer's end token. `begin` puts
    its first token before all."""
    template = TEMPLATES[name]
    head, turn = _parted(template.plain, TURNS.get(name, ""))
    other, fuller = _parted(template.with_input, TURNS.get(name, ""))
    return (
        ("{{ bos_token }}" if begin else "") + "{% for m in messages %}"
        "{% if m.role == 'system' %}"
        f"{{{{ m.content ~ {_quoted(AFTER.get(name, '\n\n'))} }}}}"
        "{% elif m.role == 'user' %}"
        f"{{% if loop.first %}}{{{{ {_quoted(other)} if m.input else {_quoted(head)} }}}}{{% endif %}}"
        f"{{{{ ({_filled(fuller)}) if m.input else ({_filled(turn)}) }}}}"
        "{% else %}{{ m.content ~ eos_token }}{% endif %}{% endfor %}"
    )


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
