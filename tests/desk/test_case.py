"""One case on one screen: read, confirm, answer, assess, draft."""

from __future__ import annotations

import csv
import io
import re

import pytest

from demur.desk import casepage
from demur.docket import acts, standing
from demur.docket.models import Act, Case, CaseFact

from .conftest import LETTER, NOW, token


def _text(answer) -> str:
    return answer.content.decode()


def _address(case, rest: str = "") -> str:
    return f"/cases/{case.number}/{rest}"


def test_a_case_just_served_says_what_comes_next(sign_in, served):
    page = _text(sign_in("ana").get(_address(served)))
    assert "Nothing was read yet" in page
    assert "Not assessed yet" in page
    assert "Between this demand and the data" in page


def test_every_fact_is_marked_where_it_was_read(sign_in, read_case):
    page = _text(sign_in("ana").get(_address(read_case)))
    for key, quote in (("reference", "NSL-26-512345"), ("issued_on", "November 9, 2026"), ("kind", "Section 2709")):
        assert re.search(
            rf'<mark id="mark-{key}" data-fact="{key}"><a href="#fact-{key}"[^>]*>{quote}</a></mark>', page
        )
    assert 'id="fact-reference"' in page


def test_what_the_document_says_never_runs(sign_in, read_case):
    page = _text(sign_in("ana").get(_address(read_case)))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_doubtful_fact_stands_first_and_asks_for_a_look(sign_in, read_case):
    page = _text(sign_in("ana").get(_address(read_case)))
    facts = page[page.index('class="facts"') :]
    assert facts.index('id="fact-reference"') < facts.index('id="fact-kind"')
    assert "look at the page" in facts


def test_a_fact_is_confirmed_as_read(sign_in, read_case):
    client = sign_in("ana")
    answer = client.post(_address(read_case, "facts/"), {"fact": "reference", "as_read": "1", "token": token()})
    assert answer["Location"] == _address(read_case)
    fact = CaseFact.objects.get(case=read_case, name="reference")
    assert fact.value == "NSL-26-512345"
    assert fact.confirmed_by.username == "ana"
    assert "1 fact confirmed" in _text(client.get(_address(read_case)))


def test_a_fact_read_wrong_is_corrected(sign_in, read_case):
    sign_in("ana").post(
        _address(read_case, "facts/"), {"fact": "reference", "value": "NSL-26-512346", "token": token()}
    )
    fact = CaseFact.objects.get(case=read_case, name="reference")
    assert (fact.value, fact.evidence["was"]) == ("NSL-26-512346", "NSL-26-512345")


def test_the_same_click_counts_once(sign_in, read_case):
    client, same = sign_in("ana"), token()
    for _ in range(2):
        client.post(_address(read_case, "facts/"), {"fact": "reference", "as_read": "1", "token": same})
    assert Act.objects.filter(case=read_case, name="confirm").count() == 1


def test_all_that_remain_are_confirmed_together(sign_in, read_case):
    sign_in("ana").post(_address(read_case, "facts/"), {"rest": "1", "token": token()})
    assert not CaseFact.objects.filter(case=read_case, confirmed_at=None).exists()


@pytest.mark.parametrize(
    "given",
    [
        {"fact": "colour", "value": "blue"},
        {"fact": "issued_on", "value": "some day"},
        {"fact": "kind", "value": "no.such"},
        {"fact": "kind", "value": "nsl", "at_clause": "7"},
        {"fact": "never_read", "as_read": "1"},
        {"clause": "9", "identifiers": "x"},
        {"clause": "0", "categories": "nonsense"},
        {"clause": "0", "period_from": "2026-13-45"},
    ],
)
def test_a_value_that_makes_no_sense_changes_nothing_and_says_why(sign_in, read_case, given):
    client = sign_in("ana")
    before = list(CaseFact.objects.filter(case=read_case).values("name", "value", "confirmed_at"))
    client.post(_address(read_case, "facts/"), {**given, "token": token()})
    page = _text(client.get(_address(read_case)))
    assert 'class="said error"' in page
    assert "hint:" in page
    assert list(CaseFact.objects.filter(case=read_case).values("name", "value", "confirmed_at")) == before
    assert Case.objects.get(pk=read_case.pk).clauses == read_case.clauses


