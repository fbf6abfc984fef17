"""A gagged case leaves no trace: who may not see it gets, whatever they ask, what they would get without it.

Two worlds are made alike, one of them with one case more, served between two others so that every count and key of a
table moves. Everything that a person can ask of the desk is asked in both, and the answers must be the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demur.desk import papers
from demur.docket import acts, clerk, entries, standing, visible
from demur.docket.lifecycle import ROLES, Actor
from demur.docket.models import Case, Contact, Customer, Draft, Handle, Membership, Outcome, ReminderSent
from demur.paper import Party

from .conftest import NOW, PASSWORD, receive, take, token
from .crawl import Answers, Crawl, addresses, differences, name_of, patterns

HIDDEN = "HVDN-0000-CASE"
"""The number of the case that must not be told of; in the world without it, nobody has it."""
SECOND = "2ND0-0000-CASE"
"""The number of a case that the customer was told of."""
SECRET = "k.secret@hushed.example"
OPEN = "someone@muster.example"
"""Whose data the hidden case is about, and whose the others: identifiers of one customer."""
ARGUMENTS = {
    "number": [HIDDEN],
    "document": [1],
    "draft": [1],
    "seq": [1],
    "page": [1],
    "form": ["json", "csv", "pdf", "toml"],
    "act": ["preserve", "record-danger", "test-disclosure", "instruct"],
    "identity": ["us.4a.content-needs-warrant"],
    "pk": [1],
    "slug": ["muster"],
    "secret": ["a-secret-of-a-paper-that-was-sent"],
    "place": [0],
    "what": ["letter-1", "outcomes"],
}
"""What the crawl puts into addresses: what is known of the hidden case by whoever looks for it."""
FINDS = (SECRET, HIDDEN[:4], "us.nsl")
"""What the crawl types into every search."""
OUTSIDERS = {
    "privacy officer": ["privacy-officer"],
    "auditor": ["auditor"],
    "operator": ["operator"],
    "customer": ["customer"],
    "everything outside the team": ["privacy-officer", "auditor", "operator", "customer", "officer", "claimant"],
    "no role": [],
    "anonymous": None,
}
"""Who may not see a gagged case, with their roles; None is nobody signed in."""


# ------------------------------------------------------------------ the worlds

PLAIN = {"kind": "subpoena.trial", "issuer_country": "us", "gag_present": False, "customer_kind": "enterprise"}


def _do(number: str, name: str, who: Actor, **payload: object) -> Case:
    done = acts.act(number, name, who, payload, token=token(), now=NOW)
    assert isinstance(done, acts.Done), str(done)
    return Case.objects.get(number=number)


def _known(number: str, whose: str = SECRET, **facts: object) -> None:
    """The case read, confirmed and assessed with these facts."""
    lead, case = _actor("lea"), Case.objects.get(number=number)
    said = [{"name": n, "clause": None, "target": None, "value": v} for n, v in facts.items()]
    clauses = [
        {"targets": [{"identifier": whose, "kind": "email"}], "categories": ["subscriber", "content"], "quote": "all"}
    ]
    take(get_user_model().objects.get(username="lea"), case, ())
    _do(number, "authenticate", lead, how="called back")
    _do(number, "confirm", lead, facts=said, clauses=clauses, rest=True)
    _do(number, "assess", lead, as_of=NOW.date())


def _told(number: str) -> None:
    lead = _actor("lea")
    for party in standing.state_of(Case.objects.get(number=number)).parties:
        clerk.write_notice(number, party.name, lead, provider=Party("Cloud"), token=token(), now=NOW)
        _do(number, "notify", lead, party=party.name)


def unread(number: str) -> None:
    """Served, and nobody looked at it yet."""


def unconfirmed(number: str) -> None:
    """Read as without a gag, which nobody confirmed."""
    take(get_user_model().objects.get(username="lea"), Case.objects.get(number=number),
         (("gag_present", False, "", 0.9, False),))  # fmt: skip


def letter(number: str) -> None:
    """A national security letter with its gag, an objection drafted and filed, and an outcome on the books."""
    _known(number, kind="nsl", issuer_country="us", gag_present=True, reference="NSL-99-987654", due_on="2026-11-24")
    lead = _actor("lea")
    key = "us.nsl.scope@0"  # content is not what a letter can ask for
    clerk.draft(number, "objection", lead, provider=Party("Cloud"), token=token(), now=NOW)
    _do(number, "challenge", lead, grounds=[key], form="objection", forum="issuing authority")
    _do(number, "record-outcome", lead, ground=key, result="upheld")
    assert Outcome.objects.exists()
    assert Draft.objects.exists()


def filed(number: str) -> None:
    """A gagged subpoena like the others, with a filing on a ground that stands on them too, and its outcome."""
    _known(number, **{**PLAIN, "gag_present": True})
    key = "us.4a.content-needs-warrant@0"
    assert all(standing.state_of(c).ground(key) for c in Case.objects.all())
    _do(number, "challenge", _actor("lea"), grounds=[key], form="objection", forum="issuing authority")
    _do(number, "record-outcome", _actor("lea"), ground=key, result="upheld")


def court_order(number: str) -> None:
    """A court's order of silence with an end."""
    until = {"gag_by_court": True, "gag_until": "2027-03-01"}
    _known(number, kind="warrant.sca", issuer_country="us", gag_present=True, gag_basis="2705b", **until)


