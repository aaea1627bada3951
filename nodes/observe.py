"""Observations: of the problem, and of what earlier observations imply (PlanSearch section 4.3).

An observation node stands at a subset of its parent's observations. Its path is the subsets from
the root down: "" is the root, "o2+o5" the subset of the root's second and fifth observation, "o0"
the empty subset, "o2+o5/o1" the first observation that was derived from that subset.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from typing_extensions import TypedDict

from ..models.base import Message
from .context import Runtime
from .prompt import render
from .read import prose, string_list
from .run import Run
from .sampling import PAPER, Sampling
from .think import Asking, think
from .thought import Thought

SCHEMA = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string"},
        "observations": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["reasoning", "observations"],
    "additionalProperties": False,
}


TURNS = (("brainstorm", None), ("list", "list"), ("filter", "filter"))
"""The turns of the conversation before its last, and the prompt of each after the first."""


class Place(TypedDict):
    """A place in the observation tree."""

    run: str
    path: str
    observations: list[str]
    """Ids of the observations that are given here."""


class Children(TypedDict):
    """Where the tree goes on: subsets to be solved, subsets to be derived from."""

    ideas: list[Place]
    branches: list[Place]


@dataclass(frozen=True)
class Observe:
    """Asks for observations and fans out over their subsets.

    With `turns="four"` the conversation is the official code's
    (`get_observations_strs`): brainstorm, list, filter, format, the last tried at temperatures 0.0,
    0.2 and 0.4. With "one" a single structured reply does all four, a deviation that saves calls.
    If no list can be read, the node has no observations and its only subset is the empty one.
    """

    turns: str = "four"
    count: int = 10
    """Observations asked for at the root; deeper, the paper asks for "several"."""
    most: int = 10
    """Observations kept at most, against replies that would make the tree explode."""
    subset_size: int = 2
    deepest: bool = False
    """Whether no further observations are derived below this node."""
    internal: bool = True
    """Whether subsets above the deepest layer are solved too (official code) or leaves only."""
    carry: bool = False
    """Whether a node's own observations are joined by its ancestors' (the official code: no)."""
    max_ideas: int | None = None
    """Solve at most this many subsets of each node, chosen by the run's seed."""
    max_branches: int | None = None
    """Derive from at most this many subsets of each node, likewise."""
    sampling: Sampling = PAPER
    then: int = 2
    """Calls from observations to a program."""

    async def __call__(self, state: Place, runtime: Runtime) -> Children:
        """The subsets of what was observed."""
        run = runtime.context.run(state["run"])
        texts = [run.thoughts[id].text for id in state["observations"]]
        source, found = await self._observe(runtime, run, state, texts)
        run.calls.ledger.release(source)  # whichever of its subsets comes first may have it
        prefix = f"{state['path']}/" if state["path"] else ""
        observations = [
            run.record(Thought(f"{prefix}o{i}", "observation", text, parents=(source,)))
            for i, text in enumerate(found[: self.most], 1)
        ]
        for observation in observations:
            runtime.stream_writer(observation)
        return self._fan_out(run, state, observations)

    async def _observe(
        self, runtime: Runtime, run: Run, state: Place, given: Sequence[str]
    ) -> tuple[str, list[str]]:
        """The id of the thought that lists them, and the observations."""
        path, parents = state["path"], tuple(state["observations"])
        prefix = f"{path}/" if path else ""
        depth = 1 + len(path.split("/")) if path else 1
        values = {"task": run.task, "count": self.count, "observations": given}
        if self.turns == "one":
            asking = Asking("observations", "idea_model", self.sampling, then=self.then)
            messages = render("observe_once", depth=depth, **values)
            thought, found = await think(
                runtime, run, asking, messages,
                id=f"{prefix}observations", parents=parents, read=string_list, schema=SCHEMA,
            )  # fmt: skip
            return thought.id, found or []
        messages = render("observe" if depth == 1 else "derive", **values)
        return await self._converse(runtime, run, prefix, parents, messages)

    async def _converse(
        self,
        runtime: Runtime,
        run: Run,
        prefix: str,
        parents: tuple[str, ...],
        messages: list[Message],
    ) -> tuple[str, list[str]]:
        before: str | None = None
        for place, (turn, prompt) in enumerate(TURNS):
            messages = messages + (render(prompt) if prompt else [])
            then = len(TURNS) - place + self.then
            asking = Asking(turn, "idea_model", self.sampling, then=then, after=before)
            thought, text = await think(
                runtime, run, asking, messages, id=prefix + turn, parents=parents, read=prose
            )
            if text is None:
                return thought.id, []
            messages = [*messages, {"role": "assistant", "content": text}]
            parents, before = (thought.id,), thought.id
        asking = Asking(
            "format", "idea_model", self.sampling, (0.0, 0.2, 0.4), 3, False, self.then, before
        )
        thought, found = await think(
            runtime, run, asking, messages + render("format"),
            id=f"{prefix}format", parents=parents, read=string_list,
        )  # fmt: skip
        return thought.id, found or []

    def _fan_out(self, run: Run, state: Place, observations: list[Thought]) -> Children:
        order = random.Random(run.calls.seed(f"{state['path']}/subsets"))
        subsets = _subsets(observations, self.subset_size)
        order.shuffle(subsets)
        places = [self._place(state, subset) for subset in subsets]
        branches = [] if self.deepest else places[: self.max_branches]
        ideas = islice((place for place in places if self._is_idea(run, place)), self.max_ideas)
        return {"ideas": list(ideas), "branches": branches}

    def _place(self, state: Place, subset: Sequence[Thought]) -> Place:
        name = "+".join(thought.id.rpartition("/")[2] for thought in subset) or "o0"
        own = [thought.id for thought in subset]
        return {
            "run": state["run"],
            "path": f"{state['path']}/{name}" if state["path"] else name,
            "observations": [*state["observations"], *own] if self.carry else own,
        }

    def _is_idea(self, run: Run, place: Place) -> bool:
        if not (self.internal or self.deepest) or not place["observations"]:
            return False  # the empty tuple is solved once, at the root
        # Wherever the same tuple of observations turns up, it is solved once a run.
        texts = [run.thoughts[id].text for id in place["observations"]]
        return run.claim(texts, place["path"])


def _subsets(items: Sequence[Thought], size: int) -> list[tuple[Thought, ...]]:
    """All subsets of 0 to `size` items (PlanSearch section 4.3.1)."""
    return [subset for k in range(size + 1) for subset in combinations(items, k)]
