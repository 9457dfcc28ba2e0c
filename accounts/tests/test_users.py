"""Users and who counts as what."""

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import SignIn, User
from accounts.permissions import IsPlatformAdmin
from conftest import PASSWORD


def test_e_mails_are_kept_lower_case(db: None) -> None:
    assert User.objects.create_user("  New@Acme.TEST ", PASSWORD).email == "new@acme.test"


def test_a_user_is_found_by_their_e_mail_in_any_case(owner: User) -> None:
    assert User.objects.get_by_natural_key(" Owner@ACME.test") == owner


def test_an_e_mail_exists_once_in_whatever_case(owner: User) -> None:
    for email in ("owner@acme.test", "OWNER@acme.test"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user(email, PASSWORD)
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email=email)  # not through the manager's lower-casing


def test_a_user_without_a_password_has_an_unusable_one(db: None) -> None:
    assert not User.objects.create_user("robot@acme.test").has_usable_password()


def test_a_superuser_is_both_staff_and_superuser(db: None) -> None:
    root = User.objects.create_superuser("root@acme.test", PASSWORD)

    assert (root.is_staff, root.is_superuser, root.check_password(PASSWORD)) == (True, True, True)


@pytest.mark.parametrize(
    ("first", "last", "full", "short"),
    [
        ("Olu", "Owner", "Olu Owner", "Olu"),
        ("", "Owner", "Owner", "olu"),
        ("", "", "", "olu"),
        ("Olu", "", "Olu", "Olu"),
    ],
)
def test_names_fall_back_to_the_e_mail(first: str, last: str, full: str, short: str) -> None:
    user = User(email="olu@acme.test", first_name=first, last_name=last)

    assert (user.full_name, user.short_name, str(user)) == (full, short, "olu@acme.test")


def test_platform_admins_are_active_staff_and_superusers(admin: User, staff: User, owner: User) -> None:
    root = User.objects.create_user("root@acme.test", PASSWORD, is_superuser=True)
    User.objects.create_user("former@acme.test", PASSWORD, is_staff=True, is_active=False)

    assert set(User.objects.platform_admins()) == {admin, staff, root}


@pytest.mark.parametrize(
    ("is_staff", "is_superuser", "allowed"),
    [(True, False, True), (False, True, True), (True, True, True), (False, False, False)],
)
def test_the_permission_lets_in_the_same_people(is_staff: bool, is_superuser: bool, allowed: bool) -> None:
    request = Request(HttpRequest())
    request.user = User(email="x@acme.test", is_staff=is_staff, is_superuser=is_superuser)

    assert IsPlatformAdmin().has_permission(request, APIView()) is allowed


def test_newer_users_and_sign_ins_have_greater_ids(owner: User, member: User) -> None:
    """UUIDv7: an id is also a cursor."""
    assert owner.pk.version == 7
    assert owner.pk < member.pk
    sign_ins = [SignIn.objects.create(user=owner, email="x", method="page", outcome="success") for _ in range(3)]
    assert sorted(row.pk for row in sign_ins) == [row.pk for row in sign_ins]
