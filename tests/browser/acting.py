"""A person at a real browser: does an act on the case on the screen, unfolding what lies folded."""

from __future__ import annotations

from playwright.sync_api import TimeoutError


def find(at, act: str):
    """The form of an act on the page, unfolded."""
    form = at.locator(f"form[action*='/acts/{act}/']").first
    for summary in form.locator("xpath=ancestor::details[not(@open)]/summary").all():
        summary.click()
    return form


def fill(form, /, **filled: str) -> None:
    """Write, choose or tick the fields of a form; of a file its name is given."""
    for name, value in filled.items():
        control = form.locator(f"[name='{name}']").first
        kind = control.evaluate("e => e.tagName == 'SELECT' ? 'select' : e.type")
        if kind == "select":
            control.select_option(value)
        elif kind == "file":
            control.set_input_files({"name": value, "mimeType": "text/plain", "buffer": b"the court orders"})
        elif kind == "checkbox":
            control.check()
        else:
            control.fill(value)


def act(at, name: str, /, **filled: str) -> None:
    """Do an act: fill its form in and send it; where the desk asks once more, look and confirm."""
    form = find(at, name)
    fill(form, **filled)
    form.locator("button").last.click()
    at.wait_for_load_state()
    for _ in range(3):
        if not at.locator("h1:has-text('look once more')").count():
            break
        at.click(".btn.grave")  # a worker may have moved the case meanwhile: then it asks again
        at.wait_for_load_state()
    assert at.locator(".said.success").count(), at.inner_text("#said")


def until_read(at, turns: int = 12) -> None:
    """Wait until the worker has read the case; without scripts the page does not look by itself, so load it again."""
    for _ in range(turns):
        try:
            at.locator("#facts").wait_for(timeout=5000)
            return
        except TimeoutError:
            at.reload()
    raise AssertionError("nobody read the case")
