""" "Scaling LLM Test-Time Compute Optimally" (arXiv 2408.03314) in miniature: does search by a
verifier pay, and for which questions?

    python -m reproductions.compute_optimal [--truth] [--seeds N] [--out DIR]
        [--folder DIR] [--toy]

The generator is that of verify_step_by_step.py. A process reward model learns from Monte-Carlo
rollouts (section 5.1, appendix D); best-of-n weighted, beam search and lookahead search spend the
same numbers of generations (section 5.2); the best strategy of each bin of difficulty is chosen on
one half of the questions and reported on the other (section 3.2). The same is done with a verifier
that knows nothing, which must gain nothing.

The trainer, the strategies' sizes, the vote, the bins, the choice and its worth are ponder's own;
the searches are `searching.py`'s, which are ponder's for many questions at once. Results are
written to OUT/compute-optimal.md, with plots. One core, three seeds.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ponder.evals.optimal import efficiency_of, optimal, oracle, pooled, quantile_bins, table_of
from ponder.evals.optimal import predicted as predicted_difficulty
from ponder.evals.optimal.outcomes import Outcome
from ponder.nodes.strategy import Strategy
from ponder.training import Example
from reproductions import generator, rewards
from reproductions.arithmetic import Question, Solution, questions
from reproductions.optimal_report import write
from reproductions.optimal_results import BASELINE, BINS, SEARCHES, Results, Scale, mean_of
from reproductions.rewards import Reward
from reproductions.sampling import Sampler
from reproductions.searching import Model, Score, chosen, search

TOY = Scale(110, 10, (4,), 8, (1,), 8, 4, 2, 2, 2, 4, 1, 1)


@dataclass(frozen=True)
class World:
    """The generator, and the questions."""

    base: Path
    folder: Path
    scale: Scale
    tested: Sequence[Question]
    taught: Sequence[Question]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--folder", type=Path, help="for the models; a passing one if not given")
    parser.add_argument("--toy", action="store_true", help="very small, to see that it runs")
    parser.add_argument("--truth", action="store_true", help="a verifier of true labels")
    parser.add_argument("--seeds", type=int, default=Scale().seeds)
    given = parser.parse_args()
    scale = TOY if given.toy else replace(Scale(), seeds=given.seeds)
    with tempfile.TemporaryDirectory() as passing:
        run(scale, given.folder or Path(passing), given.out, truth=given.truth)


def run(scale: Scale, folder: Path, out: Path, *, truth: bool = False) -> Results:
    """Everything, and its report. With `truth` the verifier is that of 2305.20050: it learnt true
    labels of lines, and a solution, or its beginning, has the product of its lines' scores."""
    torch.set_num_threads(1)
    began = time.process_time()
    every = questions(2, scale.tested + scale.taught)
    base = generator.trained(folder, scale.steps)
    world = World(base, folder, scale, every[: scale.tested], every[scale.tested :])
    results = Results(scale, truth)
    samples = difficulty(world, results)
    for seed in range(scale.seeds):
        reward = verifier(world, results, seed)
        if seed == 0:
            predict(results, samples, reward)
        score = reward.product if truth else reward.last
        results.seeds.append(trial(world, score, seed))
        reward.close()
        for budget in scale.budgets:
            found = {
                name: mean_of(results.seeds[-1], name, budget) for name in (BASELINE, *SEARCHES)
            }
            known = [f"{name} {value:.3f}" for name, value in found.items() if value is not None]
            print(f"seed {seed}, {budget} generations: {', '.join(known)}", flush=True)
        print(f"seed {seed}: {time.process_time() - began:.0f} CPU seconds so far", flush=True)
    small = replace(scale, budgets=(scale.null,), trials=(scale.null_trials,))
    results.null = trial(replace(world, scale=small), ignorance, 0)
    choose(results)
    results.facts["CPU minutes"] = (time.process_time() - began) / 60
    write(results, out)
    return results


# --- difficulty ---------------------------------------------------------------------------------


def difficulty(world: World, results: Results) -> list[list[Solution]]:
    """Bins by pass@1 of samples that no strategy sees again."""
    sampler = Sampler.load(world.base, seed=1)
    samples = sampler.solutions(world.tested, world.scale.difficulty)
    found = {some[0].question.text: oracle([one.correct for one in some]) for some in samples}
    values = {question: own.value for question, own in found.items() if own is not None}
    results.bins = dict(quantile_bins(values, BINS).of)
    flat = [one for some in samples for one in some]
    right = [one for one in flat if one.correct]
    results.facts["right"] = len(right) / len(flat)
    results.facts["lucky"] = sum(not one.sound for one in right) / max(1, len(right))
    for number in range(1, BINS + 1):
        own = [value for question, value in values.items() if results.bins[question] == number]
        results.facts[f"pass@1 of bin {number}"] = sum(own) / len(own)
    return samples


def predict(results: Results, samples: Sequence[Sequence[Solution]], reward: Reward) -> None:
    """Bins by the reward model's score of the same samples' final answers, which needs no gold."""
    values = {}
    for some in samples:
        own = predicted_difficulty(reward.scores(some, "product" if results.truth else "last"))
        values[some[0].question.text] = 0.0 if own is None else own.value
    results.predicted = dict(quantile_bins(values, BINS).of)
    same = sum(results.predicted[question] == own for question, own in results.bins.items())
    results.facts["predicted bins that are the true ones"] = same / len(results.bins)


