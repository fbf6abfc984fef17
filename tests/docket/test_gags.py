"""Nobody is told too early, and no silence is forgotten, goes on by telephone, or rests for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from demur.docket import replay
from demur.docket.acts import ActError, Done, Refused
from demur.docket.models import Case, Gag

from .conftest import NOW
from .served import COMPANY, CONSUMER, EPOC, ORDER, WARRANT, acted, at_work, do, ready, serve, state, sure

pytestmark = pytest.mark.django_db
LATER = [("extension.pdf", b"%PDF-1.7 the court extends the order")]


def bars(case: str) -> dict[str, str]:
    return {bar.name: bar.end for bar in state(case).bars}


def told(case: str) -> dict[str, str]:
    return {party.name: party.notice for party in state(case).parties}


def gag(case: str, name: str = "demand") -> Gag:
    return Gag.objects.get(case__number=case, name=name)


@pytest.fixture
def ordered(office, worker):
    """A warrant with a court's order of silence until 10 January 2027, read and confirmed."""
    case = ready(office, worker, ORDER)
    return case


# ------------------------------------------------------------------------------------------- what is laid by itself


def test_the_silence_of_a_demand_bars_though_nobody_recorded_it(ordered):
    row = gag(ordered)
    assert (row.basis, row.by_court, row.until) == ("18 U.S.C. 2705(b)", True, date(2027, 1, 11))
    assert told(ordered) == {"consumer": "sealed"}


def test_a_statute_that_silences_without_end_bars_though_the_paper_says_nothing(office, worker):
    case = serve(office, {"kind": "uk.ipa.cd", "issuer_country": "gb", "gag_present": False})
    at_work(worker)
    sure(case, office)
    at_work(worker, NOW + timedelta(days=900))
    assert bars(case) == {"uk.ipa.cd.secrecy": "none"}
    assert told(case) == {"consumer": "sealed"}


def test_the_person_is_not_told_of_a_european_order_and_the_controller_is(office, worker):
    case = ready(office, worker, EPOC, COMPANY, CONSUMER)
    assert bars(case) == {"eu.eev.13@consumer": "none"}
    assert told(case) == {"enterprise": "told", "consumer": "sealed"}


def test_an_end_is_certain_only_once_a_person_confirmed_it_and_follows_what_they_confirm(office, worker):
    case = serve(office, ORDER)
    at_work(worker)
    assert bars(case) == {"demand": "none"}
    sure(case, office)
    at_work(worker)
    assert bars(case) == {"demand": "certain"}
    longer = {"name": "gag_until", "value": "2027-06-30"}
    do(case, "confirm", office["ana"], facts=[longer])
    at_work(worker)
    assert gag(case).until == date(2027, 7, 1)
    do(case, "confirm", office["ana"], facts=[{"name": "gag_indefinite", "value": True}])
    at_work(worker)
    assert bars(case) == {"demand": "none"}


def test_what_a_person_decided_of_a_silence_no_assessment_undoes(ordered, office, worker):
    lifted = {"gag": "demand", "why": "the court lifted it on 23 November"}
    alone = do(ordered, "end-gag", office["ana"], **lifted, files=LATER)
    bare = do(ordered, "end-gag", office["carl"], **lifted)
    assert [[m.name for m in refused.missing] for refused in (alone, bare)] == [["role"], ["gag-end-shown"]]
    do(ordered, "end-gag", office["carl"], **lifted, files=LATER)
    assert gag(ordered).document.name == "extension.pdf"
    do(ordered, "confirm", office["ana"], facts=[{"name": "gag_until", "value": "2028-01-01"}])
    at_work(worker)
    assert bars(ordered) == {"demand": "past"}


def test_nothing_is_said_while_it_is_unknown_whether_the_demand_forbids_it(office, worker):
    facts = {k: v for k, v in WARRANT.items() if k != "gag_present"}
    case = ready(office, worker, facts)
    assert (bars(case), told(case)) == ({}, {"consumer": "sealed"})
    do(case, "assess", office["ana"], as_of=NOW.date().isoformat())
    at_work(worker)
    refused = do(case, "notify", office["carl"], party="consumer", looked=True)
    assert [m.name for m in refused.missing] == ["last-look"]
    do(case, "confirm", office["ana"], facts=[{"name": "gag_present", "value": False}])
    at_work(worker)
    assert told(case) == {"consumer": "told"}


# ------------------------------------------------------------------------------------------- what people record


