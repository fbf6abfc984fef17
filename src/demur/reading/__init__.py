"""Turns a government demand as it arrives (a scan, a PDF, an e-mail, a text, a file of facts) into facts and clauses.

Each value read carries its evidence: the page, the words, where they stand, and how sure the reader is. All parsing
of what a stranger sent runs in a child process without network and with bounds on memory, time and pages; a person
confirms what was read before anything is done with it.
"""

from .intake import Limits, ReadingError, read, render_page
from .values import Box, ClauseReading, Document, Evidence, Link, Packet, PageText, Role

__all__ = [
    "Box",
    "ClauseReading",
    "Document",
    "Evidence",
    "Limits",
    "Link",
    "Packet",
    "PageText",
    "ReadingError",
    "Role",
    "read",
    "render_page",
]
