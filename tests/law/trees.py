"""Trees of the rule language as Hypothesis makes them up."""

from __future__ import annotations

from hypothesis import strategies as st

from demur.law.language import And, Node, Not, Or


def trees(leaf: st.SearchStrategy[Node], most: int) -> st.SearchStrategy[Node]:
    """Trees over these leaves, with about so many of them at the most."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(lambda p: And(tuple(p)), st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda p: Or(tuple(p)), st.lists(inner, min_size=1, max_size=3)),
        ),
        max_leaves=most,
    )
