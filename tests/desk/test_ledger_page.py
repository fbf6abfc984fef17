"""The ledger's page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demur.docket import entries
from demur.docket.models import Entry

from .conftest import NOW

PAGES = ("/ledger/", "/ledger.json", "/ledger.csv")


def _shown(client) -> list[str]:
    pages = (client.get(where).content.decode() for where in PAGES)
    return [re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", page) for page in pages]


def _publish(settings):
    assert entries.publish(Path(settings.DATA), now=NOW) == 1


def test_the_page_shows_the_published_epochs_and_the_leaves_of_the_latest(sign_in, assessed, settings):
    _publish(settings)
    client = sign_in("aud")
    page = client.get("/ledger/").content.decode()
    assert "64 leaves published" in page
    assert bytes(Entry.objects.get(index=63).leaf).hex() in page
    assert "demur ledger verify" in page
    (epoch,) = client.get("/ledger.json").json()["ledger"]
    assert (epoch["epoch"], epoch["size"], len(epoch["root"])) == (1, 64, 64)


def test_an_act_that_waits_for_its_epoch_changes_nothing_on_the_page(sign_in, office, settings):
    from .conftest import receive

    receive(office["ana"])
    _publish(settings)
    client = sign_in("aud")
    before = _shown(client)
    receive(office["ana"])
    assert _shown(client) == before


def test_an_epoch_that_is_sealed_but_not_yet_public_is_not_shown(sign_in, assessed, settings):
    _publish(settings)
    client = sign_in("aud")
    before = _shown(client)
    folder = Path(settings.DATA) / "ledger"
    checkpoint = (folder / "checkpoint").read_bytes()
    entries.publish(Path(settings.DATA), now=NOW)
    (folder / "checkpoint").write_bytes(checkpoint)
    assert _shown(client) == before


def test_the_page_tells_neither_case_nor_kind_of_act(sign_in, assessed, settings):
    _publish(settings)
    for where in PAGES:
        page = sign_in("aud").get(where).content.decode()
        assert assessed.number not in page
        assert "act.assess" not in page


def test_an_empty_ledger_says_so(sign_in):
    assert "No epoch is published yet" in sign_in("otto").get("/ledger/").content.decode()


@pytest.mark.parametrize("name", ["nora", "cust"])
def test_who_is_no_staff_does_not_see_it(sign_in, name):
    assert sign_in(name).get("/ledger/").status_code == 403
