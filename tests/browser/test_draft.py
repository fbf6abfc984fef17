"""A rule drafted in a real browser: checked while it is typed, without a click, under the strict policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

WHEN = 'when     = "asks_content"'


@pytest.fixture
def drafting(sign_in, desk):
    watched = sign_in(desk)
    answer = watched.page.goto(f"{desk.address}/law/draft/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    yield watched
    assert watched.errors == []
    assert watched.hosts <= {desk.address.split("/")[2]}


def _sound(page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def _write(page, old: str, new: str) -> None:
    text = page.input_value("#text")
    assert old in text
    page.fill("#text", text.replace(old, new, 1))


def test_what_is_typed_is_checked_as_it_stands(drafting):
    page = drafting.page
    expect(page.get_by_role("status").last).to_contain_text("Sound")
    _sound(page)
    _write(page, WHEN, 'when     = "asks_conten"')
    expect(page.locator(".mistakes mark")).to_have_text("asks_conten")
    expect(page.locator(".mistakes")).to_contain_text("did you mean asks_content")
    assert page.evaluate("document.activeElement.id") == "text"  # nothing takes the pen out of the hand
    _sound(page)
    _write(page, 'when     = "asks_conten"', 'when     = "asks_content or asks_location"')
    expect(page.locator("#checked")).to_contain_text("no example reaches the alternative on asks_location")
    expect(page.locator("#checked")).to_contain_text("it asks for location data")
    _sound(page)
    _write(page, "asks_content = false", "asks_content = true")
    expect(page.get_by_role("status").last).to_have_text("1 of 4 examples disagrees")
    _sound(page)


def test_the_proposal_is_saved_with_its_difference(drafting):
    page = drafting.page
    _write(page, "us.sample.content-needs-warrant", "us.sca.sample")
    expect(page.locator("#checked")).to_contain_text("It is new, and goes to us/sca.toml")
    page.get_by_text("What changes in the file").click()
    expect(page.locator("#checked pre.code").last).to_contain_text('+["us.sca.sample"]')
    with page.expect_download() as file:
        page.get_by_role("button", name="Download the TOML file").click()
    assert file.value.suggested_filename == "sca.toml"
    assert '["us.sca.sample"]' in Path(file.value.path()).read_text("utf-8")
    with page.expect_download() as difference:
        page.get_by_role("button", name="Download the difference").click()
    assert difference.value.suggested_filename == "us.sca.sample.diff"


def test_a_fact_is_found_beside_the_text(drafting):
    page = drafting.page
    page.fill("#find", "journalist")
    expect(page.locator("#facts")).to_contain_text("user_is_journalist")
    assert "content" in page.input_value("#text")  # the search sends nothing of the draft away, and leaves it alone
    assert "text=" not in page.url
    _sound(page)


def test_a_change_begins_on_the_page_of_the_rule(drafting, desk):
    page = drafting.page
    page.goto(f"{desk.address}/law/us.nsl.scope/")
    page.get_by_role("link", name="Draft a change").click()
    page.wait_for_url(re.compile("from=us.nsl.scope"))
    expect(page.locator("#checked")).to_contain_text("nothing would change")
    expect(page.locator("#checked")).to_contain_text("National security letter")  # one of our own cases
    _sound(page)


def test_without_script_the_button_checks(watch, desk):
    watched = watch(java_script_enabled=False)
    page = watched.page
    page.goto(f"{desk.address}/sign-in/")
    page.fill("#id_login", "carl")
    page.fill("#id_password", desk.passwords["carl"])
    page.press("#id_password", "Enter")
    page.goto(f"{desk.address}/law/draft/")
    _write(page, WHEN, 'when     = "asks_conten"')
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".mistakes")).to_contain_text("did you mean asks_content")
    assert "asks_conten" in page.input_value("#text")


@pytest.mark.parametrize("width", [390, 820, 1100])
def test_it_fits_a_narrow_screen(drafting, width):
    page = drafting.page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    _sound(page)
