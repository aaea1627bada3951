"""Wrong input and missing things: one clear line, exit 2 or 3, and no call."""

import json
from pathlib import Path

import pytest

from ponder.models.weights import KNOWN
from ponder.tasks import equivalence
from tests.cli.conftest import Ponder

ROOT = Path(__file__).parents[2]
TASK = ROOT / "examples/tasks/merge_intervals.yaml"
# Nothing listens there: a call would be a failure that shows.
MODEL = ("--model", "hosted_vllm/x", "--api-base", "http://127.0.0.1:9/v1")

WRONG = [
    (("solve",), "Missing argument"),
    (("frobnicate",), "No such command 'frobnicate'"),
    (("solve", "absent.yaml"), "there is no task file absent.yaml"),
    (("solve", ""), "the statement is empty"),
    (("solve", TASK, "--model", "foo/bar"), "model 'foo/bar': name it provider/model"),
    (("solve", TASK, "--model", "embedded/foo"), "not one of qwen2.5-coder-0.5b"),
    (("solve", TASK, "--graph", "foo"), "graph 'foo' is not one of plan-search"),
    (("solve", TASK, "--profile", "foo"), "profile 'foo' is not one of paper, fast"),
    (("solve", TASK, "--sandbox", "foo"), "sandbox 'foo' is not one of auto"),
    (("solve", TASK, "--sandbox", "docker:cpus=1"), "'cpus' is not one of image, workers"),
    (("solve", TASK, *MODEL, "--budget", "calls=-1"), "calls=-1 must be a number above 0"),
    (("solve", TASK, *MODEL, "--budget", "usd=0"), "usd=0.0 must be a number above 0"),
    (("solve", TASK, *MODEL, "--budget", "time=3"), "'time=3' is not one of calls=N"),
    (("solve", TASK, *MODEL, "--budget", "usd=1"), "the price of hosted_vllm/x is not known"),
    (("solve", TASK, *MODEL, "-o", "layers=0"), "option layers='0'"),
    (("solve", TASK, *MODEL, "-o", "depth=2"), "option 'depth' is not one of"),
    (("solve", TASK, *MODEL, "--concurrency", "0"), "--concurrency"),
    (("solve", "humanevil:3"), "did you mean humaneval?"),
    (("solve", "humaneval:3", "--data", "absent.jsonl"), "there is no file absent.jsonl"),
    (("solve", TASK, "--data", "absent.jsonl"), "--data absent.jsonl goes with a data set"),
    (("solve", TASK, *MODEL, "--store", TASK), "file is not a database"),
    (("solve", TASK, *MODEL, "--out", TASK), "--out"),
    (("solve", TASK, "--model", "embedded/smollm2-135m", *MODEL[2:]), "run in this process"),
    (("solve", TASK, "--question"), "--question goes with a question in words"),
    (("solve", "gsm8k:3", "--question"), "--question goes with a question in words"),
    (("solve", "1+1=", "-q", *MODEL), "plan_search writes programs, not answers to questions"),
    (("solve", " ", "-q", *MODEL), "the question is empty"),
    (("solve", TASK, *MODEL, "--graph", "beam-search"), "beam_search writes answers to questions"),
    (("solve", "1 + 1 = ?", "-q", *MODEL, "--graph", "best-of-n"), "prm:PATH or judge:MODEL"),
    (("solve", "1 + 1 = ?", "-q", *MODEL, "--graph", "dvts"), "needs one that judges steps"),
    (("solve", TASK, *MODEL, "--verifier", "foo"), "verifier 'foo' is not one of tests, prm"),
    (("solve", TASK, *MODEL, "--verifier", "prm:absent/"), "absent"),
    (("solve", TASK, *MODEL, "--verifier", "judge,n=0"), "n=0 must be a whole number above 0"),
    (("solve", "1 + 1 = ?", "-q", "--graph", "dvts", "-o", "width=3"),
     "ponder: option samples=16 must be a multiple of width=3\n"),
    (("solve", "1 + 1 = ?", "-q", "--graph", "majority", "-o", "choose=best"),
     "option choose='best': majority takes the most frequent answer"),
    (("solve", "1 + 1 = ?", "-q", *MODEL, "--graph", "beam-search", "--verifier", "judge:foo"),
     "model 'foo': name it provider/model"),
    (("solve", "1 + 1 = ?", "-q", "--model", "ollama/x", "--graph", "dvts", "--verifier", "judge"),
     "model ollama/x: no steps: it is not known that ollama goes on with replies"),
    (("solve", TASK, *MODEL, "--judge", "hosted_vllm/y"), "goes with --verifier judge"),
    (("solve", "1 + 1 = ?", "-q", *MODEL, "--graph", "compute-optimal"),
     "compute_optimal needs a policy, as in policy=policy.json"),
    (("models", "pull", "foo"), "weights 'foo' are not one of"),
    (("sandbox", "build", "--packages", "numpy=2"), "package 'numpy=2' must be a name"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_input_ends_with_one_line_and_exit_2(
    ponder: Ponder, arguments: tuple[object, ...], message: str
) -> None:
    ended = ponder(*arguments)

    assert ended.code == 2
    assert message in ended.err
    assert ended.err.startswith("ponder: ")
    assert ended.err.count("\n") == 1
    assert ended.out == ""


@pytest.mark.parametrize(
    "change", [{"statement": 7}, {"public_tests": []}, {"public_test": []}, {"entry_point": [1]}]
)
def test_a_task_file_with_something_wrong_is_refused(
    ponder: Ponder, tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "task.json"
    good = {"statement": "S", "public_tests": [{"input": "1", "expected": "1"}]}
    path.write_text(json.dumps({**good, **change}))

    ended = ponder("solve", path, *MODEL)

    assert ended.code == 2
    assert str(path) in ended.err
    assert next(iter(change)) in ended.err


@pytest.mark.filterwarnings("ignore:the subprocess sandbox")
def test_a_question_is_refused_by_a_graph_that_writes_programs(
    ponder: Ponder, tmp_path: Path
) -> None:
    path = tmp_path / "sum.yaml"
    path.write_text("question: What is 1+1?\n")

    ended = ponder("solve", path, *MODEL, "--sandbox", "subprocess")

    assert ended.code == 2
    assert ended.err.endswith("plan_search writes programs, not answers to questions\n")


@pytest.mark.parametrize("sandbox", ["auto", "docker"])
def test_no_engine_is_missing(
    ponder: Ponder, monkeypatch: pytest.MonkeyPatch, sandbox: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    monkeypatch.setenv("PATH", "/nowhere")  # and no bubblewrap

    ended = ponder("solve", TASK, *MODEL, "--sandbox", sandbox)

    assert ended.code == 3
    assert "no Docker engine answers" in ended.err
    assert ("bubblewrap is not installed" in ended.err) == (sandbox == "auto")
    assert ended.err.count("\n") == 1


def test_weights_that_are_missing_or_damaged_are_missing(
    ponder: Ponder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PONDER_HOME", str(tmp_path))
    path = KNOWN["smollm2-135m"].path
    solve = ("solve", TASK, "--model", "embedded/smollm2-135m")

    absent = ponder(*solve)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not the weights")
    damaged = ponder(*solve)

    assert (absent.code, damaged.code) == (3, 3)
    assert "are missing: run `ponder models pull smollm2-135m`" in absent.err
    assert "are damaged (SHA-256" in damaged.err


def test_a_missing_key_is_missing(ponder: Ponder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    with pytest.warns(UserWarning, match="keeps nothing in"):
        ended = ponder(
            "solve", TASK, "--model", "anthropic/claude-sonnet-4-5", "--sandbox", "subprocess"
        )

    assert ended.code == 3
    assert "set ANTHROPIC_API_KEY" in ended.err


def test_a_data_set_without_a_hub_is_missing(
    ponder: Ponder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    ended = ponder("solve", "humaneval:HumanEval/3")

    assert ended.code == 3
    assert "give it with --data" in ended.err


def test_what_an_answer_will_be_graded_with_is_missed_before_anything_is_paid_for(
    ponder: Ponder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("question: What is 1 + 1?\nanswer: 2\ngrading: prm800k\n")
    monkeypatch.setattr(equivalence, "find_spec", lambda name: name != "pylatexenc" or None)

    ended = ponder("solve", path, *MODEL, "--graph", "majority")

    assert ended.code == 3
    assert ended.err == (
        "ponder: answers cannot be compared without pylatexenc: pip install 'ponder[math]'\n"
    )


@pytest.mark.parametrize("tasks", [("humanevl+",), ("humanevl+", "--limit", "3")])
def test_an_evaluation_of_no_data_set_leaves_no_folder(
    tmp_path: Path, ponder: Ponder, tasks: tuple[str, ...]
) -> None:
    ended = ponder("eval", *tasks, *MODEL, "--out", tmp_path / "out")

    assert ended.code == 2
    assert "did you mean humaneval+?" in ended.err
    assert not (tmp_path / "out").exists()
