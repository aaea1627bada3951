"""Evaluations on a real Ray cluster of several nodes, all on this machine."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import ray

from ponder.errors import InputError, MissingError
from ponder.evals.cluster import evaluate_on_cluster
from ponder.evals.cluster.nodes import Node, seats
from ponder.evals.folder import RESULTS, STORE, RunFolder, read_results
from ponder.evals.results import Result
from ponder.evals.runner import Arm, evaluate
from ponder.models import Store, disconnect
from tests.evals.clusters import (
    DOUBLE,
    MEMORY,
    doubling,
    folder,
    ray_cluster,
    wait_until_gone,
)
from tests.support.server import Body, Reply, ok, serving

ROOT = Path(__file__).parents[2]
KILLER = """```python
import os, signal

def solve(x):
    pid = os.getppid()
    while not open(f"/proc/{pid}/cmdline").read().startswith("ray::"):
        pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    os.kill(pid, signal.SIGKILL)
```"""
"""A program that, in a sandbox that keeps nothing in, ends the worker that runs it."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with ray_cluster(2) as cluster:
        yield cluster


@pytest.fixture
def opened() -> Iterator[Callable[..., RunFolder]]:
    with ExitStack() as stack:
        yield lambda *where, **spec: stack.enter_context(closing(folder(*where, **spec)))


def double(body: Body, before: int) -> Reply:
    return ok(DOUBLE, wait=0.2)


def ignore(run: RunFolder, result: Result) -> None: ...


DRIVER = """
import asyncio, sys
from pathlib import Path
from ponder.evals.cluster import evaluate_on_cluster
from tests.evals.clusters import doubling, folder

run = folder(Path(sys.argv[1]), sys.argv[2])
tasks = [doubling(number) for number in range(40)]
asyncio.run(evaluate_on_cluster(
    sys.argv[3], tasks, [run], 4, lambda run, result: print(result.task, flush=True)
))
"""
IN_HAND = 2 * 4 + 2
"""Tasks that a worker has in hand at most; of 3 calls each."""


async def test_neither_a_killed_driver_nor_a_killed_node_costs_a_task_or_has_one_done_twice(
    cluster: Any, opened: Any, tmp_path: Path
) -> None:
    tasks = [doubling(number) for number in range(40)]
    seen: list[Result] = []

    def kill_after_ten(_: RunFolder, result: Result) -> None:
        seen.append(result)
        if len(seen) == 10:
            (node,) = cluster.worker_nodes  # the head is not one of them
            cluster.remove_node(node, allow_graceful=False)

    async with serving(double) as server:
        printed = await killed_driver(tmp_path / "run", server.url, cluster.address)
        run = opened(tmp_path / "run", server.url)
        before = set(run.done)
        with pytest.warns(RuntimeWarning, match="tasks go to others"):
            await evaluate_on_cluster(cluster.address, tasks, [run], 4, kill_after_ten)
        asked = len(server.bodies)
        replayed = await replay(run, opened(tmp_path / "again", server.url), tasks)
        asked_again = len(server.bodies) - asked

    results = list(read_results(run.path))
    assert printed <= before
    assert len({result.worker for result in seen}) == 2
    assert not before & {result.task for result in seen}
    assert len((run.path / RESULTS).read_text().splitlines()) == 40
    assert {result.task for result in results} == {loaded.task.id for loaded in tasks}
    assert all(result.solved and len(result.samples) == 3 for result in results)
    assert asked <= 3 * (40 + 3 * IN_HAND)  # two workers ended by the first kill, one by the second
    assert asked_again == 0  # all of it is in the driver's store
    assert replayed == {result.task: result.samples for result in results}


async def killed_driver(run: Path, url: str, address: str) -> set[str]:
    """A driver in a process of its own, killed after eight results: which those were."""
    command = [sys.executable, "-c", DRIVER, str(run), url, address]
    driver = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    assert driver.stdout is not None
    printed = {(await driver.stdout.readline()).decode().strip() for _ in range(8)}
    driver.kill()
    await driver.communicate()
    assert await asyncio.to_thread(wait_until_gone, "ray::Worker")
    return printed


async def replay(run: RunFolder, again: RunFolder, tasks: list[Any]) -> dict[str, Any]:
    """The samples of the same tasks in this process, with what the run left in its store."""
    shutil.copy(run.path / STORE, again.path / STORE)
    spec = again.about.spec
    with pytest.warns(match="subprocess"):
        context = spec.connect(Store(again.path / STORE))
    with context:
        await evaluate(tasks, [Arm(again, spec.build(), context)], 4, lambda arm, result: None)
    await disconnect()
    return {result.task: result.samples for result in read_results(again.path)}


async def test_a_task_that_ends_every_worker_it_is_given_to_costs_no_other_its_result(
    cluster: Any, opened: Any, tmp_path: Path
) -> None:
    def answer(body: Body, before: int) -> Reply:
        return ok(KILLER if "number 3." in str(body["messages"]) else DOUBLE)

    tasks = [doubling(number) for number in range(8)]
    async with serving(answer) as server:
        run = opened(tmp_path / "run", server.url, options={"samples": 1, "enough": None})

        with pytest.warns(RuntimeWarning, match="tasks go to others"):
            await evaluate_on_cluster(cluster.address, tasks, [run], 4, ignore)

    results = {result.task: result for result in read_results(tmp_path / "run")}
    guilty = results.pop("double/3")
    assert guilty.error is not None
    assert guilty.error.startswith("3 workers were lost while they had it")
    assert len(results) == 7
    assert all(result.error is None and result.solved for result in results.values())


async def test_what_the_caller_got_wrong_is_one_line_before_anything_is_paid_for(
    cluster: Any, opened: Any, tmp_path: Path
) -> None:
    run = opened(tmp_path / "run", None, model="embedded/nobody")

    with pytest.raises(InputError, match=r"nobody.* \(on node "):
        await evaluate_on_cluster(cluster.address, [doubling(1)], [run], 4, ignore)


async def test_a_cluster_without_a_node_is_waited_for_and_then_given_up(
    opened: Any, tmp_path: Path
) -> None:
    run = opened(tmp_path / "run", "http://localhost:1/v1")
    ray.init("local", num_cpus=0, include_dashboard=False, object_store_memory=MEMORY)
    try:
        with pytest.raises(MissingError, match="no node for 1 s"):
            await evaluate_on_cluster("local", [doubling(1)], [run], 4, ignore, patience=1)
        assert ray.is_initialized()  # it was ours
    finally:
        ray.shutdown()


async def test_no_cluster_at_the_address_is_one_line(opened: Any, tmp_path: Path) -> None:
    run = opened(tmp_path / "run", "http://localhost:1/v1")

    with pytest.raises(InputError, match=r"--cluster localhost:1: .*refused"):
        await evaluate_on_cluster("localhost:1", [doubling(1)], [run], 4, ignore)


def test_a_worker_a_node_and_one_a_gpu_where_it_holds_a_model() -> None:
    nodes = [Node("1", "a", 0), Node("2", "b", 2)]

    assert [seat.node.id for seat in seats(nodes, held=False)] == ["1", "2"]
    assert [seat.node.id for seat in seats(nodes, held=True)] == ["1", "2", "2"]