def production_order(number: str) -> None:
    """A European Production Order: the statute imposes silence though the order says nothing of it."""
    _known(number, kind="eu.epoc", issuer_country="fr", gag_present=False)


def communications_data(number: str) -> None:
    """A British notice for communications data: telling is an offence, without any end."""
    _known(number, kind="uk.ipa.cd", issuer_country="gb", gag_present=False)


def danger(number: str) -> None:
    """No gag, but telling the customer would endanger a person: two signed that."""
    _known(number, **PLAIN)
    _do(number, "record-danger", _actor("carl"), gag="danger", why="a child", until="2026-12-31")
    _do(number, "sign-danger", _actor("lea"), gag="danger")


def over(number: str) -> None:
    """A gag that ended; the notice is not out yet."""
    _known(number, **PLAIN)
    _do(number, "record-gag", _actor("lea"), gag="order")
    _do(number, "end-gag", _actor("lea"), gag="order", why="the court lifted it", document=1)


VARIANTS: tuple[Callable[[str], None], ...] = (
    unread, unconfirmed, filed, court_order, production_order, communications_data, danger, over,
)  # fmt: skip


def _actor(name: str) -> Actor:
    return acts.actor_for(get_user_model().objects.get(username=name))


@contextmanager
def world(folder: Path, monkeypatch, hidden: Callable[[str], None] | None) -> Iterator[None]:
    """A small office with two cases that nobody must be silent about, and between them, where given, a hidden one.

    It is gone afterwards, with every key of a table that it took.
    """
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined]  # the ledger wants to be outermost
    with whole, monkeypatch.context() as patch:
        patch.setattr(settings, "DATA", folder)
        patch.setattr(timezone, "now", lambda: NOW + timedelta(hours=2))
        for name, roles in {"lea": ["lead", "releaser"], "carl": ["counsel"]}.items():
            _let_in(name, roles)
        muster = Customer.objects.create(slug="muster", name="Muster AG", kind="enterprise", country="de")
        for name in (OPEN, SECRET):
            Handle.objects.create(customer=muster, kind="email", value=name)
        for number, roles in enumerate(r for r in OUTSIDERS.values() if r is not None):
            user = _let_in(f"p{number}", roles)
            if "customer" in roles:
                Contact.objects.create(customer=muster, name="Cora", email=f"c{number}@muster.example", user=user)
        _serve("FR5T-0000-CASE", "one")
        _known("FR5T-0000-CASE", OPEN, **PLAIN)
        if hidden is not None:
            _serve(HIDDEN, "a letter that nobody may hear of")
            hidden(HIDDEN)
            _remind(HIDDEN)
            _touch(HIDDEN)
        _serve(SECOND, "two")
        _known(SECOND, OPEN, **PLAIN)
        _told(SECOND)
        _remind(SECOND)
        _touch(SECOND)
        entries.publish(folder, now=NOW)
        yield
        transaction.set_rollback(True)


