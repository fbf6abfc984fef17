"""What is known of a demand, in words that every room shares.

A fact has a name from the closed vocabulary (`vocabulary.toml`), a level and a value; an absent or None
value is unknown, which is never the same as false. A `Demand` is its facts and a list of `Clause`s, each of
which asks for categories of data about `Target`s in a period.
"""

from .values import (
    CATEGORIES,
    FIRST_DAY,
    LAST_DAY,
    Clause,
    Demand,
    FactsError,
    OutOfBounds,
    Target,
    Value,
    demand_from_mapping,
    demand_to_mapping,
    read_value,
)
from .vocabulary import Fact, Level, Vocabulary, speaking, vocabulary

__all__ = [
    "CATEGORIES",
    "FIRST_DAY",
    "LAST_DAY",
    "Clause",
    "Demand",
    "Fact",
    "FactsError",
    "Level",
    "OutOfBounds",
    "Target",
    "Value",
    "Vocabulary",
    "demand_from_mapping",
    "demand_to_mapping",
    "read_value",
    "speaking",
    "vocabulary",
]
