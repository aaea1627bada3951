"""Anybody's solutions scored by a verifier, and what scores can be measured by."""

from .file import ScoreFile, digest
from .measure import Report, measured
from .score import Account, Added, Make, read_solutions, score_all, scored, supervised, whole

__all__ = [
    "Account",
    "Added",
    "Make",
    "Report",
    "ScoreFile",
    "digest",
    "measured",
    "read_solutions",
    "score_all",
    "scored",
    "supervised",
    "whole",
]
