"""Selective reflection: which pair is kept, and what every fault costs."""

import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from ponder.errors import InputError, ModelRefused, ModelRejected, ModelUnavailable
from ponder.graphs import reflect
from ponder.models import Budget, Completion, Message, ScriptedModel
from ponder.models.store import Store
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import InstructionTask, MathTask
from ponder.verifiers import ScriptedStudent, Verdict

OLD = InstructionTask("1", "Name a tree.", "Oak")
PAIR = "[New Instruction] Why do trees fall? [End]\n[New Answer] Wind. [End]"
BETTER = "[Better Answer] Wind and age. [End]"
GOOD = {
    "Oak": 0.5, "Wind.": 0.8, "Wind and age.": 0.9, "An oak.": 0.6,
    "r Oak": 0.7, "r Wind.": 0.7, "r Wind and age.": 0.4, "r An oak.": 0.6,
}  # fmt: skip
"""IFD and (with "r ") r-IFD by the answer."""


def teacher(instruction: Any = PAIR, response: Any = BETTER, **options: Any) -> ScriptedModel:
    said = {"instruction": instruction, "response": response}

    def script(messages: list[Message], path: str, index: int) -> Any:
        reply = said[path.partition("~")[0]]
        return reply[min(path.count("~"), len(reply) - 1)] if isinstance(reply, list) else reply

    return ScriptedModel(script, **options)


def student(scores: Mapping[str, Any] = GOOD) -> ScriptedStudent:
    def script(task: InstructionTask, answer: str, way: str) -> Any:
        return scores[answer if way == "ifd" else f"r {answer}"]

    return ScriptedStudent(script)


def context(model: ScriptedModel, verifier: Any = None, **options: Any) -> Context:
    sandbox = ScriptedSandbox(lambda *_: [])
    return Context(model, verifier=verifier or student(), sandbox=sandbox, **options)


async def run(given: Context, task: Any = OLD, **options: Any) -> Solution:
    result = await reflect(**options).ainvoke({"task": task}, context=given)
    solution: Solution = result["solution"]
    return solution


def pair(solution: Solution) -> tuple[str, str]:
    kept = json.loads(solution.answer or "")
    assert kept["input"] == ""
    return kept["instruction"], kept["output"]


async def test_both_stages_are_kept_where_both_are_better() -> None:
    given = context(model := teacher())

    solution = await run(given)

    assert pair(solution) == ("Why do trees fall?", "Wind and age.")
    assert solution.verdict == Verdict(0.9, True, "both below 1")
    assert model.paths == ["instruction", "response"]  # two calls of the teacher
    choices = {t.id: t.text for t in given.thoughts(solution).values() if t.kind == "choice"}
    assert choices == {
        "instruction/choice": "instruction: IFD 0.8 > 0.5",
        "response/choice": "response: r-IFD 0.4 < 0.7",
    }


