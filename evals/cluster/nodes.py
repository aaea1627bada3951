"""The machines of a Ray cluster. Everything that is said to Ray is said here."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from ...errors import InputError, MissingError

T = TypeVar("T")
KNOCK = 10.0
"""Seconds for the cluster to take a connection."""


class Lost(Exception):
    """A worker, or the node it was on, is gone."""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine."""

    id: str
    host: str
    gpus: int

    @property
    def name(self) -> str:
        """What a result says of where it was done."""
        return f"{self.host}/{self.id[:8]}"


@dataclass(frozen=True, slots=True)
class Seat:
    """Room for one worker on a node."""

    node: Node
    number: int = 0

    @property
    def name(self) -> str:
        """What a result says of where it was done."""
        return f"{self.node.name}/{self.number}" if self.node.gpus > 1 else self.node.name


def seats(nodes: list[Node], *, held: bool) -> list[Seat]:
    """Room for one worker on every node; where a model is held in the worker's own process, for one
    with each of the node's GPUs."""
    return [Seat(node, number) for node in nodes for number in range(node.gpus or 1 if held else 1)]


class Cluster:
    """A connection to Ray."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray

    def nodes(self) -> list[Node]:
        """The nodes that are alive and let tasks be run on them (`--num-cpus=0` says no)."""
        return [
            Node(one["NodeID"], one["NodeManagerHostname"], int(one["Resources"].get("GPU", 0)))
            for one in self._ray.nodes()
            if one["Alive"] and one["Resources"].get("CPU", 0) >= 1
        ]

    def put(self, value: Any) -> Any:
        """A reference to the value, which stays in Ray's memory (or on disk) while it is held."""
        return self._ray.put(value)

    async def check(self, node: Node) -> None:
        """See that the node has the same ponder as this process.

        Raises:
            InputError: another one.
            MissingError: none.
            Lost: the node is gone.
        """
        ask = self._ray.remote(_ask()).options(num_cpus=0, scheduling_strategy=self._on(node))
        theirs = await self.reply(ask.remote())
        ours = _ask()()
        if theirs is None:
            raise MissingError(f"node {node.name}: ponder is not installed: pip install ponder")
        if theirs != ours:
            raise InputError(
                f"node {node.name} has {theirs}, this machine {ours}: install the same on all"
            )

    def hire(self, seat: Seat, kind: type[Any], *, held: bool, **given: Any) -> Any:
        """An actor of that kind on the seat's node."""
        gpus = 1 if held and seat.node.gpus else 0
        return (
            self._ray.remote(kind)
            .options(
                num_cpus=1, num_gpus=gpus, max_restarts=0, scheduling_strategy=self._on(seat.node)
            )
            .remote(**given)
        )

    def fire(self, actor: Any) -> None:
        """End an actor, whatever it is doing."""
        self._ray.kill(actor)

    async def reply(self, call: Awaitable[T]) -> T:
        """What a call gives.

        Raises:
            Lost: the actor or the node is gone.
        """
        errors = self._ray.exceptions
        try:
            # Ray's client does not bear that what it is to answer is cancelled; so it answers, and
            # nobody may listen any more.
            asked = asyncio.ensure_future(_awaited(call))
            asked.add_done_callback(lambda done: done.cancelled() or done.exception())
            return await asyncio.shield(asked)
        except errors.RayTaskError:  # raised by our own code over there
            raise
        except errors.RayError as error:
            raise Lost(_first_line(error)) from None

    def _on(self, node: Node) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(node.id, soft=False)


async def _awaited(call: Awaitable[T]) -> T:
    return await call


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Ray, at that address: "HOST:PORT", "ray://HOST:PORT", "auto" (the cluster that this machine
    is in), or "local" (one that lives as long as this process, on this machine alone). Where this
    process is connected already, that connection is used and left as it is.

    Raises:
        InputError: no cluster is there, or one of another Python or Ray.
        MissingError: ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # it warns where not said
    try:
        import ray
    except ImportError:
        raise MissingError("--cluster needs ray: pip install 'ponder[cluster]'") from None
    if ray.is_initialized():
        yield Cluster(ray)
        return
    dashboard = False if address == "local" else None
    try:
        _knock(address)
        ray.init(
            address, include_dashboard=dashboard, log_to_driver=False, logging_level=logging.ERROR
        )
    except (OSError, RuntimeError, ValueError, AssertionError, ImportError) as error:
        raise InputError(f"--cluster {address}: {_first_line(error)}") from None
    # A node that dies would fill our standard output with its last words. This is what Ray's own
    # debugger switches off.
    ray._private.worker._worker_logs_enabled = False
    try:
        yield Cluster(ray)
    finally:
        ray.shutdown()
        ray._private.worker._worker_logs_enabled = True


def _knock(address: str) -> None:
    """See that somebody is there: Ray itself would try for minutes.

    Raises:
        OSError: nobody is.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


def _ask() -> Callable[[], str | None]:
    """A function that Ray takes along whole, to where ponder may not be."""

    def ask() -> str | None:
        import importlib.metadata
        import importlib.util
        import sys

        if importlib.util.find_spec("ponder") is None:
            return None
        try:
            version = importlib.metadata.version("ponder")
        except importlib.metadata.PackageNotFoundError:
            version = "(not installed)"
        return f"ponder {version} on Python {sys.version_info.major}.{sys.version_info.minor}"

    return ask


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
