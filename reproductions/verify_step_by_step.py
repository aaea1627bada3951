""" "Let's Verify Step by Step" (arXiv 2305.20050) in miniature: does it pay to supervise steps?

    python -m reproductions.verify_step_by_step [--out docs/results] [--folder DIR] [--toy]

Three experiments on arithmetic on a clock (arithmetic.py), with a generator that is trained here:

1. best-of-n by a process reward model, by an outcome reward model, and by majority (section 3);
2. three kinds of supervision of the same solutions, by how many there are (section 4.1): process
   and outcome as a large process reward model labels them, and outcome by the final answer;
3. active learning: the most convincing wrong answers against solutions at random (section 4.2).

What is fitted, chosen, labelled and compared is so by ponder.training; the results are written to
OUT/verify-step-by-step.md, with plots. One core, three seeds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from ponder.training import (
    DataEfficiency,
    Example,
    choose,
    data_efficiency,
    uniform,
)
from ponder.training.synthetic import Supervision, supervise
from ponder.verifiers import votes
from reproductions import generator, rewards
from reproductions.arithmetic import Solution, labelled, questions
from reproductions.curves import Array, best_of_n, voted
from reproductions.rewards import Reward, epochs_for
from reproductions.sampling import Sampler
from reproductions.verify_report import write
from reproductions.verify_results import NS, Results, Scale, runs_of

TOY = Scale(110, 5, 8, 2, 8, 2, (1, 2), 4, 6, (1, 2), 1)


@dataclass(frozen=True)
class World:
    """The generator, and what it wrote."""

    base: Path
    folder: Path
    scale: Scale
    tested: Sequence[Sequence[Solution]]
    large: Sequence[Sequence[Solution]]
    many: Sequence[Sequence[Solution]]
    pool: Sequence[Sequence[Solution]]

    @property
    def correct(self) -> list[list[bool]]:
        """Of the tested solutions, whether the answer is right."""
        return [[one.correct for one in some] for some in self.tested]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--folder", type=Path, help="for the models; a passing one if not given")
    parser.add_argument("--toy", action="store_true", help="very small, to see that it runs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        run(TOY if given.toy else Scale(), given.folder or Path(passing), given.out)


def run(scale: Scale, folder: Path, out: Path) -> Results:
    """All three experiments, and their report."""
    torch.set_num_threads(1)
    began = time.process_time()
    world = make_world(scale, folder)
    results = Results(scale, facts=describe(world))
    for seed in range(scale.seeds):
        large = experiment_1(world, results, seed)
        experiment_2(world, results, large, seed)
        experiment_3(world, results, large, seed)
        print(f"seed {seed}: {time.process_time() - began:.0f} CPU seconds so far", flush=True)
    results.efficiency = efficiency(results)
    results.facts["CPU minutes"] = (time.process_time() - began) / 60
    write(results, out)
    return results


def make_world(scale: Scale, folder: Path) -> World:
    """Train the generator, unless the folder holds it, and let it write."""
    base = generator.trained(folder, scale.steps)
    sizes = (scale.tested, scale.large, scale.many, scale.taught)
    samples = (max(NS), scale.process, scale.outcome, scale.pool)
    every = iter(questions(1, sum(sizes)))
    sampler = Sampler.load(base, seed=1)
    tested, large, many, pool = (
        sampler.solutions(list(islice(every, size)), n)
        for size, n in zip(sizes, samples, strict=True)
    )
    return World(base, folder, scale, tested, large, many, [distinct(some) for some in pool])


def distinct(solutions: Sequence[Solution]) -> list[Solution]:
    """Each once, and those that have a final answer, as people were given them (section 2.4)."""
    return list({one.lines: one for one in solutions if one.answer is not None}.values())


def describe(world: World) -> dict[str, float]:
    """What kind of task it is."""
    flat = [one for some in world.tested for one in some]
    right = [one for one in flat if one.correct]
    return {
        "right": len(right) / len(flat),
        "lucky": sum(not one.sound for one in right) / max(1, len(right)),
        "pass@64": float(np.mean([any(some) for some in world.correct])),
        "distinct": float(np.mean([len(some) for some in world.pool])),
    }


# --- 1: process against outcome against majority ------------------------------------------------


def experiment_1(world: World, results: Results, seed: int) -> Reward:
    """Both reward models at their largest. The process reward model is the large one of the
    experiments that follow."""
    lines = [one.labelled() for some in world.large for one in some]
    answers = [one.labelled() for some in world.many for one in some if one.answer is not None]
    large = fit(world, "prm", lines, f"large/{seed}", 3, seed)
    outcome = fit(world, "orm", answers, f"outcome/{seed}", 2, seed)
    keep = results.curves.setdefault
    keep("process reward model", []).append(accuracy(world, large))
    keep("outcome reward model", []).append(accuracy(world, outcome))
    outcome.close()
    keep("majority", []).append(vote(world, None, votes.majority, seed))
    keep("process, weighted vote", []).append(vote(world, large, votes.weighted, seed))
    return large


def fit(
    world: World, kind: rewards.Kind, examples: Sequence[Example], name: str, epochs: int, seed: int
) -> Reward:
    """A reward model that starts from the generator's weights."""
    folder = world.folder / name
    return rewards.fit(kind, examples, world.base, folder, epochs=epochs, seed=seed)


