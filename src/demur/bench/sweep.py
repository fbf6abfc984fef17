"""The sweep: the whole library over millions of rows, beside the time that reading their columns takes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from demur.facts import vocabulary

if TYPE_CHECKING:
    import polars as pl

DAY = date(2026, 11, 23)


def random_rows(facts: Iterable[str], number: int, *, unknown: float = 0.12, seed: int = 7) -> pl.DataFrame:
    """Rows with these facts as they might come: enums coded, common values common, a share of each fact unknown."""
    import numpy as np
    import polars as pl

    chance, words = np.random.default_rng(seed), vocabulary()
    columns = {"id": pl.Series(np.arange(number))}
    for name in facts:
        kind = "date" if name == "as_of" else words[name].type
        if kind == "enum":
            weights = np.cumsum(1 / np.arange(1, len(words[name].values) + 1))
            value = np.searchsorted(weights, chance.random(number, dtype=np.float32) * weights[-1]).astype(np.uint8)
        elif kind == "bool":
            value = chance.random(number, dtype=np.float32) < 0.35
        elif kind == "int":
            value = chance.integers(-3, 400, number, dtype=np.int32)
        else:
            value = (DAY.toordinal() - 719163 + chance.integers(-3000, 300, number)).astype("datetime64[D]")
        known = pl.Series(chance.random(number, dtype=np.float32) >= unknown)
        columns[name] = pl.select(pl.when(known).then(pl.Series(value))).to_series()
    return pl.DataFrame(columns)


def spelled(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with the values of enums as text."""
    import polars as pl

    words = vocabulary()
    enums = [name for name in rows.columns if name in words and words[name].type == "enum"]
    return rows.with_columns(
        pl.col(name).replace_strict(dict(enumerate(words[name].values)), return_dtype=pl.String) for name in enums
    )
