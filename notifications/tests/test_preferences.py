"""What somebody chose, what their tenant and the platform chose, and what the inbox makes of it."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from notifications import preferences, services
from notifications.delivery import rules
from notifications.models import ChannelChoice, NotificationSettings
from notifications.models.choice import When
from notifications.models.priority import Priority
from notifications.preferences import Cell, wishes_of
from notifications.tests.helpers import Note
from notifications.tests.matrix import (
    DAILY,
    HOURLY,
    OFF,
    ON,
    choose,
    matrix,
)
from tenants.models import Tenant

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
