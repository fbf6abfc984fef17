"""A past decision comes out the same under the law of its day, and whatever was altered since is told."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from demur import cli, law
from demur.docket import acts, brings
from demur.docket.models import Act, Assessment, Case, Entry, plain
from demur.docket.replay import _tested, replayed

from .conftest import NOW, SUBPOENA, token

ROOM = sys.modules["demur.law.library"]


def do(number: str, name: str, actor, payload=None, now=NOW) -> None:
    done = acts.act(number, name, actor, payload or {}, token=token(), now=now)
    assert isinstance(done, acts.Done), done


def take(number: str, office) -> None:
    """The case as read and confirmed: its facts typed in from the facts file that came."""
    import tomllib

    facts = tomllib.loads(SUBPOENA.decode())
    clauses = facts.pop("clauses")
    do(number, "read", office["ana"], {"documents": [], "facts": [], "clauses": []})
    told = [{"name": n, "value": v} for n, v in facts.items()]
    do(number, "confirm", office["ana"], {"facts": told, "clauses": clauses, "rest": True})


@pytest.fixture
def own_law(tmp_path, monkeypatch, settings):
    """A library folder that may be changed, in place of the shipped one; and a data folder of its own."""
    settings.DATA = tmp_path / "data"
    folder = tmp_path / "library"
    shutil.copytree(ROOM.HERE, folder)
    monkeypatch.setattr(ROOM, "HERE", folder)
    law.library.cache_clear()
    yield folder
    law.library.cache_clear()


def change(path: Path, table: str, old: str, new: str) -> None:
    head, mark, rest = path.read_text("utf-8").partition(table)
    assert old in rest
    path.write_text(head + mark + rest.replace(old, new, 1), "utf-8")


@pytest.fixture
def twice(case, office, own_law):
    """A case assessed under one library, then under another in which a rule and a parameter were changed."""
    take(case, office)
    do(case, "assess", office["ana"])
    kept = Assessment.objects.get(case__number=case)
    held = next(f for f in kept.findings if f["verdict"] == "holds" and f["against"] != "info")
    rule = law.library().by_id[held["rule"]][-1]
    name, param = next((n, p) for n, p in law.library().params.items() if isinstance(p.values.steps[-1][1], int))
    change(own_law / rule.file, f'["{rule.name}"]', rule.title, f"{rule.title}, as amended")
    change(own_law / param.file, f"[params.{name}]", f"is = {param.values.steps[-1][1]}", "is = 9")
    law.library.cache_clear()
    do(case, "assess", office["ana"], now=NOW + timedelta(hours=1))
    return Case.objects.get(number=case)


def wrong(case: Case) -> dict[tuple[str, int], tuple[str, ...]]:
    return {(one.what, one.seq): one.why for one in replayed(case) if not one.same}


def test_each_decision_comes_out_the_same_under_the_law_of_its_own_day(twice):
    told = list(replayed(twice))
    assert [one.what for one in told] == ["acts", "assess", "assess"]
    assert len({one.library for one in told[1:]}) == 2
    assert wrong(twice) == {}


def test_the_vocabulary_and_the_clocks_of_its_day_come_with_it(twice, monkeypatch):
    words = ROOM.vocabulary()
    other = words.text.replace("served_on", "came_on")
    module = sys.modules["demur.facts.vocabulary"]
    spoken = module.parse(other)
    monkeypatch.setattr(module, "_shipped", lambda: spoken)
    monkeypatch.setattr(sys.modules["demur.docket.clocks"], "_shipped", lambda: "[clocks]\n[events]\n[words]\n")
    assert "served_on" not in ROOM.vocabulary()
    assert wrong(twice) == {}


def test_a_stored_library_that_was_altered_is_told(twice, settings):
    first, second = Assessment.objects.filter(case=twice).order_by("pk")
    stored = settings.DATA / "law" / first.library / "library"
    path = next(stored.rglob("*.toml"))
    path.write_text(path.read_text("utf-8") + "\n# softer", "utf-8")
    told = wrong(twice)
    assert list(told) == [("assess", first.revision)]
    assert "altered since it was kept" in told["assess", first.revision][0]
    shutil.rmtree(settings.DATA / "law" / second.library)
    assert "was not kept" in wrong(twice)["assess", second.revision][0]


def test_clocks_that_were_altered_are_told(twice, settings):
    (path,) = (settings.DATA / "law" / "clocks").iterdir()
    path.write_text(path.read_text("utf-8") + "\n# longer", "utf-8")
    assert all("clocks" in why[0] for why in wrong(twice).values())
    assert len(wrong(twice)) == 2


def test_a_fact_that_was_altered_is_told(twice):
    kept = Assessment.objects.filter(case=twice).last()
    Assessment.objects.filter(pk=kept.pk).update(demand={**kept.demand, "signed": False})
    assert "demand are not those of the act" in wrong(twice)["assess", kept.revision][0]


def test_a_finding_that_was_altered_is_told_with_the_rule(twice):
    kept = Assessment.objects.filter(case=twice).last()
    findings = [{**f, "strength": "policy"} if n == 0 else f for n, f in enumerate(kept.findings)]
    Assessment.objects.filter(pk=kept.pk).update(findings=findings)
    why = wrong(twice)["assess", kept.revision]
    assert f"{findings[0]['rule']} differs in strength" in why
    Assessment.objects.filter(pk=kept.pk).delete()
    assert "is gone" in wrong(twice)["assess", kept.revision][0]


@pytest.mark.parametrize(
    "changed",
    [
        {"payload": {"facts": [], "rest": True, "complete": True, "changed": False}},
        {"person": "999"},
        {"roles": ["lead"]},
        {"at": NOW - timedelta(days=1)},
    ],
)
def test_an_act_that_was_altered_is_told(twice, changed):
    Act.objects.filter(case=twice, name="confirm").update(**changed)
    (why,) = wrong(twice)["acts", twice.revision]
    assert "(confirm)" in why
    assert "the records were altered" in why


def test_an_entry_that_was_altered_with_its_act_is_told(twice):
    act = Act.objects.get(case=twice, name="confirm")
    Act.objects.filter(pk=act.pk).update(person="999")
    body = bytes(act.entry.body).replace(f'"person":"{act.person}"'.encode(), b'"person":"999"')
    Entry.objects.filter(pk=act.entry_id).update(body=body)
    assert "commits to" in wrong(twice)["acts", twice.revision][0]


def test_an_erased_body_hides_what_was_said_but_not_that_it_was(twice):
    Entry.objects.filter(act__case=twice, act__name="confirm").update(body=None, body_salt=None)
    assert wrong(twice) == {}


def test_a_state_that_was_altered_is_told(twice):
    twice.state = {**twice.state, "authentic": "yes"}
    twice.save()
    assert "do not give its state" in wrong(twice)["acts", twice.revision][0]


def test_a_disclosure_test_is_made_again_too(case, office, own_law):
    take(case, office)
    told = {"facts": {"recipient_country": "us"}}
    prepared = brings._prepare_test(Case.objects.get(number=case), office["carl"], told, NOW)
    act = Act(name="test-disclosure", payload=plain(dict(prepared.record)))
    assert act.payload["grounds"]
    assert list(_tested(act, NOW.date())) == []
    act.payload["grounds"] = act.payload["grounds"][1:]
    assert list(_tested(act, NOW.date())) == ["the grounds opened differ"]


def test_the_command_says_no_where_anything_differs(twice, capsys):
    assert cli.main(["law", "replay", twice.number]) == 0
    assert "3 made again, 3 the same, 0 not" in capsys.readouterr().out
    Assessment.objects.filter(case=twice).update(as_of=NOW.date() - timedelta(days=4000))
    assert cli.main(["law", "replay", "--all", "--json"]) == 1
    assert '"same": false' in capsys.readouterr().out
    assert cli.main(["law", "replay", "NONE-SUCH-CASE"]) == 2
    assert "hint: look it up" in capsys.readouterr().err
