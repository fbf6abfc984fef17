"""The auditor's page: that cases exist, their duties and their entries, and nothing of what they are about."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.conf import settings

from demur.docket import acts, entries
from demur.docket.models import Case

from .conftest import token

CONTENT = ("j.doe@muster.example", "NSL-26-512345", "Federal Bureau", "Section 2709", "security letter", "us.nsl")
"""What the case is about; none of it may stand on an auditor's page."""


@pytest.fixture
def open_case(assessed):
    """The case as it would be were no duty of silence on it."""
    Case.objects.filter(pk=assessed.pk).update(gagged=False)
    return assessed


def pages(client, number) -> dict[str, str]:
    found = {}
    for page in ("/audit/", "/audit.json", "/audit.csv", f"/audit/{number}/", f"/audit/{number}.json"):
        answer = client.get(page)
        assert answer.status_code == 200, page
        found[page] = answer.content.decode()
    return found


def test_an_auditor_finds_each_case_where_it_stands_and_what_is_due(sign_in, open_case):
    client = sign_in("aud")
    (row,) = client.get("/audit.json").json()["audit"]
    assert row == {"case": open_case.number, "received_on": "2026-11-23", "stands": "Being answered",
                   "due_on": "2026-11-26", "closed": False, "acts": 4}  # fmt: skip
    assert 'href="/audit/"' in client.get("/ledger/").content.decode()  # in the navigation
    page = client.get(f"/audit/{open_case.number}/").content.decode()
    assert "26 Nov 2026" in page
    assert "The provider&#x27;s duty" in page


def test_no_page_of_theirs_says_what_a_case_is_about(sign_in, open_case):
    for page, text in pages(sign_in("aud"), open_case.number).items():
        assert not [word for word in CONTENT if word in text], page
        assert "assess</" not in text
        assert "confirm" not in text.replace("Being read", ""), page


def test_a_gagged_case_does_not_exist_for_them(sign_in, open_case):
    Case.objects.filter(pk=open_case.pk).update(gagged=True)
    client = sign_in("aud")
    assert client.get("/audit.json").json() == {"audit": []}
    for page in (f"/audit/{open_case.number}/", f"/audit/{open_case.number}.csv",
                 f"/audit/{open_case.number}/1.tlog-proof"):  # fmt: skip
        assert client.get(page).status_code == 404
    assert "No case to audit" in client.get("/audit/").content.decode()


def test_the_days_of_a_silence_that_is_over_are_not_told(sign_in, office, open_case):
    facts = [{"name": "gag_until", "clause": None, "target": None, "value": "2027-03-01"}]
    done = acts.act(open_case.number, "confirm", acts.actor_for(office["ana"]), {"facts": facts}, token=token())
    assert isinstance(done, acts.Done)
    Case.objects.filter(pk=open_case.pk).update(gagged=False)
    page = sign_in("aud").get(f"/audit/{open_case.number}/").content.decode()
    assert not [day for day in ("Mar 2027", "Feb 2027", "2027-0") if day in page]


def test_the_receipt_of_an_act_is_checked_offline(fresh_log, sign_in, open_case):
    client = sign_in("aud")
    receipt = f"/audit/{open_case.number}/1.tlog-proof"
    assert client.get(receipt).status_code == 404  # it waits for an epoch
    entries.publish(settings.DATA, now=datetime.now(UTC))
    first = client.get(f"/audit/{open_case.number}.json").json()[f"audit-{open_case.number}"][0]
    assert first["act"] == 1
    assert f'href="{receipt}"' in client.get(f"/audit/{open_case.number}/").content.decode()
    proof = settings.DATA / "one.tlog-proof"
    proof.write_bytes(client.get(receipt).content)
    assert b"body" not in proof.read_bytes()
    key = str(entries.log_keys(settings.DATA)[0].verifier())
    command = [sys.executable, "-m", "demur.cli", "ledger", "proof", str(proof), "--leaf", first["leaf"], "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, env={"DEMUR_DATA": str(settings.DATA)}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["ana", "carl", "paul", "otto", "cust", "nora"])
def test_it_is_open_to_auditors_alone(sign_in, open_case, name):
    client = sign_in(name)
    for page in ("/audit/", "/audit.csv", f"/audit/{open_case.number}/", f"/audit/{open_case.number}/1.tlog-proof"):
        assert client.get(page).status_code == 403


def test_an_auditor_comes_to_it_when_they_sign_in(office):
    from django.test import Client

    from .conftest import PASSWORD

    client = Client()
    answer = client.post("/sign-in/", {"login": "aud", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/audit/"
    assert answer.status_code == 200
