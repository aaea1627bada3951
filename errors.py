"""The error model, in prose.

A *fault of the world* (a model that does not answer, a sandbox that breaks, a budget that is spent)
is data to a search, not its end: it is caught at the one boundary where it happens, in a node,
recorded on the thought that it cost, and the branch ends there while its siblings go on.

A *fault of the caller* (a task file with a missing field, a model nobody has heard of) ends the
command at once, before any money is spent, with one line that says what is wrong, where, and what
would be right. The command line turns every `PonderError` into such a line and an exit code.

Each type names the boundary that was crossed, and inherits the standard exception a reader would
expect, so `except TimeoutError` and `except ValueError` work as they do everywhere else. What a
program under test does wrong is never an exception of ours: it is an `Outcome` (sandboxes/base.py).
"""


class PonderError(Exception):
    """Base of all that ponder raises on purpose. The command line ends with `exit_code`."""

    exit_code = 1


class InputError(PonderError, ValueError):
    """The caller gave something wrong: what, where, and what would be right."""

    exit_code = 2


class MissingError(PonderError, RuntimeError):
    """Something this machine lacks: an engine, an image, weights, a key; and how to get it."""

    exit_code = 3


class ModelError(PonderError):
    """A model did not give a usable reply. `faults` lists every attempt that failed before the
    last, oldest first."""

    def __init__(self, message: str, *, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class ModelUnavailable(ModelError, ConnectionError):
    """Rate limited, overloaded, unreachable, or answering with something that is no reply. The only
    kind that is asked again: the same call might succeed later."""

    def __init__(
        self, message: str, *, faults: tuple[str, ...] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(message, faults=faults)
        self.retry_after = retry_after
        """Seconds the server asked us to wait, where it did."""


class ModelTimeout(ModelUnavailable, TimeoutError):
    """No reply within the time the call was given."""


class ModelRejected(ModelError, ValueError):
    """The server refuses the request itself (4xx of ours): never retried."""


class ModelRefused(ModelError):
    """The model declined to answer, or its provider filtered the answer."""


class ReadError(PonderError, ValueError):
    """A reply came whole, without what was asked for. The message is shown to the model."""


class SandboxError(PonderError, RuntimeError):
    """The sandbox itself failed, so nothing is known about the program. Never a failed test."""


class FitError(PonderError, ArithmeticError):
    """Fitting a model came to numbers that are none: a loss that is NaN or infinite."""


class StoreError(PonderError, RuntimeError):
    """The store cannot be opened, is not one of ours, or lacks what a checkpoint refers to."""

    exit_code = 2


class SearchStopped(PonderError):
    """No further call may be made: the budget is spent, or enough has been found."""


class BudgetExhausted(SearchStopped):
    """Some limit of the budget is reached; the message names which."""