# --- the verifier -------------------------------------------------------------------------------


def verifier(world: World, results: Results, seed: int) -> Reward:
    """A process reward model that learnt the shares of rollouts that were right, or the truth."""
    sampler = Sampler.load(world.base, seed=100 + seed)
    scale = world.scale
    some = sampler.solutions(world.taught, scale.samples)
    solutions = [one for own in some for one in own if one.answer is not None]
    if results.truth:
        examples = [one.labelled() for one in solutions]
    else:
        examples = by_rollouts(Model(sampler), solutions, scale.rollouts)
    results.facts["labelled solutions"] = len(examples)
    name = "truth" if results.truth else "rollouts"
    folder, how = world.folder / f"{name}/{seed}", "product" if results.truth else "last"
    return rewards.fit(
        "prm", examples, world.base, folder, epochs=scale.epochs, seed=seed, aggregate=how
    )


def by_rollouts(model: Model, solutions: Sequence[Solution], rollouts: int) -> list[Example]:
    """Each line labelled with the share of so many rollouts from it that end in the right answer
    (appendix D; those without an answer count as wrong); the last line, which is the answer, with
    whether it is right. What has the same beginning has the same rollouts."""
    begun = {
        (one.question, one.lines[:end]): 0.0
        for one in solutions
        for end in range(1, len(one.lines))
    }
    prefixes = [model.prefix(question, lines) for question, lines in begun]
    replies = model.sampler.sample(prefixes, n=rollouts)
    for (question, lines), some in zip(begun, replies, strict=True):
        right = [model.sampler.read(question, ids).correct for ids in some]
        begun[question, lines] = sum(right) / len(right)
    return [
        replace(
            one.labelled(),
            labels=(
                *(begun[one.question, one.lines[:end]] for end in range(1, len(one.lines))),
                float(one.correct),
            ),
        )
        for one in solutions
    ]


def ignorance(solutions: Sequence[Solution]) -> list[float | None]:
    """A verifier that knows nothing: the same number for the same text, and none in particular."""
    return [random.Random(f"{one.question.text}{one.lines}").random() for one in solutions]


# --- the strategies -----------------------------------------------------------------------------


def trial(world: World, score: Score, seed: int) -> list[Outcome]:
    """What every strategy comes to with every budget."""
    sampler = Sampler.load(world.base, seed=200 + seed)
    outcomes = best_of_n(world, sampler, score)
    for name in SEARCHES:
        strategy = Strategy.parse(name)
        for budget, times in zip(world.scale.budgets, world.scale.trials, strict=True):
            if sizes := strategy.sizes(budget):
                asked = [one for one in world.tested for _ in range(times)]
                found = search(asked, Model(sampler), score, **sizes)
                outcomes += _outcomes(strategy, budget, [chosen(some) for some in found], asked)
    return outcomes


def best_of_n(world: World, sampler: Sampler, score: Score) -> list[Outcome]:
    """Best-of-n weighted, with as many samples as each budget and as the curve has points for, in
    as many trials as there are samples for."""
    most, outcomes = world.scale.most, []
    samples = sampler.solutions(world.tested, most)
    scores = [list(zip(some, score(some), strict=True)) for some in samples]
    for budget in sorted({*(2**i for i in range(most.bit_length())), *world.scale.budgets}):
        asked, found = [], []
        for question, own in zip(world.tested, scores, strict=True):
            for begin in range(0, min(most, 16 * budget) - budget + 1, budget):
                asked.append(question)
                found.append(chosen(own[begin : begin + budget]))
        outcomes += _outcomes(Strategy(), budget, found, asked)
    return outcomes


def _outcomes(
    strategy: Strategy,
    budget: int,
    answers: Sequence[Solution | None],
    asked: Sequence[Question],
) -> list[Outcome]:
    cost = float(strategy.generations(budget) or budget)
    trials = [
        Outcome(question.text, strategy.name, budget, float(bool(own and own.correct)), cost)
        for question, own in zip(asked, answers, strict=True)
    ]
    return pooled(trials)


# --- the choice ---------------------------------------------------------------------------------


def choose(results: Results) -> None:
    """The compute-optimal choice, what it is worth, and what it makes of a verifier that knows
    nothing."""
    outcomes = pooled([one for own in results.seeds for one in own])
    order = [BASELINE, *SEARCHES]
    cells = {(one.question, one.budget): one for one in outcomes if one.strategy == BASELINE}
    for budget in results.scale.budgets:
        table = table_of(outcomes, budget, order)
        curve = {
            n: np.array([cells[question, n].accuracy for question in table.questions])
            for n in sorted({n for _, n in cells})
        }
        results.optimal[budget] = optimal(table, results.bins)
        results.by_prediction[budget] = optimal(table, results.predicted)
        results.worth[budget] = efficiency_of(table, results.bins, curve)
    nothing = table_of(results.null, results.scale.null, order)
    results.nothing = optimal(nothing, results.bins)


if __name__ == "__main__":
    main()
