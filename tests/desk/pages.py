"""A person at the desk: finds the form of an act on the page of a case, fills it in and sends it as a browser does."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from .conftest import token


@dataclass
class PageForm:
    """One form of a page: where it goes, what it sends as it stands, and what it offers to choose."""

    action: str
    sends: dict[str, list[str]] = field(default_factory=dict)
    offers: dict[str, list[str]] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[PageForm] = []
        self._form: PageForm | None = None
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {k: v or "" for k, v in attrs}
        if tag == "form":
            self._form = PageForm(at.get("action", "").partition("#")[0])
            self.found.append(self._form)
        if self._form is None:
            return
        name = at.get("name", "")
        if tag == "input" and name:
            ticks = at.get("type") in ("checkbox", "radio")
            self._form.offers.setdefault(name, []).append(at.get("value", ""))
            if at.get("type") != "file" and (not ticks or "checked" in at):
                self._form.sends.setdefault(name, []).append(at.get("value", ""))
        elif tag in ("select", "textarea") and name:
            self._inside = name
            self._form.offers[name] = []
            self._form.sends.setdefault(name, [] if tag == "select" else [""])
        elif tag == "option" and self._inside:
            self._form.offers[self._inside].append(at.get("value", ""))
            if "selected" in at or not self._form.sends[self._inside]:
                self._form.sends[self._inside] = [at.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self._inside and self._form is not None and not self._form.offers[self._inside]:
            self._form.sends[self._inside] = [self._form.sends[self._inside][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in ("select", "textarea"):
            self._inside = ""


@dataclass
class AtDesk:
    """One person before one case."""

    client: Client
    number: str

    @property
    def address(self) -> str:
        return f"/cases/{self.number}/"

    def look(self) -> str:
        """The page as this person sees it."""
        answer = self.client.get(self.address)
        assert answer.status_code == 200
        return answer.content.decode()

    def forms(self, act: str, page: str = "") -> list[PageForm]:
        """The forms of an act on the page."""
        return [f for f in Forms(page or self.look()).found if f.action == f"{self.address}acts/{act}/"]

    def send(self, act: str, about: str = "", **filled: Any) -> str:
        """Fill in the form of an act and send it; where the desk asks once more, look and confirm. Gives the page."""
        fit = [f for f in self.forms(act) if not about or any(about in v for v in f.offers.values())]
        assert fit, f"there is no form to {act} {about}"
        shown = fit[0].sends
        if about:
            place = next(k for k, v in fit[0].offers.items() if about in v)
            shown = {**shown, place: [about]}
        page = self.post(act, {**shown, **filled})
        again = [f for f in self.forms(act, page) if "seen" in f.sends]
        return self.post(act, again[0].sends) if again else page

    def post(self, act: str, data: dict[str, Any]) -> str:
        """Send a form of an act as it is; gives the page that answers."""
        return self.client.post(f"{self.address}acts/{act}/", data, follow=True).content.decode()

    def does(self, act: str, about: str = "", **filled: Any) -> None:
        """`send`, and the desk says that it is done."""
        page = self.send(act, about, **filled)
        assert 'class="said success"' in page, said(page)

    def answers(self, **facts: Any) -> None:
        """Set facts by hand, as beside each question, and confirm all others as they were read."""
        for name, value in facts.items():
            place = {"at_clause": "0", "at_target": "0"} if name.startswith("customer_kind") else {}
            self.client.post(f"{self.address}facts/", {"fact": name, "value": value, "token": token(), **place})
        self.client.post(f"{self.address}facts/", {"rest": "1", "token": token()})


def said(page: str) -> list[str]:
    """What the desk said on top of a page, in plain text."""
    lines = page.split('<p class="said ')[1:]
    return [line.partition(">")[2].partition("</p>")[0] for line in lines]
