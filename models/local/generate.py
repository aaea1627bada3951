"""Continuous batching: requests join and leave a batch that is decoded step by step.

One thread per generator does the work, in turns with whoever else uses the decoder. In a round it
answers the readings that wait, lets requests join (their prompts are read through the prefix cache,
equal ones once), and decodes one token of each. What was read of a sequence goes into the prefix
cache when it ends, so that a search's next step goes on from it.

A request's reply depends on its own prompt, options and seed: it draws one number per token from a
generator of its own (sampling.py). What batching leaves to chance is rounding: a matrix product
over more rows may be summed in another order, so logits differ in their last bits (about 1e-6 of
their size in float32, 1e-2 in bfloat16), and a token that stands on that edge may fall the other
way.
"""

import atexit
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import torch

from ...errors import ModelRejected, ModelUnavailable
from . import prefixes
from .batch import Batch
from .loading import Loaded
from .requests import Live, Reading, Reply, Request
from .sampling import draw

TOGETHER = 32
TOKEN_BUDGET = 32768


class Generator:
    """Decodes requests together, at most `together` at a time with `token_budget` tokens in all,
    padding included. Requests beyond that wait, in the order they came."""

    def __init__(
        self, loaded: Loaded, *, together: int = TOGETHER, token_budget: int = TOKEN_BUDGET
    ) -> None:
        self.limit = min(loaded.decoder.limit, token_budget)
        """Tokens of a prompt and its reply at most."""
        self._loaded, self._decoder = loaded, loaded.decoder
        self._batch = Batch(self._decoder, most=together, budget=token_budget)
        self._waiting: deque[Live] = deque()
        self._readings: deque[Reading] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    # --- for others' threads --------------------------------------------------------------------

    def submit(self, request: Request) -> "Future[Reply]":
        """The reply to come. To cancel it takes the request out of the batch.

        Raises:
            ModelRejected: the prompt is empty or leaves no room for a reply, however long it waits.
            ModelUnavailable: the generator is closed. Its result: the model failed.
        """
        asked = len(request.ids) + request.max_tokens
        if not request.ids or request.max_tokens < 1 or asked > self.limit:
            raise ModelRejected(
                f"{len(request.ids)} tokens of prompt and {request.max_tokens} of reply do not fit "
                f"{self._loaded.source.name}: it takes 1 to {self.limit} in all"
            )
        live = Live.begin(request, self._loaded.tokenizer)
        self._put(self._waiting, live)
        return live.future

    def states(self, ids: Sequence[int], positions: Sequence[int]) -> "Future[torch.Tensor]":
        """As `Decoder.states` for one sequence, read together with whatever else is asked for."""
        self._decoder.check(ids, positions)
        reading = Reading(tuple(ids), tuple(positions))
        self._put(self._readings, reading)
        return reading.future

    def close(self) -> None:
        """End the thread; what is on its way fails. Idempotent; called at exit."""
        with self._changed:
            self._closed = True
            thread, self._thread = self._thread, None
            self._changed.notify_all()
        if thread is not None:
            thread.join()
            atexit.unregister(self.close)

    def _put(self, queue: deque[Any], item: Live | Reading) -> None:
        with self._changed:
            if self._closed:
                raise ModelUnavailable(f"model {self._loaded.source.name}: closed")
            queue.append(item)
            if self._thread is None:
                # A daemon, or the interpreter would wait for it before it calls `close`.
                self._thread = threading.Thread(
                    target=self._run, name="ponder-generate", daemon=True
                )
                self._thread.start()
                atexit.register(self.close)
            self._changed.notify_all()

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while self._wait():
            with self._decoder.turns, torch.inference_mode():
                try:
                    self._read()
                    self._admit()
                    self._step()
                    self._decoder.prefixes.trim()
                except Exception as error:  # noqa: BLE001  whatever it is, the thread lives on
                    self._fail(self._batch.active, error)
                    self._batch.clear()
        self._fail([*self._batch.active, *self._waiting, *self._readings], None)
        self._batch.clear()

    def _wait(self) -> bool:
        """Until there is something to do; False if that is to end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._batch.active or self._waiting or self._readings
            )
            return not self._closed

    def _read(self) -> None:
        """Answer the readings that wait, all together."""
        if not (readings := self._take_readings()):
            return
        try:
            self._decoder.read([reading.ids for reading in readings])
            for reading in readings:
                path = self._decoder.prefixes.find(reading.ids)
                found = prefixes.states(path, reading.positions).float()
                if reading.future.set_running_or_notify_cancel():
                    reading.future.set_result(found)
        except Exception as error:  # noqa: BLE001  whatever a model raises
            self._fail(readings, error)

    def _take_readings(self) -> list[Reading]:
        with self._changed:
            found = [reading for reading in self._readings if not reading.future.cancelled()]
            self._readings.clear()
            return found

    def _admit(self) -> None:
        """Let requests join, in the order they came, as far as there is room."""
        joining: list[Live] = []
        with self._changed:
            while self._waiting:
                if self._waiting[0].future.cancelled():
                    self._waiting.popleft()
                elif self._batch.fits([*joining, self._waiting[0]]):
                    joining.append(self._waiting.popleft())
                else:
                    break
        if not joining:
            return
        try:
            self._decoder.read([tuple(live.ids) for live in joining])
            paths = [self._decoder.prefixes.find(live.ids) for live in joining]
            lasts = [prefixes.states(path, [prefixes.length(path) - 1]) for path in paths]
            logits = self._decoder.logits(torch.cat(lasts))
            for live, path, over in zip(joining, paths, self._draw(joining, logits), strict=True):
                if not over:
                    self._batch.join(live, path)
        except Exception as error:  # noqa: BLE001  whatever a model raises
            self._fail(joining, error)
            for live in joining:
                if live in self._batch.active:
                    self._batch.leave(live, keep=False)

    def _step(self) -> None:
        """Decode one token of each."""
        batch = self._batch
        for live in [live for live in batch.active if live.future.cancelled()]:
            batch.leave(live, keep=False)
        while batch.crowded():  # the youngest waits again, before all others
            youngest = max(batch.active, key=lambda live: live.number)
            batch.leave(youngest, keep=True)
            with self._changed:
                self._waiting.appendleft(youngest)
        active = list(batch.active)
        if not active:
            return
        for live, over in zip(active, self._draw(active, batch.step()), strict=True):
            if over:
                batch.leave(live, keep=True)

    def _draw(self, lives: list[Live], logits: torch.Tensor) -> list[bool]:
        """Draw a token for each; which of them are over."""
        if self._loaded.silent:
            logits[:, list(self._loaded.silent)] = -torch.inf
        how = [live.request.sampling for live in lives]
        ids = draw(logits, how, [live.random.random() for live in lives])
        return [self._take(live, id) for live, id in zip(lives, ids, strict=True)]

    def _take(self, live: Live, id: int) -> bool:
        reply = live.take(id, self._loaded.ends)
        if reply is None:
            return False
        if live.future.set_running_or_notify_cancel():
            live.future.set_result(reply)
        return True

    def _fail(self, items: Sequence[Live | Reading], error: Exception | None) -> None:
        """Let these fail for that reason; None: the generator was closed."""
        said = (
            f"{type(error).__name__}: {' '.join(str(error).split())[:200]}" if error else "closed"
        )
        for item in items:
            if not item.future.done() and item.future.set_running_or_notify_cancel():
                item.future.set_exception(
                    ModelUnavailable(f"model {self._loaded.source.name}: {said}")
                )


_generators: dict[tuple[int, int, int], Generator] = {}
_making = threading.Lock()


def generator(loaded: Loaded, *, together: int, token_budget: int) -> Generator:
    """This process's one generator for that model and those bounds."""
    with _making:
        key = (id(loaded), together, token_budget)
        if key not in _generators:
            _generators[key] = Generator(loaded, together=together, token_budget=token_budget)
        return _generators[key]
