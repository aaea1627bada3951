"""A Ray cluster on this machine, and what is evaluated on it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from ponder.evals.folder import About, RunFolder
from ponder.evals.spec import Spec
from ponder.tasks import CodeTask, Key, LoadedTask, Test

MEMORY = 80_000_000
"""Bytes of a node's object store: the least that Ray takes is 75 MiB."""


@contextmanager
def ray_cluster(nodes: int) -> Iterator[Any]:
    """A head that runs nothing, and so many nodes that do."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": MEMORY, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(nodes):
            add_node(cluster)
        yield cluster
    finally:
        cluster.shutdown()


def add_node(cluster: Any) -> Any:
    """One more."""
    return cluster.add_node(num_cpus=1, object_store_memory=MEMORY)


def kill_peer(port: int) -> None:
    """SIGKILL for the process that the connection from that port comes from."""
    connections = psutil.net_connections("tcp4")
    (pid,) = {one.pid for one in connections if one.laddr and one.laddr.port == port and one.pid}
    os.kill(pid, signal.SIGKILL)


def doubling(number: int) -> LoadedTask[Any, Any]:
    """A task that the program `double` solves."""
    id = f"double/{number}"
    tests = (Test((1,), 2), Test((4,), 8))
    task = CodeTask(id, f"Double it, number {number}.", entry_point="solve", public_tests=tests)
    return LoadedTask(task, Key(id, tests=(Test((number,), 2 * number),)))


DOUBLE = "```python\ndef solve(x):\n    return 2 * x\n```"


def folder(path: Path, api_base: str, **rest: Any) -> RunFolder:
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
