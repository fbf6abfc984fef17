"""The docket: what is due first, whose turn it is, and a demand taken in."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from demur.docket import acts, standing
from demur.docket.models import Case, LastTurn, Original

from .conftest import FACTS, LETTER, NOW, receive, take, token


def _text(answer) -> str:
    return answer.content.decode()


def test_an_empty_docket_says_what_to_do_first(sign_in):
    page = _text(sign_in("ana").get("/docket/"))
    assert "No demand has come in yet" in page
    assert 'href="/receive/"' in page
    assert "<table" not in page


def test_who_may_not_receive_is_not_asked_to(sign_in):
    assert 'href="/receive/"' not in _text(sign_in("rita").get("/docket/"))


def test_what_is_due_first_stands_first_and_what_has_no_day_last(sign_in, office):
    later = take(office["ana"], receive(office["ana"]))
    sooner_facts = [(n, "2026-11-24" if n == "due_on" else v, q, c, m) for n, v, q, c, m in FACTS]
    sooner = take(office["ana"], receive(office["ana"]), sooner_facts)
    without = receive(office["ana"])
    rows = sign_in("ana").get("/docket.json").json()["docket"]
    assert [r["case"] for r in rows] == [sooner.number, later.number, without.number]


def test_a_row_tells_who_what_whose_and_what_comes_next(sign_in, read_case):
    page = _text(sign_in("ana").get("/docket/"))
    for told in (
        "Federal Bureau of Investigation",
        "National security letter",
        "transactional records",
        "j.doe@muster.example",
        "not verified",
        "return date",
        "verify the sender",
        read_case.number,
    ):
        assert told in page


def test_a_row_counts_the_grounds_that_hold_and_those_to_ask(sign_in, assessed):
    hold, ask = standing.open_rules(standing.state_of(assessed).grounds)
    assert hold
    assert ask
    page = _text(sign_in("ana").get("/docket/"))
    assert f"{hold} hold" in page
    assert f"{ask} to ask" in page


@pytest.mark.parametrize(("only", "shown"), [("week", 0), ("confirm", 0), ("unknown", 1), ("sender", 1), ("gag", 1)])
def test_a_filter_keeps_what_it_says(sign_in, assessed, only, shown):
    assert assessed.due_on == date(2026, 11, 26)
    rows = sign_in("ana").get(f"/docket.json?only={only}").json()["docket"]
    assert len(rows) == (shown if only != "week" else _within_a_week(assessed))


def _within_a_week(case) -> int:
    from django.utils import timezone

    return int((case.due_on - timezone.now().date()).days <= 7)


def test_a_case_under_a_gag_is_found_there(sign_in, office, assessed):
    acts.act(assessed.number, "record-gag", acts.actor_for(office["ana"]), {"gag": "2709(c)"}, token=token(), now=NOW)
    rows = sign_in("ana").get("/docket.json?only=gag").json()["docket"]
    assert [r["case"] for r in rows] == [assessed.number]


def test_mine_is_what_my_roles_can_move_on(sign_in, served):
    assert len(sign_in("ana").get("/docket.json?only=mine").json()["docket"]) == 1
    assert sign_in("paul").get("/docket.json?only=mine").json()["docket"] == []


@pytest.mark.parametrize(("find", "found"), [("muster", 1), ("NSL-26", 1), ("security", 1), ("nowhere", 0), ("%", 0)])
def test_a_search_finds_cases_by_people_numbers_and_words(sign_in, read_case, find, found):
    rows = sign_in("ana").get("/docket.json", {"q": find}).json()["docket"]
    assert len(rows) == found


def test_a_search_for_nothing_that_exists_says_so(sign_in, read_case):
    assert "Nothing on the docket matches" in _text(sign_in("ana").get("/docket/?q=zzzz"))


def test_htmx_gets_the_rows_alone(sign_in, read_case):
    answer = sign_in("ana").get("/docket/", headers={"HX-Request": "true", "HX-Target": "cases"})
    assert "<html" not in _text(answer)
    assert read_case.number in _text(answer)


def test_the_table_is_there_as_csv_and_runs_nothing_in_a_spreadsheet(sign_in, office):
    case = take(office["ana"], receive(office["ana"]), [("issuer_body", "=cmd()", "", 1.0, False)])
    answer = sign_in("ana").get("/docket.csv")
    (row,) = csv.DictReader(io.StringIO(_text(answer)))
    assert row["case"] == case.number
    assert row["who"] == "'=cmd()"
    assert answer["Content-Disposition"] == 'attachment; filename="docket.csv"'


def test_what_an_authority_wrote_is_shown_as_text(sign_in, office):
    take(office["ana"], receive(office["ana"]), [("issuer_body", "<b>FBI</b><script>", "", 1.0, False)])
    page = _text(sign_in("ana").get("/docket/"))
    assert "<b>FBI" not in page
    assert "&lt;b&gt;FBI" in page


def test_five_hundred_cases_come_in_pages(sign_in, office):
    Case.objects.bulk_create(
        Case(received_at=NOW, served_on=date(2026, 11, 1), state={"received": True}) for _ in range(120)
    )
    first = _text(sign_in("ana").get("/docket/"))
    assert first.count('class="row"') == 50
    assert "page 1 of 3" in first
    assert _text(sign_in("ana").get("/docket/?page=3")).count('class="row"') == 20


def test_the_docket_asks_the_database_no_more_for_many_cases(sign_in, office, django_assert_max_num_queries):
    for _ in range(4):
        take(office["ana"], receive(office["ana"]))
    client = sign_in("ana")
    with django_assert_max_num_queries(20):
        client.get("/docket/")


# ------------------------------------------------------------------ receive


def test_it_says_when_no_worker_has_been_at_work_for_long(sign_in):
    client = sign_in("rita")
    assert "No worker has been at work yet" in _text(client.get("/docket/"))
    noted = LastTurn.objects.create(at=timezone.now() - timedelta(minutes=9))
    assert "worker" not in _text(client.get("/docket/"))
    noted.at = timezone.now() - timedelta(minutes=11)
    noted.save()
    assert f"The worker was last at work on {noted.at:%-d %B, %H:%M} (UTC)." in _text(client.get("/docket/"))


def _form(**changed):
    return {
        "document": SimpleUploadedFile("letter.txt", LETTER.encode()),
        "served_on": "2026-11-12",
        "channel": "post",
        "token": token(),
        **changed,
    }


def test_a_demand_is_taken_in_as_it_was_served(sign_in):
    answer = sign_in("ana").post("/receive/", _form())
    case = Case.objects.get()
    assert answer["Location"] == f"/cases/{case.number}/"
    assert bytes(Original.objects.get().content) == LETTER.encode()
    assert case.served_on == date(2026, 11, 12)


def test_the_same_form_sent_twice_opens_one_case(sign_in):
    client, same = sign_in("ana"), token()
    for _ in range(2):
        client.post("/receive/", _form(token=same))
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"document": ""}, "Choose the file"),
        ({"served_on": "soon"}, "Give the day of service"),
        ({"served_on": "2190-01-01"}, "not yet"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_a_receipt_that_lacks_something_says_what(sign_in, changed, said):
    answer = sign_in("ana").post("/receive/", _form(**changed))
    assert answer.status_code == 400
    assert said in _text(answer)
    assert not Case.objects.exists()


def test_a_file_too_large_is_refused_before_it_is_kept(sign_in, settings):
    settings.UPLOAD_LIMIT = 10
    answer = sign_in("ana").post("/receive/", _form())
    assert answer.status_code == 400
    assert not Original.objects.exists()


@pytest.mark.parametrize("name", ["rita", "paul", "aud", "nora"])
def test_who_may_not_receive_is_refused(sign_in, name):
    assert sign_in(name).post("/receive/", _form()).status_code == 403
    assert not Case.objects.exists()
