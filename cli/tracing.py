"""Spans to where the standard OTEL_… variables say, for the length of a command."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InputError, MissingError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


@contextmanager
def tracing() -> Iterator[None]:
    """Send the block's spans by OTLP if an endpoint is set; all are sent when it ends. The SDK
    reads its other variables itself. A provider that is there already (`opentelemetry-instrument`)
    is left as it is.

    Raises:
        InputError: another protocol than HTTP, or another exporter, is asked for.
        MissingError: OpenTelemetry's SDK or its exporter is not installed.
    """
    if not _asked():
        yield
        return
    _refuse_others()
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingError(
            "tracing: an OTLP endpoint is set, but OpenTelemetry is not installed: "
            f"pip install 'ponder[trace]' ({error})"
        ) from None
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        yield
        return
    resource = Resource.create()
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "ponder"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    # Of a server that is not there its last word is enough.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
    try:
        yield
    finally:
        provider.shutdown()


def _asked() -> bool:
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "none"
    return any(map(os.environ.get, ENDPOINTS)) and not off and not none


def _refuse_others() -> None:
    exporter = os.environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter != "otlp":
        raise InputError(f"OTEL_TRACES_EXPORTER={exporter} must be otlp or none")
    for name in PROTOCOLS:
        protocol = os.environ.get(name)
        if protocol:
            if protocol != "http/protobuf":
                raise InputError(f"{name}={protocol} must be http/protobuf")
            return
