"""The law as data, and the engine that applies it.

Rules live in `library/<place>/<statute>.toml`, one table per rule, dated, with citations and examples.
`assess(demand, as_of)` applies all that is in force on a day and says what holds, what is unknown, why, and
what must be asked; `library()` hands out the rules themselves.
"""

from .ask import CATEGORIES, Question, ask, asked_as, in_words
from .engine import assess, assess_transfer, return_date
from .findings import Assessment, Compellable, Finding, Reason
from .language import LawError
from .library import Library, Rule, library, load

__all__ = [
    "CATEGORIES",
    "Assessment",
    "Compellable",
    "Finding",
    "LawError",
    "Library",
    "Question",
    "Reason",
    "Rule",
    "ask",
    "asked_as",
    "assess",
    "assess_transfer",
    "in_words",
    "library",
    "load",
    "return_date",
]