def test_a_recorded_gag_takes_from_the_papers_what_is_left_out(office, worker):
    case = serve(office, ORDER)
    do(case, "read", office["ana"], documents=[], facts=[], clauses=[])
    said = [{"name": k, "value": str(v) if isinstance(v, date) else v} for k, v in ORDER.items()]
    do(case, "confirm", office["ana"], facts=said, rest=True)
    do(case, "record-gag", office["ana"], gag="the order that came with it")
    row = gag(case, "the order that came with it")
    assert (row.basis, row.by_court, row.until) == ("18 U.S.C. 2705(b)", True, date(2027, 1, 11))
    at_work(worker)
    assert list(bars(case)) == ["the order that came with it"]


def test_a_second_gag_never_inherits_the_end_of_the_first(ordered, office):
    do(ordered, "record-gag", office["ana"], gag="a second order")
    assert bars(ordered) == {"demand": "certain", "a second order": "none"}
    do(ordered, "record-gag", office["ana"], gag="a third", basis="2709(c)")
    assert gag(ordered, "a third").until is None


def test_a_silence_is_extended_in_writing_and_not_on_the_telephone(ordered, office, worker):
    by_phone = do(ordered, "extend-gag", office["ana"], gag="demand", until="2027-03-01")
    assert [m.name for m in by_phone.missing] == ["document-given"]
    with pytest.raises(ActError, match="lasts until"):
        do(ordered, "extend-gag", office["ana"], gag="demand", until="2026-12-24", files=LATER)
    assert isinstance(do(ordered, "extend-gag", office["ana"], gag="demand", until="2027-03-01", files=LATER), Done)
    row = gag(ordered)
    assert (row.until, row.document.name) == (date(2027, 3, 2), "extension.pdf")
    at_work(worker, datetime(2027, 2, 1, tzinfo=UTC))
    assert bars(ordered) == {"demand": "certain"}
    at_work(worker, datetime(2027, 3, 3, tzinfo=UTC))
    assert bars(ordered) == {"demand": "past"}


def test_a_silence_on_record_that_is_too_long_or_endless_opens_a_ground_of_its_own(ordered, office, worker):
    at_work(worker)
    assert not [
        g for g in state(ordered).grounds if g.against == "gag" and not g.unknown and g.key.startswith("us.sca")
    ]
    do(ordered, "extend-gag", office["ana"], gag="demand", until="2032-01-01", files=LATER)
    do(ordered, "record-gag", office["ana"], gag="a second order", basis="18 U.S.C. 2705(b)", by_court=True)
    at_work(worker)
    opened = {g.key for g in state(ordered).grounds if g.against == "gag" and not g.unknown}
    assert {"us.sca.ndo.over-a-year@gag:demand", "us.sca.ndo.indefinite@gag:a second order"} <= opened
    replayed = list(replay.replayed(Case.objects.get(number=ordered)))
    assert [r.why for r in replayed] == [()] * len(replayed)
    # Once it is short, the ground is cured.
    do(ordered, "end-gag", office["carl"], gag="a second order", why="lifted", files=LATER)
    at_work(worker)
    assert state(ordered).ground("us.sca.ndo.indefinite@gag:a second order").answer == "cured"


def test_a_silence_ends_in_the_night_after_its_last_day_where_the_court_sits(ordered, worker):
    at_work(worker, datetime(2027, 1, 11, 4, 59, tzinfo=UTC))
    assert bars(ordered) == {"demand": "certain"}
    at_work(worker, datetime(2027, 1, 11, 5, 1, tzinfo=UTC))
    assert bars(ordered) == {"demand": "past"}
    assert "end-gag" in acted(ordered)
    assert acted(ordered)[-1] == "notify"


def test_a_notice_waits_for_the_last_of_several_bars(ordered, office, worker):
    do(ordered, "record-gag", office["ana"], gag="a statute without end")
    do(ordered, "record-gag", office["ana"], gag="a later order", until="2027-02-01")
    for day, ended in ((date(2027, 1, 12), 1), (date(2027, 2, 3), 2)):
        at_work(worker, datetime.combine(day, NOW.timetz()))
        assert list(bars(ordered).values()).count("past") == ended
        assert told(ordered) == {"consumer": "sealed"}
    known = {"gag": "a statute without end", "until": "2027-02-10"}
    assert isinstance(do(ordered, "set-gag-end", office["carl"], **known), Refused)
    assert isinstance(do(ordered, "set-gag-end", office["ana"], **known, document=1), Refused)
    assert isinstance(do(ordered, "set-gag-end", office["carl"], **known, document=1), Done)
    at_work(worker, datetime(2027, 2, 12, tzinfo=UTC))
    assert told(ordered) == {"consumer": "told"}


