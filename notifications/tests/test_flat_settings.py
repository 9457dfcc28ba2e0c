"""The flat settings of the contract are a view of the matrix, read and written."""

import pytest

from accounts.models import User
from notifications import preferences
from notifications.delivery import rules
from notifications.models import ChannelChoice, Notification, NotificationSettings
from notifications.models.choice import Column
from notifications.preferences import Cell
from notifications.tests.helpers import in_threads
from notifications.tests.matrix import (
    DAILY,
    FREE,
    OFF,
    ON,
    changed,
    choose,
    flat,
    matrix,
    switch,
)
from tenants.models import Tenant


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
