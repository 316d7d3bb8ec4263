"""The kit: what runs inside sandboxes, and what an author's ``checks.py`` imports.

Known as ``labkit`` inside a sandbox and as ``labs.kit`` to the portal's code, so it imports itself relatively only.
"""

from .lab import SPARK, Failed, Lab, Response, Run, SparkFrame

__all__ = ["SPARK", "Failed", "Lab", "Response", "Run", "SparkFrame"]
