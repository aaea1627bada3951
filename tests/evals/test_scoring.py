"""Solutions scored into a file that grows, and measured by what is known of them."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.evals.scoring import (
    Account,
    Make,
    ScoreFile,
    measured,
    read_solutions,
    score_all,
    scored,
    supervised,
)
from ponder.evals.scoring.score import SCORED, SUPERVISED
from ponder.tasks import Task
from ponder.training import Bad
from ponder.verifiers import ScriptedVerifier, Verdict

BY: dict[str, Any] = {"verifier": "scripted"}


def solution(*steps: str, prompt: str = "2 + 2?", **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "completions": list(steps), **more}


def write(path: Path, *rows: Any) -> Path:
    file = path / "in.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def by_text() -> ScriptedVerifier:
    """Scores that stand at the end of each step."""

    def script(task: Task, steps: Sequence[str]) -> Sequence[float] | str:
        if "long" in steps:
            return "700 tokens are more than the 512 the reward model takes"
        return [float(step.split()[-1]) for step in steps]

    return ScriptedVerifier(script, aggregate="product")


async def run(
    file: Path, out: Path, verifier: Any = None, *, at_once: int = 64, above: float | None = None
) -> Account:
    judge = verifier or by_text()
    make: Make = scored if above is None else supervised(judge, above)
    by = BY if above is None else {**BY, "negative_above": above}
    with ScoreFile(out, by, SCORED if above is None else SUPERVISED) as to:
        return await score_all(read_solutions(file, Bad()), judge, to, make, at_once=at_once)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_rows_keep_what_they_had_and_have_their_scores(tmp_path: Path) -> None:
    row = solution("a 0.5", "b 0.5", labels=["neutral", None], generator="g")

    await run(write(tmp_path, row), tmp_path / "out.jsonl")

    assert lines(tmp_path / "out.jsonl") == [
        {**row, "score": 0.25, "scores": [0.5, 0.5], "verifier": "scripted"}
    ]


async def test_what_cannot_be_scored_has_no_row_and_its_reason_is_counted(tmp_path: Path) -> None:
    rows = [solution("long"), solution("a 1"), solution("x", "long")]

    account = await run(write(tmp_path, *rows), tmp_path / "out.jsonl")

    assert account.unscored == {"N tokens are more than the N the reward model takes": 2}
    assert "in.jsonl line 1: 700 tokens are" in "\n".join(account.lines())
    assert len(lines(tmp_path / "out.jsonl")) == 1


class Killed(BaseException):
    """As SIGKILL: nothing that follows it is done."""


@pytest.mark.parametrize("torn", ["", '{"prompt": "2 +'])
async def test_a_run_that_is_killed_goes_on_and_scores_nothing_twice(
    tmp_path: Path, torn: str
) -> None:
    rows = [solution(f"{n} 0.5", prompt=f"q{n % 3}", n=n) for n in range(10)]
    file, out = write(tmp_path, *rows), tmp_path / "out.jsonl"
    asked: list[str] = []

    def script(task: Task, steps: Sequence[str]) -> Sequence[float]:
        if steps[0].startswith("7 ") and len(asked) < 8:
            raise Killed
        asked.append(steps[0])
        return [0.5]

    with pytest.raises(Killed):
        await run(file, out, ScriptedVerifier(script), at_once=2)
    with out.open("a") as end:
        end.write(torn)
    account = await run(file, out, ScriptedVerifier(script), at_once=2)

    assert [row["n"] for row in lines(out)] == list(range(10))
    assert (account.earlier, account.scored) == (6, 4)
    assert [asked.count(f"{n} 0.5") for n in range(6)] == [1] * 6


SLOW = """
import asyncio, sys
from pathlib import Path
from tests.evals.test_scoring import run
from ponder.verifiers import ScriptedVerifier
judge = ScriptedVerifier(lambda task, steps: [0.5], seconds=0.02)
asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]), judge, at_once=1))
"""


async def test_a_process_that_is_killed_leaves_a_file_that_is_gone_on_with(tmp_path: Path) -> None:
    file = write(tmp_path, *[solution(f"{n} 0.5", n=n) for n in range(400)])
    out, judge = tmp_path / "out.jsonl", by_text()
    command = [sys.executable, "-c", SLOW, str(file), str(out)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:  # noqa: ASYNC220
        while not out.exists() or out.read_bytes().count(b"\n") < 5:
            assert process.poll() is None
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    held = out.read_bytes().count(b"\n")

    account = await run(file, out, judge)

    assert (account.earlier, len(judge.asked)) == (held, 400 - held)
    assert [row["n"] for row in lines(out)] == list(range(400))


async def test_equal_solutions_are_scored_once_and_have_a_row_each(tmp_path: Path) -> None:
    rows = [solution("a 1", n=1), solution("b 1"), solution("a 1", n=2)]
    file, out, judge = write(tmp_path, *rows), tmp_path / "out.jsonl", by_text()

    await run(file, out, judge, at_once=1)
    again = await run(file, out, judge)

    assert len(judge.asked) == 2
    assert [row.get("n") for row in lines(out)] == [1, None, 2]
    assert (again.earlier, again.scored) == (3, 0)


async def test_another_verifier_s_scores_are_not_mixed_in(tmp_path: Path) -> None:
    file, out = write(tmp_path, solution("a 1")), tmp_path / "out.jsonl"
    await run(file, out)

    with pytest.raises(InputError, match=r"out.jsonl line 1: its verifier is 'scripted', not 'x'"):
        ScoreFile(out, {"verifier": "x"}, SCORED)


@pytest.mark.parametrize(
    "change", [{"correct": False}, {"labels": [0]}, {"answer": "5"}, {"id": "other"}]
)
async def test_grades_that_have_changed_since_are_not_passed_over(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    row = solution("a 1", correct=True, labels=[1], answer="4", id="sum")
    out = tmp_path / "out.jsonl"
    await run(write(tmp_path, row), out)

    with pytest.raises(InputError, match=r"in.jsonl line 1: .*out.jsonl has this solution with an"):
        await run(write(tmp_path, {**row, **change}), out)


async def test_labels_that_a_large_model_replaces_may_change(tmp_path: Path) -> None:
    await run(write(tmp_path, solution("a 1", labels=[1])), tmp_path / "out.jsonl", above=0.2)

    again = await run(
        write(tmp_path, solution("a 1", labels=[0])), tmp_path / "out.jsonl", above=0.2
    )

    assert (again.earlier, again.scored) == (1, 0)


async def test_rows_that_the_file_no_longer_has_are_counted(tmp_path: Path) -> None:
    rows = [solution(f"{n} 1") for n in range(3)]
    await run(write(tmp_path, *rows), tmp_path / "out.jsonl")

    account = await run(write(tmp_path, rows[1]), tmp_path / "out.jsonl")

    assert account.beyond == 2
    assert "2 of the earlier ones are none of this file's; they stay" in account.lines()


@pytest.mark.parametrize(
    "change",
    [
        {"score": "x"}, {"score": None}, {"score": True}, {"score": float("nan")},
        {"score": 10**400}, {"scores": 5}, {"scores": ["a"]}, {"scores": [0.5, 0.5]},
    ],
)  # fmt: skip
async def test_scores_that_no_verifier_gives_are_refused_with_their_line(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    file, out = write(tmp_path, solution("a 1")), tmp_path / "out.jsonl"
    await run(file, out)
    out.write_text(json.dumps({**lines(out)[0], **change}) + "\n")

    with pytest.raises(InputError, match=f"out.jsonl line 1: its {next(iter(change))} is "):
        await run(file, out)


async def test_a_score_that_is_no_number_is_none(tmp_path: Path) -> None:
    judge = ScriptedVerifier(lambda task, steps: [float("nan")])

    account = await run(write(tmp_path, solution("a")), tmp_path / "out.jsonl", judge)

    assert account.unscored.total() == 1
    assert not (tmp_path / "out.jsonl").exists()
    assert (await measured(tmp_path / "out.jsonl")).solutions == 0


def test_a_file_that_its_last_holder_removes_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    monkeypatch.setattr("fcntl.flock", lambda file, how: out.unlink())

    with pytest.raises(InputError, match="another process is writing to it"):
        ScoreFile(out, BY, SCORED)


async def test_rows_that_were_not_handed_on_yet_are_kept_when_it_ends(tmp_path: Path) -> None:
    file, out = write(tmp_path, solution("a 1")), tmp_path / "out.jsonl"
    [(example, row)] = read_solutions(file, Bad())

    with ScoreFile(out, BY, SCORED) as to:
        to.add(example, row, {"score": 1.0, "scores": [1.0]})

    assert len(lines(out)) == 1


async def test_labels_of_a_large_model_and_three_kinds_of_supervision(tmp_path: Path) -> None:
    rows = [
        solution("a 0.9", "b 0.8", correct=False),
        solution("a 0.9", "b 0.7", "c 0.1", correct=True, labels=["positive", None, None]),
    ]

    await run(write(tmp_path, *rows), tmp_path / "out.jsonl", above=0.2)

    found = lines(tmp_path / "out.jsonl")
    assert [row["labels"] for row in found] == [[1.0, 1.0], [1.0, 0.0, None]]
    assert [row["verified"] for row in found] == [True, False]
    assert [row["correct"] for row in found] == [False, True]


async def test_a_judge_of_whole_solutions_is_given_their_text(tmp_path: Path) -> None:
    class Whole:
        name = "orm"

        async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
            return [Verdict(len(text) / 10) for text in candidates]

    await run(write(tmp_path, solution("ab", "cd")), tmp_path / "out.jsonl", Whole())

    [row] = lines(tmp_path / "out.jsonl")
    assert (row["score"], row["scores"]) == (0.6, None)


async def test_processbench_s_rows_are_scored_and_measured(tmp_path: Path) -> None:
    def bench(wrong: int, *steps: str) -> dict[str, Any]:
        return {"problem": "q", "steps": list(steps), "label": wrong, "id": f"gsm8k-{steps}",
                "final_answer_correct": wrong == -1, "generator": "g"}  # fmt: skip

    rows = [
        bench(-1, "a 0.9", "b 0.8"),
        bench(-1, "a 0.9", "c 0.4"),
        bench(1, "a 0.9", "d 0.2", "e 0.1"),
        bench(0, "f 0.9", "g 0.2"),
    ]
    await run(write(tmp_path, *rows), tmp_path / "out.jsonl")

    report = await measured(tmp_path / "out.jsonl")

    assert report.first_error is not None
    assert (report.first_error.wrong, report.first_error.right) == (0.5, 0.5)
    assert report.first_error.f1 == 0.5
    assert report.first_error_best is not None
    assert report.first_error_best.f1 == pytest.approx(2 / 3)
    assert report.lines()[-1].startswith("the best threshold was chosen on the very rows")
    assert report.to_json()["notes"][-1] == report.lines()[-1]
    assert report.steps is not None
    assert report.steps.steps == 7
    assert [row["generator"] for row in lines(tmp_path / "out.jsonl")] == ["g"] * 4


async def test_what_is_chosen_among_n_is_measured_by_grades(tmp_path: Path) -> None:
    # The right answer is given twice with low scores, the wrong ones are apart.
    rows = [
        solution(f"a {score}", prompt=prompt, answer=answer, correct=answer == "4")
        for prompt in ("q", "r")
        for score, answer in ((0.4, "4"), (0.41, "4.0"), (0.7, "5"), (0.2, "6"))
    ]
    for row in rows:
        row["correct"] = row["answer"] in ("4", "4.0")
    await run(write(tmp_path, *rows), tmp_path / "out.jsonl")

    report = await measured(tmp_path / "out.jsonl")

    assert report.questions == 2
    assert {way: found[4] for way, found in report.selections.items()} == {
        "best": 0.0, "weighted": 1.0, "majority": 1.0,
    }  # fmt: skip
    assert report.selections["best"][1] == pytest.approx(0.5, abs=0.1)
    assert "\n".join(report.lines()).startswith("right among n, of 2 questions, 400 draws each")


async def test_rows_of_which_nothing_is_known_measure_nothing(tmp_path: Path) -> None:
    await run(write(tmp_path, solution("a 1"), solution("b 1")), tmp_path / "out.jsonl")

    report = await measured(tmp_path / "out.jsonl")

    assert report.lines() == []
