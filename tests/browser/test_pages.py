"""Every page in a real browser: nothing hard to use, nothing broken, nothing from anywhere else."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

PAGES = ["/docket/", "/docket/?only=closed", "/docket/?q=nothing-such", "/receive/", "/law/", "/law/?q=2709",
         "/law/us.nsl.scope/", "/law/figures/", "/ledger/", "/sign-in/second/", "/sign-in/password/",
         "/touched/", "/no/such/page/"]  # fmt: skip


def _sound(watched, desk, quiet: bool = True) -> None:
    """No violation, no console line, no other host."""
    found = Axe().run(watched.page)
    assert found.violations_count == 0, found.generate_report()
    if quiet:
        assert watched.errors == []
    assert watched.hosts <= {desk.address.split("/")[2]}


def _case(watched, desk, kind: str) -> str:
    watched.page.goto(f"{desk.address}/docket/?q={kind}")
    watched.page.click("a.row >> nth=0")
    watched.page.wait_for_url(re.compile("/cases/"))
    return watched.page.url


def test_the_entrance_is_sound(watch, desk):
    watched = watch()
    answer = watched.page.goto(f"{desk.address}/docket/")
    assert "/sign-in/" in watched.page.url
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    _sound(watched, desk)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_sound(sign_in, desk, page):
    watched = sign_in(desk)
    answer = watched.page.goto(desk.address + page)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    _sound(watched, desk, quiet=answer.status == 200)


@pytest.mark.parametrize("kind", ["national", "warrant", "emergency", "2703", "Production", "jury", "Preservation"])
def test_each_kind_of_case_is_sound(sign_in, desk, kind):
    watched = sign_in(desk)
    _case(watched, desk, kind)
    watched.page.wait_for_load_state("networkidle")
    for fold in watched.page.query_selector_all("details:not([open]) > summary"):
        fold.evaluate("e => { e.parentElement.open = true }")
    _sound(watched, desk)


@pytest.mark.parametrize("page", ["totp/activate/", "webauthn/add/"])
def test_adding_a_second_factor_is_sound(sign_in, desk, page):
    watched = sign_in(desk, anew=True)
    watched.page.goto(f"{desk.address}/sign-in/second/{page}")
    _sound(watched, desk)  # the password once more
    watched.page.fill("[type=password]", desk.passwords["carl"])
    watched.page.press("[type=password]", "Enter")
    watched.page.wait_for_url(lambda url: page in url and "again" not in url)
    _sound(watched, desk)


def test_a_passkey_is_added_and_signs_in(sign_in, watch, desk):
    watched = sign_in(desk, "dora", anew=True)
    keys = watched.page.context.new_cdp_session(watched.page)
    keys.send("WebAuthn.enable")
    keys.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                     "hasUserVerification": True, "isUserVerified": True}},
    )  # fmt: skip
    watched.page.goto(f"{desk.address}/sign-in/second/webauthn/add/")
    watched.page.fill("[type=password]", desk.passwords["dora"])
    watched.page.press("[type=password]", "Enter")
    watched.page.check("#id_passwordless")
    watched.page.click("#mfa_webauthn_add")
    watched.page.wait_for_url(re.compile("recovery-codes|webauthn/$|second/$"))
    watched.page.click("text=Sign out")
    watched.page.goto(f"{desk.address}/sign-in/")
    watched.page.click("#passkey_login")
    watched.page.wait_for_url(re.compile("/docket/"))
    assert watched.page.locator("text=Dora Weiss").is_visible()
    assert watched.errors == []


def test_what_does_not_stand_is_sound(sign_in, desk):
    watched = sign_in(desk)
    _case(watched, desk, "national")
    watched.page.click("text=show why")
    watched.page.wait_for_url(re.compile("/others/"))
    assert watched.page.locator("text=They do not apply").is_visible()
    _sound(watched, desk)


@pytest.mark.parametrize("width", [390, 820, 1100])
@pytest.mark.parametrize("page", ["/docket/", "/law/", "/law/us.nsl.scope/", "/ledger/"])
def test_a_narrow_screen_never_scrolls_sideways(sign_in, desk, page, width):
    watched = sign_in(desk)
    watched.page.set_viewport_size({"width": width, "height": 800})
    watched.page.goto(desk.address + page)
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    _sound(watched, desk)


@pytest.mark.parametrize("width", [390, 820, 1100])
def test_a_case_fits_a_narrow_screen(sign_in, desk, width):
    watched = sign_in(desk)
    watched.page.set_viewport_size({"width": width, "height": 800})
    _case(watched, desk, "national")
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    _sound(watched, desk)


def test_the_page_as_served_is_drawn_with_its_facts_marked(sign_in, desk):
    watched = sign_in(desk)
    _case(watched, desk, "national")
    picture = watched.page.locator("#sheet img")
    assert picture.evaluate("e => e.complete && e.naturalWidth") == 1100
    marks = watched.page.locator("#sheet svg a")
    assert marks.count() >= 5
    box, sheet = marks.first.bounding_box(), picture.bounding_box()
    assert sheet["x"] <= box["x"]
    assert box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1


def test_an_empty_docket_says_what_to_do(sign_in, empty_desk):
    watched = sign_in(empty_desk, "ana")
    assert watched.page.locator("text=No demand has come in yet").is_visible()
    _sound(watched, empty_desk)


def test_focus_is_seen_and_the_page_is_reached_past_the_menu(sign_in, desk):
    watched = sign_in(desk)
    watched.page.goto(f"{desk.address}/docket/")
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.textContent") == "Skip to the page"
    watched.page.keyboard.press("Enter")
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.closest('main') !== null")
    assert watched.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_keys_work(sign_in, desk):
    watched = sign_in(desk)
    watched.page.goto(f"{desk.address}/docket/")
    watched.page.keyboard.press("/")
    assert watched.page.evaluate("document.activeElement.id") == "q"
    watched.page.keyboard.type("national")
    watched.page.wait_for_url(re.compile("q=national"))
    assert watched.page.locator("a.row").count() >= 1
    assert watched.errors == []
