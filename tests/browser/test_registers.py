"""The registers and the customer's own page in a real browser."""

from __future__ import annotations

import re

import pytest

from .test_pages import _sound

PAGES = ["/customers/", "/customers/?q=nothing-such", "/customers/liffey-row/", "/customers/liffey-row/change/",
         "/customers/new/", "/customers/promises/", "/authorities/", "/authorities/fbi/",
         "/authorities/fbi/change/"]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_each_page_of_the_registers_is_sound(sign_in, desk, page):
    watched = sign_in(desk, "lea")
    assert watched.page.goto(desk.address + page).status == 200
    _sound(watched, desk)


def test_what_cannot_be_kept_is_marked_where_it_stands(sign_in, desk):
    watched = sign_in(desk, "otto")
    at = watched.page
    at.goto(f"{desk.address}/customers/new/")
    at.fill("#name", "Coldharbour Trust")
    at.select_option("#kind", "enterprise")
    at.fill("#handles-domain", "liffeyrow.example")
    at.fill("#contacts-0-name", "Jo")
    at.fill("#contacts-0-email", "jo")
    at.click("button:has-text('Keep')")
    assert at.locator("[role=alert]:has-text('Nothing was changed')").is_visible()
    wrong = at.locator("#contacts-0-email")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert "name@example.org" in at.inner_text(f"#{wrong.get_attribute('aria-describedby')}")
    assert at.input_value("#name") == "Coldharbour Trust"
    _sound(watched, desk, quiet=False)
    at.fill("#contacts-0-email", "jo@coldharbour.example")
    at.click("button:has-text('Keep')")
    assert at.locator("text=liffeyrow.example belongs to liffey-row").is_visible()
    at.fill("#handles-domain", "coldharbour.example")
    at.click("button:has-text('Keep')")
    assert at.locator("h1:has-text('Coldharbour Trust')").is_visible()


def test_a_customer_reads_what_it_was_told_and_is_asked_twice(sign_in, desk):
    watched = sign_in(desk, "sorcha")
    at = watched.page
    assert at.url.endswith("/mine/")
    _sound(watched, desk)
    at.click("article h2 a")
    at.wait_for_url(re.compile("/mine/.+/"))
    assert at.locator("text=studio@liffeyrow.example").is_visible()
    _sound(watched, desk)
    at.click("button:has-text('Instruct the provider')")
    assert at.locator("h1:has-text('look once more')").is_visible()
    _sound(watched, desk)
    at.click("text=Go back")
    at.click("button:has-text('Join the challenge')")
    assert at.locator("text=you joined the challenge").is_visible()
    at.click("button:has-text('Leave the challenge')")
    assert at.goto(f"{desk.address}/docket/").status == 403


def test_the_page_behind_a_receipts_link_is_sound(watch, desk):
    watched = watch()
    watched.page.goto(f"{desk.address}/receipt/no-such-secret-at-all-here/")
    _sound(watched, desk)
    watched.page.click("button")
    assert watched.page.locator("h1:has-text('Thank you.')").is_visible()
