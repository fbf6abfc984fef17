"""What stands in a paper: only findings that hold, that its writer may raise, in the order of their weight."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from handmade import TODAY, assessment, finding, nsl_demand
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.facts import Clause, Demand, Target, vocabulary
from demur.law.findings import AGAINST, EFFECTS, FORCES, STAYS, STRENGTHS, WHO, Compellable, Reason
from demur.paper import (
    Party,
    challenge_letter,
    counsel_note,
    court_draft,
    court_forums,
    customer_notice,
    gag_notice,
    to_text,
)
from demur.paper.argue import may_be_argued, paper_facts

PROVIDER = Party("Example Hosting LLC", ("100 Main Street",))
FACTS = sorted(n for n, f in vocabulary().facts.items() if f.level in ("demand", "clause", "target"))

CLAUSES = tuple(
    Clause(
        targets=tuple(Target(f"user{n}{i}@mail.example", "email") for i in range(2)),
        categories=frozenset({"subscriber", "content"}),
        quote=f"item {n}",
        page=n + 1,
    )
    for n in range(3)
)
# Everything that can be known is known, so that nothing stays out of a paper for want of a value.
EVERYTHING = {name: True for name in FACTS if vocabulary()[name].type == "bool"}
DEMAND = Demand({**EVERYTHING, **nsl_demand().facts}, CLAUSES)


@st.composite
def findings(draw: st.DrawFn) -> object:
    rule = draw(st.sampled_from([f"rule.{n}" for n in range(8)]))
    # One rule has one nature: it is drawn from its name, as a library would fix it.
    fixed = draw(st.shared(st.randoms(use_true_random=False), key=rule))
    state = fixed.getstate()
    fixed.seed(rule + str(draw(st.shared(st.integers(0, 10**6), key="nature"))))
    nature = {
        "against": fixed.choice(AGAINST),
        "effect": fixed.choice(EFFECTS),
        "force": fixed.choice(FORCES),
        "strength": fixed.choice(STRENGTHS),
        "stays": fixed.choice(STAYS),
        "forum": fixed.choice(["issuing court", "issuing authority", "supervisory authority; courts"]),
        "who": tuple(fixed.sample(WHO, fixed.randint(1, 4))),
        "checked": fixed.choice(["text", "report", "recheck"]),
    }
    fixed.setstate(state)
    clause = draw(st.none() | st.integers(0, 2))
    return finding(
        rule,
        **nature,
        verdict=draw(st.sampled_from(["holds", "unknown"])),
        clause=clause,
        target=None if clause is None else draw(st.none() | st.integers(0, 1)),
        missing=tuple(draw(st.lists(st.sampled_from(FACTS), max_size=2))),
        due=draw(st.none() | st.dates(date(2016, 1, 1), date(2016, 12, 31))),
        because=(Reason("true", f"because of {rule}", (draw(st.sampled_from(FACTS)),)),),
    )


many = st.lists(findings(), max_size=14)  # type: ignore[arg-type]
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(many)
def test_no_ground_is_invented(found: list) -> None:
    a = assessment(*found, demand=DEMAND)
    allowed = {f.rule for f in found if f.verdict == "holds" and f.is_ground and "provider" in f.who}
    letter = challenge_letter(a, provider=PROVIDER, today=TODAY)
    assert set(letter.rules) <= allowed
    assert len(letter.rules) == len(set(letter.rules)), "one rule, one paragraph"
    for paper in (court_draft(a, provider=PROVIDER, today=TODAY), gag_notice(a, provider=PROVIDER, today=TODAY)):
        assert paper is None or set(paper.rules) <= allowed
    shown = {b.rule for b in letter.blocks if b.kind == "ground"}
    assert shown == set(letter.rules), "what is shown is what was argued"


@relaxed
@given(many)
def test_no_ground_is_forgotten(found: list) -> None:
    letter = challenge_letter(assessment(*found, demand=DEMAND), provider=PROVIDER, today=TODAY)
    assert {f.rule for f in found if f.verdict == "holds" and may_be_argued(f)} == set(letter.rules)
    note = counsel_note(assessment(*found, demand=DEMAND), provider=PROVIDER, today=TODAY)
    held = {f.rule for f in found if f.verdict == "holds" and f.is_ground}
    assert held == set(letter.rules) | {x.argument.rule for x in note.left_out}, "counsel sees what was left out"


@relaxed
@given(many)
def test_hard_grounds_come_first_then_the_stronger(found: list) -> None:
    letter = challenge_letter(assessment(*found, demand=DEMAND), provider=PROVIDER, today=TODAY)
    weights = [(g.force != "hard", STRENGTHS.index(g.strength)) for g in letter.grounds]
    assert weights == sorted(weights)
    assert all(g.strength != "policy" for g in letter.grounds), "policy is asked for, never argued as law"
    assert all(r.strength == "policy" for r in letter.requests)


@relaxed
@given(many)
def test_a_letter_never_tells_what_is_kept_for_the_forum(found: list) -> None:
    letter = challenge_letter(assessment(*found, demand=DEMAND), provider=PROVIDER, today=TODAY)
    table = paper_facts()
    known = {**CLAUSES[0].all_facts(), **DEMAND.facts}
    secret = {
        vocabulary()[f].sentence(known[f])
        for f in FACTS
        if known.get(f) is not None
        and (f in table["hold_back"] or (vocabulary()[f].level == "target" and f not in table["tell_authority"]))
    }
    assert len(secret) > 20
    for ground in (*letter.grounds, *letter.requests):
        assert not secret & set(ground.because)
        assert not any(line in to_text(letter) for line in ground.kept)


@relaxed
@given(many)
def test_questions_to_the_authority_are_such_as_it_can_answer(found: list) -> None:
    letter = challenge_letter(assessment(*found, demand=DEMAND), provider=PROVIDER, today=TODAY)
    for question in letter.questions:
        assert question.fact in paper_facts()["ask_authority"]
        assert vocabulary()[question.fact].level in ("demand", "clause")


@relaxed
@given(many)
def test_the_customers_notice_holds_nothing_privileged(found: list) -> None:
    a = assessment(*found, demand=DEMAND)
    notice = customer_notice(a, provider=PROVIDER, today=TODAY)
    theirs = {f.rule for f in found if f.verdict == "holds" and {"customer", "person"} & set(f.who)}
    assert {r.rule for r in notice.rights} <= theirs
    assert not notice.rules
    text = to_text(notice)
    for f in found:
        if f.effect != "secret" and not {"customer", "person"} & set(f.who):
            assert f.title not in text
        for word in ("arguable", "privileged", "reserve"):
            assert word not in text.lower()


def test_every_fact_named_for_papers_is_in_the_vocabulary() -> None:
    table = paper_facts()
    for key in ("ask_authority", "background", "tell_authority", "ask_customer", "hold_back", "settles_the_law"):
        for name in table[key]:
            assert name in vocabulary(), f"{key}: {name}"
    assert all(vocabulary()[n].level in ("demand", "clause") for n in table["ask_authority"])
    assert all(vocabulary()[n].level == "target" for n in table["tell_authority"])
    assert not set(table["tell_authority"]) & set(table["hold_back"])


def test_one_rule_that_hits_several_places_is_argued_once_and_names_them() -> None:
    hit = finding("eu.gdpr.48", against="disclosure", effect="refuse", force="hard")
    a = assessment(hit._replace(clause=0, target=1), hit._replace(clause=2), demand=DEMAND)
    letter = challenge_letter(a, provider=PROVIDER, today=TODAY)
    assert [g.where for g in letter.grounds] == ["item 3 and item 1, user01@mail.example"]
    assert letter.grounds[0].part == "demand"


def test_grounds_against_keys_and_transfers_stay_out() -> None:
    a = assessment(finding("k", against="key", effect="refuse"), finding("t", against="transfer", effect="suspend"))
    assert challenge_letter(a, provider=PROVIDER, today=TODAY).rules == ()
    note = counsel_note(a, provider=PROVIDER, today=TODAY)
    assert {(x.argument.rule, x.why) for x in note.left_out} == {("k", "left_scope"), ("t", "left_scope")}


def test_chosen_leaves_out_and_the_note_says_so(nsl) -> None:
    letter = challenge_letter(nsl, provider=PROVIDER, today=TODAY, chosen={"us.nsl.scope"})
    assert letter.rules == ("us.nsl.scope",)
    note = counsel_note(nsl, provider=PROVIDER, today=TODAY, chosen={"us.nsl.scope"})
    why = {x.argument.rule: x.why for x in note.left_out}
    assert why["us.nsl.setaside"] == "left_chosen"
    assert why["us.person.privilege"] == "left_who"


def test_an_unverified_rule_is_marked_for_counsel_and_not_in_the_letter() -> None:
    a = assessment(finding("r.one", checked="recheck"), finding("r.two"))
    note = to_text(counsel_note(a, provider=PROVIDER, today=TODAY))
    assert "Confirm with local counsel" in note
    confirm = note.split("Confirm with local counsel", 1)[1]
    assert "r.one" in confirm
    assert "r.two" not in confirm
    letter = to_text(challenge_letter(a, provider=PROVIDER, today=TODAY))
    assert "Title of r.one" in letter
    assert "local counsel" not in letter


def test_a_fact_about_the_person_is_kept_unless_counsel_lets_it_out() -> None:
    about = Demand(nsl_demand().facts, (Clause(targets=(Target("u@mail.example", facts={"user_is_lawyer": True}),)),))
    ground = finding("p", clause=0, target=0, because=(Reason("true", "the user is a lawyer", ("user_is_lawyer",)),))
    a = assessment(ground, demand=about)
    says = vocabulary()["user_is_lawyer"].says
    kept = challenge_letter(a, provider=PROVIDER, today=TODAY)
    assert says not in to_text(kept)
    assert "competent court" in " ".join(to_text(kept).split())
    assert says in " ".join(to_text(counsel_note(a, provider=PROVIDER, today=TODAY)).lower().split())
    told = challenge_letter(a, provider=PROVIDER, today=TODAY, tell={"user_is_lawyer"})
    assert says in to_text(told)
    note = to_text(counsel_note(a, provider=PROVIDER, today=TODAY, tell={"user_is_lawyer"}))
    assert "Facts about the account that these papers let out" in note


def test_what_is_not_known_is_no_argument() -> None:
    a = assessment(finding("n", because=(Reason("true", "the offence is stated is not known", ("offence_stated",)),)))
    assert "not known" not in to_text(challenge_letter(a, provider=PROVIDER, today=TODAY))


def test_what_the_matrix_allows_is_offered_only_while_nothing_forbids_it(nsl) -> None:
    letter = challenge_letter(nsl, provider=PROVIDER, today=TODAY)
    assert letter.offered == ((1, ("basic subscriber data", "local and long distance toll billing records")),)
    barred = replace(
        nsl, findings=(*nsl.findings, finding("eu.gdpr.48", against="disclosure", effect="refuse", force="hard"))
    )
    assert challenge_letter(barred, provider=PROVIDER, today=TODAY).offered == ()
    whole = replace(nsl, findings=(*nsl.findings, finding("x.power", effect="void", force="hard")))
    assert challenge_letter(whole, provider=PROVIDER, today=TODAY).offered == ()


def test_voluntary_and_held_data_are_never_offered() -> None:
    rows = tuple(Compellable(0, c, can, ()) for c, can in [("content", "voluntary"), ("subscriber", "hold")])
    letter = challenge_letter(assessment(finding("a", clause=0), compels=rows), provider=PROVIDER, today=TODAY)
    assert letter.offered == ()


def test_a_court_filing_says_that_it_is_a_draft_for_counsel(nsl) -> None:
    assert court_forums(nsl) == ("district court", "district court where the recipient does business")
    draft = court_draft(nsl, provider=PROVIDER, today=TODAY, forum="district court where the recipient does business")
    assert draft is not None
    assert draft.rules == ("us.nsl.setaside",)
    assert draft.sheet.mark.startswith("DRAFT for counsel admitted")
    assert draft.sheet.stamp == "DRAFT"
    assert "counsel admitted in the forum (district court where the recipient does business)" in " ".join(
        to_text(draft).split()
    )
    assert court_draft(nsl, provider=PROVIDER, today=TODAY, forum="Court of Nowhere") is None


def test_a_court_draft_shows_what_a_court_has_answered() -> None:
    a = assessment(finding("l", forum="issuing court", answered="The court held otherwise."))
    draft = court_draft(a, provider=PROVIDER, today=TODAY)
    assert draft is not None
    assert "The court held otherwise." in to_text(draft)
    assert "The court held otherwise." not in to_text(challenge_letter(a, provider=PROVIDER, today=TODAY))


def test_the_statutory_notice_against_a_gag_needs_its_ground(nsl) -> None:
    notice = gag_notice(nsl, provider=PROVIDER, today=TODAY)
    assert notice is not None
    assert notice.sheet.subject.startswith("Notice under 18 U.S.C. 3511(b)(1)(A)")
    other = assessment(finding("us.sca.ndo.indefinite", against="gag", cites=("18 U.S.C. 2705(b)",)))
    plain = gag_notice(other, provider=PROVIDER, today=TODAY)
    assert plain is not None
    assert "3511" not in to_text(plain)
    assert gag_notice(assessment(finding("a")), provider=PROVIDER, today=TODAY) is None


def test_a_notice_is_sealed_while_a_gag_holds_or_may_hold() -> None:
    def sealed(*found, **facts):
        a = assessment(*found, demand=nsl_demand(**facts))
        return customer_notice(a, provider=PROVIDER, today=TODAY)

    without_end = sealed()
    assert without_end.seal is not None
    assert without_end.seal.until is None
    assert without_end.sheet.stamp == "SEALED"
    ends = sealed(gag_indefinite=False, gag_until=date(2016, 9, 1))
    assert ends.seal is not None
    assert ends.seal.until == date(2016, 9, 1)
    assert "September 1, 2016" in to_text(ends)
    unknown = sealed(gag_present=None)
    assert unknown.seal is not None
    assert unknown.seal.until is None
    assert sealed(gag_present=False).seal is None
    assert sealed(gag_indefinite=False, gag_until=date(2016, 3, 1)).seal is None
    assert sealed(gag_expired=True).seal is None
    law = finding("s", against="info", effect="secret", verdict="unknown")
    bar = sealed(law, gag_present=False)
    assert bar.seal is not None
    assert "Title of s" in bar.seal.bars[0]
    assert sealed(gag_present=False).sheet.mark == ""


def test_a_notice_tells_a_customer_of_nobody_else() -> None:
    a = assessment(finding("t", against="target", clause=1, target=1, who=("customer",)), demand=DEMAND)
    mine = customer_notice(a, provider=PROVIDER, today=TODAY, only={(0, 0)})
    text = to_text(mine)
    assert "user00@mail.example" in text
    assert "user01@mail.example" not in text
    assert "item 1\u201d" not in text, "the words of an item with others' names stay out"
    assert not mine.rights


def test_the_date_for_an_answer_is_never_one_that_has_passed(nsl) -> None:
    before = to_text(challenge_letter(nsl, provider=PROVIDER, today=TODAY))
    assert "answer in writing before March 25, 2016" in " ".join(before.split())
    after = to_text(challenge_letter(nsl, provider=PROVIDER, today=date(2016, 4, 1)))
    assert "March 25, 2016, has passed" in " ".join(after.split())
    assert "answer in writing before" not in after


def test_a_letter_without_a_ground_says_that_nothing_is_conceded() -> None:
    letter = challenge_letter(assessment(), provider=PROVIDER, today=TODAY)
    assert letter.rules == ()
    assert "nothing in this letter is a consent" in " ".join(to_text(letter).split())
    assert "object to it" not in to_text(letter)


def test_counsel_is_warned_of_a_sender_that_nobody_verified(nsl) -> None:
    assert "has not been verified" in to_text(counsel_note(nsl, provider=PROVIDER, today=TODAY))
    known = assessment(demand=nsl_demand(verified=True))
    assert "has not been verified" not in to_text(counsel_note(known, provider=PROVIDER, today=TODAY))
    assert "verified" not in to_text(challenge_letter(nsl, provider=PROVIDER, today=TODAY))


def test_a_forger_is_not_told_how_he_was_found_out() -> None:
    failed = finding("e", because=(Reason("true", "the e-mail failed", ("sender_auth_failed",)),))
    a = assessment(failed, demand=nsl_demand(kind="edr", sender_auth_failed=True))
    text = " ".join(to_text(challenge_letter(a, provider=PROVIDER, today=TODAY)).split())
    assert vocabulary()["sender_auth_failed"].says not in text


def test_nothing_is_asked_under_a_law_that_may_not_apply() -> None:
    waits = finding("w", verdict="unknown", missing=("kind", "certified_relevant"), force="hard", strength="mandatory")
    a = assessment(waits, demand=nsl_demand(kind=None))
    letter = challenge_letter(a, provider=PROVIDER, today=TODAY)
    assert letter.questions == ()
    assert letter.reserved == ()
    note = counsel_note(a, provider=PROVIDER, today=TODAY)
    assert "kind" in {q.fact for q in note.own_questions}, "counsel is asked what it is"
