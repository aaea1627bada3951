"""What the rollouts of an answer's steps cost a model of transformers, in tokens that it reads."""

from pathlib import Path
from typing import Any

from ponder.graphs import rollouts
from ponder.models import Message, Step, TransformersModel
from ponder.nodes import Context, render
from ponder.nodes.rollout import parts_of
from ponder.sandboxes import ScriptedSandbox
from tests.support.steps import QUESTION

ANSWER = "the cat sat on the mat.\n\nthen it left.\n\nStep 1: two.\n\nSo \\boxed{2}"


class Told(TransformersModel):
    """Is told its answer, and goes on from its steps by itself."""

    async def extend(self, messages: list[Message], prefix: str, **rest: Any) -> list[Step]:
        if not prefix:
            return [Step(ANSWER, "answer")]
        return await super().extend(messages, prefix, **rest)


async def test_a_prefix_is_read_once_for_all_of_its_rollouts(folder: Path) -> None:
    model = Told(f"transformers/{folder}")
    given = Context(model, sandbox=ScriptedSandbox(lambda program, given: None))
    engine = await model.engine()
    engine.loaded.decoder.prefixes.clear()
    counters = engine.loaded.decoder.counters
    before = counters.forwarded

    graph = rollouts(samples=1, rollouts=16, max_tokens=16)
    solution = (await graph.ainvoke({"task": QUESTION}, context=given))["solution"]

    prompt = render("solve", task=QUESTION)
    prefixes = [part.prefix for part in parts_of(ANSWER, "\n\n")[:-1]]
    lengths = [sum(map(len, engine.prompts.reply(prompt, prefix))) for prefix in prefixes]
    thoughts = [t for t in given.thoughts(solution).values() if t.kind == "rollout"]
    written = sum(thought.usage.completion_tokens for thought in thoughts)
    read = counters.forwarded - before - (written - len(thoughts))  # the last one is never read
    assert len(thoughts) == 3 * 16
    assert sum(thought.usage.prompt_tokens for thought in thoughts) == 16 * sum(lengths)
    assert read <= lengths[-1] + 2 * len(lengths), "each is the beginning of the next"
