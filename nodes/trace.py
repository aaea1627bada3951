"""Runs, thoughts and judgings as OpenTelemetry's spans, where the program has set a provider.

A thought's span is the child of its first parent's, and linked to its other parents', so that the
trace is the tree of thoughts; those without parents are children of the run's. Parents are given
explicitly: LangGraph's tasks share no context. While a thought is being thought its span is the
current one, so that a call's own span (LiteLLM's, an HTTP client's) is its child. What they cost is
under `ponder.usage` and not under the conventions' `gen_ai.usage`, which is for calls, and is added
up by those who show it.

Nothing is imported for this: a program that has set a provider has imported OpenTelemetry. A run
whose own span is not sampled has none at all.
"""

import asyncio
import json
import os
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from ..models.base import Message, Usage
from ..models.origin import Origin, calls_from
from ..models.replies import clean
from ..models.store import digest
from ..verifiers.base import Verdict
from .thought import Solution, Thought

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The conventions' own variable: whether spans hold prompts, thoughts and reasons."""
Span = Any
"""OpenTelemetry's, which need not be installed."""


class Spans:
    """The spans of one run; without a provider, only where its calls come from."""

    def __init__(self, run: str, graph: str, task: str, settings: Mapping[str, Any]) -> None:
        self._run, self._graph, self._task = run, graph, clean(task)
        self._settings = settings
        self._trace = digest(["trace", run])[:32]
        self._capture = os.environ.get(CAPTURE, "").lower() in (
            "true",
            "span_only",
            "span_and_event",
        )
        self._off = False
        self._root: Span = None
        self._thinking: dict[str, Span] = {}
        """Of thoughts under way, by their ids."""
        self._known: dict[str, Any] = {}
        """Contexts of the spans of thoughts."""
        self._abandoned: weakref.finalize[Any, Any] | None = None

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Begin the run, which ends with the block if that fails."""
        self._begin()
        with self._watched(self._root):
            yield
        if self._root is None:  # what is made ready may set a provider, as LiteLLM's "otel" does
            self._off = False
            self._begin()

    def _begin(self, **more: Any) -> None:
        self._root = self._start(f"ponder.{self._graph} {self._task}", None, (), more)
        if self._root is None:
            return
        for name, value in self._settings.items():
            self._root.set_attribute(f"ponder.{name}", value)
        self._root.set_attribute("gen_ai.operation.name", "invoke_workflow")
        self._root.set_attribute("gen_ai.workflow.name", self._graph)
        self._trace = f"{self._root.get_span_context().trace_id:032x}"
        self._abandoned = weakref.finalize(self, _abandon, self._root, "it was left unfinished")

    def end(self, solution: Solution) -> None:
        """End the run with its solution. Its usage is all that the solution cost, whenever that was
        paid."""
        self._ensure()
        if self._root is None:
            return
        told = {
            "stopped": solution.stopped,
            "solved": solution.solved,
            "chosen": solution.chosen or "",
            "candidates": len(solution.candidates),
        }
        for name, value in told.items():
            self._root.set_attribute(f"ponder.{name}", value)
        _tell_usage(self._root, solution.usage)
        if self._capture and solution.answer is not None:
            self._root.set_attribute("ponder.answer", clean(solution.answer))
        if self._abandoned is not None:
            self._abandoned.detach()
        self._root.end()

    def abandon(self, why: str) -> None:
        """End the run, if it has not ended, as one that came to nothing."""
        if self._abandoned is not None and self._abandoned.detach():
            _abandon(self._root, why)

    @contextmanager
    def thinking(
        self, id: str, kind: str, parents: Sequence[str], model: str, messages: Sequence[Message]
    ) -> Iterator[None]:
        """The block makes the thought of that id. One that it does not record has no span."""
        self._ensure()
        about = {"ponder.model": model}
        if self._capture:
            about["gen_ai.input.messages"] = _as_json(messages)
        span = self._start(kind, id, parents, about)
        if span is not None:
            self._thinking[id] = span
        try:
            with calls_from(self._origin(kind, span)), _current(span), self._watched(span):
                yield
        finally:
            self._thinking.pop(id, None)

    def record(self, thought: Thought, *, replayed: bool) -> None:
        """The thought is whole. One that was never asked for, since it is part of another, has a
        span without a length; a `replayed` one has the time of the replay, and no cost."""
        span = self._thinking.pop(thought.id, None)
        span = span or self._start(thought.kind, thought.id, thought.parents, {})
        if span is None:
            return
        if replayed:
            span.set_attribute("ponder.replayed", True)
        elif thought.usage.calls:
            _tell_usage(span, thought.usage)
        for fault in thought.faults:
            told = {"error.type": _kind(fault), "ponder.fault": clean(fault)}
            span.add_event("ponder.fault", told)
        if thought.failure:
            span.set_attribute("error.type", _kind(thought.failure))
            _fail(span, thought.failure)
        if self._capture:
            said: Message = {"role": "assistant", "content": thought.text}
            span.set_attribute("gen_ai.output.messages", _as_json([said]))
        span.end()
        self._known[thought.id] = span.get_span_context()

    @contextmanager
    def judging(
        self, ids: Sequence[str], verifier: str, *, replayed: bool
    ) -> Iterator[dict[str, Verdict]]:
        """The block puts into the yielded mapping a verdict for each of those thoughts. Where it is
        about one thought it is that one's child, else the run's, with links."""
        self._ensure()
        verdicts: dict[str, Verdict] = {}
        parents = ids if len(ids) == 1 else [self._run, *ids]  # the run's key is no thought's id
        about: dict[str, Any] = {"ponder.verifier": verifier}
        about |= {"ponder.replayed": True} if replayed else {}
        span = self._start("judge", None, parents, about)
        with calls_from(self._origin("judge", span)), _current(span), self._watched(span):
            yield verdicts
        if span is None:
            return
        for id, verdict in verdicts.items():
            result = self._result(id, verifier, verdict)
            span.add_event("gen_ai.evaluation.result", result)
            if len(verdicts) == 1:
                span.set_attributes(result)
        if not replayed:
            _tell_usage(span, sum((each.usage for each in verdicts.values()), Usage()))
        span.end()

    def _result(self, id: str, verifier: str, verdict: Verdict) -> dict[str, Any]:
        label = {True: "pass", False: "fail", None: None}[verdict.passed]
        tells = self._capture or (verdict.passed is None and verdict.score is None)
        result = {
            "ponder.thought": id,
            "gen_ai.evaluation.name": verifier,
            "gen_ai.evaluation.score.value": verdict.score,
            "gen_ai.evaluation.score.label": label,
            # It may quote what a program printed.
            "gen_ai.evaluation.explanation": clean(verdict.reason) if tells else None,
        }
        return {name: value for name, value in result.items() if value is not None}

    def _ensure(self) -> None:
        """Begin again a run that is gone on with: by another process, or after it had ended."""
        if not self._off and (self._root is None or not self._root.is_recording()):
            self._begin(**{"ponder.resumed": True})

    def _start(
        self, name: str, id: str | None, parents: Sequence[str], about: Mapping[str, Any]
    ) -> Span:
        """A span that has begun; None if it would be told to nobody."""
        trace = None if self._off else sys.modules.get("opentelemetry.trace")
        if trace is None:
            self._off = True
            return None
        origin = {"run": self._run, "task": self._task, "graph": self._graph}
        attributes = {**{f"ponder.{key}": value for key, value in origin.items()}, **about}
        if id is not None:
            attributes |= {"ponder.thought": id, "ponder.kind": name, "ponder.parents": [*parents]}
        known = [self._known.get(parent) for parent in parents]
        first = trace.NonRecordingSpan(known[0]) if known and known[0] else self._root
        span = trace.get_tracer("ponder").start_span(
            name,
            context=None if first is None else trace.set_span_in_context(first),
            links=[trace.Link(other) for other in known[1:] if other],
            attributes=attributes,
        )
        if not span.is_recording():
            self._off = self._root is None
            return None
        return span

    def _origin(self, kind: str, span: Span) -> Origin:
        return Origin(self._run, self._graph, self._task, kind, self._trace, span)

    @contextmanager
    def _watched(self, span: Span) -> Iterator[None]:
        """What leaves a node ends the run: all that may go wrong in a search is data to it."""
        try:
            yield
        except BaseException as error:
            stopped = isinstance(error, asyncio.CancelledError)
            why = "cancelled" if stopped else f"{type(error).__name__}: {error}"
            if span is not None and span is not self._root:
                _abandon(span, why)
            self.abandon(why)
            raise


def _current(span: Span) -> AbstractContextManager[Any]:
    """The span as OpenTelemetry's current one."""
    if span is None:
        return nullcontext()
    used: AbstractContextManager[Any] = sys.modules["opentelemetry.trace"].use_span(
        span, record_exception=False, set_status_on_exception=False
    )
    return used


def _fail(span: Span, why: str) -> None:
    trace = sys.modules["opentelemetry.trace"]
    span.set_status(trace.Status(trace.StatusCode.ERROR, clean(why)))


def _abandon(span: Span, why: str) -> None:
    if span.is_recording():  # it may have ended in the same moment
        _fail(span, why)
        span.end()


def _tell_usage(span: Span, usage: Usage) -> None:
    told = {
        "calls": usage.calls,
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "seconds": usage.seconds,
        "cost": usage.cost,  # US dollars
    }
    for name, value in told.items():
        if value is not None:
            span.set_attribute(f"ponder.usage.{name}", value)


def _kind(fault: str) -> str:
    return clean(fault.partition(":")[0])


def _as_json(messages: Sequence[Message]) -> str:
    """Messages in the conventions' shape."""
    return json.dumps(
        [
            {"role": each["role"], "parts": [{"type": "text", "content": each["content"]}]}
            for each in messages
        ]
    )