def test_an_item_is_corrected(sign_in, read_case):
    sign_in("ana").post(
        _address(read_case, "facts/"),
        {
            "clause": "0",
            "categories": ["subscriber"],
            "identifiers": "j.doe@muster.example\nsecond@muster.example",
            "period_from": "2026-01-01",
            "period_to": "",
            "token": token(),
        },
    )
    (clause,) = Case.objects.get(pk=read_case.pk).clauses
    assert clause["categories"] == ["subscriber"]
    assert [t["identifier"] for t in clause["targets"]] == ["j.doe@muster.example", "second@muster.example"]
    assert clause["targets"][0]["kind"] == "email"
    assert (clause["period_from"], clause["period_to"]) == ("2026-01-01", None)


def test_grounds_stand_with_their_reasons_citations_and_answer(sign_in, assessed):
    page = _text(sign_in("ana").get(_address(assessed)))
    assert 'href="/law/us.nsl.scope/"' in page
    assert "18 U.S.C. 2709(b)" in page
    assert "it asks for electronic communication transactional records" in page
    assert "Answer: <b>" in page


def test_a_question_is_answered_in_place_and_the_law_is_asked_again(sign_in, assessed):
    client = sign_in("ana")
    page = _text(client.get(_address(assessed)))
    fact, _, rules = standing.unknowns(assessed)[0]
    assert f"settles {len(rules)} ground" in page
    assert 'name="value" value="true"' in page
    client.post(_address(assessed, "facts/"), {"fact": fact, "value": "true", "answer": "1", "token": token()})
    after = Case.objects.get(pk=assessed.pk)
    assert standing.state_of(after).assessed == "current"
    assert after.assessments.count() == 2
    assert fact not in [name for name, _, _ in standing.unknowns(after)]
    assert "assessed again" in _text(client.get(_address(assessed)))


def test_what_an_item_asks_for_is_one_question_with_a_list(sign_in, assessed):
    client = sign_in("ana")
    (before,) = assessed.clauses
    told = {"identifiers": "\n".join(t["identifier"] for t in before["targets"]), "token": token()}
    client.post(_address(assessed, "facts/"), {"clause": "0", **told})
    page = _text(client.get(_address(assessed)))
    assert page.count("Which categories of data does it ask for?") >= 1
    assert 'name="fact" value="categories"' in page
    client.post(_address(assessed, "facts/"), {"fact": "categories", "at_clause": "0", "token": token()})
    assert Case.objects.get(pk=assessed.pk).clauses[0]["categories"] is None
    asked = {"fact": "categories", "at_clause": "0", "categories": ["subscriber", "traffic"], "token": token()}
    client.post(_address(assessed, "facts/"), asked)
    (after,) = Case.objects.get(pk=assessed.pk).clauses
    assert after["categories"] == ["subscriber", "traffic"]
    assert after["targets"] == before["targets"]
    assert 'name="fact" value="categories"' not in _text(client.get(_address(assessed)))


def test_what_still_stands_between_is_drawn_as_a_list(sign_in, assessed):
    page = _text(sign_in("ana").get(_address(assessed)))
    for step in standing.standing(assessed):
        assert step.title in page
        assert step.line in page
    assert re.search("nothing (leaves|has left) by itself", page, re.IGNORECASE)


def test_the_acts_stand_in_time(sign_in, assessed):
    page = _text(sign_in("ana").get(_address(assessed)))
    shown = page[page.index('id="acts-title"') :]
    assert shown.index("served") < shown.index("read") < shown.index("facts confirmed") < shown.index("assessed")
    assert "26 Nov 2026" in shown


