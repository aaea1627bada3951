"""Reward models in this process: many calls at once, each with its own verdict."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ponder.errors import InputError
from ponder.models.local import Counters, Decoder
from ponder.tasks import CodeTask, MathTask
from ponder.verifiers import Verdict
from ponder.verifiers.base import StepVerifier
from ponder.verifiers.prm import PROCESS, OutcomeModel, RewardModel, Scorer
from ponder.verifiers.prm.reward_model import Load
from ponder.verifiers.prm.scorer import Counted, Reader
from tests.verifiers.prm.checkpoints import fresh, publish

TASK = MathTask("t", "What is two and three?")
POISON = "<POISON>"


class Watched:
    """A decoder that notes what it is given, and fails where it is told to."""

    def __init__(self, inner: Reader, poison: int | None = None) -> None:
        self.inner, self.poison = inner, poison
        self.batches: list[list[tuple[int, ...]]] = []
        self.nan = False

    @property
    def counters(self) -> Counted:
        return self.inner.counters

    def states(
        self, sequences: Sequence[Sequence[int]], positions: Sequence[Sequence[int]]
    ) -> list[Tensor]:
        self.batches.append([tuple(ids) for ids in sequences])
        bad = [self.poison in ids for ids in sequences]
        if any(bad) and not self.nan:
            raise RuntimeError("CUDA error: an illegal memory access\nmore of it")
        states = self.inner.states(sequences, positions)
        return [s * torch.nan if b else s for s, b in zip(states, bad, strict=True)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish("trl", tmp_path_factory.mktemp("trl")).folder


@pytest.fixture(scope="module")
def loaded(checkpoint: Path) -> Scorer:
    torch.set_num_threads(1)
    return fresh(checkpoint, PROCESS["trl"])


@pytest.fixture
def scorer(loaded: Scorer) -> Scorer:
    decoder = loaded.decoder
    assert isinstance(decoder, Decoder)
    decoder.prefixes.clear()
    decoder.counters = Counters()
    (poison,) = loaded.tokens.plain("я")[:1]
    return replace(loaded, decoder=Watched(decoder, poison))


@pytest.fixture
def model(scorer: Scorer) -> Iterator[RewardModel]:
    model = RewardModel("tiny", lambda: scorer, "product")
    yield model
    model.close()


def watched(scorer: Scorer) -> Watched:
    assert isinstance(scorer.decoder, Watched)
    return scorer.decoder


async def test_it_is_a_step_verifier(model: RewardModel) -> None:
    assert isinstance(model, StepVerifier)

    (verdict,) = await model.judge_steps(TASK, [("two", "three")])

    assert verdict.score == pytest.approx(verdict.steps[0] * verdict.steps[1])
    assert verdict.passed is None
    assert verdict.reason.startswith("product of 2 steps; the lowest, step ")


async def test_calls_of_many_tasks_are_scored_together(model: RewardModel, scorer: Scorer) -> None:
    tasks = [MathTask(str(number), f"What is {number}?") for number in range(10)]

    await asyncio.gather(*(model.judge_steps(task, [("one",), ("two", "x")]) for task in tasks))

    assert [len(batch) for batch in watched(scorer).batches] == [20]


async def test_who_is_a_turn_late_comes_along(model: RewardModel, scorer: Scorer) -> None:
    async def late() -> None:
        await asyncio.sleep(0)
        await model.judge_steps(TASK, [("late",)])

    await asyncio.gather(model.judge_steps(TASK, [("first",)]), late())

    assert [len(batch) for batch in watched(scorer).batches] == [2]


async def test_what_comes_while_it_works_waits_and_goes_together(
    model: RewardModel, scorer: Scorer
) -> None:
    await model.ready()

    async def later(number: int) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await model.judge_steps(TASK, [(f"later {number}",)])

    await asyncio.gather(model.judge_steps(TASK, [("first",)]), *(later(n) for n in range(5)))

    assert [len(batch) for batch in watched(scorer).batches] == [1, 5]


async def test_the_same_solution_is_forwarded_once_and_its_cost_shared(
    model: RewardModel, scorer: Scorer
) -> None:
    once = len(scorer.format.render(scorer.tokens, TASK.question, ("two", "x")).ids)

    verdicts = await model.judge_steps(TASK, [("two", "x"), ("two\n\n", " x"), ("two", "x")])

    assert scorer.decoder.counters.forwarded == once
    assert sum(verdict.usage.prompt_tokens for verdict in verdicts) == once
    assert [verdict.usage.calls for verdict in verdicts] == [1, 1, 1]
    assert len({verdict.steps for verdict in verdicts}) == 1


async def test_verdicts_cost_together_what_was_forwarded(
    model: RewardModel, scorer: Scorer
) -> None:
    solutions = [tuple(["a step"] * count) for count in range(1, 9)]

    verdicts = await model.judge_steps(TASK, solutions)

    assert (
        sum(verdict.usage.prompt_tokens for verdict in verdicts)
        == scorer.decoder.counters.forwarded
    )
    assert all(verdict.usage.seconds > 0 for verdict in verdicts)


async def test_a_search_forwards_only_what_is_new(model: RewardModel, scorer: Scorer) -> None:
    whole = len(scorer.format.render(scorer.tokens, TASK.question, ("a", "b", "c")).ids)

    for count in (1, 2, 3):
        await model.judge_steps(TASK, [("a", "b", "c")[:count]])
    (again,) = await model.judge_steps(TASK, [("a", "b", "c")])

    assert scorer.decoder.counters.forwarded == whole
    assert again.usage.prompt_tokens == 0


async def test_solutions_share_their_problem(model: RewardModel, scorer: Scorer) -> None:
    problem = len(scorer.format.render(scorer.tokens, TASK.question, ()).ids)
    solutions = [("xa", "b"), ("yc", "d"), ("ze",)]
    alone = [len(scorer.format.render(scorer.tokens, TASK.question, s).ids) for s in solutions]

    await model.judge_steps(TASK, solutions)

    assert scorer.decoder.counters.forwarded == sum(alone) - 2 * problem


async def test_a_solution_longer_than_the_context_is_not_cut(
    model: RewardModel, scorer: Scorer
) -> None:
    scorer.limit = 50

    long, short = await model.judge_steps(TASK, [["a step"] * 60, ["a step"]])

    assert (long.score, long.steps) == (None, ())
    assert long.reason.endswith("tokens are more than the 50 the reward model takes")
    assert len(short.steps) == 1


@pytest.mark.parametrize("nan", [True, False])
async def test_a_solution_the_model_fails_on_costs_only_itself(
    model: RewardModel, scorer: Scorer, nan: bool
) -> None:
    watched(scorer).nan = nan
    solutions = [("fine",), ("я",), ("fine", "too")]

    first, bad, last = await model.judge_steps(TASK, solutions)

    assert bad.score is None
    assert bad.steps == ()
    assert bad.reason == (
        "the reward model gave nan for step 1"
        if nan
        else "the reward model failed: CUDA error: an illegal memory access"
    )
    assert len(first.steps) == 1
    assert len(last.steps) == 2


async def test_a_probability_that_underflows_is_a_score(model: RewardModel, scorer: Scorer) -> None:
    scorer.head = lambda states: torch.tensor([[1000.0, -1000.0]]).repeat(len(states), 1)

    (verdict,) = await model.judge_steps(TASK, [("one", "two", "three")])

    assert verdict.steps == (0.0, 0.0, 0.0)
    assert verdict.score == 0.0


async def test_lengths_do_not_mix_in_a_batch(model: RewardModel) -> None:
    long, short = tuple(["a longer step"] * 12), ("x",)

    together = await model.judge_steps(TASK, [long, short])
    alone = [(await model.judge_steps(TASK, [steps]))[0] for steps in (long, short)]

    for one, other in zip(together, alone, strict=True):
        assert one.steps == pytest.approx(other.steps, abs=1e-6)


async def test_nothing_to_score_is_no_score(model: RewardModel) -> None:
    empty, blank = await model.judge(TASK, ["", " \n\n "])

    assert empty == blank
    assert empty == Verdict(reason="there are no steps to score")


async def test_programs_are_judged_by_their_statement(model: RewardModel, scorer: Scorer) -> None:
    await model.judge(CodeTask("c", "Write a program."), ["print()"])

    begun = scorer.tokens.bos + scorer.tokens.plain("Write a program.")
    assert watched(scorer).batches[0][0][: len(begun)] == begun


async def test_who_is_cancelled_costs_nobody_else(model: RewardModel, scorer: Scorer) -> None:
    gone = asyncio.create_task(model.judge_steps(TASK, [("gone",)]))
    stays = asyncio.create_task(model.judge_steps(TASK, [("stays",)]))
    await asyncio.sleep(0)
    gone.cancel()

    (verdict,) = await stays

    assert verdict.score is not None
    assert gone.cancelled()
    assert [len(batch) for batch in watched(scorer).batches] == [1]


async def test_a_model_that_cannot_be_loaded_says_so_to_all(checkpoint: Path) -> None:
    def load() -> Scorer:
        return fresh(checkpoint, PROCESS["skywork"])

    model = RewardModel("m", load, "last")

    results = await asyncio.gather(
        model.ready(), model.judge_steps(TASK, [("x",)]), return_exceptions=True
    )

    assert [type(result) for result in results] == [InputError, InputError]
    assert "there is no v_head.summary.weight" in str(results[0])
    model.close()


def test_it_serves_one_event_loop_after_another(model: RewardModel) -> None:
    first = asyncio.run(model.judge_steps(TASK, [("x",)]))
    second = asyncio.run(model.judge_steps(TASK, [("x",)]))

    assert first[0].steps == pytest.approx(second[0].steps)


async def test_an_outcome_model_gives_one_score(tmp_path: Path) -> None:
    from ponder.verifiers.prm import OUTCOME

    folder = publish("classifier", tmp_path).folder
    load: Load = lambda: fresh(folder, OUTCOME["classifier"])  # noqa: E731
    model = OutcomeModel("orm", load)

    good, empty = await model.judge(TASK, ["two\n\nthree", "  "])

    assert good.score is not None
    assert 0 < good.score < 1
    assert good.steps == ()
    assert empty.reason == "there are no steps to score"
    assert not isinstance(model, StepVerifier)
    model.close()


def test_the_scorer_is_as_its_fields_say(scorer: Scorer) -> None:
    other = replace(scorer, limit=1)

    assert other([("x", ("y",))])[0].reason.endswith("than the 1 the reward model takes")
