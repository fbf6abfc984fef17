"""Who comes in, and what they find open."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from demur.desk import access

from .conftest import PASSWORD

PAGES = ["/", "/docket/", "/docket.json", "/docket.csv", "/reminders.json", "/receive/", "/law/", "/law.json",
         "/law.csv", "/law/figures/", "/law/figures.json", "/customers/", "/customers.json", "/authorities/",
         "/authorities.csv", "/ledger/", "/ledger.json", "/ledger.csv", "/audit/", "/audit.json",
         "/sign-in/second/"]  # fmt: skip


def _views(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_sign_in_whatever_page_they_ask_for(page):
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


def test_no_view_of_the_desk_is_open_without_saying_to_whom():
    own = [(where, view) for where, view in _views() if view.__module__.startswith("demur.")]
    assert len(own) > 15
    assert [where for where, view in own if not getattr(view, "open_to", None)] == []
    known = access.STAFF | access.CUSTOMERS
    assert [where for where, view in own if not view.open_to <= known] == ["receipt/<slug:secret>/"]
    # What the staff opens, a customer's contact does not, but for the way to one's own first page.
    assert [where for where, view in own if view.open_to & access.STAFF and view.open_to & access.CUSTOMERS] == [""]


@pytest.mark.parametrize("page", PAGES[:-1])
def test_a_person_without_a_role_is_refused(sign_in, page):
    assert sign_in("nora").get(page).status_code == 403


@pytest.mark.parametrize("page", PAGES[1:-1])
def test_a_customer_contact_is_refused_on_staff_pages(sign_in, page):
    assert sign_in("cust").get(page).status_code == 403


def test_a_customer_contact_comes_to_their_own_page_and_may_change_how_they_sign_in(office):
    client = Client()
    assert client.post("/sign-in/", {"login": "cust", "password": PASSWORD})["Location"] == "/mine/"
    assert client.get("/")["Location"] == "/mine/"
    assert client.get("/sign-in/second/").status_code == 200


@pytest.mark.parametrize("name", ["aud", "otto"])
@pytest.mark.parametrize("page", ["/docket/", "/docket.csv", "/receive/"])
def test_an_auditor_or_operator_sees_no_case(sign_in, name, page):
    assert sign_in(name).get(page).status_code == 403


@pytest.mark.parametrize(("name", "first"), [("ana", "/docket/"), ("paul", "/docket/"), ("aud", "/audit/"),
                                             ("otto", "/law/")])  # fmt: skip
def test_the_start_leads_to_the_first_page_that_a_role_opens(sign_in, name, first):
    assert sign_in(name).get("/")["Location"] == first


def test_a_password_lets_in_and_a_wrong_one_does_not(office):
    client = Client()
    wrong = client.post("/sign-in/", {"login": "ana", "password": "not it at all"})
    assert wrong.status_code == 200
    assert "_auth_user_id" not in client.session
    right = client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    assert right["Location"] == "/docket/"
    assert client.get("/docket/").status_code == 200


def test_a_second_factor_is_asked_for_once_it_is_set_up(office):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(office["ana"], generate_totp_secret())
    client = Client()
    answer = client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    assert answer["Location"].startswith("/sign-in/second/authenticate/")
    assert client.get("/docket/").status_code == 302
    page = client.get(answer["Location"])
    assert b"security key" in page.content


def _prove_again(client, page):
    """Changing how one signs in asks for the password once more."""
    asked = client.get(page)
    assert asked["Location"].startswith("/sign-in/again/")
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == page
    shown = client.get(page)
    assert shown.status_code == 200
    return shown


def test_an_authenticator_app_is_offered_with_its_code_drawn_on_the_page(office):
    client = Client()
    client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    page = _prove_again(client, "/sign-in/second/totp/activate/")
    assert b"<svg" in page.content
    assert b"data:image" not in page.content


def test_a_passkey_can_be_added_and_used(office):
    client = Client()
    client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    assert b"Add Security Key" in _prove_again(client, "/sign-in/second/webauthn/add/").content
    challenge = Client().get("/sign-in/second/webauthn/login/", headers={"Accept": "application/json"}).json()
    assert challenge["request_options"]["publicKey"]["challenge"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/sign-up/", "/sign-in/signup/", "/accounts/signup/", "/sign-in/password/reset/"])
def test_nobody_signs_up_and_no_password_is_mailed(page):
    client = Client()
    assert client.get(page).status_code == 404


def test_every_answer_carries_the_policy_that_keeps_others_out(sign_in):
    answer = sign_in("ana").get("/docket/")
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(office):
    client = Client()
    client.get("/sign-in/")
    client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    for name in ("sessionid", "csrftoken"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_a_form_without_its_token_is_refused(office):
    client = Client(enforce_csrf_checks=True)
    client.force_login(office["ana"], backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post("/receive/", {"served_on": "2026-11-12"})
    assert answer.status_code == 403
    assert "stale" in answer.content.decode()


def test_an_unknown_page_says_so_and_nothing_more(sign_in):
    answer = sign_in("ana").get("/no/such/page/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()
    assert "urlpatterns" not in answer.content.decode()


def test_a_fault_inside_tells_nothing_of_the_inside(sign_in, monkeypatch):
    from demur.desk.views import law

    def broken():
        raise RuntimeError("the inside of the desk")

    monkeypatch.setattr(law, "library", broken)
    client = sign_in("ana")
    client.raise_request_exception = False
    answer = client.get("/law/")
    assert answer.status_code == 500
    assert "inside of the desk" not in answer.content.decode()
    assert "Nothing was changed" in answer.content.decode()


def test_a_host_that_is_not_ours_is_refused(sign_in):
    answer = sign_in("ana").get("/docket/", headers={"host": "evil.example"})
    assert answer.status_code == 400


def test_an_htmx_call_after_the_session_ended_reloads_the_page():
    answer = Client().get("/docket/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Refresh"] == "true"


# ------------------------------------------------------------------ letting people in


@pytest.mark.django_db
def test_the_operator_lets_a_person_in_and_changes_their_roles():
    from demur.desk import people

    people.let_in("eva", "three quiet words", ["analyst", "counsel"], "Eva Roth", ["S.D.N.Y."])
    client = Client()
    client.post("/sign-in/", {"login": "eva", "password": "three quiet words"})
    assert "Eva Roth" in client.get("/docket/").content.decode()
    people.let_in("eva", "three other words", ["auditor"])
    assert client.get("/docket/").status_code == 302  # the session ended with the old password
    client.post("/sign-in/", {"login": "eva", "password": "three other words"})
    assert client.get("/docket/").status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("password", "roles"), [("three quiet words", ["king"]), ("short", ["analyst"])])
def test_an_unknown_role_or_a_weak_password_lets_nobody_in(password, roles, django_user_model):
    from demur.desk import people

    with pytest.raises(ValueError, match="hint:"):
        people.let_in("eva", password, roles)
    assert not django_user_model.objects.filter(username="eva").exists()


def test_a_person_changes_their_own_password(office):
    client = Client()
    client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    new = "another long password"
    client.post("/sign-in/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    other = Client()
    assert other.post("/sign-in/", {"login": "ana", "password": new})["Location"] == "/docket/"


def test_who_has_no_password_sets_one_after_they_signed_in_with_a_passkey(office):
    ana, new = office["ana"], "another long password"
    ana.set_unusable_password()
    ana.save()
    client = Client()
    client.force_login(ana, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/sign-in/password/")["Location"] == "/sign-in/password/set/"
    page = client.get("/sign-in/password/set/")
    assert b"Set Password" in page.content
    assert b"Skip to the page" in page.content  # in the desk's own frame
    weak = client.post("/sign-in/password/set/", {"password1": "short", "password2": "short"})
    assert weak.status_code == 200
    ana.refresh_from_db()
    assert not ana.has_usable_password()
    client.post("/sign-in/password/set/", {"password1": new, "password2": new})
    assert Client().post("/sign-in/", {"login": "ana", "password": new})["Location"] == "/docket/"


def test_who_has_a_password_changes_it_and_cannot_set_another_past_it(office):
    client = Client()
    client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    assert client.get("/sign-in/password/").status_code == 200
    answer = client.post("/sign-in/password/set/", {"password1": "another long password", "password2": "x"})
    assert answer.status_code == 302
    office["ana"].refresh_from_db()
    assert office["ana"].check_password(PASSWORD)


@pytest.mark.django_db
def test_a_stranger_sets_no_password():
    assert Client().get("/sign-in/password/set/")["Location"].startswith("/sign-in/?next=")
