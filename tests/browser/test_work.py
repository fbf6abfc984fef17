"""A day's work at the desk, by mouse and keyboard, with scripts and without."""

from __future__ import annotations

import re

import pytest

from .acting import act, fill, find, until_read
from .test_pages import _case, _sound

LETTER = b"""U.S. Department of Justice
Federal Bureau of Investigation
November 20, 2026

To: Custodian of Records, Example Cloud, Inc.

Pursuant to Title 18, United States Code (U.S.C.), Section 2709, you are hereby directed to provide the name,
address, length of service, and electronic communications transactional records for all services of the account
someone@mail.example from inception to present.

Special Agent in Charge
"""


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request, sign_in, desk):
    watched = sign_in(desk, java_script_enabled=request.param)
    yield watched
    assert watched.errors == []
    assert watched.hosts <= {desk.address.split("/")[2]}


def _settled(page) -> None:
    page.page.wait_for_load_state("networkidle")


def test_a_demand_goes_from_the_door_to_the_letter(page, desk):
    at = page.page
    at.goto(f"{desk.address}/receive/")
    at.set_input_files("#document", {"name": "letter.txt", "mimeType": "text/plain", "buffer": LETTER})
    at.click("text=Take it in")
    assert at.locator("text=Taken in as case").is_visible()
    until_read(at)
    assert at.locator("h1:has-text('National security letter')").is_visible()
    assert at.locator("mark").count() >= 2

    act(at, "authenticate", means="second-channel", how="called back on the number of the field office")

    # one fact by Enter on its own button, then the rest together
    button = at.locator(".facts button:has-text('Confirm')").first
    if not button.is_visible():
        at.locator(".quiet summary").first.click()
    before = int(re.search(r"(\d+) to confirm", at.inner_text("#facts"), re.I)[1])
    button.focus()
    at.keyboard.press("Enter")
    at.locator(f"#facts:has-text('{before - 1} to confirm')").wait_for()
    at.click("button:has-text('as read')")
    at.locator("text=all confirmed").wait_for()

    at.goto(at.url)
    act(at, "assess")
    assert at.locator("article.ground").count() >= 2

    # a question answered in place settles what it said
    asked = at.locator("#questions li").first
    question = asked.locator("p").inner_text().split("settles")[0].strip()
    asked.locator("button").first.click()
    at.locator(".said:has-text('assessed again')").wait_for()
    assert question not in at.inner_text("#questions")

    form = find(at, "draft")
    fill(form, kind="objection")
    form.locator("button").last.click()
    at.wait_for_url(re.compile("/letters/"))
    assert at.locator("h1:has-text('Objection to the authority')").is_visible()

    # as a file it leaves only once counsel said to whom and why
    at.click("text=Give it out")
    at.click("text=Give a privileged paper out")
    act(at, "disclose-privileged", what="letter-1", to="outside counsel", why="advice on the forum")
    at.click("a:has-text('Privileged papers')")
    with at.expect_download() as kept:
        at.click("#letter-1 >> text=PDF")
    assert kept.value.path().read_bytes().startswith(b"%PDF-")


def test_the_grounds_stand_with_their_law_a_click_away(page, desk):
    _case(page, desk, "national")
    page.page.locator("article.ground a:has-text('rule')").first.click()
    page.page.wait_for_url(re.compile("/law/"))
    assert page.page.locator("text=It holds when").is_visible()


def test_what_may_not_be_done_yet_says_why(page, desk):
    page.page.goto(f"{desk.address}/docket/?q=D")
    _case(page, desk, "emergency")
    shown = page.page.inner_text("#acts-now")
    assert "What others may do" in shown or "Not yet" in shown


def test_signing_out_closes_the_desk(page, desk):
    page.page.click("text=Sign out")
    page.page.goto(f"{desk.address}/docket/")
    assert "/sign-in/" in page.page.url


def test_a_wrong_password_says_so_and_is_sound(watch, desk):
    watched = watch()
    watched.page.goto(f"{desk.address}/sign-in/")
    watched.page.fill("#id_login", "carl")
    watched.page.fill("#id_password", "not the password")
    watched.page.press("#id_password", "Enter")
    watched.page.locator(".errorlist").wait_for()
    _sound(watched, desk)


def test_a_letter_is_sound_on_the_screen(sign_in, desk):
    watched = sign_in(desk)
    _case(watched, desk, "national")
    watched.page.click("text=Read it >> nth=0")
    watched.page.wait_for_url(re.compile("/letters/"))
    watched.page.wait_for_load_state("networkidle")
    _sound(watched, desk)
