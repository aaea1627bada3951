"""The sandbox of a user who has named none: the best boundary that this machine has."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from ..errors import MissingError, SandboxError
from .base import Execution, Limits, Program, Sandbox


class AutoSandbox:
    """Docker if an engine answers, else bubblewrap if it works here, else a refusal.

    Decided once, when it is first needed. An engine without the image is no reason to take
    bubblewrap: whoever runs one means to use it, and is told how to build the image.
    """

    is_boundary = True

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers
        self._chosen: Sandbox | None = None
        self._closed = False
        self._deciding = threading.Lock()

    @property
    def name(self) -> str:
        """What was chosen; "auto" before."""
        return "auto" if self._chosen is None else self._chosen.name

    async def start(self) -> None:
        """See `Sandbox.start`."""
        await (await self._choice()).start()

    async def run(
        self, program: Program, inputs: Sequence[Any], limits: Limits | None = None
    ) -> Execution:
        """See `Sandbox.run`."""
        return await (await self._choice()).run(program, inputs, limits or Limits())

    async def check(
        self, program: Program, checker: str, limits: Limits | None = None
    ) -> Execution:
        """See `Sandbox.check`."""
        return await (await self._choice()).check(program, checker, limits or Limits())

    def close(self) -> None:
        """See `Sandbox.close`."""
        # Said before it is looked at, as `_decide` does the other way round: whichever comes
        # second closes what was chosen.
        self._closed = True
        if self._chosen is not None:
            self._chosen.close()

    async def _choice(self) -> Sandbox:
        if self._chosen is not None:
            return self._chosen
        return await asyncio.to_thread(self._decide)

    def _decide(self) -> Sandbox:
        with self._deciding:
            if self._chosen is None:
                self._chosen = _best(self._workers)
                if self._closed:
                    self._chosen.close()
                    raise SandboxError("the sandbox is closed")
            return self._chosen


def _best(workers: int | None) -> Sandbox:
    """The first that works here. Blocking.

    Raises:
        MissingError: none does.
    """
    from .engine import Engine

    try:
        with closing(Engine()):
            pass
    except MissingError as no_engine:
        return _without_engine(workers, no_engine)
    from .docker_sandbox import DockerSandbox

    return DockerSandbox(workers=workers)


def _without_engine(workers: int | None, no_engine: MissingError) -> Sandbox:
    from .bubblewrap_sandbox import BubblewrapSandbox

    sandbox = BubblewrapSandbox(workers=workers)
    try:
        sandbox.require()
    except MissingError as error:
        sandbox.close()
        raise MissingError(
            f"no sandbox here can keep programs in. Docker: {no_engine}. Bubblewrap: {error}. "
            "Or --sandbox subprocess, which keeps nothing in"
        ) from None
    return sandbox
