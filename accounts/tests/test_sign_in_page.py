"""The session sign-in for pages. The page is made in config; whom it lets in is decided here."""

import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import services
from accounts.models import SignIn, User
from conftest import PASSWORD

PAGE = "/sign-in/"


@pytest.fixture
def browser(db: None) -> Client:
    return Client()


def sign_in(browser: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return browser.post(PAGE, {"username": email, "password": password} | extra.pop("form", {}), **extra)


def test_it_opens_the_pages_for_a_session(browser: Client, owner: User) -> None:
    assert browser.get("/").status_code == 302

    response = sign_in(browser, "owner@acme.test")

    assert (response.status_code, response["Location"]) == (302, "/")
    assert browser.get("/")["Location"] == "/inbox/"
    assert b"owner@acme.test" in browser.get("/inbox/").content


def test_it_takes_the_e_mail_in_any_case(browser: Client, owner: User) -> None:
    assert sign_in(browser, "Owner@ACME.test").status_code == 302


def test_a_success_is_on_record_as_a_page(browser: Client, owner: User) -> None:
    with time_machine.travel("2027-03-01T09:30Z", tick=False):
        sign_in(browser, "Owner@acme.test", REMOTE_ADDR="10.1.2.3", HTTP_USER_AGENT="Firefox")

    only = SignIn.objects.get()
    assert (only.user, only.email, only.method, only.outcome) == (owner, "owner@acme.test", "page", "success")
    assert (only.address, only.user_agent) == ("10.1.2.3", "Firefox")
    owner.refresh_from_db()
    at = datetime.datetime(2027, 3, 1, 9, 30, tzinfo=datetime.UTC)
    assert (owner.last_login, owner.last_seen_at) == (at, at)


def test_refusals_do_not_say_what_was_wrong(browser: Client, owner: User) -> None:
    User.objects.create_user("gone@acme.test", PASSWORD, is_active=False)
    pages = []
    for email, password in (
        ("owner@acme.test", "wrong"),
        ("nobody@acme.test", PASSWORD),
        ("gone@acme.test", PASSWORD),
    ):
        response = sign_in(browser, email, password)
        assert response.status_code == 200
        token = response.context["csrf_token"]
        pages.append(response.content.decode().replace(email, "EMAIL").replace(str(token), "TOKEN"))

    assert "Wrong e-mail or password." in pages[0]
    assert pages[0] == pages[1] == pages[2]
    assert browser.get("/").status_code == 302


def test_the_page_does_not_echo_the_password_and_escapes_the_e_mail(browser: Client) -> None:
    response = sign_in(browser, '"><script>alert(1)</script>', "hunter2hunter2")

    assert b"<script>" not in response.content
    assert b"hunter2" not in response.content


def test_it_refuses_the_demos_password_outside_of_the_demo(browser: Client, settings: Any) -> None:
    User.objects.create_user("admin@example.com", settings.DEMO_PASSWORD, is_staff=True)

    assert sign_in(browser, "admin@example.com", settings.DEMO_PASSWORD).status_code == 200
    settings.DEMO = True
    assert sign_in(browser, "admin@example.com", settings.DEMO_PASSWORD).status_code == 302


def test_it_goes_on_to_where_one_wanted_to_go_but_never_elsewhere(browser: Client, owner: User) -> None:
    assert sign_in(browser, "owner@acme.test", form={"next": "/admin/"})["Location"] == "/admin/"
    browser.logout()
    assert sign_in(browser, "owner@acme.test", form={"next": "https://evil.test/"})["Location"] == "/"


def test_it_needs_a_csrf_token(owner: User) -> None:
    assert sign_in(Client(enforce_csrf_checks=True), "owner@acme.test").status_code == 403
    assert not SignIn.objects.exists()


def test_who_is_signed_in_already_is_sent_on(browser: Client, owner: User) -> None:
    sign_in(browser, "owner@acme.test")

    assert browser.get(PAGE)["Location"] == "/"


def test_signing_out_closes_the_pages(browser: Client, owner: User) -> None:
    sign_in(browser, "owner@acme.test")

    assert browser.get("/sign-out/").status_code == 405  # a link or an image must not sign anybody out
    assert browser.post("/sign-out/")["Location"] == PAGE
    assert browser.get("/").status_code == 302


def test_refused_attempts_are_on_record(browser: Client, owner: User) -> None:
    sign_in(browser, "owner@acme.test", "wrong")
    only = SignIn.objects.get()
    assert (only.user, only.method, only.outcome) == (owner, "page", "refused")


def test_a_text_that_postgres_cannot_hold_is_refused_and_on_record_as_well(browser: Client) -> None:
    assert sign_in(browser, "owner\0@acme.test").status_code == 200
    assert SignIn.objects.get().email == "owner@acme.test"


def test_guessing_is_slowed_down_and_on_record(browser: Client, owner: User, settings: Any) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 2
    for _ in range(2):
        assert sign_in(browser, "owner@acme.test", "wrong").status_code == 200
    slowed = sign_in(browser, "owner@acme.test")
    assert slowed.status_code == 429
    assert 1 <= int(slowed["Retry-After"]) <= 60
    assert b"Too many attempts" in slowed.content
    assert SignIn.objects.filter(outcome="throttled", method="page").count() == 1
    assert browser.get("/").status_code == 302


def test_signing_out_ends_the_session_on_record(browser: Client, owner: User) -> None:
    sign_in(browser, "owner@acme.test")
    browser.post("/sign-out/")
    assert SignIn.objects.get().ended_because == "signed out"


def test_the_admin_signs_in_by_the_same_page(browser: Client, staff: User, owner: User) -> None:
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0] == "/sign-in/?next=/admin/"
    assert sign_in(browser, "staff@acme.test", form={"next": "/admin/"})["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200
    browser.post("/admin/logout/")
    assert SignIn.objects.get().ended_because == "signed out"
    sign_in(browser, "owner@acme.test")
    assert browser.get("/admin/", follow=True).status_code == 403  # signed in, but no admin


def test_signing_out_everywhere_closes_the_pages_and_the_api_to_their_session(browser: Client, owner: User) -> None:
    other = Client()
    for one in (browser, other):
        sign_in(one, "owner@acme.test")
        assert one.get("/api/auth/profile/").status_code == 200

    services.end_sessions(user=owner, because="signed out by an admin")

    for one in (browser, other):
        assert one.get("/inbox/")["Location"] == f"{PAGE}?next=/inbox/"
        assert one.get("/api/auth/profile/").status_code == 401
    assert sign_in(browser, "owner@acme.test").status_code == 302
    assert browser.get("/inbox/").status_code == 200


def test_a_new_password_closes_every_page_but_the_one_it_was_changed_in(browser: Client, staff: User) -> None:
    other = Client()
    for one in (browser, other):
        sign_in(one, "staff@acme.test")
    new = "another horse battery staple"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

    assert browser.post("/admin/password_change/", form)["Location"] == "/admin/password_change/done/"

    assert browser.get("/admin/").status_code == 200
    assert other.get("/admin/", follow=True).redirect_chain[-1][0] == f"{PAGE}?next=/admin/"
    assert SignIn.objects.filter(user=staff, ended_at=None).count() == 1
