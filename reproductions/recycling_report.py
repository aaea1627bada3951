"""The report of recycling.py."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ponder.evals.metrics.bootstrap import Interval
from reproductions.curves import Array
from reproductions.recycling_plots import KINDS, loss, right, sketch_arms, sketch_scores, styled
from reproductions.recycling_results import (
    CLEAN,
    INSTRUCTIONS,
    NAMES,
    ORIGINAL,
    REFLECTING,
    RESPONSES,
    SELECTED,
    Measured,
    Results,
    Row,
)
from reproductions.writing import (
    over_questions,
    percent,
    points,
    spread,
    table,
    write_report,
)

NAME = "recycling"
PAPER_WHOLE = 1.560
"""The paper's method against the original data, as `Arm.paper`."""
HEAD = """# Selective Reflection-Tuning in miniature

**What this is not.** No benchmark is run and nobody judges: the paper's students are Llama 2 of 7
and 13 billion parameters on 52,002 Alpaca or 70,000 WizardLM pairs, its teacher is ChatGPT, and it
reports who wins before GPT-4. Here {pairs} pairs of one sentence each are reflected on by
{teacher}, and students are transformers of 0.8 million parameters that a command trains. What is
reported is how likely a student finds held-out answers that are right, and how often what it writes
is. Signs and orders can be compared with the paper's, numbers cannot. Left out: GPT-4 and people as
judges, AlpacaEval, MT-Bench and the leaderboard, WizardLM's data, 13B, the choice of the top k %
(section 5.2), and selection by coherence and perplexity. The teacher's prompts are shorter than the
paper's, with worked examples (`reproductions/reflecting.py`); a reply that cannot be read is not
asked for again. A teacher of this size does what the paper's does not: it often takes over what is
wrong with a pair.

Written by

    python -m reproductions.recycling

in {minutes:.0f} CPU minutes on one core: {base:.1f} for the base, {reflecting:.1f} for
the teacher ({calls:,} calls, {prompt:,} tokens read and {written:,} written) and the scores,
{students:.1f} for the students. {seeds} seeds.

The pairs are of fourteen families whose right answers a program knows; {noisy:.0f} % are noisy, in
five named ways. The student's base has read of the same facts in other words and forms, and scores
the pairs; every student starts from its weights. **The same for all arms:** the base, {steps} steps
of 16 pairs (three passes over {pairs}), the learning rate and its schedule, and what a seed draws.
**Not the same:** an arm with fewer pairs sees each more often, and answers differ in length. A seed
draws the order of the pairs and what is chosen at random; ± is the standard deviation over seeds.
Brackets are 95 % intervals by a bootstrap over the {held} held-out pairs.
"""


def write(results: Results, out: Path) -> None:
    """Report, numbers and plots."""
    out.mkdir(parents=True, exist_ok=True)
    parts = [_head(results), _arms(results), _differences(results), _statistics(results)]
    parts += [_noise(results)]
    sketch_arms(results, out / f"{NAME}-arms")
    sketch_scores(results, out / f"{NAME}-scores")
    (out / f"{NAME}.json").write_text(json.dumps(_numbers(results), indent=1) + "\n")
    write_report(out / f"{NAME}.md", "\n".join(parts))


def _head(results: Results) -> str:
    scale, facts = results.scale, results.facts
    stages = ("instruction", "response", "answer")
    return HEAD.format(
        pairs=scale.pairs,
        teacher=results.teacher.removeprefix("embedded/"),
        minutes=(facts["base"] + facts["recycling"] + facts["students"]) / 60,
        base=facts["base"] / 60,
        reflecting=facts["recycling"] / 60,
        students=facts["students"] / 60,
        calls=int(sum(facts[f"{stage} calls"] for stage in stages)),
        prompt=int(sum(facts[f"{stage} prompt"] for stage in stages)),
        written=int(sum(facts[f"{stage} written"] for stage in stages)),
        seeds=scale.seeds,
        noisy=100 * float(np.mean([kind != "none" for kind in results.noise])),
        steps=scale.steps,
        held=scale.held,
    )


# --- students -------------------------------------------------------------------------------------


