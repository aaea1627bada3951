"""From the words that a user chooses a verifier by to the verifier.

KIND[:WHAT][,KEY=VALUE…]

    tests
    prm:Qwen/Qwen2.5-Math-PRM-7B        prm:./my-prm,format=trl,aggregate=last
    orm:RLHFlow/Llama3.1-8B-ORM-Deepseek-Data
    judge:ollama/qwen2.5:7b,n=4,think=no        judge (the model that plays that role)
    remote-prm:http://localhost:8000,format=qwen2.5-math-prm,tokenizer=Qwen/Qwen2.5-Math-PRM-7B
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..models import Model
from ..models import connect as connect_model
from ..models.local import find
from ..sandboxes.base import Sandbox
from .aggregation import AGGREGATES
from .base import Verifier
from .judge_model import JudgeModel
from .prm import Format, OutcomeModel, RewardModel, Scorer, adjusted, find_format
from .tests import PublicTests


def _text(value: str) -> str:
    if not value or any(character.isspace() for character in value):
        raise ValueError("must be one word")
    return value


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise ValueError("must be a whole number above 0")
    return int(value)


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise ValueError("must be a number") from None
    if not 0 <= number < float("inf"):
        raise ValueError("must be a number from 0 on")
    return number


def _flag(value: str) -> bool:
    return bool(["no", "yes"].index(_one_of("yes", "no")(value)))


def _one_of(*known: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return value

    return read


def _device(value: str) -> str:
    if not re.fullmatch(r"(cpu|mps|cuda|xpu)(:\d+)?", value):
        raise ValueError("must be a device such as cpu, cuda or cuda:1")
    return value


DTYPE = _one_of("float32", "bfloat16", "float16")
STEPS = _one_of("auto", "blank", "line")
AGGREGATE = _one_of(*AGGREGATES)
NEUTRAL = _one_of("positive", "negative")
SETTINGS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "tests": {},
    "prm": {
        "format": _text, "aggregate": AGGREGATE, "neutral": NEUTRAL, "steps": STEPS,
        "dtype": DTYPE, "device": _device,
    },
    "orm": {"format": _text, "dtype": DTYPE, "device": _device},
    "judge": {
        "n": _count, "think": _flag, "by": _one_of("step", "solution"), "temperature": _number,
        "max_tokens": _count, "aggregate": AGGREGATE, "steps": STEPS,
    },
    "remote-prm": {
        "format": _text, "tokenizer": _text, "model": _text, "aggregate": AGGREGATE,
        "neutral": NEUTRAL, "steps": STEPS, "activated": _flag, "timeout": _number,
    },
}  # fmt: skip
"""The settings of each kind, and how each is read; ValueError says what it must be."""


def connect_verifier(
    name: str, *, sandbox: Sandbox | None = None, judge: Model | None = None
) -> Verifier:
    """The verifier a user names, with its settings. Everything is checked that can be without
    loading or asking anything; a reward model is loaded when it is first asked, or by its `ready`.
    `sandbox` is for "tests", the task's public tests; `judge` is the model that "judge" means when
    it names none.

    Raises:
        InputError: there is no such verifier, format, model or setting.
        MissingError: what it needs is not on this machine.
    """
    kind, what, settings = _parse(name)
    if kind == "tests":
        if sandbox is None:
            raise InputError("verifier tests runs programs, so it needs a sandbox")
        return PublicTests(sandbox)
    if kind == "judge":
        return _judge(name, what, settings, judge)
    if kind == "remote-prm":
        return _remote(name, what, settings)
    return _held(name, kind, what, settings)


def _held(name: str, kind: str, what: str, settings: dict[str, Any]) -> Verifier:
    form = find_format(
        what, format=settings.pop("format", None), config=_config(what), outcome=kind == "orm"
    )
    aggregate, neutral = settings.pop("aggregate", None), settings.pop("neutral", None)
    form = adjusted(form, aggregate=aggregate, neutral=neutral)
    splitting = settings.pop("steps", "auto")
    load = partial(_load, what, form, **settings)
    if kind == "orm":
        return OutcomeModel(name, load)
    return RewardModel(name, load, form.aggregate, splitting)


def _load(what: str, form: Format, **settings: Any) -> Scorer:
    from .prm.checkpoint import load_scorer

    return load_scorer(what, form, **settings)


def _config(what: str) -> Mapping[str, Any]:
    """A folder's config.json; nothing for what is on the hub."""
    if Path(what, "adapter_config.json").is_file() and not Path(what, "config.json").is_file():
        raise InputError(f"{what}: is an adapter; merge it into its base model first")
    source = find(what)
    if source.on_hub or source.gguf:
        return {}
    path = Path(source.place, "config.json")
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None
    if not isinstance(config, dict):
        raise InputError(f"{path}: must hold an object")
    return config


def _judge(name: str, what: str, settings: dict[str, Any], model: Model | None) -> Verifier:
    if "steps" in settings:
        settings["splitting"] = settings.pop("steps")
    if what:
        return JudgeModel(connect_model(what), name=name, **settings)
    if model is None:
        raise InputError(f"verifier {name!r} must be judge:MODEL")
    return JudgeModel(model, name=f"judge:{model.name}{name.removeprefix('judge')}", **settings)


def _remote(name: str, what: str, settings: dict[str, Any]) -> Verifier:
    from .prm.remote import RemoteRewardModel

    tokenizer = settings.pop("tokenizer", None) or settings.get("model")
    if tokenizer is None:
        raise InputError(f"verifier {name!r}: say tokenizer= (the model's folder, or its hub id)")
    config = _config(tokenizer)
    form = find_format(tokenizer, format=settings.pop("format", None), config=config)
    aggregate, neutral = settings.pop("aggregate", None), settings.pop("neutral", None)
    form = adjusted(form, aggregate=aggregate, neutral=neutral)
    if "steps" in settings:
        settings["splitting"] = settings.pop("steps")
    return RemoteRewardModel(what, form, tokenizer, name=name, **settings)


def _parse(name: str) -> tuple[str, str, dict[str, Any]]:
    head, comma, rest = name.partition(",")
    kind, _, what = head.partition(":")
    parts = rest.split(",") if comma else []
    if kind not in SETTINGS:
        raise InputError(f"verifier {kind!r} is not one of {', '.join(SETTINGS)}")
    if kind != "judge" and bool(what) != (kind != "tests"):
        like = "tests alone" if kind == "tests" else f"{kind}:WHAT"
        raise InputError(f"verifier {name!r} must be {like}")
    settings: dict[str, Any] = {}
    for part in parts:
        key, value = _setting(name, SETTINGS[kind], part)
        if key in settings:
            raise InputError(f"verifier {name!r}: {key} is given twice")
        settings[key] = value
    return kind, what, settings


def _setting(name: str, known: Mapping[str, Callable[[str], Any]], part: str) -> tuple[str, Any]:
    key, equals, value = part.partition("=")
    if not equals:
        raise InputError(f"verifier {name!r}: {part!r} must be KEY=VALUE, as in aggregate=last")
    if key not in known:
        raise InputError(f"verifier {name!r}: {key!r} is not one of {', '.join(known) or 'none'}")
    try:
        return key, known[key](value)
    except ValueError as error:
        raise InputError(f"verifier {name!r}: {key}={value} {error}") from None
