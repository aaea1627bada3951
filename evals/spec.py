"""What is evaluated, in words: enough to make it again, on another machine or another day."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .connect import GRAPHS, build_graph, connect_models

if TYPE_CHECKING:
    from ..graphs import Graph
    from ..nodes import Context
    from ..sandboxes import Sandbox

SERVING = ("api_base", "concurrency", "attempts", "timeout", "sandbox")
"""Fields that say where and how calls and programs run, and not what comes of them."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One graph with its options, models and limits: one column of a comparison. Plain data."""

    graph: str = "plan-search"
    """As on the command line (`connect.GRAPHS`)."""
    profile: str = "fast"
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    idea_model: str | None = None
    judge: str | None = None
    verifier: str | None = None
    budget: Mapping[str, float | None] = field(default_factory=dict)
    """Of each task: fields of `Budget`."""
    seed: int = 0
    api_base: str | None = None
    concurrency: int = 64
    attempts: int = 8
    timeout: float = 600.0
    sandbox: str = "auto"
    labels: Mapping[str, str] = field(default_factory=dict)
    """How labels are made of it, where solutions are labelled (labelling/labeller.py)."""

    @property
    def identity(self) -> dict[str, Any]:
        """What a run may not change when it is resumed."""
        return {name: value for name, value in self.to_json().items() if name not in SERVING}

    def to_json(self) -> dict[str, Any]:
        """Plain data for `run.json`, and for workers."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Spec":
        """The inverse of `to_json`; unknown fields are left out."""
        return cls(**{name: data[name] for name in cls.__slots__ if name in data})

    def build(self) -> "Graph":
        """The graph.

        Raises:
            InputError: there is none of that name, profile or options.
        """
        return build_graph(self.graph, self.profile, self.options)

    def connect(self, store: Any = None, sandbox: "Sandbox | None" = None) -> "Context":
        """The context it runs in, with that store.

        Raises:
            InputError, MissingError, StoreError: as `Context`.
        """
        from ..models import Budget
        from ..nodes import Context

        roles = {"model": self.model, "idea_model": self.idea_model, "judge": self.judge}
        models = connect_models(
            roles,
            self.api_base,
            concurrency=self.concurrency,
            attempts=self.attempts,
            timeout=self.timeout,
        )
        return Context(
            models["model"],
            models.get("idea_model"),
            models.get("judge"),
            budget=Budget(**self.budget),  # type: ignore[arg-type]
            sandbox=sandbox or self.sandbox,
            verifier=self.verifier,
            store=store,
            seed=self.seed,
        )

    def check(self, sandbox: "Sandbox") -> None:
        """See that it can be connected; nothing is started.

        Raises:
            InputError, MissingError: as `Context`.
        """
        from ..models import Store

        store = Store()
        self.connect(store, sandbox)
        store.close()


def with_samples(graph: str, options: Mapping[str, Any], samples: int | None) -> dict[str, Any]:
    """The options of a graph in an evaluation, that many samples a task.

    A search that stops as soon as it has enough would make pass@k look at the wrong samples, so in
    an evaluation nothing is enough unless the options say so.

    Raises:
        InputError: there is no such graph, or it has no number of samples.
    """
    known = option_names(graph)
    chosen = dict(options)
    if "enough" in known:
        chosen.setdefault("enough", None)
    if samples is not None and "samples" not in known:
        raise InputError(
            f"--samples {samples}: {graph} writes as many answers as its search comes to; limit it "
            "by --budget calls=N"
        )
    return chosen if samples is None else {**chosen, "samples": samples}


def option_names(graph: str) -> list[str]:
    """The options that a graph has.

    Raises:
        InputError: there is no such graph.
    """
    from ..graphs import OPTIONS

    if graph not in GRAPHS:
        raise InputError(f"graph {graph!r} is not one of {', '.join(GRAPHS)}")
    return list(OPTIONS[GRAPHS[graph]].model_fields)