def test_what_does_not_stand_is_told_with_its_reason(sign_in, assessed):
    client = sign_in("ana")
    page = _text(client.get(_address(assessed, "others/")))
    assert "They apply, but fail" in page
    assert "They do not apply" in page
    latest = assessed.assessments.first()
    rows = casepage.others_of(latest)
    assert not {f["rule"] for f in latest.findings} & {r["rule"] for r in rows}
    warrant = next(r for r in rows if r["rule"].startswith("us.4a."))
    assert "national security letter" in " ".join(warrant["why"])
    assert client.get(_address(assessed, "others/?q=xyzzy&page=77")).status_code == 200


def test_before_the_assessment_nothing_is_told_to_fail(sign_in, read_case):
    assert sign_in("ana").get(_address(read_case, "others/")).status_code == 404


# ------------------------------------------------------------------ acts


def test_an_act_is_done_from_the_page(sign_in, assessed):
    client = sign_in("ana")
    answer = client.post(
        _address(assessed, "acts/authenticate/"), {"means": "second-channel", "how": "asked", "token": token()}
    )
    assert answer["Location"] == _address(assessed)
    state = standing.state_of(Case.objects.get(pk=assessed.pk))
    assert state.authentic == "yes"


def test_an_act_refused_says_what_is_missing_and_who_can_meet_it(sign_in, served):
    page = _text(sign_in("ana").post(_address(served, "acts/assess/"), {"as_of": "2026-11-12", "token": token()}))
    assert "Not now: the documents were not read" in page
    assert "an analyst reads them" in page


def test_an_act_not_open_yet_is_shown_with_what_it_lacks(sign_in, served):
    page = _text(sign_in("ana").get(_address(served)))
    shown = page[page.index(">Not yet<") :]
    assert "there is no assessment of the facts as they now stand" in shown


def test_an_analyst_cannot_close_a_case_and_sees_who_can(sign_in, assessed):
    page = _text(sign_in("ana").post(_address(assessed, "acts/close/"), {"reason": "answered", "token": token()}))
    assert "you do not hold a role" in page
    assert Case.objects.get(pk=assessed.pk).closed == ""


@pytest.mark.parametrize("act", ["receive", "confirm", "no-such", "fall-due", "instruct"])
def test_only_the_acts_of_the_page_are_taken_there(sign_in, assessed, act):
    assert sign_in("ana").post(_address(assessed, f"acts/{act}/"), {"token": token()}).status_code == 404


def test_a_day_that_is_none_is_refused(sign_in, assessed):
    answer = sign_in("ana").post(_address(assessed, "acts/assess/"), {"as_of": "yesterday", "token": token()})
    assert "is no date" in _text(answer)


def test_a_letter_is_drafted_and_read(sign_in, assessed):
    client = sign_in("carl")
    answer = client.post(_address(assessed, "acts/draft/"), {"kind": "objection", "token": token()})
    assert re.fullmatch(rf"/cases/{assessed.number}/letters/\d+/", answer["Location"])
    page = _text(client.get(answer["Location"]))
    assert "Objection to the authority" in page
    assert "We have received" in page[page.index("The letter as text") :]
    assert client.get(f"{answer['Location']}1.png").content.startswith(b"\x89PNG")
    assert "drafted" in _text(client.get(_address(assessed)))


@pytest.mark.parametrize("kind", ["", "poem"])
def test_a_paper_that_does_not_exist_is_not_drafted(sign_in, assessed, kind):
    answer = sign_in("carl").post(_address(assessed, "acts/draft/"), {"kind": kind, "token": token()})
    assert 'class="said error"' in _text(answer)
    assert not assessed.drafts.exists()


# ------------------------------------------------------------------ documents and data


def test_the_document_as_served_is_only_ever_saved(sign_in, served):
    answer = sign_in("ana").get(_address(served, f"documents/{served.documents.get().number}/"))
    assert answer.content == LETTER.encode()
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith('attachment; filename="letter.txt"')
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_page_of_plain_text_has_no_picture(sign_in, served):
    assert sign_in("ana").get(_address(served, f"documents/{served.documents.get().number}/1.png")).status_code == 404


