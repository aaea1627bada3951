"""What a run is given and its state never holds: models, sandbox, verifier, budget, store."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from ..errors import InputError, StoreError
from ..models import connect as connect_model
from ..models.base import Model
from ..models.budget import Budget
from ..models.store import Store
from ..sandboxes import connect as connect_sandbox
from ..sandboxes.base import Sandbox
from ..verifiers import connect_verifier
from ..verifiers.base import Preparable, Priced, Verifier
from .run import Run
from .thought import Solution, Thought


@dataclass
class Context:
    """Everything a graph needs besides its input. Swapping a backend is one argument:

        await graph.ainvoke({"task": task}, context=Context(model="ollama/qwen2.5-coder:7b"))

    One context serves any number of tasks, also at once; every run gets the whole budget.
    Strings are connected when the context is made, which loads nothing heavy and pays nothing.

    Raises:
        InputError: a model, sandbox or store that cannot be.
        MissingError: weights, a key or an engine this machine lacks.
    """

    ROLES: ClassVar = ("model", "idea_model", "judge")

    model: Model | str
    """Answers whatever no other role is named for."""
    idea_model: Model | str | None = None
    """Observations, plans, criticism, fixes (the paper's idea model)."""
    judge: Model | str | None = None
    sandbox: Sandbox | str = "auto"
    verifier: Verifier | str | None = None
    """Judges candidates during the search: the public tests in the sandbox if None; or by name, as
    in "prm:PATH" or "judge" (verifiers/connect.py)."""
    budget: Budget = field(default_factory=Budget)
    store: Store | str | Path | None = None
    """Where replies are kept; None keeps them in memory, for this context only."""
    seed: int = 0
    """Fixes every choice of ours, and the models' sampling where their servers take a seed."""

    def __post_init__(self) -> None:
        self._roles = self._connect_roles()
        if isinstance(self.sandbox, str):
            self.sandbox = connect_sandbox(self.sandbox)
        if not isinstance(self.verifier, str | None):
            self._ours: list[Verifier] = []
        else:
            self.verifier = connect_verifier(
                self.verifier or "tests", sandbox=self.sandbox, judge=self._roles["judge"]
            )
            self._ours = [self.verifier]
        if isinstance(self.budget, Mapping):
            self.budget = Budget(**self.budget)
        if not isinstance(self.store, Store):
            self.store = Store(self.store)
        self._refuse_unpriced_dollars()
        self._runs: dict[str, Run] = {}

    def _connect_roles(self) -> dict[str, Model]:
        connected: dict[str, Model] = {}
        for role in self.ROLES:
            given: Model | str | None = getattr(self, role)
            model = self.model if given is None else given
            if isinstance(model, str):
                same = next((m for m in connected.values() if m.name == model), None)
                model = same or connect_model(model)
            connected[role] = model
        return connected

    def _refuse_unpriced_dollars(self) -> None:
        if self.budget.usd is None:
            return
        judges = [self.judging] if isinstance(self.judging, Priced) else []
        for asked in (*self._roles.values(), *judges):
            if asked.price(1000, 1000) is None:
                raise InputError(
                    f"budget: usd={self.budget.usd:g} cannot be held, since the price of "
                    f"{asked.name} is not known; limit calls or tokens instead"
                )

    def role(self, name: str) -> Model:
        """The model that plays a role: "model", "idea_model" or "judge"."""
        if name not in self._roles:
            raise InputError(f"model role {name!r} is not one of {', '.join(self._roles)}")
        return self._roles[name]

    @property
    def judging(self) -> Verifier:
        """Who judges candidates: `verifier`, connected."""
        assert isinstance(self.verifier, Verifier)
        return self.verifier

    async def start(self, *, programs: bool = True) -> None:
        """Make sure that models can be asked, candidates judged and (unless there are no
        `programs`) programs run, before anything is paid for.

        Raises:
            InputError: there is no such model.
            MissingError: the machine lacks what a model, the verifier or the sandbox needs.
        """
        assert isinstance(self.sandbox, Sandbox)
        models = {id(model): model for model in self._roles.values()}.values()
        starting = [model.ready() for model in models]
        starting += [self.sandbox.start()] if programs else []
        starting += [self.verifier.ready()] if isinstance(self.verifier, Preparable) else []
        ended = await asyncio.gather(*starting, return_exceptions=True)
        errors = [error for error in ended if isinstance(error, BaseException)]
        # What the caller got wrong comes before what the machine lacks.
        for error in sorted(errors, key=lambda error: not isinstance(error, InputError)):
            raise error

    def open(self, run: Run) -> Run:
        """Make `run` the one that goes by its key, replacing any earlier attempt at it."""
        if run.key in self._runs:
            self._runs[run.key].spans.abandon("it was begun again")
        self._runs[run.key] = run
        return run

    def run(self, key: str) -> Run:
        """The run of that key: what every node starts from, given `state["run"]`.

        After a checkpoint was resumed in a new process it is read back from the store.

        Raises:
            StoreError: neither this context nor its store has it.
        """
        if key not in self._runs:
            run = Run.restore(key, self)
            if run is None:
                raise StoreError(
                    f"run {key} is in a checkpoint, but its thoughts are not in the store: "
                    "resume with the store file it was started with"
                )
            self._runs[key] = run
        return self._runs[key]

    def runs(self) -> Iterable[Run]:
        """The runs this context has seen, oldest first."""
        return self._runs.values()

    def release(self, key: str) -> None:
        """Forget the run of that key, thoughts and all: for whoever makes many runs in one context.
        If it is asked for again, it is read back from the store. Idempotent."""
        self._runs.pop(key, None)

    def thoughts(self, solution: Solution) -> dict[str, Thought]:
        """All thoughts of the run that led to `solution`, by id."""
        return self.run(solution.run).thoughts

    def __enter__(self) -> "Context":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the sandbox, let go of a verifier that was given by name, close the store.
        Idempotent; `with Context(…)` does it too."""
        assert isinstance(self.sandbox, Sandbox)
        assert isinstance(self.store, Store)
        for run in self._runs.values():
            run.spans.abandon("it was left unfinished")
        self.sandbox.close()
        for verifier in self._ours:
            if isinstance(verifier, Closeable):
                verifier.close()
        self.store.close()


@runtime_checkable
class Closeable(Protocol):
    """What has something to let go of."""

    def close(self) -> None:
        """Let go of it. Idempotent."""


class Runtime(Protocol):
    """What LangGraph hands to a node beside its state (`langgraph.runtime.Runtime`), as far as a
    node needs it: rooms below graphs/ do not import LangGraph."""

    @property
    def context(self) -> Context:
        """The context given to `ainvoke`."""

    @property
    def stream_writer(self) -> Callable[[Any], None]:
        """Sends its argument to whoever streams the run with `stream_mode="custom"`."""
