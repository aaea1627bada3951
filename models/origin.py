"""Where in a search a call comes from, for whoever traces calls. A leaf: imports nothing of ours.

It goes beside a call and not through `Model`, since no reply depends on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """The thought, or the judging, that calls are made for."""

    run: str
    graph: str
    task: str
    kind: str
    """The thought's kind; "judge"."""
    trace: str
    """32 hexadecimal digits: OpenTelemetry's trace, or a name of the run in their shape."""
    span: Any = None
    """OpenTelemetry's span of it, if there is one."""

    def metadata(self, path: str) -> dict[str, Any]:
        """What LiteLLM's integrations read (1.106): Langfuse the trace's and the generation's
        names, the session, tags and parent; LangSmith `run_name`; OpenTelemetry the generation's
        name and the parent; MLflow the tags."""
        about: dict[str, Any] = {
            "trace_id": self.trace,
            # The same, or LangSmith refuses the call: its sessions are projects.
            "session_id": self.trace,
            "trace_name": f"ponder.{self.graph} {self.task}",
            "generation_name": path,
            "run_name": path,
            "tags": ["ponder", self.graph, self.task],
            "ponder_run": self.run,
            "ponder_graph": self.graph,
            "ponder_task": self.task,
            "ponder_kind": self.kind,
            "ponder_path": path,
        }
        if self.span is not None:
            about["parent_observation_id"] = f"{self.span.get_span_context().span_id:016x}"
            # Without it LiteLLM writes on the span that it finds, which may have ended by then.
            about["litellm_parent_otel_span"] = self.span
        return about


_origin: ContextVar[Origin | None] = ContextVar("ponder_origin", default=None)
_path: ContextVar[str] = ContextVar("ponder_path", default="")


@contextmanager
def calls_from(origin: Origin) -> Iterator[None]:
    """The block's calls are made for `origin`."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


@contextmanager
def calls_at(path: str) -> Iterator[None]:
    """The block's calls have that place in the search."""
    token = _path.set(path)
    try:
        yield
    finally:
        _path.reset(token)


def metadata() -> dict[str, Any]:
    """What is to be told of a call that is made now; nothing outside of a search."""
    origin = _origin.get()
    return {} if origin is None else origin.metadata(_path.get())
