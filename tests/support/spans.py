"""What a program's own OpenTelemetry gets to see."""

import gzip
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
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


class Collector:
    """A server that takes spans by OTLP over HTTP."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        """The path and the headers of each request, these in lower case."""
        self.spans: list[Any] = []
        """OTLP's own."""
        self.services: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector._take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.asked.append((path, headers))
        body = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        request: Any = ExportTraceServiceRequest()
        request.ParseFromString(body)
        for resource in request.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.services.add(named["service.name"])
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector, for the length of a test."""
    collector = Collector()
    yield collector
    collector.close()
