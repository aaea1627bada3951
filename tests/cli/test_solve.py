"""`ponder solve` from end to end, over a server on this machine."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Ponder

ROOT = Path(__file__).parents[2]
TASK = """
statement: Return the number itself.
entry_point: solve
public_tests: [assert solve(1) == 1, assert solve(-2) == -2]
hidden_tests: [assert solve(987654321) == 987654321]
"""
pytestmark = pytest.mark.filterwarnings("ignore:the subprocess sandbox")


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "task.yaml"
    path.write_text(TASK)
    return path


def local(url: str) -> tuple[str, ...]:
    return ("--model", "hosted_vllm/x", "--api-base", url, "--sandbox", "subprocess")


def test_a_solved_task_prints_its_program_and_exits_0(ponder: Ponder, url: str, task: Path) -> None:
    ended = ponder("solve", task, *local(url), "--profile", "paper", "-o", "layers=1")

    assert ended.code == 0
    assert ended.out.startswith("def solve(x):\n    return x")
    assert "public tests   pass" in ended.err
    assert "hidden tests   pass" in ended.err
    assert "all " in ended.err
    assert "o1+o2/plan/fix/code: passes the public tests" in ended.err


QUESTION = ("What is 1 + 1?", "--question")


def test_a_question_prints_its_solution_and_answer(ponder: Ponder, url: str) -> None:
    ended = ponder("solve", *QUESTION, *local(url), "--graph", "majority", "-o", "samples=3")

    assert ended.code == 0
    assert ended.out.rstrip().endswith("So it is \\boxed{2}.")
    assert "answer         2" in ended.err
    assert "candidates     3; chosen: s1/answer" in ended.err


def test_a_question_s_answers_are_judged_by_the_judge_model(ponder: Ponder, url: str) -> None:
    judging = ("--verifier", "judge,by=solution,think=no", "--judge", "hosted_vllm/judge")
    graph = ("--graph", "best-of-n", "-o", "samples=2")

    ended = ponder("solve", *QUESTION, *local(url), *judging, *graph, "--json")

    solution = json.loads(ended.out)
    assert ended.code == 0
    assert solution["verdict"]["score"] == 1
    assert solution["usage_by_kind"]["verification"]["calls"] >= 1
    assert solution["verifier"] == "judge:hosted_vllm/judge,by=solution,think=no"


@pytest.mark.parametrize(("gold", "code"), [("2", 0), ("3", 1)])
def test_an_answer_is_held_against_the_gold_one(
    ponder: Ponder, url: str, tmp_path: Path, gold: str, code: int
) -> None:
    task = tmp_path / "sum.yaml"
    task.write_text(f"question: What is 1 + 1?\nanswer: '{gold}'\n")

    ended = ponder("solve", task, *local(url), "--graph", "self-consistency", "-o", "samples=1")

    assert ended.code == code
    assert "gold answer" in ended.err


def test_json_is_one_object_on_standard_output(ponder: Ponder, url: str, task: Path) -> None:
    ended = ponder(
        "solve", task, *local(url), "--graph", "repeated-sampling", "-o", "samples=3", "--json"
    )

    solution = json.loads(ended.out)
    assert ended.code == 0
    assert ended.err == ""
    assert solution["solved"] is True
    assert solution["hidden"]["passed"] is True
    assert solution["usage"]["calls"] <= 3


def test_out_holds_the_program_the_solution_and_all_thoughts(
    ponder: Ponder, url: str, task: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    ponder("solve", task, *local(url), "--graph", "idea-search", "-o", "samples=2", "--out", out)

    lines = (out / "thoughts.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert sorted(kinds) == ["code", "code", "idea", "idea"]
    assert (out / "solution.py").read_text().startswith("def solve")
    assert json.loads((out / "solution.json").read_text())["answer"].startswith("def solve")


def test_with_a_store_the_same_command_asks_nothing_again(
    ponder: Ponder, url: str, task: Path, tmp_path: Path
) -> None:
    rest = ("--graph", "repeated-sampling", "-o", "samples=4", "--json", "--store", tmp_path / "s")
    paid = ponder("solve", task, *local(url), *rest)

    replayed = ponder("solve", task, *local("http://127.0.0.1:9/v1"), *rest)

    assert json.loads(replayed.out) == json.loads(paid.out)


def test_hidden_tests_are_in_no_prompt_and_no_thought(
    ponder: Ponder, url: str, task: Path, tmp_path: Path
) -> None:
    ended = ponder(
        "solve",
        task,
        *local(url),
        "--profile",
        "paper",
        "-o",
        "layers=1",
        "--store",
        tmp_path / "s",
    )

    kept = b"".join(path.read_bytes() for path in tmp_path.glob("s*"))
    assert "hidden tests   pass" in ended.err
    assert b"Return the number itself" in kept
    assert b"987654321" not in kept


def test_a_statement_in_words_is_answered_but_not_judged(ponder: Ponder, url: str) -> None:
    ended = ponder("solve", "Echo the input.", *local(url), "--graph", "repeated-sampling")

    assert ended.code == 1
    assert ended.out
    assert "not judged: there are no tests" in ended.err


def test_a_spent_budget_is_said(ponder: Ponder, url: str, task: Path) -> None:
    ended = ponder(
        "solve", task, *local(url), "--profile", "paper", "--budget", "calls=5", "--json"
    )

    solution = json.loads(ended.out)
    assert solution["stopped"] == "budget spent: calls=5"
    assert solution["usage"]["calls"] == 3  # a plan, its pseudocode, its program
    assert solution["solved"]


def test_a_server_that_is_not_there_is_named_as_the_reason(ponder: Ponder, task: Path) -> None:
    ended = ponder(
        "solve", task, *local("http://127.0.0.1:9/v1"), "--graph", "repeated-sampling",
        "-o", "samples=1", "--attempts", "1",
    )  # fmt: skip

    assert ended.code == 1
    assert "there is no candidate; the first failure was connection lost" in ended.err


@pytest.mark.docker
@pytest.mark.model
@pytest.mark.timeout(1200)  # llama.cpp's threads wait for each other: a busy core costs a lot
def test_a_real_model_and_a_real_sandbox_work_together(ponder: Ponder, task: Path) -> None:
    ended = ponder(
        "solve", task, "--model", "embedded/smollm2-135m", "--graph", "repeated-sampling",
        "-o", "samples=2", "-o", "max_tokens=200", "--json",
    )  # fmt: skip

    solution = json.loads(ended.out)
    assert ended.code in (0, 1)
    assert solution["usage"]["calls"] >= 1
    assert solution["usage"]["completion_tokens"] > 10
    assert all(c["verdict"]["passed"] is not None for c in solution["candidates"])


def test_an_interrupted_search_says_how_it_goes_on(url: str, task: Path) -> None:
    arguments = ["solve", str(task), *local("http://10.255.255.1/v1"), "--profile", "paper"]
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from ponder.cli.app import main; main({arguments})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "keeps nothing in" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()

    assert process.returncode == 130
    assert said.splitlines()[-1].endswith("(ponder solve: with --store)")
    assert "Traceback" not in said