CASES: list[tuple[str, dict[str, Any], tuple[str, str], bool, str]] = [
    ("the new one is easier", {"Wind.": 0.4}, ("Name a tree.", "Wind and age."), True, "both"),
    ("a tie of IFD", {"Wind.": 0.5}, ("Name a tree.", "Wind and age."), True, "both below 1"),
    (
        "a tie of r-IFD", {"r Wind and age.": 0.7}, ("Why do trees fall?", "Wind."), False,
        "not response-reflected: r-IFD 0.7 = 0.7",
    ),
    (
        "a worse answer", {"r Wind and age.": 0.8}, ("Why do trees fall?", "Wind."), False,
        "not response-reflected",
    ),
    (
        "IFD of 1", {"Wind and age.": 1.0}, ("Why do trees fall?", "Wind and age."), False,
        "IFD 1 is not below 1",
    ),
    (
        "r-IFD of 1", {"r Wind.": 1.5, "r Wind and age.": 1.0},
        ("Why do trees fall?", "Wind and age."), False, "r-IFD 1 is not below 1",
    ),
    ("IFD above 1 on the way", {"Wind.": 1.5}, ("Why do trees fall?", "Wind and age."), True, ""),
    ("the old IFD unscored", {"Oak": "too long"}, ("Name a tree.", "Wind and age."), True, ""),
    ("the new IFD unscored", {"Wind.": "long"}, ("Name a tree.", "Wind and age."), True, ""),
    ("the new IFD NaN", {"Wind.": float("nan")}, ("Name a tree.", "Wind and age."), True, ""),
    (
        "the new r-IFD unscored", {"r Wind and age.": "long"}, ("Why do trees fall?", "Wind."),
        False, "not response-reflected: the new pair's r-IFD was not scored",
    ),
    (
        "the last IFD unscored", {"Wind and age.": "long"},
        ("Why do trees fall?", "Wind and age."), False, "IFD: not scored",
    ),
    (
        "a student that breaks", {"Wind.": OSError("gone")}, ("Name a tree.", "Wind and age."),
        True, "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "kept", "survives", "why"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
async def test_what_is_kept(
    scores: dict[str, Any], kept: tuple[str, str], survives: bool, why: str
) -> None:
    solution = await run(context(teacher(), student({**GOOD, **scores})))

    assert pair(solution) == kept
    assert solution.verdict.passed is survives
    assert why in solution.verdict.reason


FAULTS: list[tuple[str, Any, str]] = [
    ("nothing", "", "unreadable"),
    ("half a reply", "[New Instruction] Why do trees", "unreadable"),
    ("a reply that is cut off", Completion(PAIR, "length"), "truncated"),
    ("junk", "{]" * 99, "unreadable"),
    ("an answer without an instruction", "[New Answer] Wind. [End]", "unreadable"),
    ("a refusal", ModelRefused("refused: no"), "refused"),
    ("a rejection", ModelRejected("400: too long"), "400"),
]


@pytest.mark.parametrize(("said", "why"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
async def test_a_fault_of_the_first_stage_keeps_the_original_pair(said: Any, why: str) -> None:
    given = context(model := teacher(said))

    solution = await run(given)

    assert pair(solution) == ("Name a tree.", "Wind and age.")
    assert solution.verdict.passed
    thoughts = given.thoughts(solution)
    assert (thoughts["instruction"].failure or "").startswith(why)
    assert thoughts["instruction/choice"].text.startswith(f"original: {why}")
    assert "Name a tree." in model.calls[-1].messages[-1]["content"]


@pytest.mark.parametrize(("said", "why"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
async def test_a_fault_of_the_second_stage_keeps_the_pair_of_the_first(said: Any, why: str) -> None:
    said = said.replace("[New", "[Neu") if isinstance(said, str) else said

    solution = await run(context(teacher(response=said)))

    assert pair(solution) == ("Why do trees fall?", "Wind.")
    assert solution.verdict.passed is False
    assert solution.verdict.reason.startswith(why)
    assert solution.faults


async def test_the_prompt_said_back_is_a_fault() -> None:
    def echo(messages: list[Message], path: str, index: int) -> str:
        return "\n".join(message["content"] for message in messages)

    solution = await run(context(ScriptedModel(echo)))

    assert pair(solution) == ("Name a tree.", "Oak")
    assert solution.verdict.reason.startswith("unreadable")


async def test_what_cannot_be_read_is_asked_for_again_warmer_and_told_why() -> None:
    given = context(model := teacher(["[New Instruction] Why? [End]", PAIR]))

    solution = await run(given)

    assert pair(solution) == ("Why do trees fall?", "Wind and age.")
    assert model.paths == ["instruction", "instruction~2", "response"]
    first, second, _ = model.calls
    assert (first.parameters["temperature"], second.parameters["temperature"]) == (0.0, 0.7)
    assert 'there is no "New Answer" in it' in second.messages[-1]["content"]


async def test_a_teacher_that_keeps_to_a_schema_is_given_one() -> None:
    said = json.dumps({"critique": "", "new_instruction": "Why?", "new_answer": "Wind."})
    better = json.dumps({"critique": "", "better_answer": "Wind and age."})
    given = context(model := teacher(said, better, supports_schema=True))

    solution = await run(given)

    assert pair(solution) == ("Why?", "Wind and age.")
    assert list(model.calls[0].parameters["schema"]["properties"]) == [
        "critique", "new_instruction", "new_answer",
    ]  # fmt: skip
    assert "[End]" not in model.calls[0].messages[-1]["content"]


async def test_an_input_is_shown_and_goes_with_its_instruction() -> None:
    task = InstructionTask("1", "Name it.", "Oak", "a tree")
    given = context(model := teacher(""), student({**GOOD, "Wind.": 0.1}))

    solution = await run(given, task)

    assert "[The Start of Input]\na tree" in model.calls[0].messages[-1]["content"]
    assert json.loads(solution.answer or "") == {
        "instruction": "Name it.", "input": "a tree", "output": "Wind and age.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "kept", "calls"),
    [
        ({"instruction": "old"}, ("Name a tree.", "Wind and age."), 1),
        ({"response": "old"}, ("Why do trees fall?", "Wind."), 1),
        ({"instruction": "new", "response": "new"}, ("Why do trees fall?", "Wind and age."), 2),
        ({"instruction": "old", "response": "old"}, ("Name a tree.", "Oak"), 0),
    ],
)
async def test_stages_may_be_left_out_or_not_chosen(
    options: dict[str, Any], kept: tuple[str, str], calls: int
) -> None:
    model, judge = teacher(), student({**GOOD, "Wind.": 0.6})

    solution = await run(context(model, judge), filter=False, **options)

    assert pair(solution) == kept
    assert solution.verdict.passed
    assert len(model.calls) == calls
    if "student" not in {options.get("instruction", "student"), options.get("response", "student")}:
        assert not judge.asked


async def test_chance_is_the_same_every_time() -> None:
    async def kept(seed: int) -> tuple[str, str]:
        given = context(teacher(), seed=seed)
        return pair(await run(given, instruction="random", response="random", filter=False))

    found = [await kept(seed) for seed in range(24)]

    assert found == [await kept(seed) for seed in range(24)]
    assert len(set(found)) == 4


async def test_a_run_that_is_over_replays_and_asks_nobody(tmp_path: Any) -> None:
    first = await run(context(teacher(), store=Store(tmp_path / "s.sqlite")))

    model, judge = teacher(AssertionError()), student({})
    again = await run(context(model, judge, store=Store(tmp_path / "s.sqlite")))

    assert again == first
    assert not model.calls
    assert not judge.asked


async def test_a_teacher_that_is_not_reached_is_asked_again_and_nothing_is_lost(
    tmp_path: Any,
) -> None:
    down = ModelUnavailable("429: slow down")
    store = tmp_path / "s.sqlite"

    first = await run(context(one := teacher(down), store=Store(store)))
    second = await run(context(two := teacher(response=down), store=Store(store)))
    third = await run(context(three := teacher(), store=Store(store)))

    assert (pair(first), first.verdict.passed) == (("Name a tree.", "Oak"), False)
    assert first.verdict.reason == second.verdict.reason == "429: slow down"
    assert pair(second) == ("Why do trees fall?", "Wind.")
    assert (pair(third), third.verdict.passed) == (("Why do trees fall?", "Wind and age."), True)
    assert [one.paths, two.paths, three.paths] == [[], ["instruction"], ["response"]]


@pytest.mark.parametrize("lost", [Completion(PAIR, "length"), ModelRefused("refused: no")])
async def test_what_was_cut_off_or_refused_is_not_paid_for_again(tmp_path: Any, lost: Any) -> None:
    store = tmp_path / "s.sqlite"
    down = ModelUnavailable("429: slow down")

    first = await run(context(teacher([lost, down]), store=Store(store)))
    second = await run(context(model := teacher([lost, PAIR]), store=Store(store)))

    assert first.verdict.reason == "429: slow down"
    assert model.paths == ["instruction~2", "response"]
    assert pair(second) == ("Why do trees fall?", "Wind and age.")


async def test_a_budget_that_is_spent_leaves_the_pair_that_there_is(tmp_path: Any) -> None:
    limit = {"budget": Budget(calls=1), "store": tmp_path / "s.sqlite"}

    first = await run(context(teacher(), **limit))
    second = await run(context(model := teacher(), **limit))

    assert (pair(first), first.verdict.passed) == (("Why do trees fall?", "Wind."), False)
    assert first.verdict.reason == first.stopped == "budget spent: calls=1"
    assert (second, model.calls) == (first, [])


async def test_pairs_side_by_side_are_not_mixed_up() -> None:
    tasks = [InstructionTask(str(n), f"Name {n} trees.", "Oak") for n in range(80, 120)]

    def script(messages: list[Message], path: str, index: int) -> str:
        number = messages[1]["content"].partition("Name ")[2].partition(" ")[0]
        if path == "response":
            return f"[Better Answer] {number} is better. [End]"
        return f"[New Instruction] Name {number} more. [End][New Answer] {number}. [End]"

    def score(task: InstructionTask, answer: str, way: str) -> float:
        return 0.9 / len(answer) if way == "r-ifd" else len(answer) / 100

    model = ScriptedModel(script, latency=lambda path: random.uniform(0, 0.02))
    given = context(model, ScriptedStudent(score))

    solutions = await asyncio.gather(*(run(given, task) for task in tasks))

    for task, solution in zip(tasks, solutions, strict=True):
        kept = "Name {} trees." if int(task.id) < 100 else "Name {} more."
        assert pair(solution) == (kept.format(task.id), f"{task.id} is better.")


async def test_what_was_chosen_stays_though_it_is_judged_otherwise(tmp_path: Any) -> None:
    broken = student({**GOOD, "Wind.": OSError("gone")})
    down = teacher(response=ModelUnavailable("429"))
    await run(context(down, broken, store=Store(tmp_path / "s.sqlite")))

    solution = await run(context(teacher(), store=Store(tmp_path / "s.sqlite")))

    assert pair(solution)[0] == "Name a tree."


async def test_other_tasks_and_other_verifiers_are_one_line() -> None:
    with pytest.raises(InputError, match="reflect writes instructions anew, not answers"):
        await run(context(teacher()), MathTask("1", "1 + 1?"))
    with pytest.raises(InputError, match="reflect needs a student, such as ifd:MODEL"):
        await run(Context(teacher(), sandbox=ScriptedSandbox(lambda *_: [])))
    with pytest.raises(InputError, match="tries"):
        reflect(tries=0)
