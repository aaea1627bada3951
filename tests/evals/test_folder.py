"""A run's folder: what is in it after a kill, and who may go on with it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, StoreError
from ponder.evals.folder import About, RunFolder, read_about, read_results, run_folders
from ponder.evals.results import Result, Sample
from ponder.models import Usage
from tests.support.evaluations import spec

ABOUT = About("a", "times", spec())


def folder(path: Path, about: About = ABOUT) -> RunFolder:
    return RunFolder(path, about)


def filled(path: Path, *ids: str) -> Path:
    held = folder(path)
    for id in ids:
        held.add(Result(id, run="r"), [{"task_id": id, "solution": "x"}])
    held.close()
    return path


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    result = Result(
        "t/1",
        "run",
        (Sample("s1/code", True, 1.0, False, True, "gave 1"), Sample("s2/code")),
        missing=2,
        chosen="s1/code",
        solved=False,
        selections={"majority": {1: "s1/code", 2: "s2/code"}},
        usage=Usage(3, 20, 10, None, 1.5),
        usage_by_kind={"code": Usage(3, 20, 10, None, 1.5)},
        faults={"429": 2},
        stopped="complete",
    )

    again = Result.from_json(json.loads(json.dumps(result.to_json())))

    assert again == result


def test_the_last_line_of_a_task_stands(tmp_path: Path) -> None:
    held = folder(tmp_path)
    held.add(Result("t/1", error="lost"))
    held.add(Result("t/2"))
    held.add(Result("t/1", run="second"))
    held.close()

    found = {result.task: result for result in read_results(tmp_path)}

    assert found["t/1"].run == "second"
    assert len(found) == 2


def test_what_a_kill_left_half_written_is_cut_off(tmp_path: Path) -> None:
    filled(tmp_path, "t/1")
    with (tmp_path / "samples.jsonl").open("a") as file:
        file.write('{"task_id": "t/2", "solution": "y"}\n{"task_id": "t/2", "sol')
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write('{"task": "t/2", "ru')

    held = folder(tmp_path)
    held.add(Result("t/2"), [{"task_id": "t/2", "solution": "z"}])
    held.close()

    rows = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert [row["solution"] for row in rows] == ["x", "z"]
    assert [result.task for result in read_results(tmp_path)] == ["t/1", "t/2"]


def test_a_torn_line_is_read_past_by_those_who_only_read(tmp_path: Path) -> None:
    filled(tmp_path, "t/1")
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write('{"task": "t/2", "ru')

    assert [result.task for result in read_results(tmp_path)] == ["t/1"]


@pytest.mark.parametrize("line", ["junk", "[]", '{"run": 1}', "\x00\x00"])
def test_a_bad_line_before_the_last_is_named(tmp_path: Path, line: str) -> None:
    filled(tmp_path, "t/1")
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write(f"{line}\n" + json.dumps(Result("t/2").to_json()) + "\n")

    with pytest.raises(InputError, match=r"results\.jsonl line 2: not a result"):
        list(read_results(tmp_path))


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    newer = {**Result("t/1").to_json(), "schema": 99}
    (tmp_path / "results.jsonl").write_text(json.dumps(newer) + "\n")

    with pytest.raises(InputError, match="line 1: of schema 99, newer than"):
        list(read_results(tmp_path))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"seed": 7}, "seed 0, not 7"),
        ({"model": "other"}, 'model "scripted", not "other"'),
        ({"budget": {"calls": 4}}, 'budget {}, not {"calls": 4}'),
    ],
)
def test_another_run_is_not_mixed_in(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    filled(tmp_path, "t/1")

    with pytest.raises(InputError) as refused:
        folder(tmp_path, replace(ABOUT, spec=replace(ABOUT.spec, **changed)))

    assert says in str(refused.value)


def test_how_it_is_run_may_change(tmp_path: Path) -> None:
    filled(tmp_path, "t/1")

    held = folder(tmp_path, replace(ABOUT, spec=replace(ABOUT.spec, concurrency=2, timeout=9.0)))

    assert held.done == {"t/1"}
    held.close()


def test_settings_may_change_while_there_is_no_result(tmp_path: Path) -> None:
    filled(tmp_path)

    folder(tmp_path, replace(ABOUT, spec=replace(ABOUT.spec, seed=3))).close()

    assert read_about(tmp_path).spec.seed == 3


def test_two_processes_do_not_write_to_one_folder(tmp_path: Path) -> None:
    held = folder(tmp_path)

    with pytest.raises(InputError, match="another process is writing to it"):
        folder(tmp_path)

    held.close()


def test_somebody_s_own_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("\\title{}")

    with pytest.raises(InputError, match="neither empty nor a run's folder"):
        folder(tmp_path)


def test_the_runs_of_a_comparison_are_found(tmp_path: Path) -> None:
    filled(tmp_path / "b")
    filled(tmp_path / "a")

    assert run_folders(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert run_folders(tmp_path / "b") == [tmp_path / "b"]
    with pytest.raises(InputError, match="no run's folder"):
        run_folders(tmp_path / "a" / "c")


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    filled(tmp_path, "t/1")
    held = folder(tmp_path)
    held._results.close()
    held._results = Path("/dev/full").open("a")  # noqa: SIM115  the folder closes it

    with pytest.raises(StoreError, match="No space left on device"):
        held.add(Result("t/2"), [{"task_id": "t/2", "solution": "y"}])
    held.close()

    again = folder(tmp_path)
    assert again.done == {"t/1"}
    again.close()
    assert len((tmp_path / "samples.jsonl").read_text().splitlines()) == 1
