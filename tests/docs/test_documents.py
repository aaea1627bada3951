"""What the documents show, run as it stands."""

import ast
import inspect
import json
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.util._once import Once

from ponder.models import callbacks, disconnect, litellm_model

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    "README.md",
    "docs/api.md",
    "docs/search.md",
    "docs/tracing.md",
    "CONTRIBUTING.md",
]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A model of ours where the documents' `hosted_vllm/…` models are looked for."""
    command = [sys.executable, str(ROOT / "benchmarks/latency_server.py"), "--median", "0.001"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        monkeypatch.setenv("HOSTED_VLLM_API_BASE", url)
        yield
        process.kill()


@pytest.mark.docker
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_python_block_runs(
    name: str, server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((ROOT / name).read_text())
    module = types.ModuleType("document")
    monkeypatch.setitem(sys.modules, "document", module)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)  # one may set the program's own
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    for listed in callbacks.LISTS:
        monkeypatch.setattr(litellm_model._litellm(), listed, [])

    for block in blocks:
        code = compile(block, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running = eval(code, module.__dict__)
        if inspect.iscoroutine(running):
            await running
    await disconnect()

    assert blocks


def test_langgraph_json_names_graphs_that_can_be_built() -> None:
    named = json.loads((ROOT / "langgraph.json").read_text())["graphs"]

    for path in named.values():
        module, _, factory = path.partition(":")
        __import__(module)
        graph = getattr(sys.modules[module], factory)()
        assert graph.get_graph().nodes


def test_every_file_the_readme_names_is_there() -> None:
    for name in re.findall(
        r"`((?:docs|examples|benchmarks)/[\w./]+)`", (ROOT / "README.md").read_text()
    ):
        assert (ROOT / name).exists(), name
