"""What an attack is."""

from dataclasses import dataclass
from typing import Any, Literal

Wall = Literal[
    # Around a candidate's process (sandboxes/inside/zygote.py).
    "filter",  # of system calls
    "uid",  # of its own
    "undumpable",  # its memory and descriptors closed to others, and theirs to it
    "limits",  # the kernel's, on threads, descriptors, files, memory
    "zygote",  # it comes from a process that has seen no job
    # Around the worker (sandboxes/engine.py, sandboxes/bubblewrap_sandbox.py).
    "read-only root",
    "own root",  # nothing of this machine's files
    "no network",
    "no environment",
    "container memory",
    # What `Limits` says.
    "cpu_seconds",
    "wall_seconds",
    "memory_bytes",
    "output_bytes",
    "result_bytes",
    # On the host.
    "own process",  # each program has one, which is not the judge's
    "verdict on the host",  # computed there, from data
    "exact types",
    "bounded reading",  # of what a program wrote
]


@dataclass(frozen=True)
class Attack:
    """A program that defines `f`, which is called with each of `inputs`. It has won if

    - its verdict is that it passes: it returned all of `expected`, which it is not told;
    - it returned or raised something with "WON" in it, which it does on evidence;
    - the honest program after it, on the same worker, does not give the right values; or the worker
      has processes or files then that it had not before;
    - the host raised, or took far longer than the limits allow.
    """

    name: str
    code: str
    held_by: tuple[Wall, ...]
    """Each of these alone holds it; it wins where all are left out."""
    number: int = 0
    """Its number in the list of attacks that the sandbox was designed against; 0 if it is ours."""
    inputs: tuple[tuple[Any, ...], ...] = ((1,), (2,))
    expected: tuple[Any, ...] = ()
    """Something nobody can guess if empty."""
    already_out: tuple[Wall, ...] = ()
    """Walls that this one is tried without, since they would hold it before those it is about."""
    only: str = ""
    """The sandbox that has the wall; every one if empty."""
    checked: bool = False
    """Whether it is judged by a checker in a process of its own, rather than by its values."""
