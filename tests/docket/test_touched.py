"""New law lands: the docket as rows, swept, and the cases that it touches opened on the desk, each once."""

from __future__ import annotations

import json
import shutil
import stat
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from django.test import Client

from demur import law
from demur.cli import main
from demur.docket import acts, chores, openwork, rows
from demur.docket.clocks import clocks
from demur.docket.models import Act, Assessment, Case, OutboxEvent, Touched
from demur.docket.states import state_from_json
from demur.facts import demand_from_mapping, demand_to_mapping
from demur.law import sweep
from demur.law.library import HERE

from .conftest import NOW, token

RULE = "us.4a.content-needs-warrant"
TOUCHED_KIND, OTHER = "subpoena.admin", "subpoena.trial"
SERVED = date(2026, 11, 2)
KINDS = ("open", "released", "part", "closed")
"""Of each kind a quarter: open; released and open; released in part; closed."""


@pytest.fixture(scope="module")
def older(tmp_path_factory) -> Path:
    """The library as it was before a ruling: an administrative subpoena could compel content."""
    folder = tmp_path_factory.mktemp("law") / "older"
    shutil.copytree(HERE, folder)
    file = folder / "us" / "fourth-amendment.toml"
    head, name, rest = file.read_text("utf-8").partition(f'["{RULE}"]')
    new = rest.replace('"asks_content"', f"\"asks_content and not kind = '{TOUCHED_KIND}'\"", 1)
    assert new != rest
    file.write_text(head + name + new, "utf-8")
    return folder


def demand(kind: str) -> dict:
    facts = {"kind": kind, "issuer_country": "us", "issuer_level": "federal", "signed": True, "gag_present": False}
    named = [{"identifier": f"{n}@a.example", "kind": "email", "customer_kind": "enterprise"} for n in "ab"]
    return {**facts, "clauses": [{"categories": ["content", "subscriber"], "targets": named}]}


def fill(older: Path, number: int) -> dict[str, set[str]]:
    """So many cases on the docket, assessed under the older law; by kind, those that the ruling touches."""
    before = law.load(older)
    facts, found = {}, {}
    for kind in (TOUCHED_KIND, OTHER):
        result = law.assess(demand_from_mapping(demand(kind)), NOW.date(), before, clocks=clocks(NOW))
        facts[kind] = demand_to_mapping(result.demand)
        found[kind] = [f.as_json() for f in result.findings]
    touched: dict[str, set[str]] = {kind: set() for kind in KINDS}
    made = []
    for n in range(number):
        kind, asked = KINDS[n % 4], TOUCHED_KIND if n // 4 % 3 == 0 else OTHER
        out = {"released": [[0, 0], [0, 1]], "part": [[0, 0]]}.get(kind, [])
        closed = {"closed": "refused"}.get(kind, "")
        state = {"received": True, "authentic": "yes", "known": "confirmed", "assessed": "current",
                 "cells": [[0, 0], [0, 1]], "out": out, "closed": closed}  # fmt: skip
        case = Case(received_at=NOW, served_on=SERVED, revision=3, closed=closed,
                    state={k: v for k, v in state.items() if v})  # fmt: skip
        made.append((case, asked, out))
        if asked == TOUCHED_KIND:
            touched[kind].add(case.number)
    Case.objects.bulk_create(case for case, _, _ in made)
    Assessment.objects.bulk_create(
        Assessment(case=case, at=NOW, as_of=NOW.date(), library=before.version, demand=facts[asked],
                   findings=found[asked], rules=1, failing=0, revision=2)
        for case, asked, _ in made
    )  # fmt: skip
    return touched


@pytest.fixture
def docket(db, office, older, settings):
    """300 cases."""
    settings.STATIC_ROOT = settings.DATA
    return fill(older, 300)


def sweep_over(tmp_path: Path, older: Path) -> Path:
    held, found = tmp_path / "rows.parquet", tmp_path / "touched.parquet"
    assert main(["law", "rows", "-o", str(held)]) == 0
    assert main(["law", "sweep", str(held), "--changed-since", str(older), "-o", str(found)]) == 0
    return found


