"""How a person wants to be told, and what that changes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from notifications import preferences, services
from notifications.models import Incident, Notification, NotificationSettings
from notifications.models.priority import Priority
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, Note, in_threads, problem, resolve, see, told

ClientOf = Callable[[User], APIClient]
WARNING, CRITICAL = "sms_credit_warning_threshold", "sms_credit_critical_threshold"
HI = {"title": "Hi", "message": "You"}


def change(client: APIClient, body: dict[str, Any], method: str = "patch") -> Any:
    response = getattr(client, method)(API + "settings/", body)
    assert response.status_code == 200, response.content
    return response.json()


def turn_off(*people: User) -> None:
    for user in people:
        preferences.change_settings(user=user, changes={"in_app_notifications_enabled": False})


def test_the_first_look_shows_the_defaults_and_stores_them(get: Get, member: User) -> None:
    body = get(member, "settings/")
    row = NotificationSettings.objects.get(user=member)
    assert (row.pk.version, body["success"], bool(body["message"])) == (7, True, True)
    times = {name: body["data"].pop(name) for name in ("created_at", "updated_at")}
    assert all(moment.endswith("Z") for moment in times.values())
    assert body["data"] == {
        "id": str(row.pk),
        "email_notifications_enabled": True,
        "sms_notifications_enabled": False,
        "in_app_notifications_enabled": True,
        WARNING: 25,
        CRITICAL: 10,
    }
    assert get(member, "settings/")["data"]["id"] == str(row.pk)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_is_not_sent_keeps_its_value(method: str, client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    change(client, {WARNING: 40, "sms_notifications_enabled": True}, method)
    data = change(client, {CRITICAL: 30}, method)["data"]
    assert (data[WARNING], data[CRITICAL]) == (40, 30)
    assert (data["sms_notifications_enabled"], data["email_notifications_enabled"]) == (True, True)
    assert change(client, {}, method)["data"] | {"updated_at": 0} == data | {"updated_at": 0}


def test_what_a_client_read_it_may_send_back(client_of: ClientOf, get: Get, member: User, outsider: User) -> None:
    data = get(member, "settings/")["data"]
    theirs = get(outsider, "settings/")["data"]["id"]
    sent = data | {"id": theirs, "created_at": "2001-01-01T00:00:00Z", "user": str(outsider.pk), WARNING: 50}
    assert change(client_of(member), sent, "put")["data"] | {"updated_at": 0} == data | {WARNING: 50, "updated_at": 0}
    assert get(outsider, "settings/")["data"][WARNING] == 25


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({WARNING: 10}, WARNING),
        ({WARNING: 9}, WARNING),
        ({CRITICAL: 25}, CRITICAL),
        ({CRITICAL: 26}, CRITICAL),
        ({WARNING: 60, CRITICAL: 60}, CRITICAL),
        ({WARNING: 0}, WARNING),
        ({WARNING: 101}, WARNING),
        ({CRITICAL: 0}, CRITICAL),
        ({CRITICAL: -1}, CRITICAL),
        ({WARNING: 50.5}, WARNING),
        ({WARNING: True}, WARNING),
        ({WARNING: None}, WARNING),
        ({WARNING: [50]}, WARNING),
        ({WARNING: "x"}, WARNING),
        ({"in_app_notifications_enabled": "perhaps"}, "in_app_notifications_enabled"),
        ({"email_notifications_enabled": None}, "email_notifications_enabled"),
    ],
)
def test_a_bad_value_is_a_400_that_names_the_field_and_writes_nothing(
    body: dict[str, Any], field: str, refused: Get, get: Get, member: User
) -> None:
    before = get(member, "settings/")["data"]
    for method in ("put", "patch"):
        answer = refused(member, method, "settings/", {"sms_notifications_enabled": True} | body)
        assert list(answer["errors"]) == [field]
    assert get(member, "settings/")["data"] == before


def test_both_thresholds_may_pass_the_stored_ones_together(client_of: ClientOf, member: User) -> None:
    data = change(client_of(member), {WARNING: 9, CRITICAL: 8})["data"]
    assert (data[WARNING], data[CRITICAL]) == (9, 8)


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_cannot_cross_the_thresholds(member: User) -> None:
    def set_one(number: int) -> bool:
        changes = ({WARNING: 15}, {CRITICAL: 20})[number % 2]  # each fits 25 and 10, and not the other
        try:
            preferences.change_settings(user=member, changes=changes)
        except preferences.CriticalNotBelowWarning:
            return False
        return True

    preferences.settings_of(user=member)  # the row is there: making it would let one in after the other
    for _ in range(10):
        NotificationSettings.objects.update(sms_credit_warning_threshold=25, sms_credit_critical_threshold=10)
        assert sorted(in_threads(2, set_one)) == [False, True]
        row = NotificationSettings.objects.get()
        assert (row.sms_credit_warning_threshold, row.sms_credit_critical_threshold) in ((15, 10), (25, 20))


@pytest.mark.django_db(transaction=True)
def test_24_first_looks_at_once_make_one_row(member: User) -> None:
    assert len(set(in_threads(24, lambda _: preferences.settings_of(user=member).pk))) == 1
    assert NotificationSettings.objects.count() == 1


@pytest.mark.parametrize(("warning", "critical"), [(101, 10), (25, 0), (20, 20), (10, 25)])
def test_the_database_itself_refuses_such_thresholds(warning: int, critical: int, member: User) -> None:
    preferences.settings_of(user=member)
    row = NotificationSettings.objects.filter(user=member)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(sms_credit_warning_threshold=warning, sms_credit_critical_threshold=critical)


# --- In-app notifications off -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("priority", "comes"), [("low", 0), ("medium", 0), ("high", 1), ("critical", 1)])
def test_with_in_app_off_only_high_and_critical_ones_come(
    priority: str, comes: int, member: User, outsider: User
) -> None:
    turn_off(member)
    rows = services.notify(kind=Note, recipients=[member, outsider], context=HI, priority=Priority(priority))
    assert len(rows) == 1 + comes
    assert Notification.objects.filter(recipient=member).count() == comes
    assert Notification.objects.filter(recipient=outsider).count() == 1


def test_switched_on_again_they_come_again(member: User) -> None:
    turn_off(member)
    preferences.change_settings(user=member, changes={"in_app_notifications_enabled": True})
    assert len(services.notify(kind=Note, recipients=[member], context=HI)) == 1


def test_settings_cost_one_query_however_many_are_told(
    member: User, outsider: User, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    turn_off(owner)
    # the active template, who has turned it off, a savepoint around the rows, and what leaves the house: two queries
    # for what people want, the endpoints, and the rows
    with django_assert_num_queries(9):
        services.notify(kind=Note, recipients=[member, outsider, owner], context=HI)
    with django_assert_num_queries(8):  # nobody is left out of these
        services.notify(kind=Note, recipients=[member, outsider, owner], context=HI, priority=Priority.HIGH)


def test_the_reporter_of_a_problem_has_their_own_row_all_the_same(post: Get, admin: User, staff: User) -> None:
    turn_off(admin, staff)
    body = post(staff, "system/report-problem/", {"problem_type": "Slow", "description": "Very."})
    assert Notification.objects.get().recipient == staff
    assert body["notification_id"] == str(Notification.objects.get().pk)


def test_who_was_told_of_a_beginning_is_told_of_its_end(admin: User, staff: User) -> None:
    turn_off(admin)
    assert resolve(see(problem(Priority.HIGH)))
    assert (told(admin), told(staff)) == (["opened", "resolved"], ["opened", "resolved"])
    assert resolve(see(problem(Priority.MEDIUM)))
    assert len(told(admin)) == 2
    assert len(told(staff)) == 4


def test_a_problem_that_worsens_past_the_silence_is_told(admin: User) -> None:
    turn_off(admin)
    see(problem(Priority.MEDIUM))
    assert told(admin) == []
    incident = see(problem(Priority.HIGH))
    assert told(admin) == ["escalated:1"]
    assert Incident.objects.get() == incident


def test_an_anonymous_caller_gets_a_401_and_others_may_only_read_and_write(
    anonymous: APIClient, client_of: ClientOf, member: User
) -> None:
    assert anonymous.get(API + "settings/").status_code == 401
    client = client_of(member)
    assert [getattr(client, method)(API + "settings/").status_code for method in ("post", "delete")] == [405, 405]
