"""Each main kind of demand is told from its text, with its facts and clauses; what is not said stays unknown."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from demur.facts import demand_from_mapping, demand_to_mapping, vocabulary
from demur.reading import Document, Packet
from demur.reading.packet import read_packet

HERE = Path(__file__).parent
EXPECTED = tomllib.loads((HERE / "expected.toml").read_text("utf-8"))
LIMITS = {"size": 1 << 26, "pages": 300, "ocr_pages": 60, "seconds": 900, "memory": 4 << 30, "pixels": 40_000_000}


def read_text(name: str) -> Packet:
    # In this process: how the child keeps its bounds has tests of its own.
    return read_packet((HERE / "texts" / f"{name}.txt").read_bytes(), f"{name}.txt", LIMITS, {})


def plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


@pytest.fixture(params=sorted(EXPECTED), scope="module")
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Packet]:
    return EXPECTED[request.param], read_text(request.param)


def test_every_text_is_expected_somewhere() -> None:
    assert sorted(p.stem for p in (HERE / "texts").glob("*.txt")) == sorted(EXPECTED)


def test_the_documents_are_split_and_the_demand_comes_first(case: tuple[dict[str, Any], Packet]) -> None:
    expected, packet = case
    assert [d.role for d in packet.documents] == expected.get("roles", ["demand"])
    assert all(d.links and d.links[0].to == 0 for d in packet.documents[1:])


def test_the_facts_are_those_a_lawyer_reads(case: tuple[dict[str, Any], Packet]) -> None:
    expected, packet = case
    facts = packet.documents[0].facts
    assert {n: plain(facts[n].value) if n in facts else None for n in expected["facts"]} == expected["facts"]


def test_what_is_not_said_stays_unknown(case: tuple[dict[str, Any], Packet]) -> None:
    expected, packet = case
    assert not set(expected.get("unknown", ())) & set(packet.documents[0].facts)


def test_the_clauses_ask_what_the_text_asks(case: tuple[dict[str, Any], Packet]) -> None:
    expected, packet = case
    clauses = [c.clause for c in packet.documents[0].clauses]
    assert [sorted(c.categories or ()) for c in clauses] == [
        sorted(c["categories"]) for c in expected.get("clauses", [])
    ]
    for clause, want in zip(clauses, expected.get("clauses", []), strict=True):
        if "targets" in want:
            assert [t.identifier for t in clause.targets] == want["targets"]
        if "period" in want:
            assert [plain(clause.period_from) or "", plain(clause.period_to) or ""] == want["period"]


def test_every_fact_is_in_the_vocabulary_and_shows_where_it_stands(case: tuple[dict[str, Any], Packet]) -> None:
    _, packet = case
    for document in packet.documents:
        pages = {t.page: [" ".join(u.text.split()) for u in texts(packet) if u.page == t.page] for t in texts(packet)}
        for name, evidence in document.facts.items():
            assert name in vocabulary()
            assert 0 < evidence.confidence <= 1
            if evidence.page is not None:
                assert any(evidence.quote in page for page in pages[evidence.page]), name


def texts(packet: Packet) -> list[Any]:
    return [t for d in packet.documents for t in d.text]


def test_the_demand_is_a_value_that_the_facts_file_can_carry(case: tuple[dict[str, Any], Packet]) -> None:
    _, packet = case
    demand = packet.demand()
    again = demand_from_mapping(demand_to_mapping(demand))
    assert demand_to_mapping(again) == demand_to_mapping(demand)


def test_the_wire_brings_the_packet_back_whole(case: tuple[dict[str, Any], Packet]) -> None:
    _, packet = case
    back = Packet.from_wire(packet.to_wire())
    assert [d.role for d in back.documents] == [d.role for d in packet.documents]
    assert back.to_wire() == packet.to_wire()
    assert isinstance(back.documents[0], Document)