def on_desk(django_user_model) -> Counter[str]:
    """The cases on the page, as a lead sees it, with how often."""
    client = Client()
    user = django_user_model.objects.get(username="lea")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Counter(row["case"] for row in client.get("/touched.json").json()["touched"])


def whole() -> list[tuple[str, int, str, object]]:
    """What was done: each act with what it brings, whatever the order."""
    return sorted(Act.objects.values_list("case__number", "seq", "name", "payload"), key=str)


def test_from_a_ruling_to_exactly_the_touched_cases_on_the_desk(docket, older, tmp_path, capsys, django_user_model):
    found = sweep_over(tmp_path, older)
    capsys.readouterr()
    assert main(["law", "open-work", str(found), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    over = docket["released"] | docket["part"] | docket["closed"]
    still_open = docket["open"] | docket["part"]
    assert told == {"changed": len(still_open), "unmoved": 0, "noted": len(over), "noted_before": 0, "unknown": 0}
    assert on_desk(django_user_model) == Counter(over)
    stale = {c.number for c in Case.objects.all() if state_from_json(c.state).assessed == "stale"}
    assert stale == still_open
    assert set(Act.objects.filter(name="law-changed").values_list("case__number", flat=True)) == still_open
    note = Touched.objects.filter(case__number__in=docket["released"]).first()
    assert [(r["rule"], r["before"], r["after"], r["pieces"]) for r in note.rules] == [(RULE, "fails", "holds", 2)]
    assert OutboxEvent.objects.filter(name="law.touched").count() == len(over)
    # What is over stays as it was.
    assert all(c.state.get("assessed") == "current" for c in Case.objects.filter(number__in=docket["released"]))

    acts_before = whole()
    assert main(["law", "open-work", str(found), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["changed"], told["noted"], told["noted_before"]) == (0, 0, len(over))
    assert main(["law", "open-work", str(sweep_over(tmp_path, older))]) == 0
    assert whole() == acts_before


@pytest.mark.parametrize("at", [1, 40, 83])
def test_killed_midway_and_repeated_it_comes_to_the_same(docket, older, tmp_path, monkeypatch, django_user_model, at):
    found = sweep_over(tmp_path, older)
    do, passed = acts.act, []

    def killed(*args, **more):
        passed.append(args)
        if len(passed) == at:
            raise KeyboardInterrupt
        return do(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(acts, "act", killed)
        assert main(["law", "open-work", str(found)]) == 1
    assert Act.objects.count() == at - 1
    assert main(["law", "open-work", str(found)]) == 0
    over = docket["released"] | docket["part"] | docket["closed"]
    assert on_desk(django_user_model) == Counter(over)
    assert Act.objects.count() == len(over) + len(docket["open"] | docket["part"])


def test_two_at_once_note_a_change_once(docket, older, tmp_path, monkeypatch):
    """Another run reads the same list between the look at a case and the act on it."""
    found = sweep_over(tmp_path, older)
    do = chores.do

    def twice(case, act, cause, now, **payload):
        first = do(case, act, cause, now, **payload)
        assert do(Case.objects.get(pk=case.pk), act, cause, now, **payload).repeated
        return first

    monkeypatch.setattr(chores, "do", twice)
    openwork.open_work(found, NOW)
    assert Touched.objects.count() == len(docket["released"] | docket["part"] | docket["closed"])


# ------------------------------------------------------------------ rows


def test_each_piece_stands_in_the_rows_once_with_the_day_by_which_it_is_judged(docket, tmp_path):
    path = tmp_path / "rows.parquet"
    assert rows.write(path) == rows.Written(300, 600)
    held = sweep.open_rows(path).collect()
    assert held.select("id", "clause", "target").is_unique().all()
    assert held["as_of"].null_count() == 75 * 2 + 75  # open cases, and what did not leave of the others
    assert set(held["as_of"].drop_nulls()) == {NOW.date()}
    assert set(held["changed_on"]) == {NOW.date()}
    assert "identifier" not in held.columns  # no rule reads it
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["rows.parquet"]


@pytest.mark.parametrize(("kind", "cases", "number"), [("open", 150, 225), ("released", 150, 225), ("closed", 75, 150)])
def test_each_kind_is_written_alone(docket, tmp_path, capsys, kind, cases, number):
    path = tmp_path / "rows.parquet"
    assert main(["law", "rows", "-o", str(path), f"--{kind}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cases": cases, "rows": number}
    assert ("as_of" in sweep.open_rows(path).collect_schema()) == (kind != "open")


def test_parts_that_know_other_facts_come_together(docket, tmp_path, monkeypatch):
    """As with very many cases: few rows a part, and a fact that only one case knows."""
    odd = Assessment.objects.order_by("pk")[170]
    odd.demand["reverse_search"] = True
    odd.save()
    whole_at_once = tmp_path / "one.parquet", tmp_path / "many.parquet"
    rows.write(whole_at_once[0])
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(rows, "AT_ONCE", 11)
    rows.write(whole_at_once[1])
    one, many = (pl.read_parquet(path) for path in whole_at_once)
    assert one.equals(many.select(one.columns))


def test_a_past_disclosure_is_judged_by_the_day_on_which_each_piece_left(db, tmp_path):
    state = {"received": True, "assessed": "current", "out": [[0, 0], [0, 1]]}
    case = Case.objects.create(received_at=NOW, served_on=SERVED, state=state)
    known = demand_to_mapping(demand_from_mapping(demand(OTHER)))
    Assessment.objects.create(
        case=case, at=NOW, as_of=NOW.date(), library="x", demand=known, findings=[], rules=1, failing=0, revision=1
    )  # fmt: skip
    for seq, (name, day, facts, pieces) in enumerate(
        (
            ("test-disclosure", 1, {"recipient_country": "us"}, None),
            ("release", 2, None, [[[0, 0], "compelled"]]),
            ("release", 20, None, [[[0, 1], "protest"]]),
        ),
        2,
    ):
        at = datetime(2026, 12, day, 23, tzinfo=UTC)
        act = _bare_act(case, seq, name, at, {"facts": facts} if facts else {})
        if pieces:
            OutboxEvent.objects.create(act=act, name="production.released", body={"pieces": pieces})
    made = list(rows.records())
    assert [r["as_of"] for r in made] == [date(2026, 12, 2), date(2026, 12, 20)]
    assert {r["recipient_country"] for r in made} == {"us"}


def _bare_act(case: Case, seq: int, name: str, at: datetime, payload: dict) -> Act:
    from demur.docket import entries

    return Act.objects.create(
        case=case, seq=seq, name=name, person="demur", at=at, token=token(), payload=payload,
        entry_id=entries.append(f"act.{name}", {"seq": seq}),
    )  # fmt: skip


def test_a_docket_without_a_case_writes_no_file(db, tmp_path, capsys):
    assert main(["law", "rows", "-o", str(tmp_path / "rows.parquet")]) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_none_is_said(db, tmp_path, capsys):
    assert main(["law", "rows", "-o", str(tmp_path / "no" / "rows.parquet")]) == 2
    assert "there is no folder" in capsys.readouterr().err


# ------------------------------------------------------------------ lists


def listed(tmp_path: Path, **columns: list) -> Path:
    path = tmp_path / "list.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_ids_that_are_no_case_are_counted(docket, tmp_path, capsys):
    path = listed(tmp_path, id=[7, 8, 8], rule=["x"] * 3, before=["fails"] * 3, after=["holds"] * 3)
    assert main(["law", "open-work", str(path)]) == 0
    assert "       2 ids that are no case of this docket" in capsys.readouterr().out
    assert not Act.objects.exists()


def touched(case: Case, docket: dict[str, set[str]]) -> bool:
    return any(case.number in numbers for numbers in docket.values())


def test_an_open_case_of_which_the_docket_finds_nothing_is_left_alone(docket, tmp_path):
    number = next(c.number for c in Case.objects.filter(closed="") if not c.state.get("out") and not touched(c, docket))
    path = listed(tmp_path, id=[number], rule=["us.nsl.scope"], before=["fails"], after=["holds"])
    told = openwork.open_work(path, NOW)
    assert (told.changed, told.unmoved, told.noted) == (0, 1, 0)
    assert not Act.objects.exists()


def test_a_rule_that_went_back_is_news_again_and_a_longer_sweep_is_not(docket, tmp_path):
    number = next(iter(docket["closed"]))

    def lands(*lines: tuple[str, str, str]) -> int:
        rules, before, after = zip(*lines, strict=True)
        path = listed(tmp_path, id=[number] * len(lines), rule=rules, before=before, after=after)
        return openwork.open_work(path, NOW).noted

    assert lands(("a", "fails", "unknown")) == 1
    assert lands(("a", "unknown", "holds")) == 1
    assert lands(("a", "fails", "holds")) == 0
    assert lands(("a", "fails", "holds"), ("b", "holds", "fails")) == 1
    assert lands(("a", "holds", "fails")) == 1
    said = [[one["rule"] for one in note.rules] for note in Touched.objects.order_by("number")]
    assert said == [["a"], ["a"], ["b"], ["a"]]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": ["x"], "rule": ["r"], "before": ["fails"]}, "no column after"),
        ({"id": ["x"], "rule": ["r"], "before": ["fails"], "after": ["perhaps"]}, "no verdict"),
        ({"id": ["x"], "clause": ["one"], "rule": ["r"], "before": ["fails"], "after": ["holds"]}, "is no number"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_a_hint(docket, tmp_path, capsys, columns, said):
    assert main(["law", "open-work", str(listed(tmp_path, **columns))]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "hint:" in told


@pytest.mark.parametrize("text", [None, b"no parquet"])
def test_a_file_that_is_missing_or_none_at_all_is_refused(db, tmp_path, capsys, text):
    path = tmp_path / "list.parquet"
    if text:
        path.write_bytes(text)
    assert main(["law", "open-work", str(path)]) == 2
    assert "hint:" in capsys.readouterr().err


# ------------------------------------------------------------------ settled


def settle(office, number: str, who: str, **payload: str):
    return acts.act(number, "settle-new-law", office[who], payload, token=token(), now=NOW + timedelta(hours=1))


@pytest.fixture
def noted(docket, office):
    number = next(iter(docket["closed"]))
    lines = [{"rule": RULE, "before": "fails", "after": "holds", "pieces": 1}]
    assert isinstance(chores.do(Case.objects.get(number=number), "note-new-law", "x", NOW, rules=lines), acts.Done)
    return number


def test_a_note_is_settled_once_with_a_reason_and_the_case_stays_as_it_is(noted, office):
    before = Case.objects.get(number=noted).state
    assert "no reason is given" in str(settle(office, noted, "carl", touched="1"))
    assert isinstance(settle(office, noted, "carl", touched="1", why="nothing was produced"), acts.Done)
    with pytest.raises(acts.ActError, match="settled already"):
        settle(office, noted, "lea", touched="1", why="again")
    with pytest.raises(acts.ActError, match="no note 2"):
        settle(office, noted, "lea", touched="2", why="another")
    held = Touched.objects.get()
    assert held.settled.payload["why"] == "nothing was produced"
    assert Case.objects.get(number=noted).state == before


def test_an_analyst_settles_nothing_and_nobody_but_the_program_notes(noted, office):
    assert isinstance(settle(office, noted, "ana", touched="1", why="x"), acts.Refused)
    lines = [{"rule": "b", "before": "fails", "after": "holds", "pieces": 1}]
    assert isinstance(acts.act(noted, "note-new-law", office["lea"], {"rules": lines}, token=token()), acts.Refused)
