"""A model that is fitted to revise: what it learns from, and what it is then asked."""

from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.graphs import propose_verify_refine
from ponder.models import Message, ScriptedModel
from ponder.models.local.prompts import Prompts
from ponder.nodes import Context
from ponder.tasks import MathTask
from ponder.training import Example, fit_revision, revision_options
from ponder.training.building import base_tokenizer
from ponder.training.revision.encoding import AnswerEncoder, as_examples, conversation
from ponder.training.revision.pairs import Revision, revisions
from ponder.verifiers import ScriptedVerifier
from tests.training.tiny import base

QUESTION = "What is 1 + 1?"
ANSWERS = ["So it is\n\n\\boxed{3}", "Or rather\n\n\\boxed{4}", "No, \\boxed{2}"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"), length=1024)


def samples(questions: int = 8) -> list[Example]:
    """Of every question two right answers and three wrong ones."""
    return [
        Example(
            f"What is {n}?",
            (f"So \\boxed{{{n + off}}}",),
            correct=off == 0,
            answer=str(n + off),
            id=f"q{n}",
            where=f"samples.jsonl line {5 * n + place + 1}",
        )
        for n in range(questions)
        for place, off in enumerate((0, 0, 1, 2, 3))
    ]


async def test_it_learns_from_the_conversations_that_the_graph_holds() -> None:
    asked: list[list[Message]] = []

    def reply(messages: list[Message], path: str, index: int) -> str:
        asked.append(messages)
        return ANSWERS[len(asked) - 1]

    context = Context(
        ScriptedModel(reply), verifier=ScriptedVerifier(lambda task, steps: [0.5] * len(steps))
    )
    graph = propose_verify_refine("paper", chains=1, depth=3)
    await graph.ainvoke({"task": MathTask("sum", QUESTION)}, context=context)

    learnt = [conversation(Revision("sum", QUESTION, tuple(ANSWERS[:n]), "")) for n in range(3)]
    assert asked == learnt


def test_the_answer_alone_is_learnt_after_what_its_model_will_be_asked(model: Path) -> None:
    prompts = Prompts(str(model), base_tokenizer(str(model)))
    revision = Revision("sum", QUESTION, tuple(ANSWERS[:2]), ANSWERS[2], "a.jsonl line 3")
    [example] = as_examples([revision])

    encoded = AnswerEncoder(prompts)(example)

    asked = prompts.chat(conversation(revision))
    learnt = [*prompts.encode(ANSWERS[2]), prompts.tokenizer.eos_token_id]
    assert list(encoded.ids) == [*asked, *learnt]
    assert [int(goal[0]) for goal in encoded.targets if goal] == learnt
    assert [encoded.ids[place + 1] for place in encoded.positions] == learnt


def test_half_of_a_surrogate_pair_is_learnt_as_a_question_mark(model: Path) -> None:
    encode = AnswerEncoder(Prompts(str(model), base_tokenizer(str(model))))
    half, mark = (
        list(as_examples(revisions([Example(f"What {one}?", (one,), correct=True, answer=one)])))
        for one in ("\ud800", "?")
    )

    assert list(map(encode, half)) == list(map(encode, mark))


def test_it_ends_slightly_after_the_lowest_validation_loss(model: Path, tmp_path: Path) -> None:
    options = revision_options(lr=2e-2, batch=8, epochs=30, validation=0.25)

    fitted = fit_revision(samples(), model, tmp_path / "out", options)

    losses = [line["validation"]["loss"] for line in fitted.metrics if "validation" in line]
    assert losses[0] > losses[-2] == min(losses) <= losses[-1]
    assert len(losses) < 30
    assert fitted.validation["loss"] == losses[-1]


def test_the_lowest_loss_can_be_kept(model: Path, tmp_path: Path) -> None:
    options = revision_options(
        lr=2e-2, batch=8, epochs=30, validation=0.25, best="loss", patience=1
    )

    fitted = fit_revision(samples(), model, tmp_path / "out", options)

    losses = [line["validation"]["loss"] for line in fitted.metrics if "validation" in line]
    assert fitted.validation["loss"] == min(losses)


async def test_what_is_fitted_revises_in_the_graph(model: Path, tmp_path: Path) -> None:
    options = revision_options(lr=1e-2, batch=8, epochs=12, validation=0, best="last", lora=4)
    fit_revision(samples(2), model, tmp_path / "out", options)
    graph = propose_verify_refine("paper", chains=1, depth=2, max_tokens=32, temperature=0.0)

    with Context(f"transformers/{tmp_path}/out", verifier=ScriptedVerifier(_half)) as context:
        given = {"task": MathTask("q", "What is 1?")}
        solution = (await graph.ainvoke(given, context=context))["solution"]

    assert solution.usage.calls >= 2
    assert (tmp_path / "out/adapter/adapter_model.safetensors").exists()


def _half(task: Any, steps: Any) -> list[float]:
    return [0.5] * len(steps)


def test_an_answer_that_is_too_long_is_refused_with_file_and_line(
    model: Path, tmp_path: Path
) -> None:
    rows = samples(2)
    rows[5] = Example(
        "What is 1?", ("1 " * 2000,), correct=True, answer="1", id="q1", where="a.jsonl line 6"
    )

    with pytest.raises(InputError, match=r"a.jsonl line 6: longer than the 1024 tokens"):
        fit_revision(rows, model, tmp_path / "out", revision_options(validation=0, best="last"))


def test_a_base_model_without_a_template_is_refused(tmp_path: Path) -> None:
    bare = base(tmp_path / "bare", chat=False)

    with pytest.raises(InputError, match="has no chat template"):
        fit_revision(samples(), bare, tmp_path / "out")
