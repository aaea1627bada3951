"""Tokens that a model of transformers reads for the rollouts of an answer's steps.

    python -m ponder.benchmarks.rollout_tokens transformers/PATH.gguf [--rollouts 16]

The last line is JSON with

    asked       tokens of all prompts: every prefix once a rollout, as without a cache
    read        tokens that went through the model, without those that it wrote
    bound       tokens of the longest prefix, of which the others are beginnings
    saved       asked over read
    over_bound  read over bound: above 1 where a tokenizer divides a text otherwise at its end
"""

import argparse
import asyncio
import json
from typing import Any

from ponder.graphs import rollouts
from ponder.models import Message, Step, TransformersModel
from ponder.nodes import Context, render
from ponder.nodes.rollout import parts_of
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import MathTask

TASK = MathTask("boxes", "Tom has 3 boxes with 4 apples each. He eats 2. How many are left?")
ANSWER = (
    "We count the apples that Tom has at first, and take away those that he eats.\n\n"
    "There are 3 boxes with 4 apples each, so he has 3 * 4 = 12 apples.\n\n"
    "He eats 2 of them. So 12 - 2 = 10 are left.\n\n"
    "The answer is \\boxed{10}."
)


class Told(TransformersModel):
    """Is told its answer, and goes on from its steps by itself."""

    async def extend(self, messages: list[Message], prefix: str, **rest: Any) -> list[Step]:
        if not prefix:
            return [Step(ANSWER, "answer")]
        return await super().extend(messages, prefix, **rest)


async def measure(name: str, count: int, length: int) -> dict[str, float]:
    model = Told(name)
    engine = await model.engine()
    decoder = engine.loaded.decoder
    decoder.prefixes.clear()
    before = decoder.counters.forwarded
    graph = rollouts(samples=1, rollouts=count, max_tokens=length)
    with Context(model, sandbox=ScriptedSandbox(lambda program, given: None)) as context:
        solution = (await graph.ainvoke({"task": TASK}, context=context))["solution"]
        thoughts = [one for one in context.thoughts(solution).values() if one.kind == "rollout"]
    written = sum(one.usage.completion_tokens - 1 for one in thoughts)  # the last is never read
    read = decoder.counters.forwarded - before - written
    asked = sum(one.usage.prompt_tokens for one in thoughts)
    longest = parts_of(ANSWER, "\n\n")[-2].prefix
    bound = len(engine.prompts.reply(render("solve", task=TASK), longest))
    return {
        "asked": asked,
        "read": read,
        "bound": bound,
        "saved": round(asked / read, 2),
        "over_bound": round(read / bound, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--rollouts", type=int, default=16)
    parser.add_argument("--max-tokens", type=int, default=16)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.model, options.rollouts, options.max_tokens))))


if __name__ == "__main__":
    main()
