"""The law library: browse, search, and one rule in full."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest

from demur.law.library import library, sources_of


def _text(answer) -> str:
    return answer.content.decode()


def test_the_library_is_browsed_by_place_and_statute(sign_in):
    page = _text(sign_in("aud").get("/law/"))
    assert f"{len(library().rules)} rules" in page
    assert 'href="/law/?place=us"' in page
    assert 'href="/law/?statute=us/nsl.toml"' in page


def test_a_statute_shows_its_rules_alone(sign_in):
    rows = sign_in("ana").get("/law.json?statute=us/nsl.toml").json()["rules"]
    assert len(rows) == sum(r.file == "us/nsl.toml" for r in library().rules)


def test_a_search_finds_a_citation_a_word_and_a_fact(sign_in):
    for find in ("2709(b)", "electronic communication transactional", "asks_transactional"):
        rows = sign_in("ana").get("/law.json", {"q": find}).json()["rules"]
        assert "us.nsl.scope" in [r["rule"] for r in rows]


def test_a_search_without_a_hit_says_what_else_to_try(sign_in):
    assert "No rule found" in _text(sign_in("ana").get("/law/?q=xyzzy"))


@pytest.mark.parametrize("query", ["?after=-5", "?after=x", "?after=999999", "?place=zz", "?statute=../../etc"])
def test_an_odd_address_breaks_nothing(sign_in, query):
    assert sign_in("ana").get(f"/law/{query}").status_code == 200


def test_htmx_gets_the_rules_alone(sign_in):
    answer = sign_in("ana").get("/law/?q=nsl", headers={"HX-Request": "true", "HX-Target": "rules"})
    assert "<html" not in _text(answer)


def test_one_rule_says_reads_cites_and_shows_its_history(sign_in):
    page = _text(sign_in("ana").get("/law/us.nsl.scope/"))
    for told in (
        "the instrument is a national security letter",
        "it asks for electronic communication transactional records",
        "18 U.S.C. 2709(b)",
        "5 Nov 2008",
        "mandatory",
        "arguable",
        "asks_transactional",
        "Examples it is tested on",
    ):
        assert told in page


def test_a_rule_shows_its_versions_figures_cases_and_file(sign_in):
    client = sign_in("aud")
    page = _text(client.get("/law/us.nsl.cert-gag/"))
    assert "?version=us.nsl.cert-gag%402006" in page
    assert "2 Jun 2015" in page
    page = _text(client.get("/law/eu.chr.prior-review/"))
    for told in (
        "Joined Cases C-203/15 and C-698/15 Tele2 Sverige and Watson",  # why its strength rose
        "Treaty of Accession 2003",  # where a value of a figure comes from
        "Prokuratuur: the prosecutor as reviewer",  # who argued it
        "issuer_is_member_state",
        "eu/charter.toml",
        hashlib.sha256(sources_of()["eu/charter.toml"].encode()).hexdigest(),
        library().version,
    ):
        assert told in page
    assert "the controller, whom Article 5(7) has told, is someone else" in _text(client.get("/law/eu.eev.5.7/"))


def test_every_rule_has_its_page(sign_in):
    client = sign_in("ana")
    for rule in library().rules:
        answer = client.get(f"/law/{rule.id}/", {"version": rule.name})
        assert answer.status_code == 200, rule.name
        if rule.checked == "recheck":
            assert "confirm with local counsel" in _text(answer)


def test_a_rule_is_there_as_data(sign_in):
    (version, *_) = sign_in("ana").get("/law/us.nsl.scope.json").json()["versions"]
    assert version["cites"]
    assert [s["is"] for s in version["strengths"]] == ["arguable", "mandatory"]


@pytest.mark.parametrize("page", ["/law/no.such.rule/", "/law/no.such.json", "/law/us.nsl.scope.csv", "/law/A%00B/"])
def test_a_rule_that_does_not_exist_is_not_found(sign_in, page):
    assert sign_in("ana").get(page).status_code == 404


def test_the_rules_are_there_as_csv(sign_in):
    rows = list(csv.DictReader(io.StringIO(_text(sign_in("ana").get("/law.csv")))))
    assert len(rows) == len(library().rules)
    assert all(r["checked"] in ("text", "report", "recheck") for r in rows)


def test_the_figures_of_the_law_carry_their_sources(sign_in):
    rows = sign_in("ana").get("/law/figures.json").json()["figures"]
    assert rows
    assert all(r["source"] for r in rows)
    assert "clock" in _text(sign_in("ana").get("/law/figures/")).lower()


def test_the_words_of_a_condition_show_every_fact_it_rests_on(sign_in):
    from demur.desk import plain

    for rule in library().rules:
        assert plain.in_words(rule.test), rule.name
