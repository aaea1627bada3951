"""From the words that a user chooses a verifier by to the verifier.

KIND[:WHAT][,KEY=VALUE…]

    tests
    prm:Qwen/Qwen2.5-Math-PRM-7B        prm:./my-prm,format=trl,aggregate=last
    orm:RLHFlow/Llama3.1-8B-ORM-Deepseek-Data
    ifd:Qwen/Qwen2.5-0.5B,template=vicuna    (a student, of pairs of instruction data)
    judge:ollama/qwen2.5:7b,n=4,think=no        judge (the model that plays that role)
    remote-prm:http://localhost:8000,format=qwen2.5-math-prm,tokenizer=Qwen/Qwen2.5-Math-PRM-7B
"""

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..models import Model
from ..models import connect as connect_model
from ..models.local import find, require_torch
from ..sandboxes.base import Sandbox
from ..settings import Readers, count, flag, number, one_of, read_settings, text
from .aggregation import AGGREGATES
from .base import Verifier
from .ifd import Student
from .ifd.templates import CHAT, TEMPLATES
from .judge_model import JudgeModel
from .prm import Format, OutcomeModel, RewardModel, Scorer, adjusted, find_format
from .tests import PublicTests


def _device(value: str) -> str:
    if not re.fullmatch(r"(cpu|mps|cuda|xpu)(:\d+)?", value):
        raise ValueError("must be a device such as cpu, cuda or cuda:1")
    return value


DTYPE = one_of("float32", "bfloat16", "float16")
STEPS = one_of("auto", "blank", "line")
AGGREGATE = one_of(*AGGREGATES)
NEUTRAL = one_of("positive", "negative")
SETTINGS: Mapping[str, Readers] = {
    "tests": {},
    "prm": {
        "format": text, "aggregate": AGGREGATE, "neutral": NEUTRAL, "steps": STEPS,
        "dtype": DTYPE, "device": _device,
    },
    "orm": {"format": text, "dtype": DTYPE, "device": _device},
    "ifd": {
        "mode": one_of("ids", "official"), "template": one_of(*TEMPLATES, CHAT),
        "by": one_of("ppl", "loss"), "max_length": count, "dtype": DTYPE, "device": _device,
    },
    "judge": {
        "n": count, "think": flag, "by": one_of("step", "solution"), "temperature": number,
        "max_tokens": count, "aggregate": AGGREGATE, "steps": STEPS,
    },
    "remote-prm": {
        "format": text, "tokenizer": text, "model": text, "aggregate": AGGREGATE,
        "neutral": NEUTRAL, "steps": STEPS, "activated": flag, "timeout": number,
    },
}  # fmt: skip
"""The settings of each kind."""


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
    if kind == "ifd":
        return Student(what, name=name, **settings)
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
    return RewardModel(name, load, form.aggregate, splitting, form.readout)


def _load(what: str, form: Format, **settings: Any) -> Scorer:
    require_torch()
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
    known = SETTINGS[kind]
    return kind, what, read_settings(f"verifier {name!r}", known, parts, "aggregate=last")
