"""One step of thought each, with its prompt; and what a run is made of."""

from . import read
from .begin import Asked, Begin, Opened
from .chain import Chain, Node
from .context import Context, Runtime
from .judge import Judge, Judged
from .observe import Children, Observe, Place
from .plan import Criticise, Fix, Plan, Sketched
from .prompt import render
from .run import Run
from .sample import Brainstorm
from .sampling import Sampling
from .select import Gathered, Select, Solved
from .think import Asking, think
from .thought import Candidate, Solution, Thought
from .write import Answered, Pseudocode, WriteCode

__all__ = [
    "Answered",
    "Asked",
    "Asking",
    "Begin",
    "Brainstorm",
    "Candidate",
    "Chain",
    "Children",
    "Context",
    "Criticise",
    "Fix",
    "Gathered",
    "Judge",
    "Judged",
    "Node",
    "Observe",
    "Opened",
    "Place",
    "Plan",
    "Pseudocode",
    "Run",
    "Runtime",
    "Sampling",
    "Select",
    "Sketched",
    "Solution",
    "Solved",
    "Thought",
    "WriteCode",
    "read",
    "render",
    "think",
]
