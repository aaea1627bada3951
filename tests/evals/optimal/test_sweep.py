"""From a sweep to a policy, and from that to a search."""

import asyncio
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from ponder.errors import InputError
from ponder.evals.metrics.bootstrap import Interval
from ponder.evals.optimal.analysis import analyse, policy_of
from ponder.evals.optimal.plan import plan
from ponder.evals.optimal.plots import write_plots
from ponder.evals.optimal.rows import choices, notes, strategies, worth
from ponder.evals.optimal.sweep import Swept, outcomes_of, read_sweep, refuse_another
from ponder.evals.results import Result, Sample
from ponder.evals.spec import Spec
from ponder.evals.table import as_text
from ponder.graphs import compute_optimal
from ponder.models import Usage
from ponder.nodes import Context, read_policy, write_policy
from ponder.sandboxes import ScriptedSandbox
from ponder.verifiers import ScriptedVerifier
from tests.support.coins import Coins, mark, questions, swept


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep over twenty questions."""
    path = tmp_path_factory.mktemp("sweep")
    asyncio.run(swept(path, questions(20)))
    return path


@pytest.fixture
def found(folder: Path) -> Swept:
    return read_sweep(folder)


def test_one_run_serves_all_that_come_to_the_same() -> None:
    planned = plan(Spec(model="a/x"), [4, 16], samples=32)

    names = [one.name for one in planned]
    covers = {one.name: one.covers for one in planned}
    assert len(set(names)) == len(names)
    assert names[0] == "difficulty@x"
    assert covers["difficulty@x"] == ()
    assert covers["best-of-n-16@x"] == (("best-of-n", 4), ("best-of-n", 16))
    assert covers["beam-sqrt-16@x"] == (("beam-sqrt", 16), ("beam-4", 16))
    assert "beam-4-16@x" not in names


def test_every_trial_and_the_run_for_difficulty_has_a_seed_of_its_own() -> None:
    planned = plan(Spec(model="x", seed=3), [4], ["best-of-n"], trials=2)

    assert [(one.name, one.spec.seed) for one in planned] == [
        ("difficulty@x", 2),
        ("best-of-n-4@x", 3),
        ("best-of-n-4-trial-2@x", 4),
    ]


def test_best_of_n_of_fewer_is_what_would_have_been_chosen_of_the_first() -> None:
    usage, judging = Usage(4, 300, 100), Usage(4, 70, 10)
    result = Result(
        "q",
        samples=tuple(Sample(f"s{i}", passed=i > 1) for i in range(1, 5)),
        solved=True,
        selections={"weighted": {1: "s1", 2: "s2", 4: "s3"}},
        usage=usage,
        usage_by_kind={"verification": judging},
    )

    outcomes = outcomes_of(result, [("best-of-n", 4)], 4)

    assert [(one.budget, one.accuracy) for one in outcomes] == [(1, 0.0), (2, 1.0), (4, 1.0)]
    assert [(one.tokens, one.verifier_tokens) for one in outcomes] == [
        (80, 20),
        (160, 40),
        (320, 80),
    ]


def test_a_sweep_has_an_outcome_of_every_strategy_budget_and_question(found: Swept) -> None:
    covers = {(one.strategy, one.budget) for one in found.outcomes}

    assert covers == {
        *(("best-of-n", n) for n in (1, 2, 4, 8)),
        *(("revisions-2", n) for n in (2, 8)),
        ("revisions-4", 8),
        ("revisions-8", 8),
    }
    assert len(found.outcomes) == 20 * len(covers)
    assert all(one.accuracy is not None and one.tokens > 0 for one in found.outcomes)
    assert found.difficulty["coin/19"].generations == 16


def test_a_folder_is_of_one_model(folder: Path, found: Swept, tmp_path: Path) -> None:
    spec = found.about.spec
    both = shutil.copytree(folder, tmp_path / "both")
    said = json.loads((both / "sweep.json").read_text())
    [hard] = [run for run in said["runs"] if not run["covers"]]
    shutil.copytree(both / hard["name"], both / "difficulty@other")
    said["runs"].append({**hard, "name": "difficulty@other"})
    (both / "sweep.json").write_text(json.dumps(said))

    refuse_another(folder, plan(spec, [2]))
    refuse_another(tmp_path, plan(spec, [2]))
    with pytest.raises(InputError, match=r"holds a sweep with model .*, not other: name another"):
        refuse_another(folder, plan(replace(spec, model="other"), [2]))
    with pytest.raises(InputError, match="a policy is of one model"):
        read_sweep(both)


def test_a_strategy_that_came_to_nothing_is_named(found: Swept) -> None:
    outcomes = [one for one in found.outcomes if one.strategy != "revisions-4"]

    analysis = analyse(replace(found, outcomes=outcomes), count=2)

    assert analysis.absent == [("revisions-4", 8)]
    assert "of revisions-4 with 8 generations: not chosen among" in "".join(notes(analysis))
    assert analyse(found, count=2).absent == []


def test_the_policy_revises_what_is_easy_and_samples_what_is_hard(found: Swept) -> None:
    policy = policy_of(found, analyse(found, count=2))

    assert policy.choose(8, 2).strategy.name == "best-of-n"
    assert policy.bins.of(0.7) == 1
    assert policy.choices[8][1].evidence["questions"] == 10
    assert set(policy.choices[8][1].evidence["accuracies"]) == {
        "best-of-n", "revisions-2", "revisions-4", "revisions-8",
    }  # fmt: skip
    assert policy.sampling.strategy.name == "best-of-n"


def test_an_analysis_says_everything_as_json_and_as_tables(found: Swept) -> None:
    analysis = analyse(found, count=2)

    plain = json.loads(json.dumps(analysis.to_json()))
    said = as_text(choices(analysis)) + as_text(worth(analysis)) + "".join(notes(analysis))

    assert [one["budget"] for one in plain["efficiency"]] == [2, 8]
    assert plain["estimating"]["generations"] == 16
    assert "took 16 generations" in said
    assert "revisions-2" in as_text(strategies(found, ["best-of-n", "revisions-2"]))


def test_what_is_infinite_is_null_in_json(found: Swept) -> None:
    analysis = analyse(found, count=2)
    endless = replace(analysis.estimating, error=math.inf)
    worth_more = [
        replace(one, interval=Interval(1.0, 0.5, math.inf)) for one in analysis.efficiencies
    ]

    plain = replace(analysis, estimating=endless, efficiencies=worth_more).to_json()

    assert plain["estimating"]["error"] is None
    assert [one["interval"] for one in plain["efficiency"]] == [[1.0, 0.5, None]] * 2
    json.dumps(plain, allow_nan=False)


def test_oracle_and_predicted_difficulty_mostly_agree(found: Swept) -> None:
    analysis = analyse(found, "oracle", count=2)

    assert analysis.same_bin is not None
    assert analysis.same_bin >= 0.8
    assert policy_of(found, analysis).by == "oracle"


def test_its_plots_come_as_png_and_svg(found: Swept, tmp_path: Path) -> None:
    written = write_plots(analyse(found, count=2), tmp_path / "plots")

    assert [path.name for path in written] == [
        "compute_optimal.png", "compute_optimal.svg", "bins.png", "bins.svg",
    ]  # fmt: skip


async def test_the_policy_it_writes_is_one_that_compute_optimal_goes_by(
    found: Swept, tmp_path: Path
) -> None:
    file = tmp_path / "policy.json"
    write_policy(policy_of(found, analyse(found, count=2)), file)
    context = Context(
        Coins("new"),
        verifier=ScriptedVerifier(mark),
        sandbox=ScriptedSandbox(lambda program, given: None),
    )
    graph = compute_optimal(policy=file, budget=8, probe=4)

    right = []
    for loaded in questions(20):
        given = {"task": loaded.task}
        solution = (await graph.ainvoke(given, context=context))["solution"]
        right.append(solution.final == "7")

    said = context.thoughts(solution)["difficulty"].text
    assert "the policy was made with coins, not scripted" in said
    assert read_policy(file).by == "predicted"
    assert fmean(right) >= fmean(_of(found, "best-of-n", 4))


def _of(found: Swept, name: str, budget: int) -> list[float]:
    return [
        one.accuracy or 0.0
        for one in found.outcomes
        if (one.strategy, one.budget) == (name, budget)
    ]


async def test_a_sweep_that_is_gone_on_with_pays_for_nothing_twice(tmp_path: Path) -> None:
    first = await swept(tmp_path, questions(4), budgets=[2])

    again = await swept(tmp_path, questions(4), budgets=[2])
    more = await swept(tmp_path, questions(4), budgets=[2, 4])

    assert sum(len(model.calls) for model in first) > 0
    assert sum(len(model.calls) for model in again) == 0
    assert [len(model.calls) for model in more[:1]] == [0]
    assert read_sweep(tmp_path).budgets == (2, 4)
    assert {one.trials for one in read_sweep(tmp_path).outcomes} == {1}


async def test_trials_are_averaged(tmp_path: Path) -> None:
    await swept(tmp_path, questions(4), budgets=[2], trials=2)

    assert {one.trials for one in read_sweep(tmp_path).outcomes} == {2}


async def test_too_few_questions_are_refused_with_how_many_there_are(tmp_path: Path) -> None:
    await swept(tmp_path, questions(4), budgets=[2])

    with pytest.raises(
        InputError, match=r"need at least 10 questions .* of 4, 4 have a difficulty, 4 both"
    ):
        analyse(read_sweep(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read; was it written by ponder"),
        ('{"schema": 9}', "of schema 9: update ponder"),
        ('{"schema": 1, "budgets": [4], "runs": []}', "has no run for difficulty"),
        ('{"schema": 1, "budgets": [], "runs": [{"name": "x", "trial": 0, "covers": [["y", 1]]}]}',
         "strategy 'y' is not one of"),
    ],
)  # fmt: skip
def test_a_folder_that_is_no_sweeps_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match="not a sweep's folder"):
        read_sweep(tmp_path)
    (tmp_path / "sweep.json").write_text(text)

    with pytest.raises(InputError, match=said):
        read_sweep(tmp_path)
