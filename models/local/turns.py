"""Who may use the model now: one at a time, in the order they came.

A plain lock would do, but is not fair: a thread that decodes step after step takes it again before
one that waits has woken.
"""

import threading
from collections import deque


class Turns:
    """A lock whose waiters are served as they came. Not to be taken twice by one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:  # Ctrl-C: the turn must not be lost
            with self._lock:
                given = turn not in self._waiting
                if not given:
                    self._waiting.remove(turn)
            if given:
                self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()  # it stays taken: the turn goes straight on
            else:
                self._taken = False