def test_a_document_of_another_case_is_not_found_here(sign_in, office, served):
    from .conftest import receive

    other, ana = receive(office["ana"]), acts.actor_for(office["ana"])
    acts.act(other.number, "add-document", ana, {"files": [("order.txt", b"seal")]}, token=token(), now=NOW)
    assert sign_in("ana").get(_address(other, "documents/2/")).status_code == 200
    assert sign_in("ana").get(_address(served, "documents/2/")).status_code == 404


def test_the_facts_are_there_as_csv_and_the_case_as_json(sign_in, assessed):
    client = sign_in("ana")
    rows = {r["fact"]: r for r in csv.DictReader(io.StringIO(_text(client.get(f"/cases/{assessed.number}.csv"))))}
    assert rows["reference"]["value"] == "NSL-26-512345"
    whole = client.get(f"/cases/{assessed.number}.json").json()
    assert [a["act"] for a in whole["acts"]] == ["receive", "read", "confirm", "assess"]


@pytest.mark.parametrize("name", ["aud", "otto", "nora", "cust"])
def test_who_is_not_of_the_team_sees_nothing_of_a_case(sign_in, assessed, name):
    client = sign_in(name)
    document = assessed.documents.get().number
    for rest in ("", f"documents/{document}/", f"documents/{document}/1.png", "others/", "letters/1/", "privileged/",
                 "privileged/letter-1.pdf", "again/"):  # fmt: skip
        assert client.get(_address(assessed, rest)).status_code == 403
    assert client.get(f"/cases/{assessed.number}.json").status_code == 403
    for rest in ("facts/", "acts/draft/"):
        assert client.post(_address(assessed, rest)).status_code == 403


def test_a_privacy_officer_finds_no_gagged_case(sign_in, read_case):
    for rest in ("", "documents/1/", "documents/1/1.png"):
        assert sign_in("paul").get(_address(read_case, rest)).status_code == 404


def test_a_case_under_a_gag_tells_its_readers_that_they_are_bound(sign_in, office, read_case):
    ana = acts.actor_for(office["ana"])
    assert "binds whoever reads of this case" not in _text(sign_in("ana").get(_address(read_case)))
    acts.act(read_case.number, "record-gag", ana, {"gag": "2709(c)"}, token=token(), now=NOW)
    assert "binds whoever reads of this case" in _text(sign_in("ana").get(_address(read_case)))


def test_a_privacy_officer_reads_a_case_but_changes_nothing(sign_in, read_case):
    Case.objects.update(gagged=False)
    client = sign_in("paul")
    page = _text(client.get(_address(read_case)))
    assert "Confirm</button>" not in page
    assert client.post(_address(read_case, "facts/"), {"rest": "1"}).status_code == 403


@pytest.mark.parametrize("number", ["AAAA-AAAA-AAAA", "nope", "AAAA-AAAA-AAAA%27--"])
def test_a_case_that_does_not_exist_is_not_found(sign_in, number):
    assert sign_in("ana").get(f"/cases/{number}/").status_code == 404


@pytest.mark.parametrize("query", ["?page=99", "?page=x", "?document=99999999999999999999", "?document=0&page=-1"])
def test_a_page_that_does_not_exist_shows_the_first(sign_in, read_case, query):
    assert sign_in("ana").get(_address(read_case, query)).status_code == 200


@pytest.mark.parametrize("back", ["//evil.example", "page=1&next=//evil.example", "page=1#x"])
def test_the_way_back_leads_only_to_the_case(sign_in, read_case, back):
    answer = sign_in("ana").post(_address(read_case, "facts/"), {"rest": "1", "back": back, "token": token()})
    assert answer["Location"] == _address(read_case)


def test_a_change_by_a_get_is_refused(sign_in, read_case):
    for rest in ("facts/", "acts/draft/"):
        assert sign_in("ana").get(_address(read_case, rest)).status_code == 405


def test_a_forged_demand_is_shown_as_such(sign_in, office, read_case):
    acts.act(
        read_case.number, "reject-as-forged", acts.actor_for(office["ana"]), {"why": "no such office"},
        token=token(), now=NOW,
    )  # fmt: skip
    client = sign_in("ana")
    assert "rejected as forged" in _text(client.get(_address(read_case)))
    assert ">forged<" in _text(client.get("/docket/"))
