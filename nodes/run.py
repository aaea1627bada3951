"""One run of one graph on one task: what a node works with."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import InputError, MissingError
from ..models.base import Model, Usage
from ..models.budget import Promise
from ..models.store import Store, digest
from ..sandboxes.base import Sandbox
from ..tasks import CodeTask, Task, task_from_json, task_to_json
from ..verifiers.base import Configured, Priced, StepVerifier, Verdict, Verifier
from .behaviour import behaviour
from .calls import Calls
from .thought import Thought, verdict_from_json, verdict_to_json
from .trace import Spans

if TYPE_CHECKING:
    from .context import Context

T = TypeVar("T")
Judge = Callable[[Task, list[T]], Awaitable[list[Verdict]]]
VERIFICATION = "verification"
"""What the cost of judging goes under, beside the kinds of thought."""


class Run:
    """The task, the thoughts so far, the calls and the verdicts of one run.

    A node gets it by `runtime.context.run(state["run"])`. What decides how the run goes is in the
    store as it happens, under the run's key: a hash of the task, the graph with its options, the
    models, the verifier, the budget and the seed. The same run started again is the same run.
    """

    def __init__(self, key: str, graph: str, task: Task, context: "Context") -> None:
        assert isinstance(context.store, Store)
        assert isinstance(context.sandbox, Sandbox)
        self.key = key
        self.task = task
        self.thoughts: dict[str, Thought] = {}
        self.passing: set[str] = set()
        """Ids of the candidates that have passed so far."""
        self.calls = Calls(key, task.id, context.store, context.budget, context.seed)
        self._store: Store = context.store
        self._verifier = context.judging
        self._sandbox: Sandbox = context.sandbox
        self._role = context.role
        settings = {
            "models": [context.role(role).name for role in context.ROLES],
            "verifier": self._verifier.name,
            "seed": context.seed,
        }
        self.spans = Spans(key, graph, task.id, settings)

    @classmethod
    def begin(cls, task: Task, graph: Sequence[Any], context: "Context") -> "Run":
        """Start, or start again, the run of `graph`: its name, and JSON-able data that says all
        its options."""
        verifier = context.judging
        settings = verifier.settings if isinstance(verifier, Configured) else {}
        begun = {
            "task": task_to_json(task),
            "graph": list(graph),
            "models": [context.role(role).name for role in context.ROLES],
            "verifier": [verifier.name, dict(settings)],
            "budget": asdict(context.budget),
            "seed": context.seed,
        }
        run = cls(digest(begun)[:16], graph[0], task, context)
        run._store.put_record(run.key, "run", "", begun)
        run._count_earlier()
        run.calls.start_clock()
        return run

    @classmethod
    def restore(cls, key: str, context: "Context") -> "Run | None":
        """The run as the store knows it, for a checkpoint that is resumed; None if it does not."""
        assert isinstance(context.store, Store)
        begun = context.store.record(key, "run", "")
        if begun is None:
            return None
        run = cls(key, begun["graph"][0], task_from_json(begun["task"]), context)
        for id, data in context.store.records(key, "thought"):
            run.thoughts[id] = Thought.from_json(data)
            run.calls.restored.add(id)
            run.calls.ledger.replay(run.thoughts[id].usage)
        records = context.store.records
        for id, data in (*records(key, "unjudged"), *records(key, "verdict")):
            if id in run.thoughts:
                verdict = verdict_from_json(data)
                run._charge(verdict)
                run._judged(id, verdict)
        run._restore_promises(run.thoughts)
        run.calls.start_clock()
        return run

    def _count_earlier(self) -> None:
        """Count what an earlier attempt at this run has got, before anything is asked: what had
        waited there must not be let in here before what is deeper has been replayed."""
        thoughts = map(Thought.from_json, dict(self._store.records(self.key, "thought")).values())
        # A failed one is asked for again, or counts when it is replayed.
        earlier = {thought.id: thought for thought in thoughts if thought.failure is None}
        for id, thought in earlier.items():
            self.calls.restored.add(id)
            self.calls.ledger.replay(thought.usage)
        for kind in ("verdict", "unjudged") if self.calls.finished else ("verdict",):
            for id, data in self._store.records(self.key, kind):
                if id in earlier:
                    self._charge(verdict_from_json(data))
        self._restore_promises(earlier)

    def _restore_promises(self, thoughts: Mapping[str, Thought]) -> None:
        """Set aside again what has to follow thoughts that nothing has followed yet: a node that a
        checkpoint has the end of does not ask for its thought again."""
        promises = dict(self._store.records(self.key, "promise"))
        followed = {after for id, (_, after) in promises.items() if id in thoughts}
        for id, (then, _) in promises.items():
            if id in thoughts and id not in followed and not thoughts[id].failure:
                self.calls.ledger.follow(Promise(id, then))

    def promise(self, promise: Promise) -> None:
        """Keep what has to follow a thought, for a run that goes on from a checkpoint; only a
        budget of calls depends on it."""
        if self.calls.ledger.budget.calls is not None and (promise.then or promise.after):
            kept = [promise.then, promise.after]
            self._store.put_latest(self.key, "promise", promise.name, kept)

    def model(self, role: str) -> Model:
        """Who plays that role in this run."""
        return self._role(role)

    def record(self, thought: Thought) -> Thought:
        """Add a thought to the run and to the store. A verdict that it has had stays with it: the
        same search may be under way twice at once, and the other be further on."""
        known = self.thoughts.get(thought.id)
        if known is not None and thought.verdict is None and known.text == thought.text:
            thought = replace(thought, verdict=known.verdict)
        self.thoughts[thought.id] = thought
        self._store.put_latest(self.key, "thought", thought.id, thought.to_json())
        replayed = thought.usage.calls > 0 and thought.id not in self.calls.asked
        self.spans.record(thought, replayed=replayed)
        return thought

    def claim(self, what: Sequence[str], place: str) -> bool:
        """Whether `place` is the first of this run to take up `what`, over restarts too."""
        return bool(self._store.put_record(self.key, "claim", digest(list(what)), place) == place)

    def decided(self, what: str, choice: str) -> str:
        """The first choice that this run made of it, over restarts too: what would be decided
        otherwise when something is judged again that could not be judged, stays."""
        return str(self._store.put_record(self.key, "decision", what, choice))

    @property
    def verifier_name(self) -> str:
        """Who judges."""
        return self._verifier.name

    @property
    def code_task(self) -> CodeTask:
        """The task, in a graph that writes programs."""
        assert isinstance(self.task, CodeTask)
        return self.task

    def lineage(self, id: str) -> list[str]:
        """The texts from the first thought to the one of that id, each the first parent of the
        next."""
        texts: list[str] = []
        while True:
            thought = self.thoughts[id]
            texts.append(thought.text)
            if not thought.parents:
                return texts[::-1]
            id = thought.parents[0]

    @property
    def verifier(self) -> Verifier:
        """Who judges."""
        return self._verifier

    async def judge(
        self,
        id: str,
        task: Task | None = None,
        *,
        answer: str | None = None,
        by: Judge[str] | None = None,
    ) -> Thought:
        """Have the candidate of that id judged, once, and return it with its verdict: as an answer
        to that task, if it is another than the run's; `answer` is what is judged of it, if that is
        not its text, and `by` which of the verifier's ways it is judged in."""
        verdict = self._known_verdict(id)
        with self.spans.judging([id], self.verifier_name, replayed=verdict is not None) as told:
            if verdict is None:
                judged = [self.thoughts[id].text if answer is None else answer]
                (verdict,) = await self._judge(judged, by or self._verifier.judge, task)
                self._keep_verdict(id, verdict)
            told[id] = verdict
        return self._judged(id, verdict)

    async def judge_steps(self, solutions: Mapping[str, Sequence[str]]) -> list[Thought]:
        """Have partial solutions judged, each given by the id of its last thought and its steps so
        far; what is known already is not judged again."""
        if not solutions:
            return []
        verdicts = {id: self._known_verdict(id) for id in solutions}
        unknown = [id for id, verdict in verdicts.items() if verdict is None]
        assert isinstance(self._verifier, StepVerifier)
        given = [list(solutions[id]) for id in unknown]
        told_of = unknown or list(solutions)
        with self.spans.judging(told_of, self.verifier_name, replayed=not unknown) as told:
            found = await self._judge(given, self._verifier.judge_steps) if given else []
            for id, verdict in zip(unknown, found, strict=True):
                self._keep_verdict(id, verdict)
                verdicts[id] = verdict
            told.update({id: verdicts[id] or Verdict() for id in told_of})
        return [self._judged(id, verdict or Verdict()) for id, verdict in verdicts.items()]

    def _known_verdict(self, id: str) -> Verdict | None:
        data = self._store.record(self.key, "verdict", id)
        if data is None and self.calls.finished:
            data = self._store.record(self.key, "unjudged", id)
        if data is None:
            return None
        verdict = verdict_from_json(data)
        if id not in self.calls.restored:
            self._charge(verdict)
        return verdict

    def _charge(self, verdict: Verdict) -> None:
        """Judging counts in the budget's tokens and dollars, and not in its calls, which are those
        of the search: one more judgement does not make it smaller."""
        self.calls.ledger.replay(replace(verdict.usage, calls=0))

    def _keep_verdict(self, id: str, verdict: Verdict) -> None:
        self._charge(verdict)
        if verdict.passed is not None or verdict.score is not None:
            self._store.put_record(self.key, "verdict", id, verdict_to_json(verdict))
        else:
            # Tried again when the run is, unless that came to its end in spite of it: what was
            # asked after it depends on it.
            self._store.put_latest(self.key, "unjudged", id, verdict_to_json(verdict))

    def _judged(self, id: str, verdict: Verdict) -> Thought:
        self.thoughts[id] = replace(self.thoughts[id], verdict=verdict)
        if verdict.passed:
            self.passing.add(id)
        return self.thoughts[id]

    async def _judge(
        self, answers: list[T], judge: Judge[T], task: Task | None = None
    ) -> list[Verdict]:
        """A verdict for each."""
        over = self.calls.over() if isinstance(self._verifier, Priced) else None
        if over:
            return [Verdict(reason=over)] * len(answers)
        try:
            verdicts = await judge(task or self.task, answers)
            if len(verdicts) != len(answers):
                raise ValueError(f"{len(verdicts)} verdicts for {len(answers)} answers")
        except (InputError, MissingError):
            raise
        except Exception as error:  # noqa: BLE001  a user's verifier: its faults end here
            if len(answers) > 1:  # one of them costs no other its verdict
                alone = await asyncio.gather(*(self._judge([one], judge, task) for one in answers))
                return [verdict for verdicts in alone for verdict in verdicts]
            line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            return [Verdict(reason=f"verifier {self._verifier.name}: {line}")]
        return verdicts

    async def behaviour(self, id: str, inputs: Sequence[Any]) -> list[str]:
        """What the candidate of that id does on each input, one comparable string each.

        Raises:
            SandboxError: the sandbox failed.
        """
        known = self._store.record(self.key, "behaviour", id)
        if known is None:
            code = self.thoughts[id].text
            shown = await behaviour(self._sandbox, self.code_task, code, inputs)
            known = self._store.put_record(self.key, "behaviour", id, shown)
        return list(known)

    def finish(self) -> None:
        """Mark the run as whole, so that it replays just as it was, failed calls included."""
        self._store.put_record(self.key, "finished", "", self.calls.stopped or "complete")

    def usage_by_kind(self) -> dict[str, Usage]:
        """What the thoughts so far cost, by their kind, and what judging them did."""
        totals: dict[str, Usage] = {}
        for thought in self.thoughts.values():
            if thought.usage != Usage():
                totals[thought.kind] = totals.get(thought.kind, Usage()) + thought.usage
            if thought.verdict is not None and thought.verdict.usage != Usage():
                total = totals.get(VERIFICATION, Usage())
                totals[VERIFICATION] = total + thought.verdict.usage
        return dict(sorted(totals.items()))

    def faults(self) -> dict[str, int]:
        """How often each kind of fault was met: what its line says before the first colon."""
        kinds = Counter[str]()
        for thought in self.thoughts.values():
            lines = [*thought.faults, *filter(None, [thought.failure])]
            kinds.update(line.partition(":")[0] for line in lines)
        return dict(sorted(kinds.items()))
