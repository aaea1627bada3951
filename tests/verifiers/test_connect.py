"""Verifiers by name."""

import sys
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, MissingError
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import MathTask
from ponder.verifiers import PublicTests
from ponder.verifiers.connect import connect_verifier
from ponder.verifiers.judge_model import JudgeModel
from ponder.verifiers.prm import OutcomeModel, RewardModel
from ponder.verifiers.prm.remote import RemoteRewardModel
from tests.verifiers.prm.checkpoints import publish

TASK = MathTask("t", "What is two and three?")


def test_tests_need_a_sandbox() -> None:
    sandbox = ScriptedSandbox(lambda program, given: given)

    assert connect_verifier("tests", sandbox=sandbox) == PublicTests(sandbox)
    with pytest.raises(InputError, match="needs a sandbox"):
        connect_verifier("tests")


async def test_a_folder_is_a_reward_model(tmp_path: Path) -> None:
    folder = publish("trl", tmp_path).folder

    model = connect_verifier(f"prm:{folder},aggregate=min,steps=line")
    (verdict,) = await model.judge(TASK, ["one\ntwo\n\nthree"])

    assert isinstance(model, RewardModel)
    assert len(verdict.steps) == 3
    assert verdict.score == min(verdict.steps)
    assert model.name == f"prm:{folder},aggregate=min,steps=line"


async def test_a_machine_without_torch_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = connect_verifier(f"prm:{publish('trl', tmp_path).folder}")
    monkeypatch.delitem(sys.modules, "ponder.verifiers.prm.checkpoint", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)

    assert isinstance(model, RewardModel)
    with pytest.raises(MissingError, match="need torch: pip install"):
        await model.ready()


async def test_an_outcome_model_is_found_by_its_config(tmp_path: Path) -> None:
    folder = publish("classifier", tmp_path).folder

    model = connect_verifier(f"orm:{folder},dtype=float32,device=cpu")
    (verdict,) = await model.judge(TASK, ["five"])

    assert isinstance(model, OutcomeModel)
    assert verdict.score is not None


def test_a_published_model_is_named_without_being_loaded() -> None:
    model = connect_verifier("prm:GAIR/ReasonEval-7B,neutral=negative,aggregate=product")

    assert isinstance(model, RewardModel)
    assert model.aggregate == "product"


def test_judges_and_servers_have_their_settings() -> None:
    judge = connect_verifier("judge:ollama/qwen2.5:7b,n=4,think=no,by=solution,steps=line")
    server = connect_verifier(
        "remote-prm:http://localhost:8000/v1,tokenizer=Qwen/Qwen2.5-Math-PRM-7B,aggregate=last"
    )

    assert isinstance(judge, JudgeModel)
    assert (judge.model.name, judge.n, judge.think) == ("ollama/qwen2.5:7b", 4, False)
    assert (judge.by, judge.splitting) == ("solution", "line")
    assert isinstance(server, RemoteRewardModel)
    assert (server.url, server.format.name) == ("http://localhost:8000", "qwen2.5-math-prm")
    assert server.format.aggregate == "last"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("magic:x", "'magic' is not one of tests, prm, orm, ifd, judge, remote-prm"),
        ("prm", "must be prm:WHAT"),
        ("tests:x", "must be tests alone"),
        ("prm:me/mine", "say format= one of math-shepherd"),
        ("prm:me/mine,format=qwen", "'qwen' is not one of math-shepherd"),
        ("prm:./nowhere,format=trl", "there is no folder nowhere"),
        ("prm:me/mine,format=trl,format=trl", "format is given twice"),
        ("prm:me/mine,trl", "'trl' must be KEY=VALUE"),
        ("prm:me/mine,colour=red", "'colour' is not one of format, aggregate"),
        ("prm:me/mine,format=trl,aggregate=sum", "must be one of product, min, last, mean"),
        ("prm:me/mine,format=trl,neutral=negative", "format trl has no neutral label"),
        ("prm:me/mine,format=pqm,aggregate=product", "can be multiplied"),
        ("prm:me/mine,format=", "must be one word"),
        ("prm:me/mine,format=trl,device=tpu", "must be a device such as cpu"),
        ("orm:me/mine,format=value,dtype=int8", "must be one of float32, bfloat16, float16"),
        ("judge:ollama/x,n=0", "must be a whole number above 0"),
        ("judge:ollama/x,think=maybe", "must be one of yes, no"),
        ("judge:ollama/x,temperature=hot", "must be a number"),
        ("judge:ollama/x,temperature=nan", "must be a number from 0 on"),
        ("remote-prm:http://x", "say tokenizer="),
        ("remote-prm:http://x,tokenizer=me/mine,format=rlhflow", "vllm#16545"),
    ],
)
def test_wrong_names_get_one_line(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        connect_verifier(name)

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", [None, "not json", "[]"])
def test_a_folder_without_a_config_is_told(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)

    with pytest.raises(InputError, match=r"config\.json"):
        connect_verifier(f"prm:{tmp_path},format=trl")


def test_an_adapter_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")

    with pytest.raises(InputError, match="merge it into its base model first"):
        connect_verifier(f"prm:{tmp_path},format=openr")


async def test_a_model_that_cannot_be_had_is_missing(monkeypatch: Any) -> None:
    monkeypatch.setattr("ponder.tasks.hub.reached", lambda: False)
    model = connect_verifier("prm:nobody/math-shepherd")
    assert isinstance(model, RewardModel)

    with pytest.raises(MissingError, match="the hub is not reached"):
        await model.ready()
