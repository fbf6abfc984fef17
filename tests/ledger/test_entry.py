"""A leaf says nothing by itself, and opens to nothing but what was entered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.ledger import LedgerError, entry, new_entry, verifier

classes = st.text(min_size=1, max_size=60)
bodies = st.binary(max_size=3000)


@given(classes, bodies)
def test_every_leaf_has_one_length_whatever_it_says(class_: str, body: bytes) -> None:
    made = new_entry(class_, body)
    assert len(made.leaf) == len(entry.cover().leaf) == entry.LEAF_BYTES == verifier.LEAF_BYTES
    assert made.leaf[:1] == entry.cover().leaf[:1]


@given(classes, bodies)
def test_the_same_said_twice_looks_unlike(class_: str, body: bytes) -> None:
    one, two = new_entry(class_, body), new_entry(class_, body)
    assert one.leaf[1:33] != two.leaf[1:33]
    assert one.leaf[33:] != two.leaf[33:]


@given(classes, bodies, classes, bodies)
def test_an_entry_opens_to_what_was_entered_and_to_nothing_else(
    class_: str, body: bytes, other: str, elsewhere: bytes
) -> None:
    made = new_entry(class_, body)
    assert made.body is not None
    assert made.body_salt is not None
    assert entry.recomputes(made)
    assert entry.opens_class(made.leaf, other, made.class_salt) == (other == class_)
    assert entry.opens_body(made.leaf, elsewhere, made.body_salt) == (elsewhere == body)
    # A body is no class and a class no body, even with the right salt and the same bytes.
    assert not entry.opens_class(made.leaf, body.decode("latin-1") + "x", made.body_salt)
    assert not entry.opens_body(made.leaf, class_.encode(), made.class_salt)
    # The stranger's verifier agrees.
    assert verifier.opens(made.leaf, "class", made.class_salt, class_.encode())
    assert verifier.opens(made.leaf, "body", made.body_salt, body)
    assert not verifier.opens(made.leaf, "body", made.class_salt, body)


def test_salt_and_text_cannot_be_shifted_against_each_other() -> None:
    made = new_entry("act", b"body")
    assert made.body_salt is not None
    shifted = made.body_salt[:-1], made.body_salt[-1:] + b"body"
    assert not entry.opens_body(made.leaf, shifted[1], shifted[0])
    assert not entry.opens_class(made.leaf, "t", made.class_salt + b"ac")


def test_once_the_body_is_destroyed_the_class_still_opens() -> None:
    made = new_entry("act.disclose", b"what was disclosed").without_body()
    assert made.body is None
    assert made.body_salt is None
    assert entry.recomputes(made)
    assert entry.opens_class(made.leaf, "act.disclose", made.class_salt)


def test_a_cover_opens_as_a_cover() -> None:
    made = entry.cover()
    assert made.is_cover
    assert entry.opens_class(made.leaf, "cover", made.class_salt)
    assert made.body_salt is not None
    assert entry.opens_body(made.leaf, b"", made.body_salt)


def test_a_row_that_was_altered_no_longer_opens_its_leaf() -> None:
    made = new_entry("act", b"body")
    for change in ({"class_": "acts"}, {"body": b"bodi"}, {"leaf": b"\x02" + made.leaf[1:]}, {"body_salt": None}):
        altered = entry.Entry(
            **{f: change.get(f, getattr(made, f)) for f in ("class_", "class_salt", "body", "body_salt", "leaf")}
        )
        assert not entry.recomputes(altered)


def test_an_entry_without_a_class_is_refused() -> None:
    with pytest.raises(LedgerError, match="hint"):
        new_entry("", b"body")
