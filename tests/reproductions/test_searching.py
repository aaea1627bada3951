"""The searches for many questions at once are the graphs' own."""

from collections.abc import Sequence

import pytest

from ponder.graphs import beam_search, lookahead_search
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import Task
from ponder.verifiers import ScriptedVerifier
from reproductions import arithmetic
from reproductions.searching import Node, chosen, search
from tests.support.steps import number

QUESTIONS = arithmetic.questions(3, 4)


def line(question: str, lines: Sequence[str], copy: int) -> tuple[str, bool]:
    """The next line for its `copy`-th sample, and whether the answer ends with it."""
    seed = number(question, tuple(lines), copy)
    ends = len(lines) >= 7 or (len(lines) >= 2 and seed % 3 == 0)
    return (f"\\boxed{{ {seed % 4}}}", True) if ends else (f"line {seed % 1000}", False)


def copy_of(id: str) -> int:
    last = id.rpartition("/")[2]
    return int(last[1:]) - 1 if last.startswith("s") else 0


def write(nodes: Sequence[Node], *, greedy: bool = False) -> list[Node | None]:
    found: list[Node | None] = []
    for node in nodes:
        text, ended = line(node.question.text, node.lines, 0 if greedy else copy_of(node.id))
        found.append(Node(node.question, node.id, (*node.lines, text), ended))
    return found


def score(solutions: Sequence[arithmetic.Solution]) -> list[float]:
    return [number(one.question.text, one.lines) / 2**48 for one in solutions]


def script(messages: list[Message], path: str, index: int) -> str:
    begun = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
    question = next(one["content"] for one in messages if one["role"] == "user").strip()
    text, ended = line(question, begun.split("\n")[:-1], copy_of(path))
    return text if ended else f"{text}\n"


def scores(task: Task, steps: Sequence[str]) -> list[float]:
    return [number(task.id, tuple(steps[: i + 1])) / 2**48 for i in range(len(steps))]


@pytest.mark.parametrize(("samples", "width", "lookahead"), [(8, 4, 0), (9, 3, 0), (4, 2, 2)])
async def test_many_searches_at_once_find_what_the_graph_finds_for_each(
    samples: int, width: int, lookahead: int
) -> None:
    build = lookahead_search if lookahead else beam_search
    graph = build(samples=samples, width=width, separator="\n", lookahead=lookahead)

    ours = search(QUESTIONS, write, score, samples=samples, width=width, lookahead=lookahead)

    for question, candidates in zip(QUESTIONS, ours, strict=True):
        context = Context(
            model=ScriptedModel(script),
            verifier=ScriptedVerifier(scores),
            sandbox=ScriptedSandbox(lambda program, given: None),
        )
        theirs: Solution = (await graph.ainvoke({"task": question.task}, context=context))[
            "solution"
        ]
        thoughts = context.thoughts(theirs)
        texts = sorted(thoughts[one.id].text for one in theirs.candidates)
        assert sorted("\n".join(one.lines) for one, _ in candidates) == texts
        best = chosen(candidates)
        assert best is not None
        assert theirs.answer == "\n".join(best.lines)