def accuracy(world: World, reward: Reward) -> Array:
    """Best-of-n of the tested questions: questions × `NS`."""
    scores = [reward.scores(some) for some in world.tested]
    rows = [best_of_n(own, right, NS) for own, right in zip(scores, world.correct, strict=True)]
    return np.array(rows)


def vote(world: World, reward: Reward | None, select: votes.Select, seed: int) -> Array:
    """Likewise, of an answer that is voted for."""
    return np.array(
        [
            voted(some, reward.scores(some) if reward else [None] * len(some), NS, select, seed)
            for some in world.tested
        ]
    )


# --- 2: kinds of supervision ----------------------------------------------------------------------


def experiment_2(world: World, results: Results, large: Reward, seed: int) -> None:
    """The same solutions, labelled in three ways."""
    found = supervised(large, [one for some in world.many for one in some if one.answer])
    agree = [one.sound == own.verified for one, own in found]
    results.facts["large model is right about"] = float(np.mean(agree))
    for each in world.scale.supervised:
        chosen = uniform([one.labelled() for one, _ in found], each=each, seed=seed)
        taken = {(one.prompt, one.steps) for one in chosen.examples}
        some = [pair for pair in found if (pair[0].question.text, pair[0].lines) in taken]
        for kind, label in SUPERVISED.items():
            examples = [label(one, own) for one, own in some]
            _sweep(world, results, kind, each, seed, examples)


def supervised(large: Reward, solutions: Sequence[Solution]) -> list[tuple[Solution, Supervision]]:
    """Each distinct solution with what the large model says of it (p(negative) > 0.20)."""
    some = list({(one.question, one.lines): one for one in solutions}.values())
    scores = large.steps(some)
    return [
        (one, supervise([1 - score for score in steps]))
        for one, steps in zip(some, scores, strict=True)
    ]


def _by_process(one: Solution, own: Supervision) -> Example:
    wrong = None if own.verified else own.labels.index(0.0)
    return labelled(one, wrong)


def _by_outcome(one: Solution, own: Supervision) -> Example:
    return replace(labelled(one, None), labels=(), correct=own.verified)


def _by_answer(one: Solution, own: Supervision) -> Example:
    return replace(labelled(one, None), labels=())


SUPERVISED: Mapping[str, Callable[[Solution, Supervision], Example]] = {
    "process": _by_process,
    "outcome by the large model": _by_outcome,
    "outcome by the answer": _by_answer,
}


def _sweep(
    world: World, results: Results, arm: str, each: int, seed: int, examples: list[Example]
) -> None:
    kind: rewards.Kind = "orm" if arm.startswith("outcome") else "prm"
    name = f"{arm.replace(' ', '-')}/{each}/{seed}"
    reward = fit(world, kind, examples, name, epochs_for(len(examples)), seed)
    found = accuracy(world, reward)
    reward.close()
    results.sweeps.setdefault(arm, {}).setdefault(each, []).append(found)
    print(f"seed {seed}: {arm}, {len(examples)} solutions: {found[:, -1].mean():.3f}", flush=True)
    results.labelled.setdefault(arm, {}).setdefault(each, []).append(len(examples))


# --- 3: active learning ---------------------------------------------------------------------------


def experiment_3(world: World, results: Results, large: Reward, seed: int) -> None:
    """Solutions that were chosen against solutions at random, both labelled by the large model."""
    found = supervised(large, [one for some in world.pool for one in some])
    pool = [_by_process(one, own) for one, own in found]
    first = uniform(pool, each=1, seed=seed).examples
    selector = fit(world, "prm", first, f"selector/{seed}", epochs_for(len(first)), seed)
    convincing = selector.scores([one for one, _ in found])
    for each in world.scale.each:
        ways = {
            "at random": uniform(pool, each=each, seed=seed),
            "chosen": choose(pool, convincing, each=each),
        }
        for way, chosen in ways.items():
            share = chosen.wrong / len(chosen.examples)
            results.facts[f"wrong of {each}, {way}"] = share
            _sweep(world, results, way, each, seed, list(chosen.examples))


def efficiency(results: Results) -> DataEfficiency:
    """Of active learning against labelling at random."""
    return data_efficiency(runs_of(results, "chosen"), runs_of(results, "at random"))


if __name__ == "__main__":
    main()
