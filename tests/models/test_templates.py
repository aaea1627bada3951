"""Chat templates, from where models keep them."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, MissingError
from ponder.models import Message
from ponder.models.templates import load

SAID: list[Message] = [{"role": "user", "content": "Hi"}]
TEXT = "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}"
TEXT += "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"


def tokenizer(folder: Path, **settings: Any) -> str:
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return str(folder)


def test_a_text_is_its_own_template_and_leaves_special_tokens_to_the_server() -> None:
    template = load(TEXT)

    assert template.render(SAID) == "<user>Hi<assistant>"
    assert template.bare


@pytest.mark.parametrize("kept", [TEXT, [{"name": "tools", "template": ""}]])
def test_a_tokenizers_folder_has_the_special_tokens_too(tmp_path: Path, kept: Any) -> None:
    if isinstance(kept, list):
        kept.append({"name": "default", "template": TEXT})
    folder = tokenizer(tmp_path, chat_template=kept, bos_token="<s>", eos_token={"content": "</s>"})

    template = load(folder)

    assert template.render(SAID) == "<s><user>Hi</s><assistant>"
    assert not template.bare


def test_a_template_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text("{{ messages | length }}")

    assert load(tokenizer(tmp_path, bos_token="<s>")).render(SAID) == "1"


def test_a_folder_without_a_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"template '{tmp_path}': name a tokenizer's folder"):
        load(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ raise_exception('no system') }}", "no system"),
        ("{% for %}", "chat template: "),
        ("{{ messages.append(1) }}", "chat template: .*unsafe"),
    ],
)
def test_a_template_that_cannot_be_used_is_the_callers_fault(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(text).render(SAID)


def test_where_the_hub_is_not_reached_a_folder_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(MissingError, match="give a tokenizer's folder"):
        load("nobody/nothing")