def _arms(results: Results) -> str:
    assert results.base is not None
    rows = [_line(name, results.students[name], results.sound.get(name)) for name in NAMES]
    rows.append(_line("(the base, not tuned)", [results.base]))
    head = ["tuned on", "pairs", "right in the data, %", "held-out loss", "in the teacher's words"]
    head += ["right answers, %"]
    return f"""
## 1. Students

Paper (section 5.1, WizardLM 7B, GPT-4 judging 218 instructions): its method is ahead of the
original data by 1.560, and of every ablation by less (1 is level). Held-out loss is of reference
answers (nats a token, less is better), which are in the words of the original data, while a
student of the teacher's answers is used to others. So the same instructions are scored with what
the teacher answers, too, where that is right ({percent(results.facts["teacher is right"])} % of
them); and what the student itself writes is right if it says what it has to, in whatever words.

{table(head, rows)}
"Right in the data" is of the answers that a student is tuned on, where the instruction is still the
original one (else no program knows). "{CLEAN}" is what the data would be without noise, which no
method can know; "as many, reflected" is as many of the reflected pairs as survive the paper's
selection, at random.

![Students]({NAME}-arms.png)
"""


def _line(
    name: str, students: Sequence[Measured], sound: Sequence[bool] | None = None
) -> list[str]:
    return [
        name,
        f"{np.mean([one.pairs for one in students]):.0f}",
        f"{percent(float(np.mean(sound)))} of {len(sound)}" if sound else "–",
        _spread([float(one.loss.mean()) for one in students]),
        _spread([float(one.styled.mean()) for one in students]),
        spread([float(one.right.mean()) for one in students]),
    ]


def _spread(seeds: Sequence[float]) -> str:
    deviation = float(np.std(seeds, ddof=1)) if len(seeds) > 1 else 0.0
    return f"{np.mean(seeds):.3f} ± {deviation:.3f}"


def _differences(results: Results) -> str:
    rows = []
    for name in NAMES:
        if name == SELECTED:
            continue
        paper = PAPER_WHOLE if name == ORIGINAL else None
        if name in REFLECTING:
            paper = REFLECTING[name].paper
        by = [_paired(results, SELECTED, name, what) for what in (loss, styled, right)]
        ours = [_nats(by[0]), _nats(by[1]), points(by[2])]
        rows.append([f"− {name}", *ours, f"{paper:.3f}" if paper else "–"])
    head = [SELECTED, "loss", "loss, teacher's words", "right answers, points", "paper, against it"]
    return f"""
## 2. The paper's selection against each

Paired over held-out pairs, mean over seeds: negative losses and positive points are for the paper's
method. The paper's column is 1 + (wins − losses) / all, above 1 where its method wins.

{table(head, rows)}"""


def _paired(results: Results, a: str, b: str, what: Callable[[Measured], Array]) -> Interval:
    """The mean of a - b, over seeds and held-out pairs."""
    both = zip(results.students[a], results.students[b], strict=True)
    return over_questions([what(one) - what(other) for one, other in both])


def _nats(found: Interval) -> str:
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


# --- pairs ----------------------------------------------------------------------------------------


def _statistics(results: Results) -> str:
    rows = _facts(results)
    head = ["", "here", "paper (Alpaca, Llama 2 7B)"]
    return f"""
## 3. What becomes of the pairs

{table(head, [[what, ours, paper] for what, ours, paper in rows])}
Lengths are in characters here, and in tokens in the paper. IFD is a ratio of perplexities; above 1
an answer is less likely after its instruction than by itself. Means are of all that could be
scored; in brackets the median.
"""


