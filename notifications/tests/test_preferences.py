"""What somebody chose, what their tenant and the platform chose, and what the flat settings say of it."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from notifications import preferences, services
from notifications.delivery import rules
from notifications.models import ChannelChoice, Notification, NotificationSettings
from notifications.models.choice import Column, When
from notifications.models.priority import Priority
from notifications.preferences import Cell, wishes_of
from notifications.tests.helpers import Note, in_threads
from tenants.models import Tenant

OFF, ON, HOURLY, DAILY = When.OFF, When.AT_ONCE, When.HOURLY, When.DAILY
FLAT = {
    Column.EMAIL: "email_notifications_enabled",
    Column.SMS: "sms_notifications_enabled",
    Column.IN_APP: "in_app_notifications_enabled",
}
FREE = [one for one in Notification.Type.values if one != "security"]
Chosen = dict[tuple[str, str], str]


def choose(user: User, *cells: tuple[str, str, When | None]) -> None:
    preferences.choose(user=user, cells=[Cell(*one) for one in cells])


def matrix(user: User) -> Chosen:
    """What is in force in each cell."""
    wishes = preferences.shown_to(user=user).wishes
    every = ((category, column.value) for category in Notification.Type.values for column in Column)
    return {cell: rules.in_force(*cell, wishes).when.value for cell in every}


def changed(before: Chosen, after: Chosen) -> Chosen:
    return {cell: when for cell, when in after.items() if before[cell] != when}


def flat(user: User, column: Column) -> bool:
    return preferences.flat_of(user=user)[FLAT[column]]


def switch(user: User, column: Column, on: bool) -> None:
    preferences.change_settings(user=user, changes={FLAT[column]: on})


# --- Levels -------------------------------------------------------------------------------------------------------


def test_a_choice_counts_before_the_tenants_and_that_before_the_platforms(
    member: User, outsider: User, tenant: Tenant
) -> None:
    cell = ("billing", "email")
    steps: list[tuple[Callable[[], None], str, str]] = [
        (lambda: None, "at_once", "at_once"),
        (lambda: preferences.choose_for_platform(cells=[Cell(*cell, DAILY)]), "daily", "daily"),
        (lambda: preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell(*cell, HOURLY)]), "hourly", "daily"),
        (lambda: choose(member, (*cell, OFF)), "off", "daily"),
        (lambda: choose(member, (*cell, None)), "hourly", "daily"),
        (lambda: preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell(*cell, None)]), "daily", "daily"),
        (lambda: preferences.choose_for_platform(cells=[Cell(*cell, None)]), "at_once", "at_once"),
    ]
    for step, mine, theirs in steps:
        step()
        assert (matrix(member)[cell], matrix(outsider)[cell]) == (mine, theirs)
    assert not ChannelChoice.objects.exists()


def test_what_belongs_to_no_tenant_passes_its_defaults_by(member: User, tenant: Tenant) -> None:
    preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell("system", "email", OFF)])
    told = {key: wishes_of(user_ids=[member.pk], tenant_id=key)[member.pk] for key in (tenant.pk, None)}
    assert [rules.in_force("system", "email", one).when for one in told.values()] == [OFF, ON]


def test_wishes_of_many_cost_two_queries(
    member: User, owner: User, outsider: User, tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    choose(member, ("billing", "email", OFF), ("billing", "sms", DAILY))
    choose(outsider, ("billing", "email", HOURLY))
    people = [member.pk, owner.pk, outsider.pk]
    with django_assert_num_queries(2):
        found = wishes_of(user_ids=people, tenant_id=tenant.pk)
    when = {key: rules.in_force("billing", "email", wishes).when for key, wishes in found.items()}
    assert when == dict(zip(people, (OFF, ON, HOURLY), strict=True))
    with django_assert_num_queries(0):
        assert wishes_of(user_ids=[], tenant_id=None) == {}


def test_who_is_inactive_wishes_nothing(member: User) -> None:
    User.objects.update(is_active=False)
    assert wishes_of(user_ids=[member.pk], tenant_id=None) == {}


def test_a_number_counts_once_it_is_verified(member: User) -> None:
    for is_verified, number in ((False, ""), (True, "+255754123456")):
        User.objects.update(phone_number="+255754123456", phone_verified=is_verified)
        assert wishes_of(user_ids=[member.pk], tenant_id=None)[member.pk].phone_number == number


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell("security", "email", OFF), "E-mail for security is mandatory and cannot be switched off."),
        (Cell("security", "in_app", OFF), "Inbox for security is mandatory and cannot be switched off."),
        (Cell("billing", "in_app", DAILY), "The inbox gathers nothing: choose at_once or off."),
    ],
)
def test_what_cannot_be_chosen_is_refused_on_every_level_and_writes_nothing(
    cell: Cell, words: str, member: User, tenant: Tenant
) -> None:
    cells = [Cell("billing", "email", OFF), cell]
    writers: list[Callable[[], None]] = [
        lambda: preferences.choose(user=member, cells=cells),
        lambda: preferences.choose_for_tenant(tenant_id=tenant.pk, cells=cells),
        lambda: preferences.choose_for_platform(cells=cells),
    ]
    for write in writers:
        with pytest.raises(preferences.CellRefused, match=words):
            write()
    assert not ChannelChoice.objects.exists()


def test_what_is_mandatory_may_be_gathered_and_may_be_off_by_sms(member: User) -> None:
    choose(member, ("security", "email", DAILY), ("security", "sms", OFF))
    assert matrix(member)["security", "email"] == "daily"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"channel": "in_app", "when": "daily"}, "choice_no_digest_in_app"),
        ({"with_tenant": True}, "choice_of_a_person_or_a_tenant"),
    ],
)
def test_the_database_itself_refuses_such_a_choice(
    fields: dict[str, Any], constraint: str, member: User, tenant: Tenant
) -> None:
    if fields.pop("with_tenant", False):
        fields["tenant"] = tenant
    row = ChannelChoice(**{"user": member, "category": "billing", "channel": "email", "when": "off"} | fields)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


def test_the_database_itself_refuses_a_night_without_a_length(member: User) -> None:
    preferences.settings_of(user=member)
    noon = datetime.time(12)
    with pytest.raises(IntegrityError, match="settings_quiet_has_a_length"), transaction.atomic():
        NotificationSettings.objects.update(quiet_from=noon, quiet_until=noon)


# --- The flat settings --------------------------------------------------------------------------------------------


def test_at_first_the_inbox_and_e_mail_are_on_and_sms_is_off(member: User) -> None:
    assert [flat(member, column) for column in (Column.IN_APP, Column.EMAIL, Column.SMS)] == [True, True, False]


@pytest.mark.parametrize("was_switched_on", [False, True])
@pytest.mark.parametrize("column", Column)
def test_writing_what_a_flat_setting_says_changes_nothing_whatever_the_cells_are(
    column: Column, was_switched_on: bool, member: User
) -> None:
    """Old clients send back all that they read."""
    if was_switched_on:
        switch(member, column, True)
    choose(member, ("billing", column, OFF), ("campaign", column, ON))
    before = matrix(member)
    for _ in range(2):
        switch(member, column, flat(member, column))
    assert matrix(member) == before


@pytest.mark.parametrize("column", Column)
def test_off_silences_the_whole_channel_and_on_brings_back_what_was(column: Column, member: User) -> None:
    choose(member, ("billing", column, OFF), ("campaign", column, ON))
    before = matrix(member)
    switch(member, column, False)
    off = matrix(member)
    assert not flat(member, column)
    assert {off[one, column.value] for one in FREE} == {"off"}
    assert (off["security", column.value] == "off") == (column == Column.SMS)
    assert {cell: when for cell, when in off.items() if cell[1] != column} == {
        cell: when for cell, when in before.items() if cell[1] != column
    }
    switch(member, column, True)
    assert matrix(member) == before


def test_on_for_sms_that_nobody_chose_is_everything(member: User) -> None:
    before = matrix(member)
    switch(member, Column.SMS, True)
    after = changed(before, matrix(member))
    assert after == {(one, "sms"): "at_once" for one in Notification.Type.values}


@pytest.mark.parametrize("column", Column)
def test_a_channel_whose_last_cell_is_turned_off_reads_as_off_and_on_turns_it_on_again(
    column: Column, member: User
) -> None:
    every = [one for one in Notification.Type.values if not rules.is_mandatory(one, column)]
    choose(member, *((one, column.value, OFF) for one in every))
    assert not flat(member, column)
    switch(member, column, True)
    assert flat(member, column)
    assert {matrix(member)[one, column.value] for one in every} == {"at_once"}


def test_on_brings_something_also_where_the_tenant_chose_off_for_all(member: User, tenant: Tenant) -> None:
    preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell(one, "email", OFF) for one in FREE])
    assert not flat(member, Column.EMAIL)
    switch(member, Column.EMAIL, True)
    assert flat(member, Column.EMAIL)


def test_what_others_choose_for_somebody_shows_in_the_flat_setting(member: User, tenant: Tenant) -> None:
    preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell("billing", "sms", ON)])
    assert flat(member, Column.SMS)
    switch(member, Column.SMS, False)
    assert not flat(member, Column.SMS)


@pytest.mark.parametrize("column", Column)
def test_a_cell_that_is_turned_on_in_a_channel_that_is_off_turns_on_that_one_alone(
    column: Column, member: User, tenant: Tenant
) -> None:
    preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell("contact", column, ON)])
    switch(member, column, True)
    switch(member, column, False)
    before = matrix(member)
    choose(member, ("billing", column, ON))
    assert changed(before, matrix(member)) == {("billing", column.value): "at_once"}
    assert flat(member, column)


def test_a_cell_that_is_turned_off_or_mandatory_leaves_the_switch_alone(member: User) -> None:
    switch(member, Column.EMAIL, False)
    before = matrix(member)
    choose(member, ("billing", "email", OFF), ("security", "email", DAILY))
    assert changed(before, matrix(member)) == {("security", "email"): "daily"}
    switch(member, Column.EMAIL, True)
    assert changed(before, matrix(member))["campaign", "email"] == "at_once"


def test_the_flags_of_the_profile_are_older_switches_that_settings_overrule(member: User) -> None:
    User.objects.update(email_notifications=False, sms_notifications=True)
    member.refresh_from_db()
    assert (flat(member, Column.EMAIL), flat(member, Column.SMS)) == (False, True)
    switch(member, Column.EMAIL, True)
    switch(member, Column.SMS, False)
    assert (flat(member, Column.EMAIL), flat(member, Column.SMS)) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_a_switch_and_a_cell_at_once_come_out_as_one_after_the_other(member: User) -> None:
    """Whichever is first, e-mail for billing is on afterwards only if the cell came last."""

    def write(number: int) -> None:
        switch(member, Column.EMAIL, False) if number % 2 else choose(member, ("billing", "email", DAILY))

    for _ in range(10):
        ChannelChoice.objects.all().delete()
        NotificationSettings.objects.all().delete()
        in_threads(2, write)
        now = {one: matrix(member)[one, "email"] for one in FREE}
        cell_was_last = dict.fromkeys(FREE, "off") | {"billing": "daily"}
        assert now in (cell_was_last, dict.fromkeys(FREE, "off"))


@pytest.mark.django_db(transaction=True)
def test_8_that_choose_the_same_cells_in_another_order_all_get_through(tenant: Tenant) -> None:
    cells = [Cell(one, "email", DAILY) for one in FREE]

    def write(number: int) -> None:
        preferences.choose_for_tenant(tenant_id=tenant.pk, cells=cells[:: 1 if number % 2 else -1])

    in_threads(8, write)
    assert ChannelChoice.objects.count() == len(cells)


# --- The inbox ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["yours", "tenant", "platform"])
@pytest.mark.parametrize("priority", Priority)
def test_the_inbox_goes_by_its_column(by: str, priority: Priority, member: User, tenant: Tenant) -> None:
    cell = Cell("info", "in_app", OFF)
    {
        "yours": lambda: preferences.choose(user=member, cells=[cell]),
        "tenant": lambda: preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[cell]),
        "platform": lambda: preferences.choose_for_platform(cells=[cell]),
    }[by]()
    words = {"title": "A", "message": "B"}
    rows = services.notify(kind=Note, recipients=[member], context=words, priority=priority, tenant=tenant)
    assert len(rows) == (priority in (Priority.HIGH, Priority.CRITICAL))


CELLS: list[tuple[When | None, When | None, When | None, bool | None]] = [
    (own, of_tenant, of_platform, switched)
    for own in (None, ON, OFF)
    for of_tenant in (None, ON, OFF)
    for of_platform in (None, ON, OFF)
    for switched in (None, False)
]


@pytest.mark.parametrize(("own", "of_tenant", "of_platform", "switched"), CELLS)
def test_people_in_sql_and_people_in_python_go_by_the_same_rule(
    own: When | None,
    of_tenant: When | None,
    of_platform: When | None,
    switched: bool | None,
    member: User,
    tenant: Tenant,
) -> None:
    for user, of, when in ((member, None, own), (None, tenant, of_tenant), (None, None, of_platform)):
        if when:
            ChannelChoice.objects.create(user=user, tenant=of, category="billing", channel="in_app", when=when)
    NotificationSettings.objects.create(user=member, in_app_notifications_enabled=switched)
    people = User.objects.filter(pk=member.pk)
    for priority in Priority:
        for category in ("billing", "security"):
            about: dict[str, Any] = {"category": category, "priority": priority, "tenant_id": tenant.pk}
            (wishes,) = wishes_of(user_ids=[member.pk], tenant_id=tenant.pk).values()
            comes = rules.comes_to_inbox(category=category, priority=priority, wishes=wishes)
            assert preferences.reachable(people, **about).exists() is comes
            assert preferences.unreachable(people, **about).exists() is not comes
            assert preferences.muted(user_ids=[member.pk], **about) == (set() if comes else {member.pk})
