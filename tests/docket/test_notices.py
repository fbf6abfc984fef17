"""The customer is told as soon as nothing forbids it, with what the case now says, and it is proven that they were."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from demur.docket import customers
from demur.docket.acts import ActError, Done
from demur.docket.models import Case, Contact, Customer, Delivery, Handle, Notice

from . import road
from .conftest import NOW, token
from .served import COMPANY, CONSUMER, ORDER, WARRANT, acted, at_work, do, ready, serve, state, sure

pytestmark = pytest.mark.django_db
AFTER = datetime(2027, 1, 11, 12, tzinfo=UTC)


@pytest.fixture
def firm():
    """A customer with a data protection officer, and the general counsel above."""
    firm = Customer.objects.create(slug="firma", name="Firma GmbH", kind="enterprise", provider_role="processor")
    Handle.objects.create(customer=firm, kind="domain", value="firma.example")
    chief = Contact.objects.create(customer=firm, name="Greta Chief", email="chief@firma.example")
    Contact.objects.create(customer=firm, name="Dora Data", email="dpo@firma.example", above=chief, wait_hours=24)
    return firm


@pytest.fixture
def post(settings):
    """An operator who lets the program send e-mail."""
    settings.MAIL_FROM = "Legal Response <legal@provider.example>"


def told(case: str) -> list[Delivery]:
    return list(Delivery.objects.filter(act__case__number=case))


# ------------------------------------------------------------------------------------------- written and sealed


def test_the_notice_is_sealed_with_its_hash_in_the_act(office, worker):
    case = serve(office, ORDER)
    at_work(worker)
    notice = Notice.objects.get(case__number=case)
    said = Case.objects.get(number=case).acts.get(name="write-notice").payload
    assert said["pdf"] == hashlib.sha256(bytes(notice.pdf)).hexdigest()
    assert said["docx"] == hashlib.sha256(bytes(notice.docx)).hexdigest()
    assert bytes(notice.pdf).startswith(b"%PDF")


def test_each_party_reads_of_itself_alone(office, worker):
    case = serve(office, WARRANT, COMPANY, CONSUMER)
    at_work(worker)
    letters = {n.party: str(n.letter) for n in Notice.objects.filter(case__number=case)}
    assert letters.keys() == {"enterprise", "consumer"}
    assert "boss@firma.example" in letters["enterprise"]
    assert "someone@muster.example" not in letters["enterprise"]
    assert "boss@firma.example" not in letters["consumer"]


def test_a_notice_is_written_anew_where_the_assessment_says_something_else_and_only_there(office, worker):
    case = ready(office, worker, ORDER)
    written = Notice.objects.filter(case__number=case).count()
    do(case, "assess", office["ana"])
    at_work(worker)
    assert Notice.objects.filter(case__number=case).count() == written
    do(case, "confirm", office["ana"], facts=[{"name": "kind", "value": "subpoena.gj"}])
    assert state(case).party("consumer").notice == "sealed"
    at_work(worker)
    *_, first, second = Notice.objects.filter(case__number=case)
    assert first.letter["kind"] == "warrant.sca"
    assert second.letter["kind"] == "subpoena.gj"
    at_work(worker, AFTER)
    *earlier, last = Notice.objects.filter(case__number=case)
    assert [n.told_at for n in (*earlier, last)] == [*(None for _ in earlier), AFTER]
    assert last.letter["kind"] == "subpoena.gj"


def test_a_notice_that_waited_says_what_was_done_and_that_data_has_left(worker):
    people = road.let_in()
    case = road.go(people, "", 0, token()).case
    for step, (name, _, _) in enumerate(road.ROAD):
        if name == "record-gag":
            do(case, name, people["ana"], gag="the order itself", until="2027-01-10")
        elif name not in ("receive", "end-gag", "notify", "close", "deliver", "record-paper"):
            assert isinstance(road.go(people, case, step, token()), Done), name
    assert state(case).out
    at_work(worker)
    notice = Notice.objects.filter(case__number=case).last()
    assert notice.letter["disclosed"]
    assert notice.letter["done"][-1] == "On 2026-11-23 data was handed over."
    at_work(worker, AFTER)
    notice = Notice.objects.filter(case__number=case).last()
    assert (notice.told_at, notice.letter["disclosed"]) == (AFTER, True)


def test_a_notice_of_an_older_assessment_is_not_taken(office, worker):
    case = ready(office, worker, ORDER)
    old = Notice.objects.filter(case__number=case).last()
    do(case, "confirm", office["ana"], facts=[{"name": "kind", "value": "subpoena.gj"}])
    do(case, "assess", office["ana"])
    files = {"pdf": bytes(old.pdf), "docx": bytes(old.docx)}
    with pytest.raises(ActError, match="not of the latest"):
        do(case, "write-notice", office["ana"], party="consumer", assessment=old.assessment_id, letter={}, files=files)


# ------------------------------------------------------------------------------------------- the last look


def test_without_any_bar_the_customer_is_told_as_soon_as_people_confirmed_the_facts(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    assert state(case).party("consumer").notice == "sealed"
    sure(case, office)
    at_work(worker)
    assert state(case).party("consumer").notice == "told"
    assert Case.objects.get(number=case).acts.get(name="notify").person == "demur"


def test_what_came_in_before_the_end_and_was_not_read_holds_the_notice(office, worker):
    case = ready(office, worker, ORDER)
    do(case, "add-document", office["ana"], files=[("letter.toml", b"gag_present = true\ngag_until = 2027-06-01\n")])
    # The day comes; the worker reads the letter first, and its facts wait for a person.
    at_work(worker, AFTER)
    assert "notify" not in acted(case)
    assert state(case).party("consumer").notice == "sealed"


def test_a_person_who_says_that_they_looked_is_not_believed(office, worker):
    facts = {k: v for k, v in WARRANT.items() if k != "gag_present"}
    case = ready(office, worker, facts)
    do(case, "assess", office["ana"], as_of=NOW.date().isoformat())
    at_work(worker)
    refused = do(case, "notify", office["carl"], party="consumer", looked=True)
    assert [m.name for m in refused.missing] == ["last-look"]


# ------------------------------------------------------------------------------------------- sent and received


def test_without_mail_the_notice_waits_for_a_person_who_records_the_proof(office, worker, firm):
    case = ready(office, worker, WARRANT, COMPANY)
    (row,) = told(case)
    assert (row.party, row.to, row.how, row.sent_at) == ("firma", "dpo@firma.example", "hand", None)
    assert [m.name for m in do(case, "record-delivery", office["ana"], delivery=row.number).missing] == ["proof-given"]
    with pytest.raises(ActError, match="no delivery"):
        do(case, "record-delivery", office["ana"], delivery=99, proof="x")
    do(case, "record-delivery", office["ana"], delivery=row.number, proof="RR 1234 DE", files=[("slip.pdf", b"slip")])
    row.refresh_from_db()
    assert (row.proof, row.sent_at, bytes(row.paper.content)) == ("RR 1234 DE", NOW, b"slip")
    assert mail.outbox == []


def test_by_mail_the_first_contact_is_told_then_the_one_above(office, worker, firm, post):
    case = ready(office, worker, WARRANT, COMPANY)
    (message,) = [m for m in mail.outbox if m.to == ["dpo@firma.example"]]
    (row,) = told(case)
    assert row.proof == message.extra_headers["Message-ID"]
    assert message.attachments[0][1].startswith(b"%PDF")
    for secret in ("warrant", case, "boss@", "sca"):
        assert secret.lower() not in (message.subject + message.body).lower()
    at_work(worker, NOW + timedelta(hours=23))
    assert len(told(case)) == 1
    at_work(worker, NOW + timedelta(hours=25))
    assert [d.to for d in told(case)] == ["dpo@firma.example", "chief@firma.example"]
    at_work(worker, NOW + timedelta(days=9))
    assert len([m for m in mail.outbox if m.to == ["chief@firma.example"]]) == 1


def test_a_receipt_stops_the_word_from_going_further(office, worker, firm, post):
    case = ready(office, worker, WARRANT, COMPANY)
    (row,) = told(case)
    assert customers.confirm_receipt(row.receipt, NOW)
    at_work(worker, NOW + timedelta(days=3))
    (row,) = told(case)
    assert row.received_at == NOW


def test_a_gag_that_comes_before_the_message_left_keeps_it_back(office, worker, firm, post, settings):
    settings.EMAIL_BACKEND = "tests.docket.test_notices.Away"
    case = serve(office, WARRANT, COMPANY)
    at_work(worker)
    sure(case, office)
    assert worker.turn(NOW) == 1  # the mail server is away
    assert state(case).party("firma").notice == "told"
    do(case, "record-gag", office["ana"], gag="an order of this morning")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    at_work(worker, NOW + timedelta(days=3))
    assert [m for m in mail.outbox if "firma" in m.to[0]] == []
    assert told(case)[0].sent_at is None


class Away:
    """A mail server that is away."""

    def __init__(self, **options: object) -> None: ...

    def send_messages(self, messages: object) -> int:
        raise ConnectionRefusedError


# ------------------------------------------------------------------------------------------- words to the team


def test_a_word_to_the_team_is_the_same_for_a_gagged_case_and_another(office, worker, post, django_user_model):
    django_user_model.objects.filter(username="ana").update(email="ana@provider.example")
    gagged, free = serve(office, ORDER), serve(office, WARRANT)
    at_work(worker)
    words = {m.body.replace(gagged, "N").replace(free, "N") for m in mail.outbox if m.to == ["ana@provider.example"]}
    assert len(mail.outbox) >= 2
    assert len(words) == 1
    assert not {"gag", "silen", "secre", "warrant", "2703"} & set(words.pop().lower().split())
    before = len(mail.outbox)
    at_work(worker, NOW + timedelta(minutes=1))
    assert len(mail.outbox) == before
