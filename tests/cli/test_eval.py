"""`ponder eval` from end to end, over a server on this machine."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Ponder

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore:the subprocess sandbox")


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Of five tasks, the identity is right for all but the last."""
    rows = [
        {
            "id": f"own/{number}",
            "statement": f"Return the number itself ({number}).",
            "entry_point": "solve",
            "public_tests": ["assert solve(1) == 1"],
            "hidden_tests": [f"assert solve({number}) == {number if number < 5 else 0}"],
        }
        for number in range(1, 6)
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def local(url: str, out: Path) -> tuple[object, ...]:
    model = ("--model", "hosted_vllm/x", "--api-base", url, "--sandbox", "subprocess")
    return (*model, "--out", out, "--samples", 4, "--graph", "repeated-sampling")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_it_ends_with_a_table_and_leaves_a_folder(
    ponder: Ponder, url: str, tasks: Path, tmp_path: Path
) -> None:
    ended = ponder("eval", tasks, *local(url, tmp_path / "out"))

    run = tmp_path / "out" / "repeated-sampling@x"
    assert ended.code == 0
    assert "pass@1" in ended.out
    assert "80" in next(line for line in ended.out.splitlines() if line.startswith("pass@1"))
    assert "own/5: 0/4 right, not solved" in ended.err
    assert "20 calls" in ended.err
    assert len(lines(run / "results.jsonl")) == 5
    assert len(lines(run / "samples.jsonl")) == 20
    assert (run / "store.sqlite").exists()


def test_the_same_command_again_does_nothing_more(
    ponder: Ponder, url: str, tasks: Path, tmp_path: Path
) -> None:
    first = ponder("eval", tasks, *local(url, tmp_path / "out"), "--limit", 2)

    second = ponder("eval", tasks, *local(url, tmp_path / "out"))
    third = ponder("eval", tasks, *local("http://127.0.0.1:9/v1", tmp_path / "out"))

    assert (first.code, second.code, third.code) == (0, 0, 0)
    assert "own/1" not in second.err
    assert "own/4: 4/4 right, solved" in second.err
    assert third.out == second.out


def test_graphs_are_compared_by_one_command(
    ponder: Ponder, url: str, tasks: Path, tmp_path: Path
) -> None:
    ended = ponder(
        "eval", tasks, *local(url, tmp_path / "out")[:-2], "--limit", 2,
        "--graph", "repeated-sampling,plan-search", "--budget", "calls=6", "--json",
    )  # fmt: skip

    assert ended.code == 0
    assert [one["name"] for one in json.loads(ended.out)] == [
        "repeated-sampling@x",
        "plan-search@x",
    ]
    assert (tmp_path / "out" / "plan-search@x" / "results.jsonl").exists()


def test_a_server_that_is_not_there_costs_no_task_its_turn(
    ponder: Ponder, url: str, tasks: Path, tmp_path: Path
) -> None:
    gone = ponder("eval", tasks, *local("http://127.0.0.1:9/v1", tmp_path / "out"), "--attempts", 1)
    back = ponder("eval", tasks, *local(url, tmp_path / "out"))

    assert gone.code == 1
    assert "own/1: no result: connection lost" in gone.err
    assert back.code == 0
    assert "own/1: 4/4 right, solved" in back.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--ids", "own/9"), "own/9"),
        (("--graph", "plan-serch"), "graph 'plan-serch' is not one of"),
        (("-o", "layers=1"), "option 'layers' is none of repeated-sampling"),
        (("--graph", "plan-search"), "--samples 4: plan-search writes as many answers"),
        (("--model", "x,x"), "--model: x is given twice"),
        (("--judge", "x"), "--judge x goes with --verifier judge"),
        (("--budget", "cals=3"), "budget: 'cals=3' is not one of"),
        (("--sandbox", "vm"), "sandbox"),
        (("--data", "x.jsonl"), "--data"),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(
    ponder: Ponder, tasks: Path, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    given = ("eval", tasks, *local("http://127.0.0.1:9/v1", tmp_path / "out"), *options)

    ended = ponder(*given)

    assert ended.code == 2
    assert says in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not list((tmp_path / "out").glob("*/results.jsonl"))


@pytest.mark.slow
def test_ctrl_c_ends_it_and_keeps_what_is_done(url: str, tasks: Path, tmp_path: Path) -> None:
    options = [*local(url, tmp_path / "out"), "--samples", "1200", "--concurrency", "2"]
    command = [sys.executable, "-c", "from ponder.cli.app import main; main()", "eval", str(tasks)]
    results = tmp_path / "out" / "repeated-sampling@x" / "results.jsonl"

    with subprocess.Popen(
        [*command, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not (results.exists() and results.read_text()):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "interrupted; the same command goes on from there" in said
    assert "Traceback" not in said
    assert 1 <= len(lines(results)) < 5
