"""Programs in warm containers: no network, no files to write, no capabilities, a uid each."""

import threading
from functools import partial

from ..errors import MissingError
from .engine import Engine
from .image import tag
from .pool import WorkerPool
from .worker import Worker


class DockerSandbox(WorkerPool):
    """A pool of containers, each of which runs one program at a time.

    A container is started when a program needs one and kept for the next; it is killed and replaced
    when a program outlasts its limits by more than a grace, leaves a process behind, or confuses
    the runner. It ends by itself when this process does, however that happens.
    """

    name = "docker"
    is_boundary = True

    def __init__(
        self, image: str | None = None, workers: int | None = None, runtime: str | None = None
    ) -> None:
        """`image` defaults to what `ponder sandbox build` made; `runtime` may name another of the
        engine's, such as gVisor's "runsc"."""
        super().__init__(workers)
        self._image, self._runtime = image or tag(), runtime
        self._digest = ""
        self._engine: Engine | None = None
        self._checking = threading.Lock()

    def check(self) -> None:
        """See `WorkerPool.check`."""
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

    def hire(self) -> Worker:
        """See `WorkerPool.hire`."""
        assert self._engine is not None
        container = self._engine.run(self._image, self._runtime)
        end = partial(self._engine.kill, container.id)
        return Worker(container.pipe, end, self._digest)

    def close(self) -> None:
        """See `WorkerPool.close`."""
        super().close()
        if self._engine is not None:
            self._engine.close()
