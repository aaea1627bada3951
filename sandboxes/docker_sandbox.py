"""Programs in warm containers: no network, no files to write, no capabilities, a uid each."""

import secrets
import threading
from functools import partial
from typing import Literal, get_args

from ..errors import InputError, MissingError
from .engine import Engine, Settings
from .image import tag
from .pool import LIFE, WorkerPool
from .worker import Worker

Isolation = Literal["pool", "container"]


class DockerSandbox(WorkerPool):
    """A pool of containers, each of which runs one program at a time.

    A container is started when a program needs one and kept for the next; it is killed and replaced
    when a program outlasts its limits by more than a grace, leaves a process behind, or confuses
    the runner. It ends by itself when this process does, however that happens.
    """

    name = "docker"

    def __init__(
        self,
        image: str | None = None,
        workers: int | None = None,
        runtime: str | None = None,
        isolation: Isolation = "pool",
        without: frozenset[str] = frozenset(),
    ) -> None:
        """`image` defaults to what `ponder sandbox build` made; `runtime` may name another of the
        engine's, such as gVisor's "runsc"; with `isolation` "container" no two programs share a
        container, at some 0.3 s each. What is left out with `without` serves tests that show what
        each wall is for: it is no boundary then.

        Raises:
            InputError: there is no such isolation.
        """
        if isolation not in get_args(Isolation):
            raise InputError(f"isolation {isolation!r} is not one of {get_args(Isolation)}")
        super().__init__(workers, 1 if isolation == "container" else LIFE)
        self._image, self._runtime = image or tag(), runtime
        self._without = without
        self._pool = secrets.token_hex(8)
        self._digest = ""
        self._engine: Engine | None = None
        self._checking = threading.Lock()

    @property
    def is_boundary(self) -> bool:
        """See `Sandbox.is_boundary`."""
        return not self._without

    def require(self) -> None:
        """See `WorkerPool.require`."""
        with self._checking:
            if self._engine is not None:
                return
            engine = Engine()
            digest = engine.image_id(self._image)
            if digest is None:
                engine.close()
                raise MissingError(
                    f"the sandbox image {self._image} is not here (or is another version's): "
                    "run `ponder sandbox build`"
                )
            engine.reap()
            self._digest, self._engine = digest, engine

    def hire(self, room: int) -> Worker:
        """See `WorkerPool.hire`."""
        assert self._engine is not None
        settings = Settings(room, self._pool, self._runtime, self._without)
        container = self._engine.run(self._image, settings)
        end = partial(self._engine.kill, container.id)
        return Worker(container.pipe, end, self._digest)

    def close(self) -> None:
        """See `Sandbox.close`."""
        super().close()
        if self._engine is not None and not self._crew.inherited:
            # What an engine that was restarted has brought back, if anything.
            self._engine.clear(self._pool)
            self._engine.close()