def _serve(number: str, content: str) -> None:
    case = receive(get_user_model().objects.get(username="lea"), content=content)
    Case.objects.filter(pk=case.pk).update(number=number)
    # As if somebody of the team had looked at its first page: pictures are drawn once.
    drawn = Path(settings.DATA) / "pages" / case.documents.get().original_id
    drawn.mkdir(parents=True)
    (drawn / f"1-{papers.WIDTH}.png").write_bytes(b"a picture")


def _remind(number: str) -> None:
    """Words to every role that an outsider may hold."""
    case = Case.objects.get(number=number)
    for role in ("privacy-officer", "auditor", "operator", "customer"):
        ReminderSent.objects.create(
            case=case, key=role, role=role, says=f"{role} is wanted", at=NOW + timedelta(hours=1)
        )


def _touch(number: str) -> None:
    """A note of new law, as if the case were over."""
    lines = [{"rule": "us.nsl.scope", "before": "fails", "after": "holds", "pieces": 1}]
    _do(number, "note-new-law", acts.DEMUR, rules=lines)


def _let_in(name: str, roles: list[str]):
    user = get_user_model().objects.create_user(name, password=PASSWORD)
    Membership.objects.bulk_create(Membership(user=user, role=role) for role in roles)
    return user


def crawl(who: str, *, every: bool = True) -> Answers:
    """Everything that this outsider can ask; without `every`, by addresses and links alone."""
    return Crawl(_enter(who), ARGUMENTS, FINDS if every else (), every).run()


def _enter(who: str) -> Client:
    cache.clear()  # of how often one tried to sign in
    client = Client()
    roles = [r for r in OUTSIDERS.values() if r is not None]
    if OUTSIDERS[who] is not None:
        user = get_user_model().objects.get(username=f"p{roles.index(OUTSIDERS[who])}")
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


# ------------------------------------------------------------------ what must be alike

NEAREST = ("privacy officer", "customer", "auditor")
"""The outsiders for whom it depends on the case whether they see it."""
WAYS = [(who, who != "everything outside the team") for who in OUTSIDERS]
WAYS += [(who, False) for who in NEAREST]
"""Who goes which way: by every method, or by addresses and links alone."""
_without: dict[tuple[str, bool], Answers] = {}
_folder: list[tuple[str, int]] = []


def _public(folder: Path) -> list[tuple[str, int]]:
    """Every file of the public log with its size."""
    held = folder / "ledger"
    return sorted((str(f.relative_to(held)), f.stat().st_size) for f in held.rglob("*") if f.is_file())


@pytest.fixture
def without(db, tmp_path, monkeypatch) -> dict[tuple[str, bool], Answers]:
    """What each outsider gets, by every method or not, in the world that has no gagged case; made once."""
    if not _without:
        with world(tmp_path / "without", monkeypatch, None):
            _without.update({(who, every): crawl(who, every=every) for who, every in WAYS})
            _folder.extend(_public(tmp_path / "without"))
    return _without


def test_whoever_may_not_see_a_case_gets_whatever_they_ask_what_they_would_get_without_it(
    without, tmp_path, monkeypatch
):
    with world(tmp_path / "with", monkeypatch, letter):
        for who, every in WAYS:
            assert differences(without[who, every], crawl(who, every=every)) == {}, who


@pytest.mark.parametrize("hidden", VARIANTS)
def test_every_kind_of_silence_hides_the_case(without, tmp_path, monkeypatch, hidden):
    with world(tmp_path / "with", monkeypatch, hidden):
        assert Case.objects.get(number=HIDDEN).gagged
        assert _public(tmp_path / "with") == _folder
        for who in NEAREST:
            assert differences(without[who, False], crawl(who, every=False)) == {}, who


@pytest.mark.parametrize(
    ("who", "pages"), [("privacy officer", {"docket", "docket-data", "case"}), ("customer", {"mine", "mine-case"})]
)
def test_a_case_of_which_the_notice_is_out_is_no_longer_hidden(without, tmp_path, monkeypatch, who, pages):
    def told(number: str) -> None:
        over(number)
        _told(number)

    with world(tmp_path / "with", monkeypatch, told):
        found = differences(without[who, False], crawl(who, every=False))
        assert pages <= {name_of(address) for _, address, _ in found}


