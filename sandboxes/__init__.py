"""Where programs run that nobody has read."""

from .base import Execution, Limits, Outcome, Program, Sandbox
from .connect import connect
from .scripted import ScriptedSandbox

__all__ = [
    "Execution",
    "Limits",
    "Outcome",
    "Program",
    "Sandbox",
    "ScriptedSandbox",
    "connect",
]
