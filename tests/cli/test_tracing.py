"""`ponder solve` with the standard variables of OpenTelemetry."""

import sys
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.util._once import Once

from ponder.models import callbacks, litellm_model
from tests.cli.conftest import Ponder
from tests.cli.test_solve import local, task
from tests.support.spans import Collector, collector

__all__ = ["collector", "task"]

pytestmark = pytest.mark.filterwarnings("ignore:the subprocess sandbox")
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
ONE = ("--graph", "repeated-sampling", "-o", "samples=1")


@pytest.fixture(autouse=True)
def no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())


def test_an_endpoint_gets_all_spans_before_the_command_ends(
    ponder: Ponder, url: str, task: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, collector.url)

    ended = ponder("solve", task, *local(url), *ONE)

    assert ended.code == 0
    assert [path for path, _ in collector.asked] == ["/v1/traces"]
    assert [span.name for span in collector.spans] == [
        "code",
        "judge",
        "ponder.repeated_sampling task",
    ]
    assert collector.services == {"ponder"}


def test_an_endpoint_that_is_not_there_costs_no_answer(
    ponder: Ponder, url: str, task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")

    ended = ponder("solve", task, *local(url), *ONE)

    assert ended.code == 0
    assert ended.out.startswith("def solve(x):")


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER=zipkin must be otlp or none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "PROTOCOL=grpc must be http/protobuf"),
    ],
)
def test_other_ways_of_export_are_refused_in_a_line(
    ponder: Ponder,
    task: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    variable: str,
    value: str,
    line: str,
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setenv(variable, value)

    ended = ponder("solve", task, *local("http://127.0.0.1:9/v1"), *ONE)

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert line in ended.err


def test_without_opentelemetry_a_line_says_how_to_get_it(
    ponder: Ponder, task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    ended = ponder("solve", task, *local("http://127.0.0.1:9/v1"), *ONE)

    assert (ended.code, "pip install 'ponder[trace]'" in ended.err) == (3, True)


def test_an_unknown_callback_is_one_line_and_exit_2(
    ponder: Ponder, task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    litellm = litellm_model._litellm()
    monkeypatch.setattr(litellm, "callbacks", [])
    monkeypatch.setenv(callbacks.VARIABLE, "langfus")
    callbacks.add_from_environment(litellm)  # as when it is imported

    ended = ponder("solve", task, *local("http://127.0.0.1:9/v1"), *ONE)

    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("ponder: callback 'langfus' is none of LiteLLM's")
