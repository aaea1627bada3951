"""How hard an instruction is for a student, and how well it is to be guessed from its answer: IFD
and r-IFD of Selective Reflection-Tuning (2402.10110). Imports nothing heavy."""

from .difficulty import By, Difficulty, Loss
from .selection import Choice, keep_harder, keep_likelier, survives, top
from .student import Student
from .templates import TEMPLATES, Template

__all__ = [
    "TEMPLATES",
    "By",
    "Choice",
    "Difficulty",
    "Loss",
    "Student",
    "Template",
    "keep_harder",
    "keep_likelier",
    "survives",
    "top",
]