def test_a_customer_cannot_tell_a_gag_that_came_after_the_notice_from_any_other_paper(db, tmp_path, monkeypatch):
    def gag() -> None:
        _do(SECOND, "record-gag", _actor("lea"), gag="came later", until="2027-01-01")
        _do(SECOND, "refuse", _actor("carl"), why="it is void")

    def paper() -> None:
        _do(SECOND, "add-document", _actor("lea"), files=[("more.txt", b"more")])

    seen = []
    for number, happens in enumerate((gag, paper)):
        with world(tmp_path / str(number), monkeypatch, None):
            happens()
            seen.append(crawl("customer"))
    assert b"Nothing more can be said" in seen[0]["GET", f"/mine/{SECOND}/", ""].body
    assert differences(*seen) == {}


def test_a_hidden_case_is_looked_for_as_one_that_does_not_exist(db, tmp_path, monkeypatch):
    """The same questions to the database and the same bytes, so that neither the answer nor its time tells."""
    missing = HIDDEN.replace("HVDN", "M1SS")
    with world(tmp_path / "with", monkeypatch, letter):
        client = _enter("everything outside the team")
        about = [a for a, _ in addresses(ARGUMENTS) if HIDDEN in a]
        assert len(about) > 12
        for address, method in product(about, ("GET", "POST")):
            asked = []
            for number in (HIDDEN, missing):
                with CaptureQueriesContext(connection) as queries:
                    answer = client.generic(method, address.replace(HIDDEN, number))
                asked.append((answer.status_code, answer.content, [q["sql"].replace(number, "") for q in queries]))
            assert asked[0] == asked[1], address


# ------------------------------------------------------------------ that the crawl would find it


@pytest.mark.parametrize(
    ("who", "about"),
    [("privacy officer", ("case", "docket", "reminders", "touched")), ("customer", ("mine",)), ("auditor", ("audit",))],
)
def test_without_the_rules_of_sight_the_crawl_finds_the_case_on_every_page(without, tmp_path, monkeypatch, who, about):
    """Every page that takes a case, and every list and count, is one on which the crawl would catch it."""
    with world(tmp_path / "with", monkeypatch, letter):
        monkeypatch.setattr(visible, "SEE_ALL", frozenset(ROLES))
        found = {name_of(address) for _, address, _ in differences(without[who, True], crawl(who))}
    opened = {
        pattern.name
        for _, pattern in patterns()
        if getattr(pattern.callback, "open_to", frozenset()) & set(OUTSIDERS[who]) and pattern.name.startswith(about)
    }
    assert opened
    assert opened - found == GIVEN & opened
    assert "docket" not in about or "law" in found  # the count of open cases in the frame


@pytest.mark.walk
@pytest.mark.parametrize(
    ("where", "page", "who"),
    [
        ("demur.desk.people.whole_cases", "law", "privacy officer"),
        ("demur.desk.views.docket.whole_cases", "docket-data", "privacy officer"),
        ("demur.desk.reminded.rows", "reminders-data", "privacy officer"),
        ("demur.desk.reminded.rows", "docket", "privacy officer"),
        ("demur.desk.views.touched.rows", "touched", "privacy officer"),
        ("demur.desk.views.touched.rows", "touched-data", "privacy officer"),
        ("demur.desk.views.touched.rows", "docket", "privacy officer"),
        ("demur.docket.customers.visible_cases", "mine", "customer"),
        ("demur.desk.views.audit.visible_cases", "audit", "auditor"),
        ("demur.desk.views.audit.visible_cases", "audit-data", "auditor"),
    ],
)
def test_each_place_that_forgets_who_asks_is_found(without, tmp_path, monkeypatch, where, page, who):
    """One place at a time shows everybody what the program itself may see."""
    asked = getattr(visible, where.rpartition(".")[2])
    monkeypatch.setattr(where, lambda *args: asked(*args[:-1], acts.DEMUR))
    with world(tmp_path / "with", monkeypatch, filed):
        found = {name_of(address) for _, address, _ in differences(without[who, False], crawl(who, every=False))}
    assert page in found


GIVEN = {"mine-for", "mine-notice", "mine-received"}
"""Pages of a customer about what it was given before: of a case that it was not told of, there is nothing there."""
