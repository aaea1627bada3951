"""`ponder sweep`, `ponder policy`, and the graph that goes by what they write, over a server."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ponder

pytestmark = pytest.mark.filterwarnings("ignore:the subprocess sandbox")


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Of eight questions, the server's answer, 2, is right for half."""
    rows = [
        {"id": f"own/{number}", "question": f"What is it ({number})?", "answer": 2 + number % 2}
        for number in range(8)
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def local(url: str) -> tuple[str, ...]:
    judge = ("--verifier", "judge,by=solution,think=no")
    return ("--model", "hosted_vllm/x", "--api-base", url, "--sandbox", "subprocess", *judge)


def small(url: str, out: Path) -> tuple[object, ...]:
    kinds = ("--strategies", "best-of-n,revisions")
    return (*local(url), *kinds, "--budgets", "2,4", "--difficulty-samples", 4, "--out", out)


@pytest.mark.slow
def test_a_sweep_becomes_a_policy_that_solve_and_eval_go_by(
    ponder: Ponder, url: str, questions: Path, tmp_path: Path
) -> None:
    folder, plots = tmp_path / "sweep", tmp_path / "plots"

    swept = ponder("sweep", questions, *small(url, folder))
    chosen = ponder("policy", folder, "--bins", 2, "--plots", plots)
    use = ("--graph", "compute-optimal", "-o", f"policy={folder / 'policy.json'}")
    sizes = ("-o", "budget=4", "-o", "probe=2")
    solved = ponder("solve", "1 + 1 = ?", "-q", *local(url), *use, *sizes, "--json")
    done = ponder("eval", questions, *local(url), *use, *sizes, "--out", tmp_path / "out")

    assert (swept.code, chosen.code, solved.code, done.code) == (0, 0, 0, 0)
    assert "best-of-n     50.0 [" in swept.out
    assert "best-of-n          " in swept.out.partition("tokens a question")[2]
    assert "--graph compute-optimal -o policy=" in chosen.err
    assert "took 4 generations" in chosen.err
    assert json.loads(solved.out)["usage_by_kind"]["probe"]["calls"] == 2
    assert "tokens for probe" in done.out
    assert (plots / "compute_optimal.svg").exists()


def test_programs_are_swept_with_their_public_tests(
    ponder: Ponder, url: str, tmp_path: Path
) -> None:
    rows = [
        {
            "id": f"own/{number}",
            "statement": f"Return the number itself ({number}).",
            "entry_point": "solve",
            "public_tests": ["assert solve(1) == 1", f"assert solve(2) == {2 + number % 2}"],
            "hidden_tests": [f"assert solve(3) == {3 + number % 2}"],
        }
        for number in range(4)
    ]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = [one for one in small(url, tmp_path / "s") if one not in local(url)[-2:]]

    swept = ponder("sweep", tmp_path / "own.jsonl", *options, "--budgets", "2", "--json")
    chosen = ponder("policy", tmp_path / "s", "--bins", 2, "--json")

    [budget] = json.loads(swept.out)
    assert budget["strategies"]["revisions-2"]["accuracy"][0] == 0.5
    assert json.loads(chosen.out)["thresholds"] == [0.75]
    assert json.loads(chosen.out)["same_bin"] == 1.0


def test_the_same_sweep_again_does_nothing_more(
    ponder: Ponder, url: str, questions: Path, tmp_path: Path
) -> None:
    first = ponder("sweep", questions, *small(url, tmp_path / "s"), "--limit", 2, "--json")

    again = ponder(
        "sweep", questions, *small("http://127.0.0.1:9/v1", tmp_path / "s"), "--limit", 2, "--json"
    )

    assert (first.code, again.code) == (0, 0)
    assert again.out == first.out


def test_another_model_s_sweep_is_not_mixed_in(
    ponder: Ponder, url: str, questions: Path, tmp_path: Path
) -> None:
    ponder("sweep", questions, *small(url, tmp_path / "s"), "--limit", 2)
    before = sorted(tmp_path.rglob("*"))

    ended = ponder("sweep", questions, *small(url, tmp_path / "s"), "--model", "hosted_vllm/y")

    assert ended.code == 2
    assert "holds a sweep with model hosted_vllm/x, not hosted_vllm/y" in ended.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budgets", "3"), "budget 3: must be a power of two"),
        (("--budgets", "four"), "--budgets 'four': must be whole numbers"),
        (("--strategies", "beam"), "best-of-n is what the others are compared to"),
        (("--strategies", "best-of-n,mcts"), "strategies 'mcts' is not one of"),
        (("--verifier", "tests"), "answers to questions need one that judges them"),
        (("-o", "luck=1"), "option 'luck' is none of"),
        (("--verifier", "orm:Skywork/absent", "--strategies", "best-of-n,beam"), "orm"),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(
    ponder: Ponder, questions: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    ended = ponder("sweep", questions, *small("http://127.0.0.1:9/v1", tmp_path / "s"), *options)

    assert ended.code == 2
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "s").exists()


def test_searches_over_programs_are_refused(ponder: Ponder, tmp_path: Path) -> None:
    row = {
        "id": "p",
        "statement": "Return it.",
        "entry_point": "solve",
        "public_tests": ["assert solve(1) == 1"],
    }
    (tmp_path / "p.jsonl").write_text(json.dumps(row) + "\n")
    options = small("http://127.0.0.1:9/v1", tmp_path / "s")

    ended = ponder("sweep", tmp_path / "p.jsonl", *options, "--strategies", "best-of-n,beam")

    assert ended.code == 2
    assert "the tasks are programs, which are not written by steps: leave searches out" in ended.err


def test_a_policy_of_what_is_no_sweep_is_one_line(ponder: Ponder, tmp_path: Path) -> None:
    ended, measure = ponder("policy", tmp_path), ponder("policy", tmp_path, "--difficulty", "luck")

    seed = ponder("policy", tmp_path, "--seed", -1)
    assert (ended.code, measure.code, seed.code) == (2, 2, 2)
    assert "--seed" in seed.err
    assert "not a sweep's folder: sweep.json: No such file" in ended.err
    assert "--difficulty 'luck' is not one of predicted, oracle" in measure.err
