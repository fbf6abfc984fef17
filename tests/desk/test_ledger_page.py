"""The ledger's page."""

from __future__ import annotations

import pytest

from demur.docket.models import Entry


def test_every_act_has_an_entry_on_the_page(sign_in, assessed):
    page = sign_in("aud").get("/ledger/").content.decode()
    assert f"{Entry.objects.count()} entries" in page
    assert bytes(Entry.objects.first().leaf).hex()[:24] in page
    assert "demur ledger verify" in page


def test_the_page_tells_neither_case_nor_kind_of_act(sign_in, assessed):
    for where in ("/ledger/", "/ledger.json", "/ledger.csv"):
        page = sign_in("aud").get(where).content.decode()
        assert assessed.number not in page
        assert "act.assess" not in page


def test_an_empty_ledger_says_so(sign_in):
    assert "No act has been done yet" in sign_in("otto").get("/ledger/").content.decode()


@pytest.mark.parametrize("name", ["nora", "cust"])
def test_who_is_no_staff_does_not_see_it(sign_in, name):
    assert sign_in(name).get("/ledger/").status_code == 403
