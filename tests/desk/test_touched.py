"""The page of new law: what it touches of what is over, and how a person settles it."""

from __future__ import annotations

import pytest

from demur.docket import acts, chores
from demur.docket.models import Act, Case, Touched

from .conftest import NOW, receive, token
from .pages import AtDesk, Forms

RULE, TITLE = "us.4a.content-needs-warrant", "Content needs a warrant"
LINES = [{"rule": RULE, "before": "fails", "after": "holds", "pieces": 2}]


def note(case: Case, lines: list[dict] = LINES, now=NOW) -> Touched:
    assert isinstance(chores.do(case, "note-new-law", token(), now, rules=lines), acts.Done)
    return case.touched.first()


@pytest.fixture
def noted(served):
    """A case on which new law is noted; nobody read it yet, so it may be under a gag."""
    return note(served)


@pytest.fixture
def ungagged(noted):
    Case.objects.filter(pk=noted.case_id).update(gagged=False)
    return noted


def _text(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize("name", ["ana", "carl", "lea", "rita"])
def test_the_response_team_reads_which_rules_touch_which_case(sign_in, noted, name):
    page = _text(sign_in(name).get("/touched/"))
    for told in (noted.case.number, TITLE, "fails → holds", "2 pieces", "23 Nov 2026", 'href="/touched/"'):
        assert told in page
    assert ("<textarea" in page) == (name in ("carl", "lea"))


def test_what_is_newest_stands_first_and_a_word_stands_on_the_docket(sign_in, office, noted):
    later = note(receive(office["ana"]), [{**LINES[0], "before": ""}], NOW.replace(day=24))
    page = _text(sign_in("carl").get("/touched/"))
    assert page.index(later.case.number) < page.index(noted.case.number)
    assert "not asked before → holds" in page
    docket = _text(sign_in("rita").get("/docket/"))
    assert "2 closed cases or past disclosures are touched by new law." in docket


def test_without_any_the_page_says_so_and_the_docket_nothing(sign_in, served):
    client = sign_in("ana")
    assert "Nothing is touched" in _text(client.get("/touched/"))
    assert "touched by new law." not in _text(client.get("/docket/"))


def test_the_privacy_officer_sees_those_that_no_gag_may_cover(sign_in, noted):
    client = sign_in("paul")
    assert noted.case.number not in _text(client.get("/touched/"))
    assert client.get("/touched.json").json()["touched"] == []
    Case.objects.filter(pk=noted.case_id).update(gagged=False)
    assert TITLE in _text(client.get("/touched/"))


@pytest.mark.parametrize("name", ["aud", "otto", "nora", "cust"])
def test_nobody_else_opens_it(sign_in, noted, name):
    for address in ("/touched/", "/touched.json", "/touched.csv"):
        assert sign_in(name).get(address).status_code == 403


def test_as_data_it_counts_rules_and_names_none(sign_in, noted):
    (row,) = sign_in("carl").get("/touched.json").json()["touched"]
    assert row == {
        "case": noted.case.number, "note": 1, "since": "2026-11-23", "rules": 1, "library": noted.library,
        "closed": "", "left": 0,
    }  # fmt: skip
    assert RULE not in _text(sign_in("carl").get("/touched.csv"))


@pytest.mark.parametrize("name", ["carl", "lea", "paul"])
def test_who_may_settles_it_on_the_page_and_it_is_gone(sign_in, ungagged, name):
    client = sign_in(name)
    (form,) = [f for f in Forms(_text(client.get("/touched/"))).found if f.action.endswith("/acts/settle-new-law/")]
    answer = client.post(form.action, {**form.sends, "why": "nothing was produced"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/touched/"
    assert "Done: new law settled" in _text(answer)
    assert "Nothing is touched" in _text(answer)
    assert Act.objects.get(name="settle-new-law").payload == {"touched": "1", "why": "nothing was produced"}
    # The same form once more.
    assert "done already" in _text(client.post(form.action, {**form.sends, "why": "again"}, follow=True))
    assert Act.objects.filter(name="settle-new-law").count() == 1


def test_it_can_be_settled_on_the_case_which_offers_it_only_where_there_is_a_note(sign_in, office, noted):
    other = AtDesk(sign_in("carl"), receive(office["ana"]).number)
    assert not other.forms("settle-new-law")
    desk = AtDesk(sign_in("carl"), noted.case.number)
    assert "noted 23 Nov 2026: 1 rule" in desk.look()
    desk.does("settle-new-law", why="the customer was told")
    assert not desk.forms("settle-new-law")


def test_without_a_reason_it_says_what_is_missing(sign_in, noted):
    client = sign_in("carl")
    answer = client.post(f"/cases/{noted.case.number}/acts/settle-new-law/", {"touched": "1", "back": "touched"})
    assert answer.status_code == 400
    assert "The reason is still missing" in _text(answer)


@pytest.mark.parametrize("number", ["2", "x", "99999999999"])
def test_a_note_that_is_not_there_is_said(sign_in, noted, number):
    data = {"touched": number, "why": "x"}
    answer = sign_in("carl").post(f"/cases/{noted.case.number}/acts/settle-new-law/", data)
    assert answer.status_code == 400
    assert "no note" in _text(answer)


def test_what_is_settled_is_settled_for_everybody(sign_in, noted):
    data, address = {"touched": "1", "why": "x"}, f"/cases/{noted.case.number}/acts/settle-new-law/"
    sign_in("carl").post(address, data)
    assert "settled already" in _text(sign_in("lea").post(address, data))


def test_an_analyst_is_told_who_settles_it(sign_in, noted):
    data = {"touched": "1", "why": "x"}
    answer = sign_in("ana").post(f"/cases/{noted.case.number}/acts/settle-new-law/", data)
    assert answer.status_code == 400
    assert "do not hold a role" in _text(answer)


def test_very_many_come_in_pages_with_few_questions_to_the_database(
    sign_in, office, noted, django_assert_max_num_queries
):
    for _ in range(4):
        note(receive(office["ana"]))
    client = sign_in("carl")
    with django_assert_max_num_queries(12):
        assert _text(client.get("/touched/")).count("settle-new-law/") == 5
