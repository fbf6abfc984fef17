"""What is privileged stays with the response team: a word planted in it is looked for on every address, as everyone."""

from __future__ import annotations

import io
import zipfile

import pypdfium2
import pytest
from django.test import Client

from demur.docket import acts, clerk, privilege
from demur.docket.models import Act, Assessment, Case, Ground, Outcome
from demur.paper import Party

from .conftest import FACTS, NOW, receive, take, token
from .crawl import addresses
from .test_no_leak import ARGUMENTS

WORD = "quincunx"
MARK = "PRIVILEGED AND CONFIDENTIAL"
TEAM = ("ana", "carl", "lea", "rita")
OUTSIDE = ("paul", "aud", "otto", "nora", "cust")
OPEN = (
    *((n, v if n != "gag_present" else False, q, c, m) for n, v, q, c, m in FACTS),
    ("burden_undue", True, "", 0.9, False),
    ("duplicate", True, "", 0.9, False),
)


def do(number: str, name: str, user, payload=None) -> acts.Done:
    done = acts.act(number, name, acts.actor_for(user), payload or {}, token=token(), now=NOW)
    assert isinstance(done, acts.Done), f"{name}: {done}"
    return done


@pytest.fixture
def planted(office):
    """A case that is not gagged, with the word in its findings, reasons, draft and outcome, and in a label."""
    ana, carl = office["ana"], office["carl"]
    case = take(ana, receive(ana), OPEN)
    number = case.number
    do(number, "confirm", ana, {"facts": [], "rest": True})
    do(number, "authenticate", ana, {"how": "called back"})
    do(number, "assess", ana, {"as_of": NOW.date().isoformat()})
    party = Party(f"{WORD.capitalize()} Hosting {WORD}", signer=WORD)
    drafted = clerk.draft(number, "objection", acts.actor_for(carl), provider=party, token=token(), now=NOW)
    assert isinstance(drafted, acts.Done)
    soft, other = (case.grounds.get(rule=rule) for rule in ("us.nsl.setaside", "us.nsl.scope"))
    do(number, "waive", carl, {"ground": soft.key, "why": f"{WORD}: too weak"})
    do(number, "leave-unchallenged", carl, {"grounds": [other.key], "why": f"{WORD}: for later"})
    do(number, "challenge", carl, {"grounds": [other.key], "form": "objection"})
    do(number, "record-outcome", carl, {"ground": other.key, "result": "upheld", "said": f"as {WORD} said"})
    for kept in Assessment.objects.filter(case=case):
        kept.findings = [_with_word(f) for f in kept.findings]
        kept.save()
    for ground in Ground.objects.filter(case=case):
        ground.finding = _with_word(ground.finding)
        ground.save()
    Case.objects.filter(pk=case.pk).update(due_label=WORD)
    return Case.objects.get(pk=case.pk)


def _with_word(finding: dict) -> dict:
    because = [{**r, "text": f"{r['text']} {WORD}"} for r in finding["because"]]
    title, says = (f"{finding[part]} {WORD}" for part in ("title", "says"))
    return {**finding, "title": title, "says": says, "because": because, "answered": WORD, "due": "2026-11-26"}


# ------------------------------------------------------------------ every address


def every_address(case: Case) -> list[str]:
    """Every address of the desk with values for its places that lead somewhere, and searches for a rule."""
    known = {
        **ARGUMENTS,
        "number": [case.number],
        "form": ["json", "csv", "pdf", "docx"],
        "what": [p.what for p in privilege.papers_of(case)],
        "act": ["disclose-privileged", "waive"],
    }
    found = [address for address, _ in addresses(known)]
    return [*found, "/docket/?q=us.", "/docket/?only=unknown", "/docket.json?q=us.", "/precedents/?rule=us."]


def text_of(answer) -> str:
    """What an answer says, whatever its form; a picture says nothing here."""
    content, kind = answer.getvalue(), answer.get("Content-Type", "")
    if kind.startswith("image/"):
        return ""
    if kind == "application/pdf":
        pdf = pypdfium2.PdfDocument(content)
        return " ".join(page.get_textpage().get_text_range() for page in pdf)
    if "wordprocessingml" in kind:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return " ".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))
    return content.decode()


def tells(client: Client, address: str) -> bool:
    answer = client.get(address)
    return answer.status_code == 200 and WORD in text_of(answer).lower().replace("&nbsp;", " ")