def test_a_silence_towards_one_party_leaves_the_other_free(office, worker):
    case = serve(office, WARRANT, COMPANY, CONSUMER)
    at_work(worker)
    with pytest.raises(ActError, match="no party"):
        do(case, "record-gag", office["ana"], gag="x", party="nobody")
    do(case, "record-gag", office["ana"], gag="not to tell the suspect", party="consumer")
    sure(case, office)
    at_work(worker)
    assert told(case) == {"enterprise": "told", "consumer": "sealed"}


# ------------------------------------------------------------------------------------------- danger


@pytest.fixture
def dangerous(office, worker):
    """A warrant without a gag, ready to be told, but for a danger that one counsel recorded."""
    case = serve(office, WARRANT)
    at_work(worker)
    done = do(case, "record-danger", office["carl"], gag="the witness", why="threats in the file", until="2026-12-20")
    assert isinstance(done, Done)
    sure(case, office)
    return case


def test_a_danger_holds_the_notice_with_two_signatures_until_its_day(dangerous, office, worker):
    same = do(dangerous, "sign-danger", office["carl"], gag="the witness")
    assert [m.name for m in same.missing] == ["not-the-first-signer"]
    do(dangerous, "sign-danger", office["paul"], gag="the witness")
    at_work(worker, datetime(2026, 12, 20, 20, tzinfo=UTC))
    assert told(dangerous) == {"consumer": "sealed"}
    at_work(worker, datetime(2026, 12, 21, 12, tzinfo=UTC))
    assert told(dangerous) == {"consumer": "told"}


def test_a_danger_is_recorded_until_a_day_that_is_still_to_come(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    for day in ("2000-01-01", (NOW.date() - timedelta(1)).isoformat()):
        with pytest.raises(ActError, match="has passed; hint: give a day that is still to come"):
            do(case, "record-danger", office["carl"], gag="the witness", why="threats in the file", until=day)
    today = do(case, "record-danger", office["carl"], gag="the witness", why="threats", until=NOW.date().isoformat())
    assert isinstance(today, Done)


def test_a_danger_is_over_before_its_day_only_when_two_people_sign_that(dangerous, office, worker):
    do(dangerous, "sign-danger", office["paul"], gag="the witness")
    assert isinstance(do(dangerous, "end-gag", office["carl"], gag="the witness", why="x", files=LATER), Refused)
    over = {"gag": "the witness", "why": "the accused is in custody"}
    assert isinstance(do(dangerous, "lift-danger", office["carl"], **over), Done)
    assert isinstance(do(dangerous, "lift-danger", office["carl"], **over), Refused)
    at_work(worker)
    assert told(dangerous) == {"consumer": "sealed"}
    assert isinstance(do(dangerous, "lift-danger", office["paul"], **over), Done)
    at_work(worker)
    assert told(dangerous) == {"consumer": "told"}


def test_one_signature_holds_it_for_two_days_and_no_longer(dangerous, worker):
    at_work(worker, NOW + timedelta(hours=47))
    assert told(dangerous) == {"consumer": "sealed"}
    at_work(worker, NOW + timedelta(hours=49))
    assert told(dangerous) == {"consumer": "told"}


def test_a_danger_without_a_day_is_not_taken(office, worker):
    case = serve(office, WARRANT)
    refused = do(case, "record-danger", office["carl"], gag="the witness", why="threats")
    assert isinstance(refused, Refused)
    with pytest.raises(ActError, match="no date"):
        do(case, "record-danger", office["carl"], gag="the witness", why="threats", until="soon")


# ------------------------------------------------------------------------------------------- contested, and again


def test_a_silence_without_end_is_contested_and_contested_again_each_year(office, worker):
    case = ready(office, worker, {**ORDER, "gag_until": "", "gag_indefinite": True})
    against = [g for g in state(case).grounds if g.against == "gag" and not g.unknown]
    assert "us.sca.ndo.indefinite" in {g.key for g in against}
    assert gag(case).review_on == date(2027, 11, 20)
    key = next(g.key for g in against if g.key == "us.sca.ndo.indefinite")
    for who in ("carl", "olga"):
        do(case, "assess", office["ana"], as_of=NOW.date().isoformat())
        assert isinstance(do(case, "waive", office[who], ground=key, why="the target would flee"), Done)
    assert state(case).ground(key).answer == "waived"
    at_work(worker, datetime(2027, 11, 20, 12, tzinfo=UTC))
    assert state(case).ground(key).answer == "open"
    assert gag(case).review_on == date(2028, 11, 20)
    at_work(worker, datetime(2027, 11, 21, 12, tzinfo=UTC))
    assert acted(case).count("review-gag") == 1


def test_a_silence_that_ends_within_the_year_needs_no_review(ordered):
    assert gag(ordered).review_on is None
    assert Case.objects.get(number=ordered).gagged
