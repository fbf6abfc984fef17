"""Drafting a rule on the desk: counsel and lead alone, checked as it is written, tried on cases, given out."""

from __future__ import annotations

import pytest

from demur.desk.views import draft as view
from demur.docket.models import Assessment, Case
from demur.law.draft import skeleton
from demur.law.library import sources_of

SKELETON = skeleton()
LETTER = (
    SKELETON.replace("us.sample.content-needs-warrant", "us.nsl.sample")
    .replace("kind in ('subpoena.gj', 'cid')", "kind = 'nsl'")
    .replace("subpoena.gj", "nsl")
    .replace("asks_content", "asks_transactional")
)


def _text(answer) -> str:
    return answer.content.decode()


def _part(client, text: str):
    return client.post("/law/draft/", {"text": text}, headers={"HX-Request": "true", "HX-Target": "checked"})


@pytest.mark.parametrize("who", ["ana", "rita", "paul", "aud", "otto", "nora", "cust"])
def test_only_counsel_and_lead_may_draft(sign_in, who):
    client = sign_in(who)
    assert client.get("/law/draft/").status_code == 403
    assert client.get("/law/draft/facts/?find=gag").status_code == 403
    assert client.post("/law/draft/proposal.toml", {"text": SKELETON}).status_code == 403
    assert "Draft a" not in _text(
        client.get("/law/us.nsl.scope/") if who not in ("nora", "cust") else client.get("/law/")
    )


@pytest.mark.parametrize("who", ["carl", "lea"])
def test_the_form_opens_on_a_worked_rule_that_is_sound(sign_in, who):
    page = _text(sign_in(who).get("/law/draft/"))
    assert "Content needs a warrant" in page
    assert "Sound: it reads well, and its 4 examples agree" in page
    assert "the instrument is a grand jury subpoena or a civil investigative demand" in page


def test_a_change_begins_from_the_rule_as_it_stands(sign_in):
    client = sign_in("carl")
    assert "/law/draft/?from=us.nsl.scope" in _text(client.get("/law/us.nsl.scope/"))
    page = _text(client.get("/law/draft/?from=us.nsl.scope"))
    assert "[&quot;us.nsl.scope&quot;]" in page
    assert "nothing would change" in page
    assert "there is no rule no.such; hint: begin from the skeleton" in _text(client.get("/law/draft/?from=no.such"))


def test_what_is_wrong_is_told_with_its_place_and_remedy(sign_in):
    page = _text(_part(sign_in("carl"), SKELETON.replace('"asks_content"', '"asks_conten"', 1)))
    assert "<html" not in page
    assert "1 mistake" in page
    assert "<b>when, column 1</b>" in page
    assert "<mark>asks_conten</mark>" in page
    assert "did you mean asks_content" in page


@pytest.mark.parametrize(
    "text", ["", "x", '["<script>alert(1)</script>"]\ntitle = "<b>"', "a = " + "[" * 4000, "é" * 30_000]
)
def test_any_text_gets_an_answer_and_nothing_of_it_runs(sign_in, text):
    for answer in (_part(sign_in("carl"), text), sign_in("carl").post("/law/draft/", {"text": text})):
        assert answer.status_code == 200
        assert "mistake" in _text(answer)
        assert "<script>alert" not in _text(answer)


def test_it_is_tried_on_our_own_cases_and_on_decided_ones(sign_in, assessed):
    page = _text(_part(sign_in("carl"), LETTER))
    assert f"{assessed.number} · National security letter" in page
    assert "Of 1 tried, it holds on 1 and is unknown on 0." in page
    assert "Merrill: silence eleven years on" in page


def test_a_case_counts_once_by_its_last_assessment(sign_in, assessed, office):
    (first,) = Assessment.objects.all()
    first.pk, first.demand = None, {**first.demand, "kind": "cid"}
    first.save()
    assert Case.objects.count() == 1
    page = _text(_part(sign_in("carl"), LETTER))
    assert "Of 1 tried, it holds on 0 and is unknown on 0." in page


def test_an_assessment_of_another_vocabulary_is_left_out(sign_in, assessed):
    Assessment.objects.update(demand={"kind": "nsl", "no_such_fact": True})
    assert "Of 0 tried" in _text(_part(sign_in("carl"), LETTER))


def test_no_more_cases_are_tried_than_are_bounded(sign_in, assessed, monkeypatch):
    monkeypatch.setattr(view, "MOST_CASES", 0)
    assert "Of 0 tried" in _text(_part(sign_in("carl"), LETTER))


def test_a_sound_draft_is_given_out_as_its_file_and_as_the_difference(sign_in):
    client = sign_in("carl")
    whole = client.post("/law/draft/proposal.toml", {"text": LETTER})
    assert whole["Content-Disposition"] == 'attachment; filename="nsl.toml"'
    assert _text(whole).startswith(sources_of()["us/nsl.toml"].rstrip())
    assert '["us.nsl.sample"]' in _text(whole)
    part = client.post("/law/draft/proposal.diff", {"text": LETTER})
    assert part["Content-Disposition"] == 'attachment; filename="us.nsl.sample.diff"'
    assert all(line[:1] in ("+", " ", "@", "-") for line in _text(part).splitlines())
    assert '+["us.nsl.sample"]' in _text(part)


def test_a_draft_that_is_not_sound_is_not_given_out(sign_in):
    answer = sign_in("carl").post("/law/draft/proposal.toml", {"text": LETTER.replace('"void"', '"viod"')})
    assert "Content-Disposition" not in answer
    assert "did you mean void?" in _text(answer)


def test_a_proposal_is_a_post(sign_in):
    assert sign_in("carl").get("/law/draft/proposal.toml").status_code == 405


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("journalist", "user_is_journalist"),
        ("germany", "issuer_country"),
        ("member state", "issuer_is_member_state"),
        ("xyzzy", "No fact is known"),
        ("<b>", "No fact is known"),
    ],
)
def test_a_fact_is_found_by_the_words_of_a_lawyer(sign_in, find, found):
    page = _text(sign_in("carl").get("/law/draft/facts/", {"find": find}))
    assert found in page
    assert "<b>" not in page