def test_the_word_stands_where_the_team_reads(sign_in, planted):
    seen = {a for a in every_address(planted) if tells(sign_in("carl"), a)}
    assert seen >= {f"/cases/{planted.number}/", f"/cases/{planted.number}/letters/1/", "/precedents/"}


@pytest.mark.parametrize("name", OUTSIDE)
def test_nobody_outside_the_team_finds_it_anywhere(sign_in, planted, name):
    client = sign_in(name)
    assert [a for a in every_address(planted) if tells(client, a)] == []


def test_a_stranger_finds_it_nowhere(planted):
    assert [a for a in every_address(planted) if tells(Client(), a)] == []


@pytest.mark.parametrize("name", TEAM)
def test_no_export_holds_it_before_counsel_gave_it_out(sign_in, planted, name):
    client = sign_in(name)
    for address in every_address(planted):
        answer = client.get(address)
        if answer.status_code == 200 and not answer["Content-Type"].startswith(("text/html", "image/")):
            assert WORD not in text_of(answer).lower(), address


def test_outside_the_team_the_case_shows_no_ground_and_no_question(sign_in, planted):
    client = sign_in("paul")
    page = text_of(client.get(f"/cases/{planted.number}/"))
    assert "the response team sees them" in page
    for hidden in ("decide the most", "Letters", '<article class="ground', "Our own", "other rules do not apply"):
        assert hidden not in page
    rule = planted.grounds.first().rule
    assert planted.number not in text_of(client.get(f"/docket/?q={rule}"))
    assert planted.number in text_of(sign_in("ana").get(f"/docket/?q={rule}"))
    assert "hold" not in text_of(client.get("/docket/")).partition("<tbody>")[2]


def test_the_privacy_officer_reads_the_grounds_while_a_signature_of_theirs_is_wanted(sign_in, planted):
    Case.objects.filter(pk=planted.pk).update(privacy_due=True)
    client = sign_in("paul")
    assert tells(client, f"/cases/{planted.number}/")
    assert client.get(f"/cases/{planted.number}/privileged/letter-1.pdf").status_code == 403


# ------------------------------------------------------------------ given out


def files(case: Case) -> list[str]:
    return [f"/cases/{case.number}/privileged/{p.what}.{form}" for p in privilege.papers_of(case) for form in p.forms]


def test_what_counsel_gave_out_is_handed_to_that_counsel_alone_and_marked(sign_in, office, planted):
    kinds = {p.kind for p in privilege.papers_of(planted)}
    assert kinds == set(privilege.FORMS)
    for paper in privilege.papers_of(planted):
        do(planted.number, privilege.GIVEN, office["carl"], {"what": paper.what, "to": "Roe & Co.", "why": "advice"})
    for address in files(planted):
        answer = sign_in("carl").get(address)
        said = text_of(answer)
        assert address.endswith(".json") or answer["Content-Disposition"].startswith("attachment"), address
        assert MARK in said, address
        assert "Roe & Co." in said or "Roe &amp; Co." in said, address
        if "others" not in address:
            assert WORD in said.lower(), address
        for name in ("ana", "lea", "rita"):
            refused = sign_in(name).get(address)
            assert (refused.status_code, refused["Location"]) == (302, f"/cases/{planted.number}/privileged/")


def test_each_row_of_a_table_carries_the_mark(sign_in, office, planted):
    what = next(p.what for p in privilege.papers_of(planted) if p.kind == "assessment")
    do(planted.number, privilege.GIVEN, office["carl"], {"what": what, "to": "Roe", "why": "advice"})
    rows = text_of(sign_in("carl").get(f"/cases/{planted.number}/privileged/{what}.csv")).splitlines()
    assert len(rows) > 5
    assert all(MARK in row for row in rows[1:] if row.startswith('"PRIV') or row.startswith("PRIV"))
    assert sum(MARK in row for row in rows) == len(planted.assessments.first().findings)


