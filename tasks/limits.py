"""What one program may use."""

import math
from dataclasses import dataclass, fields

from ..errors import InputError

MOST_THREADS = 48
"""What a container of ours has room for, beside its own processes."""
LEAST_MEMORY = 32 * 2**20
"""Bytes with which an interpreter starts at all."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use, over all its inputs. To exceed one is an `Outcome`, no error.

    Raises:
        InputError: one is not positive and finite, or none that a sandbox could keep.
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 30.0
    memory_bytes: int = 256 * 2**20
    output_bytes: int = 64 * 2**10
    """Standard output kept per input; more is an "output_limit"."""
    result_bytes: int = 2**20
    code_bytes: int = 256 * 2**10
    threads: int = 8
    stack_bytes: int = 64 * 2**20
    """The C stack of the main thread."""
    input_bytes: int = 16 * 2**20
    """All inputs together."""

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise InputError(f"limits: {name} must be a positive number, not {value}")
        if self.threads > MOST_THREADS:
            raise InputError(f"limits: threads must be at most {MOST_THREADS}, not {self.threads}")
        if self.memory_bytes < LEAST_MEMORY:
            raise InputError(
                f"limits: memory_bytes must be at least {LEAST_MEMORY >> 20} MiB, "
                f"not {self.memory_bytes}"
            )
