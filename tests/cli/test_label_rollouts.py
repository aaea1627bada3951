"""`ponder label rollouts` from end to end, over a server on this machine."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ponder
from tests.support.rollouts import STEPS, serving_chains
from tests.support.server import serving

# Nothing listens there: a call would be a failure that shows.
MODEL = ("--model", "hosted_vllm/x", "--api-base", "http://127.0.0.1:9/v1")
SIZES = ("--samples", 2, "--rollouts", 4)
QUESTIONS = [{"id": f"q/{n}", "question": f"What is {n}?", "answer": "2"} for n in range(3)]


def written(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


async def test_it_leaves_a_folder_of_labels_and_says_what_is_in_it(
    ponder: Ponder, tmp_path: Path
) -> None:
    questions, out = written(tmp_path / "q.jsonl", QUESTIONS), tmp_path / "out"
    async with serving(serving_chains) as server:
        model = ("--model", "hosted_vllm/x", "--api-base", server.url, *SIZES, "--out", out)
        first = await asyncio.to_thread(ponder, "label", "rollouts", questions, *model)
        server.bodies.clear()
        again = await asyncio.to_thread(ponder, "label", "rollouts", questions, *model, "--json")

    rows = [json.loads(line) for line in (out / "labels.jsonl").read_text().splitlines()]
    assert (first.code, again.code) == (0, 0)
    assert "6 solutions of 3 questions" in first.out
    assert f"{6 * STEPS} labels on {6 * STEPS} steps, mean 0." in first.out
    assert "3/3" in first.err
    assert "tasks/min" in first.err
    assert json.loads(again.out)["rows"] == len(rows) == 6
    assert server.bodies == [], "a folder that is complete asks for nothing"


async def test_a_gold_answer_goes_to_no_model_and_into_no_thought(
    ponder: Ponder, tmp_path: Path
) -> None:
    gold, out = "918273645", tmp_path / "out"
    questions = written(tmp_path / "q.jsonl", [{**QUESTIONS[0], "answer": gold}])
    async with serving(serving_chains) as server:
        model = ("--model", "hosted_vllm/x", "--api-base", server.url, *SIZES, "--out", out)
        ended = await asyncio.to_thread(ponder, "label", "rollouts", questions, *model)

    kept = b"".join(file.read_bytes() for file in out.glob("store.sqlite*"))
    rows = [json.loads(line) for line in (out / "labels.jsonl").read_text().splitlines()]
    assert ended.code == 0
    assert {label for row in rows for label in row["labels"]} == {0.0}
    assert len(server.bodies) > 2
    assert gold not in json.dumps(server.bodies)
    assert gold.encode() not in kept


CODE = {"id": "c", "statement": "Add.", "entry_point": "f", "public_tests": ["assert f(1) == 1"]}
WRONG = [
    ([CODE], (), "task c: it asks for a program"),
    ([{"id": "open", "question": "Why?"}], (), "task open: it has no gold answer"),
    (QUESTIONS, ("--labels", "warm"), "--labels"),
    (QUESTIONS, ("--rollouts", -1), "--rollouts"),
    (QUESTIONS, ("--profile", "slow"), "profile 'slow' is not one of paper, fast"),
    (QUESTIONS, ("-o", "temperature=0"), "option temperature='0'"),
    (QUESTIONS, ("-o", "rollouts=4"), "option rollouts: give --rollouts"),
    (QUESTIONS, ("--separator", ""), "option separator=''"),
    (QUESTIONS, ("--ids", "q/9"), "there is no task 'q/9'"),
    (QUESTIONS, ("--budget", "calls=0"), "calls=0 must be a number above 0"),
    (QUESTIONS, ("--model", "embedded/foo"), "not one of qwen2.5-coder-0.5b"),
]


@pytest.mark.parametrize(("rows", "options", "line"), WRONG)
def test_wrong_input_is_one_line_and_makes_nothing(
    ponder: Ponder,
    tmp_path: Path,
    rows: list[dict[str, Any]],
    options: tuple[object, ...],
    line: str,
) -> None:
    questions, out = written(tmp_path / "q.jsonl", rows), tmp_path / "out"
    server = () if "--model" in options else MODEL

    ended = ponder("label", "rollouts", questions, *server, *options, "--out", out)

    assert ended.code == 2
    assert line in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not out.exists()


def test_the_group_lists_what_it_can_do(ponder: Ponder) -> None:
    assert "rollouts" in ponder("label", "--help").out


def test_it_is_no_way_to_answer(ponder: Ponder, tmp_path: Path) -> None:
    questions = written(tmp_path / "q.jsonl", QUESTIONS)

    ended = ponder("eval", questions, *MODEL, "--graph", "rollouts", "--out", tmp_path / "out")

    assert (ended.code, "graph 'rollouts' is not one of plan-search" in ended.err) == (2, True)