def test_the_act_is_done_from_the_page_and_asks_once_more(sign_in, planted):
    client, address = sign_in("carl"), f"/cases/{planted.number}/acts/disclose-privileged/"
    form = {"what": "letter-1", "to": "the supervisory authority", "why": "it asked", "token": token()}
    look = text_of(client.post(address, form))
    assert "look once more" in look
    assert "Objection to the authority, drafted" in look
    assert not Act.objects.filter(name=privilege.GIVEN).exists()
    client.post(address, {**form, "seen": planted.revision})
    act = Act.objects.get(name=privilege.GIVEN)
    assert act.payload == {"what": "letter-1", "to": "the supervisory authority", "why": "it asked"}
    page = text_of(client.get(f"/cases/{planted.number}/privileged/"))
    assert "to the supervisory authority, by Carl" in page
    assert f"/cases/{planted.number}/privileged/letter-1.docx" in page


@pytest.mark.parametrize(
    ("name", "form", "says"),
    [
        ("ana", {"what": "letter-1", "to": "x", "why": "y"}, "you do not hold a role"),
        ("carl", {"what": "letter-9", "to": "x", "why": "y"}, "no privileged paper"),
        ("carl", {"what": "letter-1", "to": "", "why": "y"}, "empty"),
        ("carl", {"what": "letter-1", "to": "x", "why": ""}, "missing"),
    ],
)
def test_it_is_refused_without_role_paper_recipient_or_reason(sign_in, planted, name, form, says):
    address = f"/cases/{planted.number}/acts/disclose-privileged/"
    page = text_of(sign_in(name).post(address, {**form, "token": token(), "seen": planted.revision}))
    assert says in page
    assert not Act.objects.filter(name=privilege.GIVEN).exists()


def test_a_letter_filed_with_a_challenge_is_privileged_no_more(sign_in, office, planted):
    key = planted.grounds.get(rule="x.duplicate").key
    do(planted.number, "challenge", office["carl"], {"grounds": [key], "form": "objection", "letter": "1"})
    for form in ("pdf", "docx"):
        said = text_of(sign_in("ana").get(f"/cases/{planted.number}/privileged/letter-1.{form}"))
        assert WORD in said.lower()
        assert MARK not in said
    with pytest.raises(acts.ActError, match="no letter 7"):
        do(planted.number, "challenge", office["carl"], {"grounds": [key], "form": "objection", "letter": "7"})


def test_the_precedents_are_given_out_on_each_of_their_cases(sign_in, office, planted):
    client = sign_in("carl")
    assert client.get("/precedents.csv")["Location"].startswith("/precedents/?")
    asked = {"rule": "", "forum": "", "to": "a firm", "token": token()}
    client.post("/precedents/give/", asked)
    assert not Act.objects.filter(name=privilege.GIVEN).exists()
    client.post("/precedents/give/", {**asked, "why": "to advise"})
    assert Act.objects.get(name=privilege.GIVEN).case == planted
    rows = client.get("/precedents.json").json()["privileged-precedents"]
    assert [r["result"] for r in rows] == ["upheld"]
    assert WORD in rows[0]["said"]
    assert MARK in rows[0]["marking"]
    assert sign_in("lea").get("/precedents.json").status_code == 302
    # What happens afterwards was not given out.
    do(planted.number, "appeal", office["carl"], {"ground": Outcome.objects.get().ground})
    assert len(client.get("/precedents.json").json()["privileged-precedents"]) == 1


def test_a_filing_decided_after_it_was_given_out_is_given_out_anew(office, planted):
    carl = acts.actor_for(office["carl"])
    do(planted.number, privilege.GIVEN, office["carl"], {"what": "outcomes", "to": "a firm", "why": "to advise"})
    assert privilege.given_outcomes(Outcome.objects.all(), carl).count() == 1
    Outcome.objects.update(decided=Act.objects.filter(case=planted).order_by("-seq").first())
    assert privilege.given_outcomes(Outcome.objects.all(), carl).count() == 0


def test_each_assessment_in_time_shows_its_law_and_comes_out_the_same(sign_in, office, assessed):
    client = sign_in("ana")
    page = text_of(client.get(f"/cases/{assessed.number}/"))
    kept = assessed.assessments.first()
    assert f'href="/cases/{assessed.number}/again/#act-{kept.revision}">law of {kept.as_of}' in page
    again = text_of(client.get(f"/cases/{assessed.number}/again/"))
    assert "Everything came out the same" in again
    Assessment.objects.filter(pk=kept.pk).update(rules=1)
    assert "1 did not come out the same" in text_of(client.get(f"/cases/{assessed.number}/again/"))
