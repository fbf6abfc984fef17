"""Samples: demands of each main kind, rendered by the project itself, to show and to try it on.

Names, places, numbers and addresses are invented, and every paper says that it is a sample. `render` writes them
into a folder, with their dates set around a given day, so that a demonstration always has live deadlines.
"""

from .making import Sample, render

__all__ = ["Sample", "render"]
