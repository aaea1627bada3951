"""What a program's own OpenTelemetry gets to see."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

Spans = dict[str, ReadableSpan]


class Traced:
    """A provider that keeps spans, and what became of them."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All that have ended."""
        return self._exporter.get_finished_spans()

    def clear(self) -> None:
        """Forget them."""
        self._exporter.clear()

    def runs(self) -> list[ReadableSpan]:
        """Those of runs."""
        return [one for one in self.spans if one.name.startswith("ponder.")]

    def thoughts(self) -> Spans:
        """Those of thoughts, by id."""
        found = [one for one in self.spans if "ponder.kind" in told(one)]
        by_id = {told(one)["ponder.thought"]: one for one in found}
        assert len(by_id) == len(found)
        return by_id

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of that name."""
        return [one for one in self.spans if one.name == name]


def told(span: ReadableSpan) -> dict[str, Any]:
    """A span's attributes."""
    return dict(span.attributes or {})


def parent(span: ReadableSpan) -> int | None:
    """The id of its parent's span."""
    return span.parent.span_id if span.parent else None


def number(span: ReadableSpan) -> int:
    """Its own id."""
    assert span.context is not None
    return int(span.context.span_id)


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    """The program's provider, for the length of a test."""
    traced = Traced()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", traced.provider)
    yield traced
    traced.provider.shutdown()
