"""How different the answers to a task are: by their ideas, or by what they do."""

from .behaviour import ByBehaviour
from .files import read_diversity
from .ideas import ByIdeas
from .measuring import Measure, Measured, measure_run
from .record import Diversity, TaskDiversity, diversities

__all__ = [
    "ByBehaviour",
    "ByIdeas",
    "Diversity",
    "Measure",
    "Measured",
    "TaskDiversity",
    "diversities",
    "measure_run",
    "read_diversity",
]
