"""Tasks spread over a Ray cluster: one worker a node, and a driver that keeps what they find.

The driver reads the tasks, gives each to a worker that has room for it, and writes what comes back
into the runs' folders, which afterwards are what a run in one process would have left. A worker
that is lost loses no finished task; its others go to whoever is left, with all that was known of
them.

What a cluster must be trusted with: Ray's nodes talk in pickles, and whoever reaches its ports can
run anything as its user. So it belongs on a private network, with `RAY_AUTH_MODE=token` where
others share that. What models write travels as text and is read as text. Hidden tests and gold
answers go to the workers, which grade, and no further: never into a process that runs a candidate.
"""

import asyncio
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ... import errors
from ...errors import MissingError, PonderError
from ...models.store import Row
from ...tasks import LoadedTask
from ..connect import IN_PROCESS
from ..folder import RunFolder
from ..pace import until
from ..runner import first, read
from ..spec import Spec
from .jobs import SUSPECT, Arm, Finished, Job, Jobs, result_of
from .nodes import Cluster, Lost, Seat, connected, seats
from .worker import Item, Problem, Worker

Loaded = LoadedTask[Any, Any]
TOGETHER = 20.0
"""Seconds that the first worker that is ready waits for the others: what is wrong with one of them
had better be known before anything is paid for."""
PATIENCE = 120.0
"""Seconds to wait for a node while there is none."""
FAREWELL = 10.0
"""Seconds that workers have to clear up."""
TRIES = 3
"""Workers that may be lost on a node before they have begun, after which it is left alone."""
HELD = ("embedded/", IN_PROCESS, "prm:", "orm:")
"""What names a model in the worker's own process."""


async def evaluate_on_cluster(
    address: str,
    tasks: Iterable[Loaded],
    folders: Sequence[RunFolder],
    concurrency: int,
    finished: Finished,
    *,
    programs: bool = True,
    patience: float = PATIENCE,
) -> None:
    """Have the graph and models of every folder's `Spec` do every task that the folder has no
    result of. `tasks` is read as it is needed; `finished` is told of each result once it is in its
    folder. The folders' stores are opened here.

    Every worker connects the specs anew: `concurrency` is what its models work on at once, and of
    several endpoints in `api_base` ("URL1,URL2") each worker gets one, the one that fewest have. A
    model's key is looked for in the environment of the node. Without `programs`, no sandbox is
    started.

    Raises:
        InputError: no cluster is at `address`; or, as for one process, on a worker.
        MissingError: ray is not installed here, or ponder not on a node; no node has come (back) in
            `patience` seconds; or, as for one process, on a worker.
        StoreError: what was thought cannot be kept.
        ModelUnavailable: no model has answered any of a number of tasks in a row.
    """
    arms: list[Arm] = []
    try:
        arms += [Arm(number, folder) for number, folder in enumerate(folders)]
        with connected(address) as cluster:
            terms = _Terms(concurrency, programs, patience)
            driver = _Driver(cluster, arms, Jobs(arms, finished), terms)
            try:
                await driver.run(tasks)
            finally:
                await driver.dismiss()
    finally:
        for arm in arms:
            arm.store.close()


@dataclass(frozen=True, slots=True)
class _Terms:
    """What every worker works under."""

    concurrency: int
    programs: bool
    patience: float


@dataclass(eq=False)
class _Hired:
    """A worker, as the driver knows it."""

    name: str
    actor: Any
    jobs: dict[tuple[int, str], Job] = field(default_factory=dict)
    """By arm and task, what it has been given."""
    next: Job | None = None
    """The one among them that it has not begun."""


