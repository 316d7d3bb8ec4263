"""The kit: what runs inside sandboxes, and what an author's ``checks.py`` imports.

Known as ``labkit`` inside a sandbox and as ``labs.kit`` to the portal's code, so it imports itself relatively only.
"""

from .lab import SPARK, Failed, Lab, LabService, Response, Run, SparkFrame
from .notebook_checks import CellRun, NotebookRun, asserting

__all__ = [
    "SPARK",
    "CellRun",
    "Failed",
    "Lab",
    "LabService",
    "NotebookRun",
    "Response",
    "Run",
    "SparkFrame",
    "asserting",
]