def _facts(results: Results) -> list[tuple[str, str, str]]:
    chosen = results.stages[SELECTED]
    survivors = [row for row in chosen if row["survives"]]
    originals = [row["pairs"]["original"] for row in chosen]
    first = results.stages[INSTRUCTIONS]
    changed = sum("response" in row["pairs"] and row["kept"] == "response" for row in chosen)
    harder = [row["choices"]["instruction"].startswith("instruction") for row in chosen]
    failed = sum("failure" in row["pairs"]["instruction"] for row in first)
    lost = sum("failure" in row["pairs"]["response"] for row in results.stages[RESPONSES])
    again = sum(" = " in row["choices"]["response"] for row in chosen)
    everything = len(chosen)
    return [
        ("IFD of the original pairs", _mean(_scores(originals, "ifd")), "0.71"),
        ("IFD of the survivors", _mean(_scores(survivors, "ifd")), "0.84"),
        ("IFD of all with a new instruction", _mean(_new(chosen, "ifd")), "–"),
        ("r-IFD of the survivors", _mean(_scores(survivors, "rifd")), "–"),
        ("new instruction chosen by IFD, %", percent(float(np.mean(harder))), "–"),
        ("new answer chosen by r-IFD, %", percent(changed / everything), "–"),
        ("answer said again, a tie, %", percent(again / everything), "–"),
        ("survivors, %", percent(len(survivors) / everything), "71.4 (37,114 of 52,002)"),
        ("instruction, before", _length(originals, "instruction"), "20.7"),
        ("instruction, survivors", _length(survivors, "instruction"), "31.4"),
        ("answer, before", _length(originals, "output"), "65.5"),
        ("answer, survivors", _length(survivors, "output"), "345.9"),
        ("unread replies, instruction, %", percent(failed / everything), "not given"),
        ("unread replies, response, %", percent(lost / everything), "not given"),
    ]


def _scores(rows: Sequence[Row], name: str) -> list[float]:
    return [row[name] for row in rows if row.get(name) is not None]


def _new(rows: Sequence[Row], name: str) -> list[float]:
    return _scores([row["pairs"].get("instruction", {}) for row in rows], name)


def _mean(scores: Sequence[float]) -> str:
    return f"{np.mean(scores):.2f} ({np.median(scores):.2f})" if scores else "–"


def _length(rows: Sequence[Row], name: str) -> str:
    return f"{np.mean([len(row[name]) for row in rows]):.0f}" if rows else "–"


def _noise(results: Results) -> str:
    chosen, head = results.stages[SELECTED], ["what is wrong", "pairs"]
    head += [
        "right before, %",
        "right after, %",
        "IFD",
        "r-IFD",
        "survive, %",
    ]
    rows = []
    for kind in KINDS:
        places = [place for place, one in enumerate(results.noise) if one == kind]
        some = [chosen[place] for place in places]
        if not some:
            continue
        originals = [row["pairs"]["original"] for row in some]
        rows.append([
            kind, f"{len(some)}",
            percent(float(np.mean([results.was_right[place] for place in places]))),
            percent(float(np.mean([results.made_right[place] for place in places]))),
            _mean(_scores(originals, "ifd")), _mean(_scores(originals, "rifd")),
            percent(float(np.mean([row["survives"] for row in some]))),
        ])  # fmt: skip
    return f"""
## 4. By what was wrong with a pair

"Right" is whether an answer says what it has to: before, and after the teacher reflected on the
response alone (the instruction is the same then, so that a program knows). IFD and r-IFD are of the
original pairs, mean and median; r-IFD of those alone whose instruction was kept, since `reflect`
asks for no other. The last column is the paper's selection.

{table(head, rows)}
![Scores]({NAME}-scores.png)
"""


# --- for machines -------------------------------------------------------------------------------


def _numbers(results: Results) -> dict[str, Any]:
    """Of the report, for machines."""
    arms = {
        name: {
            "pairs": [one.pairs for one in students],
            "loss": [float(one.loss.mean()) for one in students],
            "loss_teacher": [float(one.styled.mean()) for one in students],
            "right": [float(one.right.mean()) for one in students],
            "selected_minus": {
                "loss": _paired(results, SELECTED, name, loss).to_json(),
                "loss_teacher": _paired(results, SELECTED, name, styled).to_json(),
                "right": _paired(results, SELECTED, name, right).to_json(),
            },
        }
        for name, students in results.students.items()
    }
    told = {what: {"here": ours, "paper": paper} for what, ours, paper in _facts(results)}
    return {"teacher": results.teacher, "arms": arms, "pairs": told, "facts": results.facts}
