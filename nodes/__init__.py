"""One step of thought each, with its prompt; and what a run is made of."""

from . import read
from .answer import Answer
from .begin import Asked, Begin, Opened
from .chain import Chain, Node
from .choose import Choose, RevisionWay, Way
from .context import Context, Runtime
from .decide import Decide
from .gather import Gather, Submit
from .judge import Judge, Judged
from .observe import Children, Observe, Place
from .plan import Criticise, Fix, Plan, Sketched
from .policy import Policy, read_policy, write_policy
from .prompt import render
from .refine import ChooseRevision, Refine
from .reflect import Recycle, ReflectInstruction, ReflectResponse
from .reflection import Pair
from .rollout import Conclude, Draw, RollOut
from .run import Run
from .sample import Brainstorm
from .sampling import Sampling
from .select import Gathered, Select, Solved
from .step import Stepping
from .strategy import Strategy
from .think import Asking, think
from .thought import Candidate, Solution, Thought
from .tree import Expand, Keep, Score, Tree
from .write import Answered, Pseudocode, WriteCode

__all__ = [
    "Answer",
    "Answered",
    "Asked",
    "Asking",
    "Begin",
    "Brainstorm",
    "Candidate",
    "Chain",
    "Children",
    "Choose",
    "ChooseRevision",
    "Conclude",
    "Context",
    "Criticise",
    "Decide",
    "Draw",
    "Expand",
    "Fix",
    "Gather",
    "Gathered",
    "Judge",
    "Judged",
    "Keep",
    "Node",
    "Observe",
    "Opened",
    "Pair",
    "Place",
    "Plan",
    "Policy",
    "Pseudocode",
    "Recycle",
    "Refine",
    "ReflectInstruction",
    "ReflectResponse",
    "RevisionWay",
    "RollOut",
    "Run",
    "Runtime",
    "Sampling",
    "Score",
    "Select",
    "Sketched",
    "Solution",
    "Solved",
    "Stepping",
    "Strategy",
    "Submit",
    "Thought",
    "Tree",
    "Way",
    "WriteCode",
    "read",
    "read_policy",
    "render",
    "think",
    "write_policy",
]