class _Driver:
    """Who has what to do."""

    def __init__(self, cluster: Cluster, arms: Sequence[Arm], jobs: Jobs, terms: "_Terms") -> None:
        self._cluster, self._arms, self._jobs, self._terms = cluster, arms, jobs, terms
        self._specs = [arm.folder.about.spec for arm in arms]
        self._held = any(map(_holds_model, self._specs))
        self._seen: set[str] = set()
        """Tasks that have been read."""
        self._taken: set[Seat] = set()
        """Seats that have a worker, or are to have one."""
        self._starting: set[Seat] = set()
        """Those whose worker is not ready."""
        self._hired: dict[Seat, _Hired] = {}
        self._endpoint: dict[Seat, int] = {}
        self._failed: dict[str, int] = defaultdict(int)
        """By node, workers in a row that were lost before they were ready."""
        self._why = ""
        """What was said of the last of them."""
        self._go = asyncio.Event()
        """Set when tasks may be given away."""

    async def run(self, tasks: Iterable[Loaded]) -> None:
        """Do them all."""
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(self._keep_workers())
                await self._offer(tasks)
                keeping.cancel()
        except* PonderError as raised:
            raise first(raised) from None

    async def dismiss(self) -> None:
        """Have all workers clear up, then end them."""
        actors = [hired.actor for hired in self._hired.values()]
        closing = [asyncio.ensure_future(self._quietly(actor.close.remote())) for actor in actors]
        if closing:
            await asyncio.wait(closing, timeout=FAREWELL)
        for actor in actors:
            self._cluster.fire(actor)

    async def _quietly(self, call: Any) -> None:
        with suppress(Lost):
            await self._cluster.reply(call)

    async def _offer(self, tasks: Iterable[Loaded]) -> None:
        async for loaded in read(iter(tasks)):
            id = loaded.task.id
            arms = [arm for arm in self._arms if not arm.folder.has(loaded)]
            if not arms or id in self._seen:
                continue
            self._seen.add(id)
            there = await asyncio.to_thread(self._cluster.put, loaded)
            for arm in arms:
                await self._jobs.offer(Job(arm, id, there))
        await self._jobs.all_done()

    async def _keep_workers(self) -> None:
        """See that every node has its workers, those that come later too.

        Raises:
            MissingError: there has been no node for too long.
        """
        last = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._open())
            while True:
                for seat in await asyncio.to_thread(self._free_seats):
                    self._taken.add(seat)
                    self._starting.add(seat)
                    group.create_task(self._employ(seat))
                await asyncio.sleep(1.0)
                if self._hired:
                    last = time.monotonic()
                elif time.monotonic() - last > self._terms.patience:
                    raise MissingError(self._nobody())

    def _nobody(self) -> str:
        why = f" ({self._why})" if self._why else ""
        return (
            f"the cluster has had no node for {self._terms.patience:g} s{why}; the same command "
            "goes on from here"
        )

    def _free_seats(self) -> list[Seat]:
        nodes = [one for one in self._cluster.nodes() if self._failed[one.id] < TRIES]
        return [seat for seat in seats(nodes, held=self._held) if seat not in self._taken]

    async def _open(self) -> None:
        """Have the work begin once the first worker is ready, and the others are or take long."""
        await until(lambda: bool(set(self._hired) - self._starting))
        with suppress(TimeoutError):
            await asyncio.wait_for(until(lambda: not self._starting), TOGETHER)
        self._go.set()

    async def _employ(self, seat: Seat) -> None:
        """Have a worker there, until it is lost."""
        try:
            await self._cluster.check(seat.node)
            hired = self._hire(seat)
            await self._start(hired)
            self._starting.discard(seat)
            self._failed[seat.node.id] = 0
            await self._go.wait()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(hired))
                group.create_task(self._feed(hired))
        except* Lost as lost:
            self._let_go(seat, str(first(lost)))

    def _hire(self, seat: Seat) -> _Hired:
        given = [{**spec.to_json(), "api_base": self._api_base(spec, seat)} for spec in self._specs]
        terms = {"concurrency": self._terms.concurrency, "programs": self._terms.programs}
        actor = self._cluster.hire(seat, Worker, held=self._held, specs=given, **terms)
        self._hired[seat] = _Hired(seat.name, actor)
        return self._hired[seat]

    def _api_base(self, spec: Spec, seat: Seat) -> str | None:
        """One of the endpoints: the same place in every spec's list."""
        if spec.api_base is None:
            return None
        urls = [url.strip() for url in spec.api_base.split(",")]
        used = [self._endpoint.get(one) for one in self._taken if one != seat]
        place = self._endpoint.setdefault(seat, min(range(len(urls)), key=used.count))
        return urls[place % len(urls)]

    async def _start(self, hired: _Hired) -> None:
        """Wait until a worker can work.

        Raises:
            PonderError: what it lacks.
            Lost: it is gone; or its node has no CPU (or GPU) for it.
        """
        try:
            async with asyncio.timeout(self._terms.patience):
                await self._cluster.reply(hired.actor.__ray_ready__.remote())
        except TimeoutError:
            raise Lost("others use its CPUs or GPUs") from None
        said = await self._cluster.reply(hired.actor.start.remote())
        if said is not None:
            raise _error(said, hired.name)

    def _let_go(self, seat: Seat, why: str) -> None:
        """Be done with a worker that is lost."""
        self._taken.discard(seat)
        self._endpoint.pop(seat, None)
        if seat in self._starting:
            self._starting.discard(seat)
            self._failed[seat.node.id] += 1
        self._why = f"{seat.name}: {why}"
        hired = self._hired.pop(seat, None)
        if hired is None:
            return
        self._cluster.fire(hired.actor)  # where only the way to it was lost
        warnings.warn(
            f"worker {self._why}: {len(hired.jobs)} tasks go to others",
            RuntimeWarning,
            stacklevel=1,
        )
        for job in hired.jobs.values():
            self._jobs.give_back(job, begun=job is not hired.next, worker=hired.name)

    async def _feed(self, hired: _Hired) -> None:
        """Give a worker jobs as it has room for them."""
        while True:
            lanes = await self._jobs.wanted()
            free = await self._cluster.reply(hired.actor.room.remote(lanes))
            job = self._jobs.take(free)
            if job is None:
                continue
            hired.jobs[job.arm.number, job.task] = hired.next = job
            if job.lost >= SUSPECT:
                await until(lambda: len(hired.jobs) == 1)
            hired.next = None
            known = job.arm.store.rows_of(job.task)
            await self._cluster.reply(hired.actor.take.remote(job.arm.number, job.loaded, known))
            if job.lost >= SUSPECT:
                await job.over.wait()

    async def _listen(self, hired: _Hired) -> None:
        """Keep what a worker finds, as it finds it."""
        while True:
            self._keep(hired, await self._cluster.reply(hired.actor.news.remote()))

    def _keep(self, hired: _Hired, items: list[Item]) -> None:
        rows: dict[int, list[Row]] = defaultdict(list)
        for kind, number, said in items:
            if kind == "row":
                rows[number].append(said)
                continue
            self._keep_rows(rows)  # before the result that they led to
            if kind == "error":
                raise _error(said, hired.name)
            task, result, samples = said
            job = hired.jobs.pop((number, task))
            self._jobs.end(job, result_of(result, hired.name), samples)
        self._keep_rows(rows)

    def _keep_rows(self, rows: dict[int, list[Row]]) -> None:
        for number, written in rows.items():
            self._arms[number].store.add(written)
        rows.clear()


def _error(said: Problem, worker: str) -> PonderError:
    """The error of a worker's."""
    kind, text = said
    error: PonderError = getattr(errors, kind)(f"{text} (on node {worker})")
    return error


def _holds_model(spec: Spec) -> bool:
    names = (spec.model, spec.idea_model, spec.judge, spec.verifier)
    return any((name or "").removeprefix("judge:").startswith(HELD) for name in names)
