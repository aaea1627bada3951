"""One run of one graph on one task: what a node works with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ..errors import MissingError
from ..models.base import Model, Usage
from ..models.store import Store, digest
from ..sandboxes.base import Limits, Outcome, Program, Sandbox
from ..tasks import CodeTask, Comparison, task_from_json, task_to_json
from ..tasks.identity import identity
from ..verifiers.base import Verdict, Verifier
from .calls import Calls
from .thought import Thought, verdict_from_json

if TYPE_CHECKING:
    from .context import Context


class Run:
    """The task, the thoughts so far, the calls and the verdicts of one run.

    A node gets it by `runtime.context.run(state["run"])`. What decides how the run goes is in the
    store as it happens, under the run's key: a hash of the task, the graph with its options, the
    models, the budget and the seed. The same run started again is the same run.
    """

    def __init__(self, key: str, task: CodeTask, context: "Context") -> None:
        assert isinstance(context.store, Store)
        assert isinstance(context.sandbox, Sandbox)
        assert context.verifier is not None
        self.key = key
        self.task = task
        self.thoughts: dict[str, Thought] = {}
        self.passing: set[str] = set()
        """Ids of the candidates that have passed so far."""
        self.calls = Calls(key, task.id, context.store, context.budget, context.seed)
        self._store: Store = context.store
        self._verifier: Verifier = context.verifier
        self._sandbox: Sandbox = context.sandbox
        self._role = context.role

    @classmethod
    def begin(cls, task: CodeTask, graph: Any, context: "Context") -> "Run":
        """Start, or start again, the run of `graph`: JSON-able data that says all its options."""
        settings = {
            "task": task_to_json(task),
            "graph": graph,
            "models": [context.role(role).name for role in context.ROLES],
            "verifier": context.verifier.name if context.verifier else "",
            "budget": asdict(context.budget),
            "seed": context.seed,
        }
        run = cls(digest(settings)[:16], task, context)
        run._store.put_record(run.key, "run", "", settings)
        run.calls.start_clock()
        return run

    @classmethod
    def restore(cls, key: str, context: "Context") -> "Run | None":
        """The run as the store knows it, for a checkpoint that is resumed; None if it does not."""
        assert isinstance(context.store, Store)
        settings = context.store.record(key, "run", "")
        if settings is None:
            return None
        task = task_from_json(settings["task"])
        assert isinstance(task, CodeTask)
        run = cls(key, task, context)
        for id, data in context.store.records(key, "thought"):
            run.thoughts[id] = Thought.from_json(data)
            run.calls.restored.add(id)
            run.calls.ledger.replay(run.thoughts[id].usage)
        for id, data in context.store.records(key, "verdict"):
            if id in run.thoughts:
                run._judged(id, verdict_from_json(data))
        run.calls.start_clock()
        return run

    def model(self, role: str) -> Model:
        """Who plays that role in this run."""
        return self._role(role)

    def record(self, thought: Thought) -> Thought:
        """Add a thought to the run and to the store."""
        self.thoughts[thought.id] = thought
        self._store.put_latest(self.key, "thought", thought.id, thought.to_json())
        return thought

    def claim(self, what: Sequence[str], place: str) -> bool:
        """Whether `place` is the first of this run to take up `what`, over restarts too."""
        return bool(self._store.put_record(self.key, "claim", digest(list(what)), place) == place)

    async def judge(self, id: str) -> Thought:
        """Have the candidate of that id judged, once, and return it with its verdict."""
        data = self._store.record(self.key, "verdict", id)
        if data is not None:
            verdict = verdict_from_json(data)
        else:
            verdict = await self._judge(self.thoughts[id].text)
            # "Could not judge" is not kept: it is tried again when the run is.
            if verdict.passed is not None or verdict.score is not None:
                self._store.put_record(self.key, "verdict", id, asdict(verdict))
        return self._judged(id, verdict)

    def _judged(self, id: str, verdict: Verdict) -> Thought:
        self.thoughts[id] = replace(self.thoughts[id], verdict=verdict)
        if verdict.passed:
            self.passing.add(id)
        return self.thoughts[id]

    async def _judge(self, answer: str) -> Verdict:
        try:
            return (await self._verifier.judge(self.task, [answer]))[0]
        except MissingError:
            raise
        except Exception as error:  # noqa: BLE001  a user's verifier: its faults end here
            return Verdict(
                reason=f"verifier {self._verifier.name}: {type(error).__name__}: {error}"
            )

    async def behaviour(self, id: str, inputs: Sequence[Any]) -> list[str]:
        """What the candidate of that id does on each input, one comparable string each.

        Raises:
            SandboxError: the sandbox failed.
        """
        known = self._store.record(self.key, "behaviour", id)
        if known is None:
            program = Program(self.thoughts[id].text, self.task.entry_point)
            execution = await self._sandbox.run(program, inputs, self.task.limits or Limits())
            shown = [_shown(outcome, self.task.comparison) for outcome in execution.outcomes]
            known = self._store.put_record(self.key, "behaviour", id, shown)
        return list(known)

    def finish(self) -> None:
        """Mark the run as whole, so that it replays just as it was, failed calls included."""
        self._store.put_record(self.key, "finished", "", self.calls.stopped or "complete")

    def usage_by_kind(self) -> dict[str, Usage]:
        """What the thoughts so far cost, by their kind."""
        totals: dict[str, Usage] = {}
        for thought in self.thoughts.values():
            if thought.usage.calls:
                totals[thought.kind] = totals.get(thought.kind, Usage()) + thought.usage
        return dict(sorted(totals.items()))

    def faults(self) -> dict[str, int]:
        """How often each kind of fault was met: what its line says before the first colon."""
        kinds = Counter[str]()
        for thought in self.thoughts.values():
            lines = [*thought.faults, *filter(None, [thought.failure])]
            kinds.update(line.partition(":")[0] for line in lines)
        return dict(sorted(kinds.items()))


def _shown(outcome: Outcome, how: Comparison) -> str:
    """The same text for what the task takes to be the same."""
    if outcome.ended != "value":
        return f"!{outcome.ended}"
    return f"{identity(outcome.value, how)}\n{outcome.stdout.rstrip()}"
