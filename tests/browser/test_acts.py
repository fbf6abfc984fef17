"""One case from the door to the end in a real browser, by the people who may, each page of the way sound."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from desk.demands import SUBPOENA, TODAY

from .acting import act, fill, find, until_read

CLAUSE = {"categories": ["subscriber", "other_records"], "quote": "all records", "page": 1,
          "targets": [{"identifier": "a@muster.example", "kind": "email", "customer_kind": "consumer",
                       "identifier_resolves": True}]}  # fmt: skip


def _sound(at) -> None:
    found = Axe().run(at)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture
def people(sign_in, desk):
    """Four people at their desks."""
    return {name: sign_in(desk, name).page for name in ("ana", "carl", "lea", "rita")}


def test_a_case_goes_from_the_door_to_the_end(people, desk):
    ana, carl = people["ana"], people["carl"]
    ana.goto(f"{desk.address}/receive/")
    text = json.dumps({**SUBPOENA, "clauses": [CLAUSE]}).encode()
    ana.set_input_files("#document", {"name": "subpoena.json", "mimeType": "application/json", "buffer": text})
    ana.click("text=Take it in")
    _sound(ana)
    case = ana.url.partition("?")[0]
    until_read(ana)
    act(ana, "authenticate", means="second-channel", how="called the number in the court's register")
    ana.click("button:has-text('as read')")
    ana.locator("text=all confirmed").wait_for()
    ana.goto(case)
    act(ana, "assess", as_of=TODAY.isoformat())

    # what cannot be used keeps what was typed
    carl.goto(case)
    form = find(carl, "challenge")
    fill(form, form="motion-to-quash", forum="a court where Carl is not admitted")
    form.locator("button").last.click()
    carl.locator(".said.error").wait_for()
    assert "not admitted" in carl.inner_text("#said")
    form = find(carl, "challenge")
    assert form.locator("[name=forum]").input_value() == "a court where Carl is not admitted"
    _sound(carl)
    fill(form, forum="U.S. district courts")
    form.locator("button").last.click()
    carl.locator(".said.success").wait_for()
    act(carl, "record-outcome", result="narrowed", document="ruling.txt", forum="U.S. district courts",
        said="the list alone")  # fmt: skip

    # the narrowed demand is another demand
    ana.goto(case)
    ana.locator("#asked ~ ol summary").first.click()
    ana.locator("form.clause [value=other_records]").uncheck()
    ana.locator("form.clause button").click()
    ana.locator("text=confirmed").first.wait_for()
    ana.goto(case)
    if ana.locator("button:has-text('as read')").count():
        ana.click("button:has-text('as read')")
        ana.locator("text=all confirmed").wait_for()
        ana.goto(case)
    act(ana, "assess", as_of=TODAY.isoformat())

    carl.goto(case)
    carl.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    _sound(carl)
    carl.goto(case)
    _told(carl, case)
    act(carl, "declare-compelled")
    ana.goto(case)
    act(ana, "plan")
    act(ana, "prove", maps="1", how="each row held against the plan", by="Ana Lind")
    carl.goto(case)
    act(carl, "test-disclosure")
    for name in ("lea", "rita"):
        people[name].goto(case)
        act(people[name], "approve")
    rita = people["rita"]
    find(rita, "release").locator("button").last.click()
    rita.locator("h1:has-text('look once more')").wait_for()
    assert "a@muster.example" in rita.inner_text("main")
    _sound(rita)
    rita.goto(case)
    act(rita, "release")
    ana.goto(case)
    act(ana, "deliver", how="sealed, to the clerk")
    carl.goto(case)
    act(carl, "close", reason="answered")
    _sound(carl)
    assert "closed: answered in full" in carl.inner_text(".strip")


def test_a_letter_is_read_before_it_sends_the_authority_to_the_customer(people, desk):
    carl = people["carl"]
    carl.goto(f"{desk.address}/docket/?q=liffeyrow")
    carl.locator("a.row").first.click()
    carl.wait_for_load_state()
    case = carl.url.partition("?")[0]
    act(carl, "assess", as_of=TODAY.isoformat())
    carl.goto(case)
    find(carl, "redirect").locator("button").last.click()
    carl.locator("article.letter").wait_for()
    assert "Liffey Row Architects" in carl.inner_text("article.letter")
    _sound(carl)
    carl.click(".btn.grave")
    carl.locator(".said.success").wait_for()
    assert carl.locator("text=not recorded as sent yet").is_visible()
    _sound(carl)


def test_the_auditors_page_is_sound(sign_in, desk):
    ada = sign_in(desk, "ada").page
    assert ada.url.endswith("/audit/")
    _sound(ada)
    ada.locator("a.row").first.click()
    ada.locator("h2:has-text('each with its entry')").wait_for()
    _sound(ada)


def _told(carl, case: str) -> None:
    """The customer was told: by the worker, once the notice was written, or by counsel."""
    for _ in range(60):
        carl.goto(case)
        if carl.locator(".place.done").count():
            return
        if carl.locator("form[action*='/acts/notify/']").count():
            form = find(carl, "notify")
            form.locator("button").last.click()
        carl.wait_for_timeout(1000)
    raise AssertionError("the customer was not told within a minute")
