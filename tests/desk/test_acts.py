"""Every act of the team at the desk: each main path of a case, driven through the pages by the people who may."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from demur.desk.forms import ELSEWHERE, HERE
from demur.docket import acts, due, standing
from demur.docket.lifecycle import ACTS, ROLES
from demur.docket.models import Act, Case, Membership, OutboxEvent

from .conftest import receive, token
from .demands import GERMAN, SUBPOENA, TODAY
from .pages import AtDesk, said

COURT = "U.S. District Court"
DANGER = dict.fromkeys(
    ("emergency_claimed", "emergency_threat_to_life", "emergency_imminent", "emergency_nexus",
     "emergency_person_named"), True,
)  # fmt: skip
STAFF = frozenset(ROLES) - {"customer", "officer", "claimant", "demur"}


@pytest.fixture
def desk(office, sign_in):
    """A demand with these facts, read, verified, confirmed and assessed as of today; gives each person at the desk."""
    Membership.objects.filter(user=office["carl"]).update(forums=[COURT])

    def open_case(asks=("subscriber",), target=None, **facts):
        target = {"identifier": "a@muster.example", "kind": "email", "customer_kind": "consumer",
                  "identifier_resolves": True, **(target or {})}  # fmt: skip
        clause = {"categories": list(asks), "quote": "all records", "page": 1, "targets": [target]}
        text = json.dumps({**SUBPOENA, **facts, "clauses": [clause]})
        case = receive(office["ana"], "subpoena.json", text, served_on=TODAY - timedelta(5))
        people = {name: AtDesk(sign_in(name), case.number) for name in office}
        ana = people["ana"]
        ana.does("read")
        ana.does("authenticate", means="second-channel", how="called the number in the court's register")
        ana.answers()
        ana.does("assess", as_of=TODAY.isoformat())
        return people

    return open_case


def paper(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"the court orders")


def state(people):
    return standing.state_of(Case.objects.get(number=people["ana"].number))


def events(people) -> set[str]:
    return set(OutboxEvent.objects.filter(act__case__number=people["ana"].number).values_list("name", flat=True))


def tell(people) -> None:
    """The customer is told where no law forbids it, and the authority sent to it where it is an organisation."""
    for party in state(people).parties:
        if party.notice == "none":
            people["ana"].does("write-notice", party.name)
        if not state(people).silenced(party.name):
            people["carl"].does("notify", party.name)
        if party.redirect == "due":
            people["ana"].does("redirect", party.name)


def produce(people, *facts: tuple[str, str]) -> None:
    """From what may leave to what has arrived: planned, proven, tested, approved by two, released, delivered."""
    people["ana"].does("plan")
    people["ana"].does("prove", maps="1", how="each row held against the plan", by="Ana")
    people["carl"].does("test-disclosure", **{f"facts:{name}": value for name, value in facts})
    people["lea"].does("approve")
    people["rita"].does("approve")
    people["rita"].does("release")
    people["ana"].does("deliver", how="sealed, to the address of the clerk")


def later(people, act: str, **payload: str) -> None:
    """Demur by itself, a month from now."""
    now = datetime.now(UTC) + timedelta(30)
    done = acts.act(people["ana"].number, act, acts.DEMUR, payload, token=token(), now=now)
    assert isinstance(done, acts.Done), done


def fall_due(people) -> None:
    later(people, "fall-due")


# ------------------------------------------------------------------------------------------- every act has a form


def test_every_act_of_the_team_has_a_place_at_the_desk():
    of_the_team = {name for name, spec in ACTS.items() if spec.who & STAFF}
    assert of_the_team == set(HERE) | ELSEWHERE


@pytest.mark.parametrize("name", sorted(HERE))
def test_each_form_asks_for_all_that_its_act_wants(name):
    """What a guard wants to be given is a field, the thing it stands at, or found by the docket itself."""
    made = {"documents": "document", "grounds": "facts" if name == "test-disclosure" else "grounds"}
    fields = {f.name for f in HERE[name].fields} | {HERE[name].at, "law", "looked"}
    wanted = {made.get(c.given, c.given) for c in ACTS[name].guard if c.given}
    assert wanted - fields <= ({"grounds"} if name == "assess" else set())


# ------------------------------------------------------------------------------------------- the main paths


def test_what_was_narrowed_is_produced_after_two_approved_and_the_case_is_closed(desk):
    people = desk(asks=("subscriber", "other_records"))
    carl, ana = people["carl"], people["ana"]
    (ground,) = [g.key for g in state(people).grounds if not g.answered]
    assert "sign and file the challenge" in carl.look() or "draft the challenge" in carl.look()
    carl.does("challenge", grounds=[ground], form="motion-to-quash", forum=COURT)
    assert "before its forum" in carl.look()
    told = {"result": "narrowed", "decided_on": TODAY.isoformat(), "cost": "1250.00", "currency": "USD",
            "said": "no records beyond the list"}  # fmt: skip
    if state(people).ground(ground).force == "hard":
        assert "wants the court named and the ruling itself" in carl.send("record-outcome", ground, **told)
    carl.does("record-outcome", ground, **told, forum=COURT, document=paper("ruling.txt"))
    assert state(people).assessed == "stale"

    narrower = {"clause": "0", "identifiers": "a@muster.example", "categories": ["subscriber"], "token": token()}
    ana.does("read")  # the ruling joined the papers of the case
    ana.client.post(f"{ana.address}facts/", narrower)
    ana.answers()
    ana.does("assess", as_of=TODAY.isoformat())
    assert state(people).ground(ground).answer == "cured"

    tell(people)
    carl.does("declare-compelled")
    produce(people)
    assert state(people).out == {(0, 0)}
    assert {"production.released", "ticket.wanted", "production.delivered"} <= events(people)
    carl.does("close", reason="answered")
    assert Case.objects.get(number=ana.number).closed == "answered"
    lines = {s.name: s.state for s in standing.standing(Case.objects.get(number=ana.number))}
    assert {lines[n] for n in ("authentic", "assessed", "answered", "told", "compelled", "proven", "released")} == {
        "done"
    }


def test_the_next_step_leads_through_the_whole_path(desk):
    """Whoever does only what the page calls next comes from the answer to the end."""
    people = desk()
    way = []
    doers = {
        "write-notice": ("ana", {}), "notify": ("carl", {}), "declare-compelled": ("carl", {}),
        "plan": ("ana", {}), "prove": ("ana", {"maps": "1", "how": "row by row", "by": "Ana"}),
        "test-disclosure": ("carl", {}), "release": ("rita", {}), "deliver": ("ana", {"how": "sealed"}),
        "close": ("carl", {"reason": "answered"}),
    }  # fmt: skip
    while not Case.objects.get(number=people["ana"].number).closed:
        step = standing.next_step(Case.objects.get(number=people["ana"].number)).act
        way.append(step)
        who, filled = doers.get(step) or (("lea", "rita")[way.count("approve") - 1], {})
        people[who].does(step, **filled)
        assert len(way) < 20
    assert way == ["write-notice", "notify", "declare-compelled", "plan", "prove", "test-disclosure", "approve",
                   "approve", "release", "deliver", "close"]  # fmt: skip


def test_a_demand_is_refused_and_referred_to_its_channel(desk):
    people = desk(asks=("subscriber", "other_records"))
    shown = people["carl"].post("refuse", {"why": "beyond the list of the statute", "token": token()})
    assert "Nothing leaves by this" in shown
    assert "beyond the list of the statute" in shown
    people["carl"].does("refuse", why="beyond the list of the statute; by a search warrant")
    assert state(people).refused
    tell(people)
    people["carl"].does("close", reason="referred")
    assert state(people).closed == "referred"


def test_what_soft_grounds_hold_up_leaves_under_protest_once_it_is_due(desk):
    people = desk(burden_undue=True)
    (ground,) = [g for g in state(people).grounds if not g.answered]
    assert (ground.force, ground.unknown) == ("soft", False)
    tell(people)
    assert "under protest" in people["ana"].look()  # what may happen at the return date
    assert not people["carl"].forms("protest")
    fall_due(people)
    reserved = f"reserved:{ground.key.partition('@')[0]}"
    assert "must be reserved in writing" in people["carl"].post("protest", {reserved: "", "token": token()})
    shown = people["carl"].post("protest", {reserved: "the burden is undue; nothing is conceded", "token": token()})
    assert "item 1" in shown
    assert "What is given up" in shown
    people["carl"].does("protest", **{reserved: "the burden is undue; nothing is conceded"})
    produce(people)
    assert state(people).out == {(0, 0)}
    assert (state(people).ground(ground.key).answer, state(people).ground(ground.key).left) == ("open", True)


def test_in_conflict_of_laws_lead_and_privacy_officer_sign_together(desk):
    people = desk(data_country="ch", restriction_law_present=True)
    soft = [g.key for g in state(people).grounds if g.stand == "soft"]
    for key in soft:
        people["carl"].does("waive", key, why="no argument in this court")
        page = people["carl"].look()
        assert "Signed so far" not in page
        people["lea"].does("waive", key, why="agreed")
    tell(people)
    fall_due(people)
    people["lea"].does("sign-conflict-lead", why="contempt is threatened")
    assert "Signed so far: <b>Lea</b>" in people["paul"].look()
    people["paul"].does("sign-conflict-privacy", why="the least, and the person was told")
    produce(people)
    assert "redress.opened" in events(people)


def test_an_emergency_is_checked_granted_disclosed_and_papered(desk):
    people = desk(kind="edr", provider_role="controller", **DANGER)
    ana, carl = people["ana"], people["carl"]
    ana.does("claim-emergency", cells=["1.1"], why="a child is missing, says the sheriff")
    for check in ("call-back", "second-factor", "supervisor"):
        ana.does("check-emergency", check=check, how="the sheriff's desk", number="+1 202 555 0147")
    carl.does("grant-emergency", why="it names the child and the hour")
    tell(people)
    ana.does("plan")
    ana.does("prove", maps="1", how="one row", by="Ana")
    carl.does("test-disclosure")
    people["lea"].does("approve")
    people["rita"].does("approve")
    people["rita"].does("release")
    ana.does("deliver", how="by telephone to the officer called back")
    assert "paper.demanded" in events(people)
    ana.does("record-paper", document=SimpleUploadedFile("warrant.txt", b"a warrant"))
    assert state(people).paper == "in"


def test_under_a_gag_and_a_danger_the_notice_waits_until_both_have_ended(desk):
    people = desk()
    ana, carl, lea = people["ana"], people["carl"], people["lea"]
    ana.does("record-gag", gag="order of the court", until="")
    carl.does("record-danger", gag="danger", why="the holder threatened a witness",
              until=(TODAY + timedelta(30)).isoformat())  # fmt: skip
    assert not carl.forms("sign-danger")
    assert "you signed the first half" in carl.look()
    assert "Signed so far: <b>Carl</b>" in lea.look()
    lea.does("sign-danger", "danger")
    (party,) = [p.name for p in state(people).parties]
    if state(people).party(party).notice == "none":
        ana.does("write-notice", party)
    assert not carl.forms("notify")
    assert "under a gag" in ana.look()
    assert not ana.forms("end-gag")
    order = "order of the court"
    carl.does("set-gag-end", order, until=(TODAY + timedelta(1)).isoformat(), document=paper("end.txt"))
    carl.does("end-gag", order, why="the order was lifted", document=paper("lifted.txt"))
    assert not carl.forms("notify")
    carl.does("lift-danger", "danger", why="the witness is safe")
    assert not carl.forms("lift-danger")
    lea.does("lift-danger", "danger", why="the witness is safe")
    ana.does("assess", as_of=TODAY.isoformat())
    if state(people).party(party).notice == "none":
        ana.does("write-notice", party)
    carl.does("notify", party)
    assert state(people).party(party).notice == "told"


@pytest.mark.parametrize(("said", "row", "ordered"), [("yes", True, True), ("no", False, False), ("", None, False)])
def test_a_silence_is_recorded_with_all_that_the_paper_says_of_it(desk, said, row, ordered):
    people = desk()
    day = TODAY + timedelta(90)
    people["ana"].does(
        "record-gag", gag="order 12", basis="18 U.S.C. 2705(b)", by_court=said, scope="towards the account holder",
        since=(TODAY - timedelta(3)).isoformat(), until=(TODAY + timedelta(200)).isoformat(),
        review_on=day.isoformat(), document="1",
    )  # fmt: skip
    case = Case.objects.get(number=people["ana"].number)
    gag = case.gags.get(name="order 12")
    assert (gag.by_court, gag.scope, gag.since, gag.review_on) == (
        row, "towards the account holder", TODAY - timedelta(3), day)  # fmt: skip
    assert gag.document == case.documents.get()
    told = {event.what for event in due.happened(case, (), {})}
    assert ("gag-ordered" in told) is ordered
    page = people["ana"].look()
    assert "towards the account holder" in page


def test_a_silence_by_a_paper_that_is_not_there_is_a_fault_of_the_form(desk):
    people = desk()
    for number in ("9", "\u00b2", "9" * 5000):
        page = people["ana"].send("record-gag", gag="order 12", document=number)
        assert "there is no document" in said(page)[0]
    assert not Case.objects.get(number=people["ana"].number).gags.exists()


def test_what_nobody_answers_is_asked_overdue_and_reserved_by_two(desk):
    people = desk(user_is_journalist=None)
    asked = [g for g in state(people).grounds if g.unknown and not g.answered]
    assert asked
    for ground in asked:
        people["ana"].does("ask", ground.key, until=(TODAY + timedelta(3)).isoformat())
        later(people, "answer-overdue", ground=ground.key)
        people["carl"].does("reserve", ground.key, why="asked twice, no answer")
        if ground.force == "hard":
            people["lea"].does("reserve", ground.key, why="agreed")
    assert {state(people).ground(g.key).answer for g in asked} == {"reserved"}


def test_the_rest_of_the_acts_work_at_the_desk_too(desk):
    people = desk(burden_undue=True)
    ana, carl, lea = people["ana"], people["carl"], people["lea"]
    (ground,) = [g.key for g in state(people).grounds if not g.answered]
    carl.does("draft", kind="objection")
    carl.does("leave-unchallenged", grounds=[ground], why="the burden is small")
    carl.does("disclose-privileged", to="the insurer", why="it covers the costs")
    carl.does("challenge", grounds=[ground], form="objection", forum="")
    carl.does("record-outcome", ground, result="denied", forum="U.S. Attorney")
    carl.does("appeal", ground, forum=COURT)
    carl.does("record-outcome", ground, result="upheld", court="1", forum=COURT)
    ana.does("preserve")
    carl.does("end-preservation")
    carl.does("stay", why="order of the court")
    carl.does("end-stay", why="vacated")
    fall_due(people)
    ana.does("extend", until=(TODAY + timedelta(20)).isoformat())
    ana.does("claim-emergency", cells=["1.1"], why="says the officer")
    carl.does("deny-emergency", why="no such officer")
    ana.does("add-document", document=SimpleUploadedFile("annex.txt", b"an annex"))
    assert state(people).known == "nothing"
    ana.does("reject-as-forged", why="the court knows no such case")
    lea.does("close", reason="forged")
    assert state(people).closed == "forged"


# ------------------------------------------------------------------------------------------- what goes wrong


def test_what_was_typed_stays_and_the_field_is_marked(desk):
    people = desk(burden_undue=True)
    carl = people["carl"]
    typed = {"form": "objection", "forum": "nowhere in particular", "token": token()}
    page = carl.post("challenge", typed)
    assert "Choose at least one ground" in said(page)[0]
    (form,) = carl.forms("challenge", page)
    assert form.sends["forum"] == ["nowhere in particular"]
    assert "grounds" not in form.sends
    assert 'id="act-challenge" open' in page
    page = carl.post("record-danger", {"gag": "danger", "why": "a long story", "until": "soon", "token": token()})
    assert "soon is no date" in said(page)[0]
    assert carl.forms("record-danger", page)[0].sends["why"] == ["a long story"]
    assert not Act.objects.filter(name__in=("challenge", "record-danger")).exists()


def test_a_court_hears_only_counsel_admitted_there(desk):
    people = desk(burden_undue=True)
    page = people["lea"].send("challenge", form="motion-to-quash", forum=COURT)
    assert "you are not admitted in this forum" in said(page)[0]
    assert "counsel admitted there" in said(page)[0]
    assert people["lea"].forms("challenge", page)[0].sends["forum"] == [COURT]


@pytest.mark.parametrize(
    ("name", "act"), [("ana", "waive"), ("rita", "challenge"), ("carl", "release"), ("paul", "plan")]
)
def test_the_wrong_role_is_told_who_can(desk, name, act):
    people = desk()
    assert not people[name].forms(act)
    (line,) = said(people[name].post(act, {"token": token()}))
    assert "you do not hold a role that may do this" in line
    assert "one of:" in line


def test_the_wrong_order_says_what_comes_first(desk):
    people = desk()
    assert "no production is planned" in said(people["ana"].post("prove", {"token": token()}))[0]
    assert "nothing is releasable" in said(people["ana"].post("plan", {"token": token()}))[0]
    assert "the disclosure test is missing" in " ".join(said(people["rita"].post("approve", {"token": token()})))


def test_the_same_click_counts_once_and_nobody_is_both_halves(desk):
    people = desk()
    tell(people)
    people["carl"].does("declare-compelled")
    people["ana"].does("plan")
    people["ana"].does("prove", maps="1", how="row by row", by="Ana")
    people["carl"].does("test-disclosure")
    lea = people["lea"]
    (form,) = lea.forms("approve")
    (shown,) = [f for f in lea.forms("approve", lea.post("approve", form.sends)) if "seen" in f.sends]
    assert "Done" in said(lea.post("approve", shown.sends))[0]
    assert "nothing was done twice" in said(lea.post("approve", shown.sends))[0]
    assert "you approved it already" in said(lea.post("approve", {"token": token()}))[0]
    assert len(state(people).approvals) == 1


def test_who_looked_before_the_case_moved_looks_again(desk):
    people = desk(burden_undue=True)
    (ground,) = [g.key for g in state(people).grounds if not g.answered]
    carl = people["carl"]
    (form,) = carl.forms("waive")
    page = carl.post("waive", {**form.sends, "why": "small"})
    (shown,) = [f for f in carl.forms("waive", page) if "seen" in f.sends]
    people["ana"].does("preserve")  # at once, at another desk
    page = carl.post("waive", shown.sends)
    assert "The case moved on while you looked" in page
    assert state(people).ground(ground).signed == ""
    (shown,) = [f for f in carl.forms("waive", page) if "seen" in f.sends]
    carl.post("waive", shown.sends)
    assert state(people).ground(ground).signed != ""


@pytest.mark.parametrize(("answer", "planned"), [("true", True), ("false", False)])
def test_the_disclosure_test_asks_what_is_open_and_a_bar_stops_the_production(desk, answer, planned):
    people = desk(**GERMAN)
    tell(people)
    people["carl"].does("declare-compelled")
    people["ana"].does("plan")
    assert "Article 9(2)" in people["paul"].look()
    page = people["paul"].send("test-disclosure")
    assert "the test leaves a question open" in said(page)[0]
    people["paul"].does("test-disclosure", **{"facts:special_basis_present": answer})
    assert (state(people).planned, state(people).tested) == (planned, planned)
    assert any(g.stand == "forbids" for g in state(people).grounds) != planned
    assert ("Sensitive data without a condition" in people["carl"].look()) != planned


def test_a_proof_by_hand_says_who_and_how(desk):
    people = desk()
    tell(people)
    people["carl"].does("declare-compelled")
    people["ana"].does("plan")
    page = people["ana"].look()
    assert "until its prover is built" in page
    page = people["ana"].send("prove", maps="1", how="row by row", by="")
    assert "A line is still empty" in said(page)[0]
    assert not state(people).proof


# ------------------------------------------------------------------------------------------- days nobody can mean


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31", "20266-01-01", "soon"])
def test_a_day_that_nobody_can_mean_is_refused_where_it_was_typed(desk, day):
    people = desk(gag_present=True, gag_until=(TODAY + timedelta(40)).isoformat())
    carl, before = people["carl"], Case.objects.get().revision
    for act, field, typed in (
        ("extend", "until", {}),
        ("stay", "until", {"why": "the court stayed it"}),
        ("record-gag", "until", {"gag": "a second order"}),
        ("record-danger", "until", {"gag": "a threat", "why": "he said so"}),
        ("assess", "as_of", {}),
        ("extend-gag", "until", {"gag": "demand"}),
    ):
        page = carl.post(act, {**typed, field: day, "token": token()})
        assert 'class="said error"' in page, act
    answer = people["ana"].client.post(f"{carl.address}facts/", {"fact": "due_on", "value": day, "token": token()},
                                       follow=True)  # fmt: skip
    assert 'class="said error"' in answer.content.decode()
    assert Case.objects.get().revision == before


def test_a_demand_that_names_a_day_nobody_can_mean_has_its_page(office, sign_in):
    facts = {**SUBPOENA, "gag_present": True, "gag_until": "9999-12-31", "due_on": "9999-12-31", "due_days": 10**12}
    case = receive(office["ana"], "subpoena.json", json.dumps(facts), served_on=TODAY - timedelta(5))
    ana = AtDesk(sign_in("ana"), case.number)
    ana.does("read")
    ana.does("assess", as_of=TODAY.isoformat())
    assert "gag_until is" in ana.look()
