"""A Ray cluster on this machine, and what is evaluated on it."""

import importlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil as untyped_psutil

from ponder.evals.folder import About, RunFolder
from ponder.evals.spec import Spec
from ponder.tasks import CodeTask, Key, LoadedTask, Test

psutil: Any = untyped_psutil
MEMORY = 80_000_000
"""Bytes of a node's object store: the least that Ray takes is 75 MiB."""


@contextmanager
def ray_cluster(nodes: int) -> Iterator[Any]:
    """A cluster of so many nodes, with a CPU each."""
    cluster_utils: Any = importlib.import_module("ray.cluster_utils")
    node = {"num_cpus": 1, "object_store_memory": MEMORY}
    cluster = cluster_utils.Cluster(
        initialize_head=True, head_node_args={**node, "include_dashboard": False}
    )
    try:
        for _ in range(nodes - 1):
            cluster.add_node(**node)
        yield cluster
    finally:
        cluster.shutdown()


def doubling(number: int) -> LoadedTask[Any, Any]:
    """A task that the program `double` solves."""
    id = f"double/{number}"
    tests = (Test((1,), 2), Test((4,), 8))
    task = CodeTask(id, f"Double it, number {number}.", entry_point="solve", public_tests=tests)
    return LoadedTask(task, Key(id, tests=(Test((number,), 2 * number),)))


DOUBLE = "```python\ndef solve(x):\n    return 2 * x\n```"


def folder(path: Path, api_base: str | None, **rest: Any) -> RunFolder:
    """A run of repeated sampling."""
    spec: dict[str, Any] = {
        "graph": "repeated-sampling",
        "options": {"samples": 3, "enough": None},
        "model": "hosted_vllm/x",
        "api_base": api_base,
        "sandbox": "subprocess",
        **rest,
    }
    return RunFolder(path, About("repeated-sampling", "doubles", Spec(**spec)))


def wait_until_gone(name: str, seconds: float = 15.0) -> bool:
    """Whether no process of that title is left, by then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        titles = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
        if not any(title.startswith(name) for title in titles):
            return True
        time.sleep(0.1)
    return False
