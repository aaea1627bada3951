"""Programs that try to get out, to forge a verdict, to see what is not theirs, or to do harm.

`ponder sandbox attack` runs them against one's own settings; the tests run them against ours, and
each once more with the walls it names left out, where it must win.
"""

from .attack import Attack
from .escape import ESCAPES
from .exhaust import EXHAUSTIONS
from .forge import FORGERIES
from .leak import LEAKS
from .machine import MACHINE
from .trial import Trial, try_attack

ATTACKS: tuple[Attack, ...] = (*EXHAUSTIONS, *ESCAPES, *MACHINE, *FORGERIES, *LEAKS)

__all__ = ["ATTACKS", "Attack", "Trial", "try_attack"]
