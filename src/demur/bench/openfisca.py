"""The same rules in OpenFisca-core, the peer of the sweep: a benchmark only, never part of Demur.

OpenFisca's values are known or wrong, so a fact is two variables, its value and whether it is known, and a rule
computes two positive formulas, where it holds and where it fails; what is neither is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from demur.facts import vocabulary
from demur.law.edition import Edition
from demur.law.language import AS_OF, Always, Atom, Compare, Is, Known, Node, OneOf, fold
from demur.law.sweep import codes

if TYPE_CHECKING:
    import polars as pl

YEAR = "2026"


@dataclass(frozen=True, slots=True)
class _Rails:
    """Where a condition holds and where it fails."""

    holds: Any
    fails: Any

    def __and__(self, other: _Rails) -> _Rails:
        return _Rails(self.holds & other.holds, self.fails | other.fails)

    def __or__(self, other: _Rails) -> _Rails:
        return _Rails(self.holds | other.holds, self.fails & other.fails)

    def __invert__(self) -> _Rails:
        return _Rails(self.fails, self.holds)


def system(rows: pl.DataFrame, law: Edition, as_of: date) -> Callable[[], list[tuple[int, int]]]:
    """A tax and benefit system with a variable for each fact and rule; gives what counts all rules on these rows."""
    import numpy as np
    from openfisca_core import periods
    from openfisca_core.entities import Entity
    from openfisca_core.simulations import SimulationBuilder
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    row = Entity("row", "rows", "a row", "")
    country, inputs = TaxBenefitSystem([row]), _inputs(rows)

    def variable(name: str, kind: type, **more: Any) -> None:
        body = {"value_type": kind, "entity": row, "definition_period": periods.YEAR, **more}
        country.add_variable(type(name, (Variable,), body))

    for name, values in inputs.items():
        variable(name, bool if values.dtype == bool else int)
    for number, node in enumerate(law.values()):
        variable(f"r{number}", int, formula=_formula(node, set(rows.columns), as_of))

    def run() -> list[tuple[int, int]]:
        simulation = SimulationBuilder().build_default_simulation(country, rows.height)
        for name, values in inputs.items():
            simulation.set_input(name, YEAR, values)
        found = []
        for number in range(len(law)):
            answer = simulation.calculate(f"r{number}", YEAR)
            found.append((int(np.count_nonzero(answer == 2)), int(np.count_nonzero(answer == 1))))
            simulation.delete_arrays(f"r{number}")
        return found

    return run


def _inputs(rows: pl.DataFrame) -> dict[str, Any]:
    import polars as pl

    found: dict[str, Any] = {}
    for column in rows.iter_columns():
        plain = column if column.dtype == pl.Boolean else column.cast(pl.Int32)
        found[column.name] = plain.fill_null(False if column.dtype == pl.Boolean else 0).to_numpy()
        found[f"{column.name}_known"] = column.is_not_null().to_numpy()
    return found


def _formula(node: Node, columns: set[str], as_of: date) -> Callable[[Any, Any], Any]:
    def formula(row: Any, period: Any) -> Any:
        import numpy as np

        def where(known: Any, yes: Any) -> _Rails:
            return _Rails(known & yes, known & ~yes)

        def value(fact: str) -> tuple[Any, Any]:
            return (np.True_, _day(as_of)) if fact == AS_OF else (row(f"{fact}_known", period), row(fact, period))

        def atom(leaf: Atom) -> _Rails:
            if isinstance(leaf, Always):
                return where(np.True_, np.bool_(leaf.value))
            other = leaf.other if isinstance(leaf, Compare) else ""
            if any(fact not in columns and fact != AS_OF for fact in (leaf.fact, other or AS_OF)):
                return _Rails(np.False_, np.bool_(isinstance(leaf, Known)))
            known, found = value(leaf.fact)
            if isinstance(leaf, Known):
                return _Rails(known, ~known)
            if isinstance(leaf, Is):
                return where(known, found)
            if isinstance(leaf, OneOf):
                wanted = [_constant(leaf.fact, item) for item in leaf.values]  # type: ignore[union-attr]
                return where(known, found == wanted[0] if len(wanted) == 1 else np.isin(found, wanted))
            if other:
                there, bound = value(other)
                known, bound = known & there, _later(bound + leaf.offset, leaf.months)  # type: ignore[union-attr]
            else:
                bound = _constant(leaf.fact, leaf.value)
            compare = {"=": np.equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
            return where(known, compare[leaf.op](found, bound))

        rails = fold(node, atom)
        answer = np.ones(row.count, dtype=np.int32)
        answer += rails.holds
        answer -= rails.fails
        return answer

    return formula


def _day(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _later(days: Any, months: int) -> Any:
    """Days since 1970 so many months later, the last of a month that has no such day."""
    import numpy as np

    if not months:
        return days
    dates = np.asarray(days).astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    then = month + months
    last = (then + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(then.astype("datetime64[D]") + (dates - month.astype("datetime64[D]")), last).astype(np.int64)


def _constant(fact: str, value: Any) -> int:
    if isinstance(value, date):
        return _day(value)
    if fact != AS_OF and vocabulary()[fact].type == "enum":
        return codes(fact)[value]
    return int(value)
