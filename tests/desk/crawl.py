"""Everything that one person can get out of the desk: every address, link, search form and fragment, by every means.

Addresses come from the resolver, so that a new page is crawled by itself; one that needs an argument the crawl does
not know fails, and says so. Answers are kept whole (status, headers, body) but for what differs each time.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

HTMX = {"HX-Request": "true"}
LIBRARY = {"rule": 6, "rule-data": 6, "law": 8, "law-data": 3, "figures-data": 2}
"""Pages of which there are hundreds, all made of the library: how many of each the crawl opens by following links."""
OUTSIDE = ("/static/",)

Request = tuple[str, str, str]
"""Method, address with its query, and the id of the element that htmx would fill ("" for a whole page)."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers that can tell something, and the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Answers = dict[Request, Answer]


# ------------------------------------------------------------------ addresses


def patterns(found: Iterable[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the desk as a pattern, with its route."""
    for pattern in get_resolver().url_patterns if found is None else found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, route)
        else:
            yield route, pattern


def addresses(arguments: Mapping[str, Iterable[Any]]) -> Iterator[tuple[str, URLPattern]]:
    """Every address with every value of its arguments that fits, by name; KeyError where none is given that does."""
    for route, pattern in patterns():
        names, found = re.findall(r"<(?:\w+:)?(\w+)>", route), False
        for values in product(*(arguments.get(name, ()) for name in names)):
            address = "/" + route
            for name, value in zip(names, values, strict=True):
                address = re.sub(rf"<(?:\w+:)?{name}>", str(value), address)
            if name_of(address) == pattern.name:
                found = True
                yield address, pattern
        if not found:
            raise KeyError(f"the crawl has no address for {route}; hint: give it what it needs in ARGUMENTS")


def name_of(address: str) -> str:
    """The name of the pattern that an address is of; "" where there is none."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""


# ------------------------------------------------------------------ what a page leads to


class _Page(HTMLParser):
    def __init__(self, base: str, finds: tuple[str, ...]) -> None:
        super().__init__()
        self.base, self.finds = base, finds
        self.links: list[tuple[str, str]] = []
        self.form: tuple[str, str] | None = None
        self.fields: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        target = given.get("hx-target", "").removeprefix("#")
        for name in ("href", "src", "hx-get"):
            if given.get(name) and not given[name].startswith("#"):
                self.links.append((urljoin(self.base, given[name]), target if name == "hx-get" else ""))
        if tag == "form" and given.get("method", "get").lower() == "get":
            self.form, self.fields = (urljoin(self.base, given.get("action", "")), target), []
        elif tag == "select" and self.form:
            self.fields.append((given.get("name", ""), []))
        elif tag == "option" and self.form and self.fields:
            self.fields[-1][1].append(given.get("value", ""))
        elif tag == "input" and self.form and given.get("name"):
            fixed = given.get("type", "text") not in ("search", "text")
            self.fields.append((given["name"], [given.get("value", "")] if fixed else list(self.finds)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.form:
            (action, target), names = self.form, [name for name, _ in self.fields]
            for values in product(*(values or [""] for _, values in self.fields)):
                query = urlencode(list(zip(names, values, strict=True)))
                self.links.append((f"{urlsplit(action)._replace(query='').geturl()}?{query}", target))
            self.form = None


# ------------------------------------------------------------------ the crawl


@dataclass
class Crawl:
    """A person's way through the desk. `finds` is what they type into every search; `every`: by every method too."""

    client: Client
    arguments: Mapping[str, Iterable[Any]]
    finds: tuple[str, ...]
    every: bool = True
    answers: Answers = field(default_factory=dict)
    _seen: set[Request] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)

    def run(self) -> Answers:
        """Ask for everything, and give every answer."""
        waiting: deque[Request] = deque(("GET", address, "") for address, _ in addresses(self.arguments))
        given = {address for _, address, _ in waiting}
        while waiting:
            request = waiting.popleft()
            if request in self._seen:
                continue
            self._seen.add(request)
            method, address, target = request
            answer = self.answers[request] = self._ask(*request)
            if method == "GET":
                waiting.extend(self._next(address, answer))
                # Whom a page refuses for their role alone, it refuses so by every method.
                if self.every and not target and address in given and not _refused(answer) and _is_ours(address):
                    waiting += [(m, address, "") for m in ("HEAD", "OPTIONS", "POST")] + [("GET", address, "main")]
        return self.answers

    def _ask(self, method: str, address: str, target: str) -> Answer:
        headers = {**HTMX, "HX-Target": target} if target else {}
        send = getattr(self.client, method.lower())
        answer = send(address, {"token": "0" * 32, "why": "x"} if method == "POST" else None, headers=headers)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        kept = tuple(sorted((k, _steady_header(k, v)) for k, v in answer.items() if k != "Content-Length"))
        for cookie in answer.cookies.values():
            kept = (*kept, ("Set-Cookie", f"{cookie.key} {sorted(k for k, v in cookie.items() if v)}"))
        return Answer(answer.status_code, kept, steady(body, name_of(address)))

    def _next(self, address: str, answer: Answer) -> Iterator[Request]:
        headers = dict(answer.headers)
        if "Location" in headers:
            yield from self._follow(urljoin(address, headers["Location"]), "")
        if "text/html" in headers.get("Content-Type", ""):
            page = _Page(address, self.finds)
            page.feed(answer.body.decode("utf-8", "replace"))
            for link, target in page.links:
                yield from self._follow(link, target)

    def _follow(self, link: str, target: str) -> Iterator[Request]:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or parts.path.startswith(OUTSIDE):
            return
        link = parts.path + (f"?{urlencode(parse_qsl(parts.query, keep_blank_values=True))}" if parts.query else "")
        name = name_of(link)
        self._counts[name] = self._counts.get(name, 0) + 1
        if self._counts[name] <= LIBRARY.get(name, 10**6):
            yield "GET", link, target


def _refused(answer: Answer) -> bool:
    return answer.status == 403 or dict(answer.headers).get("Location", "").startswith("/sign-in/?next=")


def _is_ours(address: str) -> bool:
    # Of what allauth serves, a post changes how one signs in, and with it the way.
    return resolve(address).func.__module__.startswith("demur.")


# ------------------------------------------------------------------ what differs each time

CSRF = re.compile(rb'(name="csrfmiddlewaretoken" value=)"[^"]+"')
TOKEN = re.compile(rb'(name="token" value=)"[0-9a-f]{32}[^"]*"')
CHALLENGE = re.compile(rb'("challenge": )"[^"]+"')
INDEX = re.compile(rb"(?<=\nindex )\d+|(?<=\nextra )\S+|(?<=>place )\d+|(?<=\"place\": )\d+|(?<=,)\*?\d+(?=\r\n)")
"""The place of an entry within its epoch, which its salts decide."""
HASH = re.compile(rb"\b[0-9a-f]{10,}\b|(?<=\n)[A-Za-z0-9+/]{40,}=*|\xe2\x80\x94 [^\n<]+")
"""A commitment, a root or a signature of the public log: salted and signed, they say nothing but differ each time."""


def steady(body: bytes, name: str) -> bytes:
    """A body without what differs each time: tokens, challenges, and on the ledger's pages hashes and signatures."""
    for pattern in (CSRF, TOKEN, CHALLENGE):
        body = pattern.sub(rb'\1"*"', body)
    if name.startswith("audit"):
        body = INDEX.sub(b"*", body)
    return HASH.sub(b"*", body) if name.startswith(("ledger", "audit")) else body


def _steady_header(name: str, value: str) -> str:
    return "*" if name in ("Date", "Expires", "Last-Modified") and "GMT" in value else value


def differences(one: Answers, other: Answers) -> dict[Request, str]:
    """Where two crawls differ, each with how."""
    found = {}
    for request in sorted(one.keys() | other.keys()):
        a, b = one.get(request), other.get(request)
        if a != b:
            found[request] = _how(a, b)
    return found


def _how(a: Answer | None, b: Answer | None) -> str:
    if a is None or b is None:
        return "leads there in one world only"
    if a.status != b.status:
        return f"answers {a.status} and {b.status}"
    if a.headers != b.headers:
        return f"headers {sorted(set(a.headers) ^ set(b.headers))}"
    pairs = zip(a.body, b.body, strict=False)
    at = next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a.body), len(b.body)))
    here = slice(max(0, at - 60), at + 60)
    return f"{a.body[here]!r} and {b.body[here]!r}"
