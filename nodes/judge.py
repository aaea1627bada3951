"""Have an answer judged, as soon as it is there."""

from dataclasses import dataclass

from typing_extensions import TypedDict

from .context import Runtime
from .refine import in_view


class Judgeable(TypedDict):
    """A whole answer, by its thought's id."""

    run: str
    answer: str


class Judged(TypedDict):
    """The candidate, for the reducer that gathers them, and what became of it."""

    candidates: list[str]
    passed: bool | None


@dataclass(frozen=True)
class Judge:
    """Has the run's verifier judge the answer: the public tests, unless another was given."""

    enough: int | None = None
    """Stop the whole search once this many candidates have passed."""
    in_context: bool = False
    """Whether the verifier is asked about a revision in view of the answers it was made from."""

    async def __call__(self, state: Judgeable, runtime: Runtime) -> Judged:
        """The candidate's id, judged."""
        run = runtime.context.run(state["run"])
        id = state["answer"]
        thought = await run.judge(id, in_view(run, id) if self.in_context else None)
        runtime.stream_writer(thought)
        if self.enough is not None and len(run.passing) >= self.enough:
            passing = "candidate passes" if self.enough == 1 else "candidates pass"
            run.calls.stop(f"enough: {self.enough} {passing} the {run.verifier_name}")
        passed = thought.verdict.passed if thought.verdict else None
        return {"candidates": [thought.id], "passed": passed}
