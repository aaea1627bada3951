"""A report of runs: one HTML page, and plots as files."""

from .source import Source, sources
from .write import DETAILS, MOST_MB, write_report

__all__ = ["DETAILS", "MOST_MB", "Source", "sources", "write_report"]
