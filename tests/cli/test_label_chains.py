"""From chains of revisions to a verifier that sees the answers before the one it scores."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ponder.graphs import propose_verify_refine
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context
from ponder.tasks import MathTask, Task
from ponder.training.revision.encoding import conversation
from ponder.training.revision.pairs import Revision
from ponder.verifiers import Verdict
from tests.cli.conftest import Ponder
from tests.support.server import Body, Reply, ok, serving

QUESTION = "What is 1 + 1?"


def answer(body: Body, before: int) -> Reply:
    """Wrong at first, and right in view of that."""
    revised = "Earlier solutions" in body["messages"][-1]["content"]
    return ok(f"So it is\n\n\\boxed{{{2 if revised else 3}}}")


async def test_every_answer_of_a_chain_is_a_row_with_what_its_model_was_asked(
    ponder: Ponder, tmp_path: Path
) -> None:
    questions, run, out = tmp_path / "q.jsonl", tmp_path / "run", tmp_path / "rows.jsonl"
    questions.write_text(json.dumps({"id": "sum", "question": QUESTION, "answer": "2"}) + "\n")
    async with serving(answer) as server:
        ended = await asyncio.to_thread(
            ponder, "eval", questions, "--graph", "refine", "--model", "hosted_vllm/x",
            "--api-base", server.url, "--out", run, "-o", "chains=1", "-o", "depth=3",
        )  # fmt: skip
    assert ended.code == 0, ended.err

    labelled = await asyncio.to_thread(ponder, "label", "chains", run, "--out", out)

    rows = [json.loads(line) for line in out.read_text().splitlines()]
    texts = [row["completions"][0] for row in rows]
    assert labelled.code == 0, labelled.err
    assert [row["correct"] for row in rows] == [False, True, True]
    assert [row["answer"] for row in rows] == ["3", "2", "2"]
    assert [row["prompt"] for row in rows] == [
        conversation(Revision("sum", QUESTION, tuple(texts[:n]), ""))[-1]["content"]
        for n in range(3)
    ]

    [file] = run.rglob("store.sqlite")
    with closing(sqlite3.connect(file)) as store, store:
        store.execute("DELETE FROM records WHERE kind = 'thought' AND id = 'c1/answer'")
    labelled = await asyncio.to_thread(ponder, "label", "chains", run, "--out", out)

    assert labelled.out.splitlines()[:-1] == [
        "0 rows",
        "left out 2: an answer before it is not in the store",
        "left out 1: not in the store",
    ]


def test_only_chains_make_rows(ponder: Ponder, tmp_path: Path) -> None:
    ended = ponder("label", "chains", tmp_path, "--out", tmp_path / "rows.jsonl")

    assert ended.code == 2
    assert "no run's folder" in ended.err


class Seeing:
    """Remembers what it was asked about."""

    name = "seeing"

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        assert isinstance(task, MathTask)
        self.asked.append(task.question)
        return [Verdict(0.5)] * len(candidates)


async def test_a_verifier_may_see_the_answers_before_the_one_it_scores() -> None:
    texts = ["\\boxed{3}", "\\boxed{4}", "\\boxed{2}"]

    def reply(messages: list[Message], path: str, index: int) -> str:
        return texts[messages[-1]["content"].count("## Solution")]

    seeing, alone = Seeing(), Seeing()
    for verifier, given in ((seeing, True), (alone, False)):
        graph = propose_verify_refine("paper", chains=1, depth=3, in_context=given)
        context = Context(ScriptedModel(reply), verifier=verifier)
        await graph.ainvoke({"task": MathTask("sum", QUESTION)}, context=context)

    assert alone.asked == [QUESTION] * 3
    assert seeing.asked == [
        conversation(Revision("sum", QUESTION, tuple(texts[:n]), ""))[-1]["content"]
        for n in range(3)
    ]
